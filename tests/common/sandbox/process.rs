//! Processes, from outside: what `/proc` tells of them.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::os::unix::fs::FileExt as _;
use std::sync::Mutex;
use std::time::{Duration, Instant};

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

    /// The same in one look at `/proc`, with the parent of each, in no order. For what descends from this test.
    pub(crate) fn family(self, strangers: &Strangers) -> Vec<(Self, i32)> {
        below(self.pid, &mut strangers.others())
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

    /// The same, or its number here where it has ended or has no other.
    pub(crate) fn inside(self) -> i32 {
        let status = fs::read(format!("/proc/{}/status", self.pid)).unwrap_or_default();
        let status = String::from_utf8_lossy(&status);
        let numbers = status.lines().find_map(|line| line.strip_prefix("NSpid:"));
        numbers.and_then(|numbers| numbers.split_whitespace().next_back()?.parse().ok()).unwrap_or(self.pid)
    }

    /// CPU time it has used, in the kernel's ticks; none where it has ended.
    pub(crate) fn ticks(self) -> u64 {
        let used = |text: &[u8]| -> Option<u64> {
            let text = String::from_utf8_lossy(text);
            text.rsplit_once(") ")?.1.split_whitespace().nth(11)?.parse().ok()
        };
        fs::read(format!("/proc/{}/stat", self.pid)).ok().and_then(|text| used(&text)).unwrap_or(0)
    }

    /// How often it has gone to sleep, or was put aside; none where it has ended.
    pub(crate) fn switches(self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid)).ok()?;
        let lines = status.lines().filter_map(|line| line.split_once("_ctxt_switches:"));
        let sum = lines.filter_map(|(_, count)| count.trim().parse::<u64>().ok()).sum();
        self.is_alive().then_some(sum)
    }

    /// When it was started, in ticks since the machine was.
    pub(crate) fn start(self) -> u64 {
        self.start
    }

    /// Its state, as proc_pid_stat(5) names it; none where it has ended.
    pub(crate) fn state(self) -> Option<char> {
        self.is_alive().then(|| stat(self.pid).map(|(state, _, _)| state)).flatten()
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

/// Processes that do not descend from this test, which need not be looked at each time: no process is adopted from outside.
#[derive(Debug, Default)]
pub(crate) struct Strangers(Mutex<(Option<Instant>, HashSet<i32>)>);

impl Strangers {
    /// After so long they are forgotten: a number may have been given to another process by then.
    const FORGOTTEN_AFTER: Duration = Duration::from_secs(3);

    /// All that descend from this test and live, each with its parent.
    fn others(&self) -> Vec<(Process, i32)> {
        let mut known = self.0.lock().expect("no panic in here");
        if known.0.is_none_or(|since| since.elapsed() > Self::FORGOTTEN_AFTER) {
            *known = (Some(Instant::now()), HashSet::new());
        }
        let numbers = fs::read_dir("/proc").expect("/proc").flatten();
        let numbers = numbers.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let processes = numbers.filter(|pid| !known.1.contains(pid)).filter_map(|pid| {
            let (state, parent, start) = stat(pid)?;
            (!matches!(state, 'Z' | 'X')).then_some((Process { pid, start }, parent))
        });
        let mut rest: Vec<_> = processes.collect();
        let own = i32::try_from(std::process::id()).expect("a number");
        let family = below(own, &mut rest);
        // One whose parent ended between two looks may be adopted by one of ours the next moment.
        let rest: HashMap<i32, i32> = rest.into_iter().map(|(process, parent)| (process.pid, parent)).collect();
        let is_strange = |parent: i32| parent == 0 || rest.contains_key(&parent) || known.1.contains(&parent);
        let strangers: Vec<_> = rest.iter().filter(|(_, parent)| is_strange(**parent)).map(|(pid, _)| *pid).collect();
        known.1.extend(strangers.into_iter().filter(|pid| *pid != own));
        family
    }
}

/// Takes out of `rest` what is below a process.
fn below(root: i32, rest: &mut Vec<(Process, i32)>) -> Vec<(Process, i32)> {
    let mut found: Vec<(Process, i32)> = Vec::new();
    loop {
        let is_known = |parent: i32| parent == root || found.iter().any(|(known, _)| known.pid == parent);
        let (new, others): (Vec<_>, Vec<_>) = rest.drain(..).partition(|(_, parent)| is_known(*parent));
        *rest = others;
        if new.is_empty() {
            return found;
        }
        found.extend(new);
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
