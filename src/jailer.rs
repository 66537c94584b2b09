//! The jailer: this executable, run afresh by the supervisor with a clean environment. It goes to jail and becomes the
//! interpreter.
//!
//! Not work between fork and exec: this process has one thread, may allocate, holds no secret, can write its own uid map,
//! and can say what went wrong.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Command as Program, ExitCode};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use palisade_channel::control::{Command, Control, Event};
use palisade_sandbox::jail;
use palisade_sandbox::layer::{Layer, Outcome};
use palisade_sandbox::plan::JailPlan;

/// The hidden argument that makes this executable the jailer.
pub const ARGUMENT: &str = "__jailer";

/// Before anything else the folders of installed packages, without running anything of theirs; they are imported later, where
/// it is known what fails.
const SITE: &str = crate::interpreter::SITE;

/// Makes the interpreter load the extension from its memfd. Everything else is native.
const BOOTSTRAP: &str = "\
import sys
from importlib.machinery import ExtensionFileLoader, ModuleSpec
from importlib.util import module_from_spec
control, extension, seccomp = map(int, sys.argv[1:])
del sys.argv[1:]
path = f'/proc/self/fd/{extension}'
spec = ModuleSpec('_palisade', ExtensionFileLoader('_palisade', path), origin=path)
module = module_from_spec(spec)
spec.loader.exec_module(module)
module.serve(control, extension, bool(seccomp))
";

/// The jailer's whole life. Standard input is the control socket.
pub fn main() -> ExitCode {
    let control = match io::stdin().as_fd().try_clone_to_owned() {
        Ok(socket) => Control::from_socket(socket),
        Err(error) => return complain(&format!("standard input is not the control socket: {error}")),
    };
    match become_interpreter(&control) {
        Ok(never) => match never {},
        Err(event) => {
            let text = format!("{event:?}");
            match control.send(&event, &[]) {
                Ok(()) => ExitCode::FAILURE,
                Err(_) => complain(&text),
            }
        }
    }
}

fn complain(text: &str) -> ExitCode {
    eprintln!("palisade jailer: {text}. It is started by the runner, not by hand.");
    ExitCode::FAILURE
}

fn become_interpreter(control: &Control) -> Result<std::convert::Infallible, Event> {
    let broken = |what: &'static str| move |error: io::Error| Event::Broken(format!("{what}: {error}"));
    let (plan, extension) = receive_plan(control)?;
    let null = std::fs::File::open("/dev/null").map_err(broken("/dev/null"))?;
    nix::unistd::dup2_stdin(&null).map_err(io::Error::from).map_err(broken("standard input"))?;

    let layers = jail::enter(&plan).map_err(Event::Refused)?;
    let seccomp = layers.iter().any(|Outcome { layer, state }| *layer == Layer::Seccomp && state.is_held());
    for descriptor in [control.as_fd(), extension.as_fd()] {
        keep_over_exec(descriptor).map_err(broken("descriptors"))?;
    }
    let number = |fd: &dyn AsFd| fd.as_fd().as_raw_fd().to_string();
    let mut program = Program::new(&plan.interpreter);
    program
        .args(&plan.arguments)
        .args(["-c", &format!("{SITE}\n{BOOTSTRAP}")])
        .args([number(control), number(&extension), u8::from(seccomp).to_string()])
        .env_clear()
        .envs(plan.environment);
    control.send(&Event::Jailed(layers), &[]).map_err(broken("control socket"))?;
    let error = program.exec();
    Err(Event::Broken(format!("{} could not be executed in jail: {error}", plan.interpreter.display())))
}

fn receive_plan(control: &Control) -> Result<(Box<JailPlan>, OwnedFd), Event> {
    match control.receive::<Command>() {
        Ok(Some((Command::Jail(plan), mut ancillary))) => match ancillary.descriptors.pop() {
            Some(extension) => Ok((plan, extension)),
            None => Err(Event::Broken("the extension's descriptor did not come with the plan".into())),
        },
        Ok(other) => {
            Err(Event::Broken(format!("the first message was no plan: {:?}", other.map(|(message, _)| message))))
        }
        Err(error) => Err(Event::Broken(format!("the plan could not be read: {error}"))),
    }
}

fn keep_over_exec(descriptor: impl AsFd) -> io::Result<()> {
    fcntl(descriptor, FcntlArg::F_SETFD(FdFlag::empty()))?;
    Ok(())
}
