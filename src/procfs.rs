//! What the kernel tells of a process in `/proc/<pid>/stat` (proc_pid_stat(5)), besides what the seal is verified by.

use std::fs::File;
use std::io::{self, Read as _};

/// One reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stat {
    /// `R` for running, `S` for waiting, `T` for stopped, `Z` for dead, and others.
    pub(crate) state: char,
    /// The process whose child it is now.
    pub(crate) parent: i32,
    /// When it was started, in ticks: with the pid it names a process for good.
    pub(crate) start: u64,
}

impl Stat {
    /// Reads it.
    ///
    /// # Errors
    /// The file system's, `NotFound` for a process that is gone; `InvalidData` for what is no such file.
    pub(crate) fn of(pid: i32) -> io::Result<Self> {
        // One read of a buffer that is large enough, as it is on the way of every task.
        let mut text = [0; 1024];
        let len = File::open(format!("/proc/{pid}/stat"))?.read(&mut text)?;
        Self::parse(&text[..len]).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    fn parse(text: &[u8]) -> Option<Self> {
        // The name before it is the process's own choice, and may hold anything.
        let end = text.windows(2).rposition(|two| two == b") ")?;
        let mut fields = str::from_utf8(&text[end + 2..]).ok()?.split_ascii_whitespace();
        let state = fields.next()?.chars().next()?;
        let parent = fields.next()?.parse().ok()?;
        let start = fields.nth(17)?.parse().ok()?;
        Some(Self { state, parent, start })
    }

    /// Whether it runs, or would if what it waits for came: not stopped, not traced, not dead.
    pub(crate) fn can_run(self) -> bool {
        matches!(self.state, 'R' | 'S' | 'D')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_cannot_lie_by_its_name() {
        let rest = "7 7 7 0 -1 4194304 1 2 3 4 11 12 0 0 20 0 1 0 987654 5 6 ";
        let stat = Stat::parse(format!("12 (a) R 1 (b) T {rest}").as_bytes()).unwrap();
        assert_eq!(stat, Stat { state: 'T', parent: 7, start: 987_654 });
        assert!(!stat.can_run());
        assert_eq!(Stat::parse(b""), None);
        assert_eq!(Stat::parse(b"1 (x) S 7"), None);
    }

    #[test]
    fn this_process_runs_and_one_that_is_not_there_is_an_error() {
        let own = Stat::of(i32::try_from(std::process::id()).unwrap()).unwrap();
        assert!(own.can_run() && own.start > 0 && own.parent > 0);
        assert_eq!(Stat::of(i32::MAX).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
