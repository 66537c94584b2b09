//! Running a program of which nothing is known: bounded in time and in what it may say.

use std::fmt;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// More than any honest answer: a few hundred paths.
const MAX_OUTPUT: usize = 1 << 20;

/// Why a program gave no usable output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// It could not be started, or reading from it failed.
    Io(String),
    /// It was not done in time.
    TimedOut,
    /// It wrote more than anybody asked for.
    TooMuchOutput,
    /// It ended with an error; the second part is the first line it wrote to stderr.
    Ended(String, String),
    /// It ended well but did not say what was asked for.
    NoAnswer(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "could not be started: {error}"),
            Self::TimedOut => f.write_str("did not answer in time"),
            Self::TooMuchOutput => f.write_str("answered without end"),
            Self::Ended(how, said) if said.is_empty() => write!(f, "{how}"),
            Self::Ended(how, said) => write!(f, "{how}: {said}"),
            Self::NoAnswer(what) => write!(f, "did not answer as an interpreter does: {what}"),
        }
    }
}

/// Runs `command` without environment, input or terminal, in a process group of its own, and returns its stdout.
/// When it fails to keep to the bounds, the whole group is killed.
pub(crate) fn output(command: &mut Command, deadline: Instant) -> Result<Vec<u8>, Failure> {
    command.env_clear().current_dir("/").process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = Running(spawn(command, deadline)?);
    let (stdout, stderr) = running.read_all(deadline)?;
    let status = running.wait(deadline)?;
    if status.success() {
        return Ok(stdout);
    }
    Err(Failure::Ended(how(status), first_line(&stderr)))
}

/// A file that is just being written (by an upgrade, say) is busy for a moment.
fn spawn(command: &mut Command, deadline: Instant) -> Result<Child, Failure> {
    loop {
        match command.spawn() {
            Ok(child) => return Ok(child),
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy && Instant::now() < deadline => {
                sleep(Duration::from_millis(20));
            }
            Err(error) => return Err(Failure::Io(error.to_string())),
        }
    }
}

/// Killed with its whole group when it is dropped before it was reaped.
struct Running(Child);

impl Running {
    fn read_all(&mut self, deadline: Instant) -> Result<(Vec<u8>, Vec<u8>), Failure> {
        let (Some(mut stdout), Some(mut stderr)) = (self.0.stdout.take(), self.0.stderr.take()) else {
            return Err(Failure::Io("no pipe to it".to_owned()));
        };
        let mut said = (Vec::new(), Vec::new());
        let mut open = (true, true);
        while open.0 || open.1 {
            let ready = wait_readable(open.0.then(|| stdout.as_fd()), open.1.then(|| stderr.as_fd()), deadline)?;
            if ready.0 {
                open.0 = read_some(&mut stdout, &mut said.0)?;
            }
            if ready.1 {
                open.1 = read_some(&mut stderr, &mut said.1)?;
            }
        }
        Ok(said)
    }

    /// Both pipes are closed, so this is short; a program may also close its pipes and stay.
    fn wait(&mut self, deadline: Instant) -> Result<ExitStatus, Failure> {
        loop {
            match self.0.try_wait() {
                Ok(Some(status)) => return Ok(status),
                Ok(None) if Instant::now() >= deadline => return Err(Failure::TimedOut),
                Ok(None) => sleep(Duration::from_millis(1)),
                Err(error) => return Err(Failure::Io(error.to_string())),
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Not after reaping: the number could be somebody else's by then.
        if let Ok(None) = self.0.try_wait() {
            if let Ok(pid) = i32::try_from(self.0.id()) {
                let _ = killpg(Pid::from_raw(pid), Signal::SIGKILL);
            }
            let _ = self.0.wait();
        }
    }
}

/// Which of the two has something to read or has been closed.
fn wait_readable(
    first: Option<BorrowedFd<'_>>,
    second: Option<BorrowedFd<'_>>,
    deadline: Instant,
) -> Result<(bool, bool), Failure> {
    let mut fds: Vec<PollFd<'_>> =
        [first, second].into_iter().flatten().map(|fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Failure::TimedOut);
        }
        // Rounded up, or the last millisecond would be spent spinning.
        let timeout = PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX);
        match poll(&mut fds, timeout) {
            Ok(0) | Err(Errno::EINTR) => {}
            Ok(_) => break,
            Err(error) => return Err(Failure::Io(error.to_string())),
        }
    }
    let mut ready = fds.iter().map(|fd| fd.any().unwrap_or(true));
    let first = first.is_some() && ready.next().unwrap_or(false);
    let second = second.is_some() && ready.next().unwrap_or(false);
    Ok((first, second))
}

