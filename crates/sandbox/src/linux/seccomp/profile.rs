//! The profile files: named filters in seccompiler's JSON form, one file for each architecture.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Arch, SeccompError};

/// All named filters of one architecture.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Profile {
    filters: BTreeMap<String, NamedFilter>,
}

/// One filter: what listed calls get, what all others get.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NamedFilter {
    pub(super) mismatch_action: Action,
    pub(super) match_action: Action,
    pub(super) filter: Vec<Rule>,
}

/// One system call, perhaps only with certain arguments. Several rules for one call are alternatives.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    pub(super) syscall: String,
    #[serde(default)]
    pub(super) args: Vec<Condition>,
    #[serde(default, rename = "comment")]
    _comment: Option<String>,
}

/// A condition on one argument; all conditions of a rule must hold.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Condition {
    pub(super) index: u8,
    #[serde(rename = "type")]
    pub(super) width: Width,
    pub(super) op: Op,
    pub(super) val: u64,
    #[serde(default, rename = "comment")]
    _comment: Option<String>,
}

/// How much of an argument is compared. The kernel reads `int` arguments as 32 bits, so must we.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Width {
    Dword,
    Qword,
}

/// The comparisons the layout knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Op {
    Eq,
    MaskedEq(u64),
}

/// What a call gets, by rising severity: the order in which the kernel lets stacked filters win (seccomp(2)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The call goes on.
    Allow,
    /// The call is not made and returns this `errno`.
    Errno(u16),
    /// The call is not made and the thread gets SIGSYS.
    Trap,
    /// The process ends.
    KillProcess,
}

impl Action {
    /// The value a filter returns for it (`linux/seccomp.h`).
    pub(super) fn code(self) -> u32 {
        match self {
            Self::Allow => libc::SECCOMP_RET_ALLOW,
            Self::Errno(errno) => libc::SECCOMP_RET_ERRNO | u32::from(errno),
            Self::Trap => libc::SECCOMP_RET_TRAP,
            Self::KillProcess => libc::SECCOMP_RET_KILL_PROCESS,
        }
    }

    /// What two stacked filters give together; of two errnos the later filter's counts.
    pub(super) fn stacked_with(self, later: Self) -> Self {
        match (self, later) {
            (Self::Errno(_), Self::Errno(_)) => later,
            _ => self.max(later),
        }
    }
}

impl Profile {
    /// The profile shipped for `arch`.
    ///
    /// # Errors
    /// [`SeccompError::Profile`] where the file is damaged; a test loads both.
    pub fn shipped(arch: Arch) -> Result<Self, SeccompError> {
        Self::parse(match arch {
            Arch::X86_64 => include_str!("../../../../../seccomp-profiles/x86_64.json"),
            Arch::Aarch64 => include_str!("../../../../../seccomp-profiles/aarch64.json"),
        })
    }

    fn parse(json: &str) -> Result<Self, SeccompError> {
        serde_json::from_str(json).map_err(|e| SeccompError::Profile(e.to_string()))
    }

    /// Names of the calls that end a task which makes them; none where the profile is damaged.
    pub fn trapped(&self) -> Vec<String> {
        let trapped = self.filters.get("trapped");
        trapped.map(|named| named.filter.iter().map(|rule| rule.syscall.clone()).collect()).unwrap_or_default()
    }

    /// Whether a task that makes the call `syscall` is ended for it.
    pub fn traps(&self, syscall: &str) -> bool {
        let trapped = self.filters.get("trapped");
        trapped.is_some_and(|trapped| trapped.filter.iter().any(|rule| rule.syscall == syscall))
    }

    /// Every filter's rules for one call.
    #[cfg(test)]
    pub(super) fn rules_for(&self, arch: Arch, number: u32) -> Vec<&Rule> {
        let rules = self.filters.values().flat_map(|filter| &filter.filter);
        rules.filter(|rule| arch.number(&rule.syscall).is_ok_and(|n| n == number)).collect()
    }

    /// The filter called `name`.
    pub(super) fn filter(&self, name: &str) -> Result<&NamedFilter, SeccompError> {
        self.filters.get(name).ok_or_else(|| SeccompError::Profile(format!("there is no filter {name:?}")))
    }
}
