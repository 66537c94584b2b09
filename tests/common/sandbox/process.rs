//! Processes, from outside: what `/proc` tells of them.

use std::fs;
use std::os::unix::fs::FileExt as _;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A process that stays itself: a number given away again is another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Process {
    /// Its number on the host.
    pub(crate) pid: i32,
    /// When it was started.
    start: u64,
}

impl Process {
    /// The process that has this number now, if it is not a dead one.
    pub(crate) fn of(pid: i32) -> Option<Self> {
        let (state, _, start) = stat(pid)?;
        (!matches!(state, 'Z' | 'X')).then_some(Self { pid, start })
    }

    /// Whether it has not ended. One that only waits to be reaped has.
    pub(crate) fn is_alive(self) -> bool {
        Self::of(self.pid) == Some(self)
    }

    /// The processes it has started and that live.
    pub(crate) fn children(self) -> Vec<Self> {
        let numbers = fs::read_dir("/proc").expect("/proc").flatten();
        let numbers = numbers.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let mut children: Vec<_> = numbers
            .filter(|pid| stat(*pid).is_some_and(|(_, parent, _)| parent == self.pid))
            .filter_map(Self::of)
            .collect();
        children.sort();
        children
    }

    /// Numbers of the processes it has started, those included that ended and were not reaped.
    pub(crate) fn children_dead_or_alive(self) -> Vec<i32> {
        let numbers = fs::read_dir("/proc").expect("/proc").flatten();
        let numbers = numbers.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        numbers.filter(|pid| stat(*pid).is_some_and(|(_, parent, _)| parent == self.pid)).collect()
    }

    /// All that it has started, and all that those have.
    pub(crate) fn descendants(self) -> Vec<Self> {
        let children = self.children();
        let below: Vec<_> = children.iter().flat_map(|child| child.descendants()).collect();
        [children, below].concat()
    }

    /// A field of its status.
    pub(crate) fn status(self, field: &str) -> String {
        let text = self.read("status");
        let text = String::from_utf8_lossy(&text);
        let value = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        value
            .unwrap_or_else(|| panic!("{field} of {self:?} in {text}"))
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// A size of its status, in bytes.
    pub(crate) fn bytes(self, field: &str) -> u64 {
        let size = self.status(field);
        size.strip_suffix(" kB").and_then(|size| size.parse::<u64>().ok()).expect("a size") * 1024
    }

    /// Its number in its own PID namespace.
    pub(crate) fn number_inside(self) -> i32 {
        self.status("NSpid").split(' ').next_back().and_then(|n| n.parse().ok()).expect("NSpid is a list of numbers")
    }

    /// CPU time it has used, in the kernel's ticks; none where it has ended.
    pub(crate) fn ticks(self) -> u64 {
        let used = |text: &[u8]| -> Option<u64> {
            let text = String::from_utf8_lossy(text);
            text.rsplit_once(") ")?.1.split_whitespace().nth(11)?.parse().ok()
        };
        fs::read(format!("/proc/{}/stat", self.pid)).ok().and_then(|text| used(&text)).unwrap_or(0)
    }

    /// Whether it waits for something, as a spare does.
    pub(crate) fn is_asleep(self) -> bool {
        stat(self.pid).is_some_and(|(state, _, _)| state == 'S')
    }

    /// Whether a signal has stopped it.
    pub(crate) fn is_stopped(self) -> bool {
        stat(self.pid).is_some_and(|(state, _, _)| state == 'T')
    }

    /// A file that `/proc` has of it.
    pub(crate) fn read(self, file: &str) -> Vec<u8> {
        let path = format!("/proc/{}/{file}", self.pid);
        fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Its open descriptors: number and what they lead to. None where it has ended or may not be looked into.
    pub(crate) fn descriptors(self) -> Vec<(i32, String)> {
        let Ok(entries) = fs::read_dir(format!("/proc/{}/fd", self.pid)) else { return Vec::new() };
        let named = entries.flatten().filter_map(|entry| {
            let target = fs::read_link(entry.path()).ok()?.to_string_lossy().into_owned();
            Some((entry.file_name().to_str()?.parse().ok()?, target))
        });
        named.collect()
    }

    /// How often `needle` is in its memory. Needs the right to look into other processes.
    pub(crate) fn occurrences_in_memory(self, needle: &str) -> usize {
        const PIECE: u64 = 1 << 20;
        let maps = String::from_utf8_lossy(&self.read("maps")).into_owned();
        let memory = fs::File::open(format!("/proc/{}/mem", self.pid)).expect("its memory can be opened");
        let (mut count, mut read) = (0, 0);
        for line in maps.lines() {
            let mut columns = line.split_whitespace();
            let (Some(range), Some(rights)) = (columns.next(), columns.next()) else { continue };
            let address = |text| u64::from_str_radix(text, 16).expect("an address");
            let (mut at, end) = range.split_once('-').map(|(a, b)| (address(a), address(b))).expect("a range");
            // The kernel's own pages cannot be read this way.
            if !rights.starts_with('r') || line.ends_with("[vvar]") || line.ends_with("[vsyscall]") {
                continue;
            }
            while at < end {
                // Pieces overlap, so that nothing is missed between two.
                let len = (end - at).min(PIECE + needle.len() as u64 - 1);
                let mut piece = vec![0; usize::try_from(len).expect("a piece is small")];
                if let Ok(got) = memory.read_at(&mut piece, at) {
                    // As text, because the standard library's search in it is fast in a debug build, too.
                    count += String::from_utf8_lossy(&piece[..got]).matches(needle).count();
                    read += got;
                }
                at += PIECE.min(end - at);
            }
        }
        assert!(read > 1 << 20, "only {read} bytes of {self:?} could be read");
        count
    }

    /// Sends it a signal. One that has ended already is fine.
    pub(crate) fn signal(self, signal: Signal) {
        if !self.is_alive() {
            return;
        }
        match kill(Pid::from_raw(self.pid), signal) {
            Ok(()) | Err(Errno::ESRCH) => {}
            Err(error) => panic!("{self:?} cannot be sent {signal}: {error}"),
        }
    }
}

/// State, parent and start time.
fn stat(pid: i32) -> Option<(char, i32, u64)> {
    let text = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let text = String::from_utf8_lossy(&text);
    // The name before it may hold anything.
    let mut fields = text.rsplit_once(") ")?.1.split_whitespace();
    let state = fields.next()?.chars().next()?;
    let parent = fields.next()?.parse().ok()?;
    let start = fields.nth(17)?.parse().ok()?;
    Some((state, parent, start))
}
