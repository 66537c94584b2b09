//! The warm parent: it prepares the interpreter once, forks a child whenever it is asked, and reaps.

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, FromRawFd, OwnedFd};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::time::{TimeVal, TimeValLike as _};
use palisade_channel::control::{Command, Control, Event, How, Loaded, Modules, Preparation};
use palisade_sandbox::plan::Slot;
use palisade_sandbox::process::{self, Ended};
use palisade_sandbox::seal::Seal;
use palisade_sandbox::seccomp;
use pyo3::prelude::*;

use crate::{child, run, settle};

/// At most this many modules that could not be imported are reported, name and reason each cut at this many bytes: even
/// where JSON makes six bytes of each, the message fits a packet.
const FAILED_MODULES: (usize, usize) = (50, 200);

/// Modules in one message about what they took, for the same reason.
const LOADED_AT_ONCE: usize = 50;

/// Exit codes of the forkserver; the supervisor logs them.
const EXIT_SUPERVISOR_GONE: i32 = 0;
const EXIT_BROKEN: i32 = 70;

/// The forkserver's whole life; it ends with the supervisor.
pub(crate) fn serve(py: Python<'_>, control: i32, extension: i32, seccomp: bool) -> ! {
    // SAFETY: the jailer left these two descriptors open for this call, and nobody else knows them.
    let (control, extension) = unsafe { (OwnedFd::from_raw_fd(control), OwnedFd::from_raw_fd(extension)) };
    let control = Control::from_socket(control);
    let code = match Forkserver::start(control, extension, seccomp) {
        Ok(mut forkserver) => match forkserver.run(py) {
            Ok(()) => EXIT_SUPERVISOR_GONE,
            Err(error) => {
                let _ = forkserver.control.send(&Event::Broken(error.to_string()), &[]);
                EXIT_BROKEN
            }
        },
        Err(error) => {
            eprintln!("the forkserver could not start: {error}");
            EXIT_BROKEN
        }
    };
    // Children die with this process: each asked for that, and was checked for it.
    // SAFETY: _exit(2) takes no pointers. Finalising the interpreter would run code nobody needs any more.
    unsafe { libc::_exit(code) }
}

#[derive(Clone, Copy)]
struct Child {
    ticket: u64,
    slot: Slot,
}

/// How a child ended, and the CPU time it had used.
#[derive(Clone, Copy)]
struct Death {
    how: How,
    cpu_ms: u64,
}

struct Forkserver {
    control: Control,
    ended_children: SignalFd,
    seal: Option<Seal>,
    /// Live children, by pid.
    children: HashMap<i32, Child>,
    /// Processes that empty a dead child's scratch folder, by pid: the child, and how it ended.
    emptying: HashMap<i32, (Child, Death)>,
}

