//! The seal as the supervisor sees it, from outside: `/proc/<pid>/status` and `limits`, written by the kernel.
//!
//! A field that is absent (gVisor has no `Seccomp` line, old kernels no `Seccomp_filters`) makes a child *unverifiable*,
//! which is never a pass.

use std::fs::File;
use std::io::{self, Read as _};

use super::limits;
pub use crate::expectation::{Expectation, NotVerified, Seen};

/// Room for what is there: `status` has 1.5 KiB, and eleven bytes more for each supplementary group, of which there may be 65 536
/// (`NGROUPS_MAX`).
const USUAL: usize = 8 * 1024;
const LONGEST: u64 = 1024 * 1024;

/// The text of `/proc/<pid>/status`, by field.
#[derive(Debug, Clone)]
pub struct Status {
    text: String,
    /// Where each line begins, where its name ends, and where it ends: each child is asked for twenty.
    lines: Vec<(usize, usize, usize)>,
}

impl Status {
    /// Reads it.
    ///
    /// # Errors
    /// [`NotVerified::Unreadable`].
    pub fn of(pid: i32) -> Result<Self, NotVerified> {
        read(pid, "status").map(Self::parse)
    }

    /// This process's own.
    ///
    /// # Errors
    /// [`NotVerified::Unreadable`].
    pub fn own() -> Result<Self, NotVerified> {
        let pid = i32::try_from(std::process::id()).unwrap_or(0);
        Self::of(pid)
    }

    fn parse(text: String) -> Self {
        let mut start = 0;
        let mut lines = Vec::with_capacity(80);
        for line in text.split('\n') {
            if let Some(name) = line.find(':') {
                lines.push((start, start + name, start + line.len()));
            }
            start += line.len() + 1;
        }
        Self { text, lines }
    }

    fn field(&self, name: &'static str) -> Result<&str, NotVerified> {
        let (_, colon, end) = self
            .lines
            .iter()
            .find(|(start, colon, _)| self.text[*start..*colon] == *name)
            .ok_or(NotVerified::Absent(name))?;
        Ok(self.text[colon + 1..*end].trim())
    }

    fn parsed<T>(&self, name: &'static str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, NotVerified> {
        parse(self.field(name)?).ok_or(NotVerified::Absent(name))
    }

    /// How many seccomp filters are in force (Linux 5.9).
    ///
    /// # Errors
    /// [`NotVerified::Absent`].
    pub fn seccomp_filters(&self) -> Result<u32, NotVerified> {
        self.parsed("Seccomp_filters", |text| text.parse().ok())
    }

    /// The bounding set of capabilities.
    ///
    /// # Errors
    /// [`NotVerified::Absent`].
    pub fn bounding(&self) -> Result<u64, NotVerified> {
        self.parsed("CapBnd", |text| u64::from_str_radix(text, 16).ok())
    }

    /// Supplementary groups.
    ///
    /// # Errors
    /// [`NotVerified::Absent`].
    pub fn groups(&self) -> Result<Vec<u32>, NotVerified> {
        self.parsed("Groups", numbers)
    }

    /// Number of threads.
    ///
    /// # Errors
    /// [`NotVerified::Absent`].
    pub fn threads(&self) -> Result<u32, NotVerified> {
        self.parsed("Threads", |text| text.parse().ok())
    }

    /// Address space in bytes, what `RLIMIT_AS` counts.
    ///
    /// # Errors
    /// [`NotVerified::Absent`].
    pub fn address_space(&self) -> Result<u64, NotVerified> {
        self.parsed("VmSize", kibibytes)
    }

    /// Memory in bytes that the process holds for itself: anonymous, shared, swapped, and page tables, which no
    /// resource limit counts.
    ///
    /// # Errors
    /// [`NotVerified::Absent`].
    pub fn footprint(&self) -> Result<u64, NotVerified> {
        let mut sum = 0_u64;
        for name in ["RssAnon", "RssShmem", "VmSwap", "VmPTE"] {
            sum = sum.saturating_add(self.parsed(name, kibibytes)?);
        }
        Ok(sum)
    }
}

fn read(pid: i32, name: &str) -> Result<String, NotVerified> {
    let file = format!("/proc/{pid}/{name}");
    read_at_once(&file).map_err(|error| NotVerified::Unreadable { file, error })
}

/// Each read takes the kernel some time, so not in small pieces.
fn read_at_once(file: &str) -> io::Result<String> {
    let mut text = String::with_capacity(USUAL);
    File::open(file)?.take(LONGEST).read_to_string(&mut text)?;
    if text.len() as u64 == LONGEST {
        return Err(io::Error::other(format!("it is longer than {LONGEST} bytes")));
    }
    Ok(text)
}

fn numbers(text: &str) -> Option<Vec<u32>> {
    text.split_whitespace().map(|n| n.parse().ok()).collect()
}

fn kibibytes(text: &str) -> Option<u64> {
    text.strip_suffix(" kB")?.parse::<u64>().ok()?.checked_mul(1024)
}

