//! What this host can, found by asking the kernel and changing nothing. Whether it then works shows when a child is sealed.

use std::fs;

use caps::CapSet;

use super::landlock;
use super::seccomp::{Action, action_available};
use crate::layer::Refusal;

/// The actions of our filters, by the names operators know from seccomp(2).
const ACTIONS: [(&str, Action); 4] = [
    ("allow", Action::Allow),
    ("errno", Action::Errno(0)),
    ("trap", Action::Trap),
    ("kill_process", Action::KillProcess),
];

/// What Landlock gained since the oldest version that will do: ABI, since which Linux, what.
const LANDLOCK_GAINS: [(i32, &str, &str); 4] = [
    (3, "6.2", "truncate"),
    (4, "6.7", "TCP"),
    (5, "6.10", "device ioctls"),
    (6, "6.12", "signals and abstract sockets"),
];

/// The kernel's name and release.
pub fn kernel() -> String {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("Linux {}", release.trim())
}

/// The kernel's Landlock ABI, where it has one.
pub fn landlock_abi() -> Option<i32> {
    landlock::abi().ok()
}

/// What Landlock covers here, and what a newer kernel would add.
///
/// # Errors
/// A refusal that tells whether it was not compiled in, switched off at boot, or refused by a container's profile.
pub fn landlock() -> Result<String, Refusal> {
    landlock::abi().map(landlock_words)
}

fn landlock_words(abi: i32) -> String {
    let lacks = LANDLOCK_GAINS.iter().filter(|(since, ..)| abi < *since);
    let lacks: Vec<_> = lacks.map(|(_, linux, what)| format!("{what} (Linux {linux})")).collect();
    let has = landlock::describe(abi);
    if lacks.is_empty() { has } else { format!("{has}; newer kernels add {}", lacks.join(", ")) }
}

/// Actions of our seccomp filters that this kernel knows, and those it does not.
pub fn seccomp_actions() -> (Vec<&'static str>, Vec<&'static str>) {
    let (known, unknown): (Vec<_>, Vec<_>) = ACTIONS.iter().partition(|(_, action)| action_available(*action).is_ok());
    let names = |actions: Vec<&(&'static str, Action)>| actions.into_iter().map(|(name, _)| *name).collect();
    (names(known), names(unknown))
}

/// Whether the kernel shows how many seccomp filters a process has (Linux 5.9), without which no child can be verified.
pub fn shows_seccomp_filters() -> bool {
    super::verify::Status::own().is_ok_and(|status| status.seccomp_filters().is_ok())
}

/// Whether this process has `no_new_privs` already, as containers without privilege escalation start it: then all have it.
pub fn has_no_new_privs() -> bool {
    nix::sys::prctl::get_no_new_privs().unwrap_or(false)
}

/// The capabilities in force for this process, sorted.
pub fn capabilities() -> Vec<String> {
    let set = caps::read(None, CapSet::Effective).unwrap_or_default();
    let mut names: Vec<_> = set.iter().map(ToString::to_string).collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_newer_kernel_would_add_is_named() {
        assert_eq!(landlock_words(7), "ABI 7: files, truncate, TCP, device ioctls, signals and abstract sockets");
        let words = landlock_words(4);
        assert!(
            words.ends_with("newer kernels add device ioctls (Linux 6.10), signals and abstract sockets (Linux 6.12)"),
            "{words}"
        );
    }

    #[test]
    fn every_action_is_either_known_or_not() {
        let (known, unknown) = seccomp_actions();
        assert_eq!(known.len() + unknown.len(), ACTIONS.len());
    }
}
