//! How a process stands, as far as another one could change it; and how much memory a tree of processes takes.

use std::fs;
use std::os::unix::fs::MetadataExt as _;

use crate::sandbox::process::{Process, Strangers};

/// Limits, priority, affinity, tracer, group, ids.
pub(crate) fn posture(process: Process) -> Vec<String> {
    const FIELDS: [&str; 8] =
        ["TracerPid", "Uid", "Gid", "Groups", "NoNewPrivs", "Seccomp", "Cpus_allowed", "Mems_allowed"];
    let read = |file: &str| fs::read_to_string(format!("/proc/{}/{file}", process.pid)).unwrap_or_default();
    let mut lines: Vec<String> = read("limits").lines().map(ToOwned::to_owned).collect();
    let status = read("status");
    lines.extend(
        status.lines().filter(|line| FIELDS.iter().any(|f| line.starts_with(&format!("{f}:")))).map(str::to_owned),
    );
    lines.push(format!("oom_score_adj {}", read("oom_score_adj").trim()));
    let stat = read("stat");
    let fields: Vec<&str> = stat.rsplit_once(") ").map(|(_, rest)| rest.split(' ').collect()).unwrap_or_default();
    // By proc_pid_stat(5), counted from the state on, which is the third.
    for (name, at) in [("process group", 5), ("session", 6), ("priority", 18), ("nice", 19), ("policy", 41)] {
        lines.push(format!("{name} {}", fields.get(at - 3).unwrap_or(&"?")));
    }
    lines
}

/// What became of a process that should be as it was.
pub(crate) fn complaint(name: &str, process: Process, before: &[String]) -> Option<String> {
    match process.state() {
        None => return Some(format!("{name} was ended")),
        Some(state @ ('T' | 't')) => return Some(format!("{name} was stopped ({state})")),
        Some(_) => {}
    }
    let now = posture(process);
    // It may have ended meanwhile.
    if !process.is_alive() {
        return Some(format!("{name} was ended"));
    }
    let changed = now.iter().find(|line| !before.contains(line))?;
    Some(format!("{name} was changed: {changed}"))
}

/// Bytes a process has for itself: anonymous and shared memory, swapped, page tables, and files that exist only in memory,
/// which count as shared memory where they are mapped.
pub(crate) fn memory(process: Process) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", process.pid)).unwrap_or_default();
    let kib = |wanted: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(wanted)?.strip_prefix(':'));
        line.and_then(|value| value.trim().strip_suffix(" kB")?.parse::<u64>().ok()).unwrap_or(0)
    };
    let own: u64 = ["RssAnon", "VmSwap", "VmPTE"].map(kib).iter().sum();
    own * 1024 + memory_of_files(process).max(kib("RssShmem") * 1024)
}

fn memory_of_files(process: Process) -> u64 {
    let entries = fs::read_dir(format!("/proc/{}/fd", process.pid)).into_iter().flatten().flatten();
    let sizes = entries.filter_map(|entry| {
        let target = fs::read_link(entry.path()).ok()?;
        let is_in_memory = target.to_string_lossy().starts_with("/memfd:");
        is_in_memory.then(|| fs::metadata(entry.path()).map_or(0, |meta| meta.blocks() * 512))
    });
    sizes.sum()
}

/// The supervisor's, and that of all below it.
pub(crate) fn memory_of_tree(supervisor: Process, strangers: &Strangers) -> (u64, u64) {
    memory_of(supervisor, supervisor.family(strangers).into_iter().map(|(process, _)| process))
}

/// The same of processes that are known.
pub(crate) fn memory_of(supervisor: Process, below: impl IntoIterator<Item = Process>) -> (u64, u64) {
    (memory(supervisor), below.into_iter().map(memory).sum())
}