/// Holds process `pid` against the plan.
///
/// # Errors
/// The first thing that is not as planned or not to be seen.
pub fn verify(pid: i32, expected: &Expectation) -> Result<Seen, NotVerified> {
    let status = Status::of(pid)?;
    check_status(&status, expected)?;
    if let Some(limits) = &expected.limits
        && let Some(difference) = limits::difference(&read(pid, "limits")?, limits)
    {
        return Err(NotVerified::Limit(difference));
    }
    Ok(Seen { footprint: status.footprint()? })
}

fn check_status(status: &Status, expected: &Expectation) -> Result<(), NotVerified> {
    let must = |field: &'static str, planned: String| -> Result<(), NotVerified> {
        let found = status.field(field)?;
        if found.split_whitespace().eq(planned.split_whitespace()) {
            return Ok(());
        }
        Err(NotVerified::Differs { field, found: found.split_whitespace().collect::<Vec<_>>().join(" "), planned })
    };
    must("PPid", expected.parent.to_string())?;
    must("Threads", "1".into())?;
    must("Uid", [expected.uid; 4].map(|id| id.to_string()).join(" "))?;
    must("Gid", [expected.gid; 4].map(|id| id.to_string()).join(" "))?;
    must("Groups", expected.groups.iter().map(u32::to_string).collect::<Vec<_>>().join(" "))?;
    for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        must(set, "0000000000000000".into())?;
    }
    let beyond = status.bounding()? & !expected.bounding;
    if beyond != 0 {
        let (found, planned) = (format!("{:016x}", status.bounding()?), format!("within {:016x}", expected.bounding));
        return Err(NotVerified::Differs { field: "CapBnd", found, planned });
    }
    if expected.no_new_privs {
        must("NoNewPrivs", "1".into())?;
    }
    if let Some(filters) = expected.filters {
        must("Seccomp", "2".into())?;
        must("Seccomp_filters", filters.to_string())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "Name:\tpython3\nPPid:\t7\nUid:\t5\t5\t5\t5\nGid:\t6\t6\t6\t6\nGroups:\t \nThreads:\t1\n\
        RssAnon:\t    10 kB\nRssShmem:\t 0 kB\nVmSwap:\t 0 kB\nVmPTE:\t 4 kB\nVmSize:\t 100 kB\n\
        CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nCapBnd:\t00000000000000c0\n\
        CapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t3\n";

    fn expected() -> Expectation {
        Expectation {
            parent: 7,
            uid: 5,
            gid: 6,
            groups: vec![],
            filters: Some(3),
            no_new_privs: true,
            bounding: 0xe0,
            limits: None,
        }
    }

    #[test]
    fn what_is_long_is_read_to_its_end() {
        let folder = std::env::temp_dir().join(format!("palisade-status-{}", std::process::id()));
        for (len, fits) in [(0, true), (USUAL - 1, true), (USUAL, true), (700_000, true), (1 << 20, false)] {
            std::fs::write(&folder, "g".repeat(len)).unwrap();
            let read = read_at_once(folder.to_str().unwrap());
            assert_eq!(read.ok().map(|text| text.len()), fits.then_some(len), "{len}");
        }
        std::fs::remove_file(folder).unwrap();
    }

    #[test]
    fn the_planned_state_passes() {
        let status = Status::parse(GOOD.into());
        check_status(&status, &expected()).unwrap();
        assert_eq!(status.footprint().unwrap(), 14 * 1024);
    }

    #[test]
    fn every_single_deviation_fails() {
        for (line, changed) in [
            ("PPid:\t7", "PPid:\t1"),
            ("Uid:\t5\t5\t5\t5", "Uid:\t5\t5\t5\t0"),
            ("Gid:\t6\t6\t6\t6", "Gid:\t6\t0\t6\t6"),
            ("Groups:\t ", "Groups:\t27 "),
            ("Threads:\t1", "Threads:\t2"),
            ("CapInh:\t0", "CapInh:\t1"),
            ("CapPrm:\t0", "CapPrm:\t1"),
            ("CapEff:\t0", "CapEff:\t1"),
            ("CapAmb:\t0", "CapAmb:\t1"),
            ("CapBnd:\t0", "CapBnd:\t1"),
            ("NoNewPrivs:\t1", "NoNewPrivs:\t0"),
            ("Seccomp:\t2", "Seccomp:\t0"),
            ("Seccomp_filters:\t3", "Seccomp_filters:\t2"),
        ] {
            let status = Status::parse(GOOD.replacen(line, changed, 1));
            assert!(matches!(check_status(&status, &expected()), Err(NotVerified::Differs { .. })), "{changed}");
            let gone = line.split(':').next().unwrap();
            let others = GOOD.lines().filter(|l| !l.starts_with(&format!("{gone}:")));
            let without = others.collect::<Vec<_>>().join("\n");
            assert!(
                matches!(check_status(&Status::parse(without), &expected()), Err(NotVerified::Absent(_))),
                "{gone}"
            );
        }
    }
}