impl Forkserver {
    /// The first acts: nobody may look in, nothing may be executed any more, no child may be lost.
    fn start(control: Control, extension: OwnedFd, seccomp: bool) -> io::Result<Self> {
        process::forbid_dumping()?;
        process::die_with_parent()?;
        process::adopt_orphans()?;
        if seccomp {
            let install = || -> Result<(), seccomp::SeccompError> {
                let arch = seccomp::Arch::native()?;
                seccomp::install(&seccomp::no_exec(&seccomp::Profile::shipped(arch)?, arch)?)
            };
            install().map_err(io::Error::other)?;
        }
        drop(extension);
        let mut sigchld = SigSet::empty();
        sigchld.add(Signal::SIGCHLD);
        sigchld.thread_block()?;
        let ended_children = SignalFd::with_flags(&sigchld, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
        Ok(Self { control, ended_children, seal: None, children: HashMap::new(), emptying: HashMap::new() })
    }

    fn run(&mut self, py: Python<'_>) -> io::Result<()> {
        let version = py.version_info();
        self.control.send(&Event::Hello { version: (version.major, version.minor, version.patch) }, &[])?;
        loop {
            let mut ready = [
                PollFd::new(self.control.as_fd(), PollFlags::POLLIN),
                PollFd::new(self.ended_children.as_fd(), PollFlags::POLLIN),
            ];
            match poll(&mut ready, PollTimeout::NONE) {
                Err(nix::errno::Errno::EINTR) => continue,
                other => other?,
            };
            let [commands, ended] = ready.map(|r| r.any().unwrap_or(false));
            if ended {
                while self.ended_children.read_signal()?.is_some() {}
                self.reap()?;
            }
            if commands {
                let Some((command, ancillary)) = self.control.receive::<Command>()? else { return Ok(()) };
                self.obey(py, command, ancillary.descriptors)?;
            }
        }
    }

    fn obey(&mut self, py: Python<'_>, command: Command, mut descriptors: Vec<OwnedFd>) -> io::Result<()> {
        match command {
            Command::Prepare(preparation) => {
                let prepared = run::prepare(py, settings(preparation)).map_err(io::Error::other)?;
                for some in prepared.took.chunks(LOADED_AT_ONCE) {
                    self.control.send(&Event::Loaded(some.iter().map(loaded).collect()), &[])?;
                }
                let (count, len) = FAILED_MODULES;
                let failed =
                    prepared.failed_modules.into_iter().take(count).map(|(name, why)| (cut(name, len), cut(why, len)));
                self.control.send(&Event::Prepared { failed: failed.collect() }, &[])
            }
            Command::Arm(plan) => match Seal::prepare(plan) {
                Ok(seal) => {
                    self.seal = Some(seal);
                    // Nothing is prepared or given back after this, so there will be no new holes.
                    settle::fill();
                    self.control.send(&Event::Armed, &[])
                }
                Err(refusal) => self.control.send(&Event::Refused(refusal), &[]),
            },
            Command::Fork { ticket, slot, warm } => {
                let answer = match (&self.seal, descriptors.pop()) {
                    (Some(seal), Some(socket)) => child::fork(py, seal, &socket, slot, warm),
                    _ => Err(io::Error::other("a fork was asked for before the seal was armed, or without a socket")),
                };
                match answer {
                    Ok(pid) => {
                        self.children.insert(pid, Child { ticket, slot });
                        Ok(())
                    }
                    Err(error) => self.control.send(&Event::ForkFailed { ticket, error: error.to_string() }, &[]),
                }
            }
            Command::Jail(_) => Err(io::Error::other("the forkserver is in jail already")),
        }
    }

    /// Reaps what has ended. What a child may have left behind in its process group, where fork was not refused, ends first,
    /// while the child's number cannot be given to anybody else.
    fn reap(&mut self) -> io::Result<()> {
        while let Some(pid) = process::ended_child()? {
            process::kill_group(pid);
            let before = cpu_of_children()?;
            let Some((pid, how)) = process::reap(pid, 0)? else { continue };
            let cpu_ms = u64::try_from((cpu_of_children()? - before).num_milliseconds()).unwrap_or(0);
            if let Some((child, death)) = self.emptying.remove(&pid) {
                self.tell(child, death)?;
            } else if let Some(child) = self.children.remove(&pid) {
                let how = match how {
                    Ended::Exited(code) => How::Exited(code),
                    Ended::Signaled(signal) => How::Signaled(signal),
                };
                self.clean_up(child, Death { how, cpu_ms })?;
            }
        }
        Ok(())
    }

    /// Its slot is not given back before its scratch folder is empty.
    fn clean_up(&mut self, child: Child, death: Death) -> io::Result<()> {
        match &self.seal {
            Some(seal) if !seal.is_empty(child.slot) => match seal.start_emptying(child.slot) {
                Ok(pid) => {
                    self.emptying.insert(pid, (child, death));
                    Ok(())
                }
                Err(_) => self.tell(child, death),
            },
            _ => self.tell(child, death),
        }
    }

    fn tell(&self, Child { ticket, slot }: Child, Death { how, cpu_ms }: Death) -> io::Result<()> {
        let clean = self.seal.as_ref().is_none_or(|seal| seal.is_empty(slot));
        self.control.send(&Event::Ended { ticket, how, cpu_ms, clean }, &[])
    }
}

/// CPU time of all children that were reaped: it grows by each one's own.
fn cpu_of_children() -> io::Result<TimeVal> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    Ok(usage.user_time() + usage.system_time())
}

fn settings(preparation: Preparation) -> run::Settings {
    let allow = |modules| match modules {
        Modules::All => run::Allow::All,
        Modules::Only(names) => run::Allow::Only(names.into_iter().collect()),
    };
    run::Settings {
        stdlib: allow(preparation.stdlib),
        external: allow(preparation.external),
        builtins_deny: preparation.builtins_deny,
        guards: preparation.guards,
        names: preparation.names,
        hardening: preparation.hardening,
        modules: preparation.preload,
        preload_stdlib_extensions: preparation.preload_stdlib_extensions,
        transitive_imports: preparation.transitive_imports,
    }
}

/// What a module took, in the units of the channel.
fn loaded((name, seconds, bytes): &(String, f64, u64)) -> Loaded {
    let time = Duration::try_from_secs_f64(*seconds).unwrap_or_default();
    let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    Loaded { name: cut(name.clone(), FAILED_MODULES.1), micros, bytes: *bytes }
}

fn cut(mut text: String, len: usize) -> String {
    if text.len() > len {
        text.truncate(text.floor_char_boundary(len));
    }
    text
}
