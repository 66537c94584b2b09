//! What processes cost, as the kernel counts it (proc_pid_stat(5), proc_pid_smaps(5)).

use std::fs;

/// Clock ticks a second: what the kernel gives to user space on every architecture we build for.
const TICKS: f64 = 100.0;

/// CPU seconds of a process (a number, or one of the names that `/proc` has for who asks), and of the children it has reaped
/// where they are its work.
pub(super) fn cpu_seconds(who: &str, with_children: bool) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{who}/stat")).ok()?;
    // The name before it is the process's own choice.
    let fields: Vec<&str> = text.rsplit_once(") ")?.1.split(' ').collect();
    let ticks = |range: std::ops::Range<usize>| {
        fields.get(range)?.iter().map(|ticks| ticks.parse::<u32>().ok()).sum::<Option<u32>>()
    };
    Some(f64::from(ticks(if with_children { 11..15 } else { 11..13 })?) / TICKS)
}

/// Proportional set size of a process and all below it, in KiB; none where one of them may not be looked at.
pub(super) fn pss_kib(pid: i32) -> Option<u64> {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let own = field(&rollup, "Pss:")?;
    children(pid).into_iter().map(pss_kib).sum::<Option<u64>>().map(|below| own + below)
}

/// Number of processes: this one and all below it.
pub(super) fn count(pid: i32) -> usize {
    1 + children(pid).into_iter().map(count).sum::<usize>()
}

/// Memory that a process holds now, in KiB.
pub(super) fn rss_kib(pid: i32) -> Option<u64> {
    field(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?, "VmRSS:")
}

/// The most memory a process has held at a time, in KiB.
pub(super) fn peak_kib(pid: i32) -> Option<u64> {
    field(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?, "VmHWM:")
}

fn field(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}

fn children(pid: i32) -> Vec<i32> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_costs() {
        let pid = i32::try_from(std::process::id()).unwrap();
        let [all, this_thread] = ["self", "thread-self"].map(|who| cpu_seconds(who, false).unwrap());
        assert!(this_thread <= all && all < 10_000.0, "{this_thread} {all}");
        assert!(rss_kib(pid) <= peak_kib(pid));
        assert!(peak_kib(pid).is_some_and(|kib| kib > 100));
        assert!(pss_kib(pid).is_none_or(|kib| kib > 100) && count(pid) >= 1);
        assert_eq!((cpu_seconds("0", true), pss_kib(i32::MAX)), (None, None));
    }
}
