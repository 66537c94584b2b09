//! A process of the runner's user that attempts can find. What happens to it is seen.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::FileExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdout, Command, Stdio};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::unistd::getuid;
use palisade::offers::random_id;

use crate::sandbox::interpreter;
use crate::sandbox::process::Process;

const PROGRAM: &str = include_str!("decoy.py");

/// It ends when it is dropped.
pub(crate) struct Decoy {
    /// The process.
    pub(crate) process: Process,
    /// Where its secret is in its memory.
    pub(crate) address: u64,
    /// In its memory and its environment.
    pub(crate) secret: String,
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Decoy {
    /// Starts one as this user.
    pub(crate) fn start(uid: u32) -> Self {
        let secret = format!("decoy-{}", random_id());
        let mut command = Command::new(interpreter::path());
        command.args(["-I", "-c", PROGRAM]).env_clear().env("DECOY_SECRET", &secret).current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        if getuid().is_root() && uid != 0 {
            command.uid(uid).gid(uid);
        }
        let mut child = command.spawn().expect("the decoy can be started");
        let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        output.read_line(&mut line).expect("the decoy tells where its secret is");
        let address = line.split(' ').next().and_then(|number| number.parse().ok()).expect("an address");
        let flags = OFlag::O_NONBLOCK;
        fcntl(output.get_ref().as_fd(), FcntlArg::F_SETFL(flags)).expect("the pipe can be made not to block");
        let process = Process::of(i32::try_from(child.id()).expect("a number")).expect("the decoy lives");
        Self { process, address, secret, child, output }
    }

    /// What it has heard, and whether its memory is as it was.
    pub(crate) fn complaints(&mut self) -> Vec<String> {
        let mut heard = [0; 4096];
        let mut complaints = Vec::new();
        if let Ok(count @ 1..) = self.output.read(&mut heard) {
            complaints.extend(String::from_utf8_lossy(&heard[..count]).lines().map(ToOwned::to_owned));
        }
        let mut bytes = vec![0; self.secret.len()];
        let memory = std::fs::File::open(format!("/proc/{}/mem", self.process.pid));
        match memory.and_then(|memory| memory.read_exact_at(&mut bytes, self.address)) {
            Ok(()) if bytes == self.secret.as_bytes() => {}
            Ok(()) => complaints.push("its memory was changed".into()),
            Err(error) => complaints.push(format!("its memory cannot be read: {error}")),
        }
        complaints
    }
}

impl Drop for Decoy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
