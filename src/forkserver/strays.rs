//! Processes that a task leaves behind where nothing forbids it to fork: without a seccomp filter.
//!
//! The forkserver adopts them, because it is a child subreaper, or the first process of a PID namespace. It cannot tell them from
//! its own children without `/proc`, which is closed to it; so the supervisor looks, and ends by pidfd what is the
//! forkserver's child and no task's process.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use palisade_sandbox::process;

use crate::procfs::Stat;

/// Between two looks while there is somebody who may be a stray: what it started is adopted when it ends, and then looked
/// for again.
pub(super) const PAUSE: Duration = Duration::from_millis(20);

/// A process that stays itself: pid and start.
type Process = (i32, u64);

/// What is known of the children that were asked for.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Pids of those that have spoken and are not reaped.
    pub(super) pids: Vec<i32>,
    /// When those were asked for that have not spoken yet: their pids are not known.
    pub(super) pending: Vec<Instant>,
}

/// Looks for strays of one forkserver.
#[derive(Debug)]
pub(super) struct Strays {
    forkserver: i32,
    unknown: HashMap<Process, Instant>,
}

impl Strays {
    pub(super) fn of(forkserver: i32) -> Self {
        Self { forkserver, unknown: HashMap::new() }
    }

    /// Ends those that are strays for sure; true where another look is needed.
    ///
    /// A child that was asked for and has not spoken yet is unknown, too. But what was there before the oldest of these was
    /// asked for is none of them.
    pub(super) fn look(&mut self, known: impl Fn() -> Known) -> bool {
        match children(self.forkserver) {
            Ok(children) => self.judge(&children, known),
            Err(error) => {
                tracing::error!("Processes that tasks leave behind cannot be looked for: {error}");
                false
            }
        }
    }

    fn judge(&mut self, children: &[i32], known: impl Fn() -> Known) -> bool {
        let seen = Instant::now();
        // After they were listed: who speaks in between is known.
        let known = known();
        let mut unknown = HashMap::new();
        for &pid in children {
            let Ok(Stat { state, start, .. }) = Stat::of(pid) else { continue };
            if state != 'Z' && !known.pids.contains(&pid) {
                let first = self.unknown.get(&(pid, start)).copied().unwrap_or(seen);
                unknown.insert((pid, start), first);
            }
        }
        self.unknown = unknown;
        let oldest = known.pending.iter().min();
        for (process, first) in &self.unknown {
            if oldest.is_none_or(|asked| asked > first) {
                self.end(*process);
            }
        }
        !self.unknown.is_empty()
    }

    fn end(&self, (pid, start): Process) {
        // The pidfd first: what is true of the number after that is true of it.
        let Ok(pidfd) = process::pidfd_open(pid) else { return };
        if Stat::of(pid).is_ok_and(|stat| stat.parent == self.forkserver && stat.start == start) {
            match process::pidfd_kill(pidfd.as_fd()) {
                Ok(()) => tracing::warn!(pid, "Ended a process that a task had left behind"),
                Err(error) => tracing::error!(pid, "A process that a task left behind cannot be ended: {error}"),
            }
        }
    }
}

/// The children of a process with one thread, dead ones included.
pub(super) fn children(pid: i32) -> io::Result<Vec<i32>> {
    match children_of_thread(pid, pid) {
        // It is gone, or the kernel has no such file (CONFIG_PROC_CHILDREN).
        Err(error) if error.kind() == io::ErrorKind::NotFound => found(pid),
        other => other,
    }
}

/// What one thread of a process has started, dead ones included.
pub(super) fn children_of_thread(pid: i32, thread: i32) -> io::Result<Vec<i32>> {
    let text = fs::read_to_string(format!("/proc/{pid}/task/{thread}/children"))?;
    Ok(text.split_ascii_whitespace().filter_map(|number| number.parse().ok()).collect())
}

fn found(pid: i32) -> io::Result<Vec<i32>> {
    let numbers = fs::read_dir("/proc")?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    Ok(numbers.filter(|other| Stat::of(*other).is_ok_and(|stat| stat.parent == pid)).collect())
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Child, Command, Stdio};

    use super::*;

    fn sleeper() -> Child {
        Command::new("sleep").arg("60").spawn().unwrap()
    }

    fn pid(child: &Child) -> i32 {
        i32::try_from(child.id()).unwrap()
    }

    /// This process stands for the forkserver.
    #[test]
    fn strays_end_and_children_that_may_still_speak_do_not() {
        let (mut one, mut other) = (sleeper(), sleeper());
        let children = [pid(&one), pid(&other)];
        let mut strays = Strays::of(i32::try_from(std::process::id()).unwrap());
        let known = |pending: Vec<Instant>| {
            let pids = vec![children[0]];
            move || Known { pids: pids.clone(), pending: pending.clone() }
        };
        // It may be the one that was asked for before it was seen and has not spoken.
        assert!(strays.judge(&children, known(vec![Instant::now()])));
        assert!(other.try_wait().unwrap().is_none());
        // It is not the one that was asked for later.
        assert!(strays.judge(&children, known(vec![Instant::now()])));
        assert!(!other.wait().unwrap().success());
        assert!(!strays.judge(&children, known(vec![])));
        assert!(one.try_wait().unwrap().is_none(), "one that is known was ended");
        let _ = (one.kill(), one.wait());
    }

    #[test]
    fn what_is_no_child_of_the_forkserver_is_not_touched() {
        let mut other = sleeper();
        let mut strays = Strays::of(1);
        strays.judge(&[pid(&other)], Known::default);
        assert!(other.try_wait().unwrap().is_none());
        let _ = (other.kill(), other.wait());
    }

    #[test]
    fn children_are_found_with_and_without_the_kernels_list() {
        let mut shell = Command::new("sh");
        shell.args(["-c", "sleep 60 & echo $!; sleep 60 & echo $!; wait"]).stdout(Stdio::piped());
        let mut shell = shell.spawn().unwrap();
        let mut lines = BufReader::new(shell.stdout.take().unwrap()).lines();
        let mut number = || lines.next().unwrap().unwrap().parse::<i32>().unwrap();
        let mut started = [number(), number()];
        started.sort_unstable();
        for list in [children, found] {
            let mut list = list(pid(&shell)).unwrap();
            list.sort_unstable();
            assert_eq!(list, started);
        }
        for pid in started {
            process::pidfd_kill(process::pidfd_open(pid).unwrap().as_fd()).unwrap();
        }
        let _ = (shell.kill(), shell.wait());
    }
}
