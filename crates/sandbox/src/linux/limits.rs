//! Resource limits: set by a child on itself, read back by the supervisor (setrlimit(2), proc_pid_limits(5)).

use std::io;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::plan::Limits;

/// Signals that may be queued for processes of one user, a count: each costs the kernel memory that no other limit counts.
const PENDING_SIGNALS: u64 = 64;

/// As many, or what the host allows where that is less; the same for the supervisor and for its children, who inherit it.
fn pending_signals() -> u64 {
    getrlimit(Resource::RLIMIT_SIGPENDING).map_or(PENDING_SIGNALS, |(_, hard)| hard.min(PENDING_SIGNALS))
}

/// A limit, its row in `/proc/<pid>/limits`, and its value.
fn table(limits: &Limits) -> Vec<(Resource, &'static str, u64)> {
    let mut table = vec![
        (Resource::RLIMIT_AS, "Max address space", limits.address_space),
        (Resource::RLIMIT_CPU, "Max cpu time", limits.cpu_seconds),
        (Resource::RLIMIT_NOFILE, "Max open files", limits.open_files),
        (Resource::RLIMIT_STACK, "Max stack size", limits.stack),
        (Resource::RLIMIT_FSIZE, "Max file size", limits.file_size),
        (Resource::RLIMIT_CORE, "Max core file size", 0),
        (Resource::RLIMIT_MEMLOCK, "Max locked memory", 0),
        (Resource::RLIMIT_MSGQUEUE, "Max msgqueue size", 0),
        (Resource::RLIMIT_NICE, "Max nice priority", 0),
        (Resource::RLIMIT_RTPRIO, "Max realtime priority", 0),
        (Resource::RLIMIT_SIGPENDING, "Max pending signals", pending_signals()),
    ];
    if let Some(processes) = limits.processes {
        table.push((Resource::RLIMIT_NPROC, "Max processes", processes));
    }
    table
}

/// The same limits, none above what this process may set: its own hard limits, which without `CAP_SYS_RESOURCE` nobody
/// below it can raise.
///
/// # Errors
/// getrlimit(2)'s.
pub fn within_own(mut limits: Limits) -> io::Result<Limits> {
    let cap = |resource, value: &mut u64| -> io::Result<()> {
        *value = (*value).min(getrlimit(resource)?.1);
        Ok(())
    };
    cap(Resource::RLIMIT_AS, &mut limits.address_space)?;
    cap(Resource::RLIMIT_CPU, &mut limits.cpu_seconds)?;
    cap(Resource::RLIMIT_NOFILE, &mut limits.open_files)?;
    cap(Resource::RLIMIT_STACK, &mut limits.stack)?;
    if let Some(processes) = &mut limits.processes {
        cap(Resource::RLIMIT_NPROC, processes)?;
    }
    Ok(limits)
}

/// Sets all of them on this process, soft and hard.
///
/// # Errors
/// setrlimit(2)'s.
pub fn apply(limits: &Limits) -> io::Result<()> {
    for (resource, _, value) in table(limits) {
        setrlimit(resource, value, value)?;
    }
    Ok(())
}

/// Limits of the forkserver, which its children inherit and tighten: no core dumps (they would hold items), no files beyond
/// `file_size` bytes, no locked memory, no queues, no priorities.
///
/// # Errors
/// setrlimit(2)'s.
pub fn apply_outer(file_size: u64) -> io::Result<()> {
    let none = [
        Resource::RLIMIT_CORE,
        Resource::RLIMIT_MEMLOCK,
        Resource::RLIMIT_MSGQUEUE,
        Resource::RLIMIT_NICE,
        Resource::RLIMIT_RTPRIO,
    ];
    for resource in none {
        setrlimit(resource, 0, 0)?;
    }
    Ok(setrlimit(Resource::RLIMIT_FSIZE, file_size, file_size)?)
}

/// What of the text of `/proc/<pid>/limits` differs from the plan; nothing if all is as planned.
pub fn difference(text: &str, limits: &Limits) -> Option<String> {
    table(limits).into_iter().find_map(|(_, name, planned)| {
        let row = text.lines().find_map(|line| line.strip_prefix(name));
        let mut columns = row.unwrap_or_default().split_whitespace();
        let (soft, hard) = (columns.next().unwrap_or("absent"), columns.next().unwrap_or("absent"));
        let want = if planned == libc::RLIM_INFINITY { "unlimited".into() } else { planned.to_string() };
        (soft != want || hard != want).then(|| format!("{name} is {soft}/{hard}, planned was {want}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: Limits =
        Limits { address_space: 4096, cpu_seconds: 7, open_files: 4, stack: 8192, file_size: 0, processes: None };

    fn text(open_files: &str) -> String {
        let rows = [
            ("Max cpu time", "7", "seconds"),
            ("Max file size", "0", "bytes"),
            ("Max stack size", "8192", "bytes"),
            ("Max core file size", "0", "bytes"),
            ("Max open files", open_files, "files"),
            ("Max locked memory", "0", "bytes"),
            ("Max address space", "4096", "bytes"),
            ("Max msgqueue size", "0", "bytes"),
            ("Max nice priority", "0", ""),
            ("Max realtime priority", "0", ""),
            ("Max pending signals", "64", "signals"),
        ];
        rows.map(|(name, value, unit)| format!("{name:<25} {value:<20} {value:<20} {unit:<10}\n")).concat()
    }

    #[test]
    fn every_difference_is_named() {
        assert_eq!(difference(&text("4"), &PLAN), None);
        assert_eq!(difference(&text("1024"), &PLAN).unwrap(), "Max open files is 1024/1024, planned was 4");
        assert!(difference("", &PLAN).unwrap().contains("absent"));
        let own = Limits { processes: Some(1), ..PLAN };
        assert!(difference(&text("4"), &own).unwrap().starts_with("Max processes"));
    }
}