/// False at end of file.
fn read_some(from: &mut impl Read, into: &mut Vec<u8>) -> Result<bool, Failure> {
    let mut buffer = [0; 8192];
    match from.read(&mut buffer) {
        Ok(0) => Ok(false),
        Ok(count) if into.len() + count > MAX_OUTPUT => Err(Failure::TooMuchOutput),
        Ok(count) => {
            into.extend_from_slice(&buffer[..count]);
            Ok(true)
        }
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(true),
        Err(error) => Err(Failure::Io(error.to_string())),
    }
}

fn how(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with code {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended".to_owned(),
    }
}

fn first_line(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    printable(text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default())
}

/// Without control characters and short: it ends up in one line of a report.
pub(crate) fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str, timeout_ms: u64) -> Result<Vec<u8>, Failure> {
        output(Command::new("/bin/sh").args(["-c", script]), Instant::now() + Duration::from_millis(timeout_ms))
    }

    #[test]
    fn what_it_says_comes_back_and_its_environment_is_empty() {
        assert_eq!(sh("echo a; echo b >&2; pwd", 10_000), Ok(b"a\n/\n".to_vec()));
        // HOME is set wherever tests run, and a shell does not invent it.
        assert_eq!(sh("echo ${HOME-none}; cat", 10_000), Ok(b"none\n".to_vec()));
    }

    #[test]
    fn silence_ends_at_the_deadline_and_takes_the_whole_group() {
        let start = Instant::now();
        let dir = tempfile::tempdir().unwrap();
        let mark = dir.path().join("mark");
        let script = format!("(while :; do : > '{}'; sleep 0.05; done) & sleep 60", mark.display());
        assert_eq!(sh(&script, 1000), Err(Failure::TimedOut));
        std::fs::remove_file(&mark).unwrap();
        sleep(Duration::from_millis(300));
        assert!(!mark.exists(), "what it started is still alive");
        assert_eq!(sh("exec >&- 2>&-; sleep 60", 200), Err(Failure::TimedOut));
        assert!(start.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn endless_output_is_cut_off() {
        assert_eq!(
            sh("while :; do echo 0123456789012345678901234567890123456789; done", 60_000),
            Err(Failure::TooMuchOutput)
        );
        assert_eq!(
            sh("while :; do echo 0123456789012345678901234567890123456789 >&2; done", 60_000),
            Err(Failure::TooMuchOutput)
        );
    }

    #[test]
    fn a_failure_tells_how_it_ended_and_what_it_said() {
        let ended = |how: &str, said: &str| Err(Failure::Ended(how.to_owned(), said.to_owned()));
        assert_eq!(
            sh("echo; printf '\\033[1mno such\\007 thing\\nmore' >&2; exit 3", 10_000),
            ended("ended with code 3", "[1mno such thing")
        );
        assert_eq!(sh("kill -9 $$", 10_000), ended("was ended by signal 9", ""));
        let absent = output(&mut Command::new("/nonexistent/python"), Instant::now() + Duration::from_secs(1));
        assert!(matches!(absent, Err(Failure::Io(_))), "{absent:?}");
    }
}
