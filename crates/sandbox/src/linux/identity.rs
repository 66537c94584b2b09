//! User ids, groups and capabilities (credentials(7), capabilities(7)).

use std::fs;
use std::io;

use caps::{CapSet, Capability, CapsHashSet};
use nix::unistd::{Gid, Uid, setgroups, setresgid, setresuid};

use crate::layer::{Layer, Refusal};
use crate::plan::SlotUids;

/// What the forkserver keeps where every child gets a user id of its own: to change ids, and so that its own death can end
/// children of other ids (the parent-death signal is sent with the dying parent's rights).
const KEPT_FOR_SLOTS: [Capability; 3] = [Capability::CAP_SETUID, Capability::CAP_SETGID, Capability::CAP_KILL];

/// Where slot ids are taken from, by preference: far above what systems hand out, else below the end of a container's usual
/// map of 65536 ids.
const SLOT_RANGES: [u32; 2] = [0x7000_0000, 64_000];

fn failed(e: &dyn std::fmt::Display) -> io::Error {
    io::Error::other(e.to_string())
}

/// Whether this process may create namespaces without a user namespace.
pub fn may_administer() -> bool {
    caps::has_cap(None, CapSet::Effective, Capability::CAP_SYS_ADMIN).unwrap_or(false)
}

/// Whether supplementary groups can be given up: not in a user namespace that was made without privileges.
pub fn may_set_groups() -> bool {
    let denied = fs::read_to_string("/proc/self/setgroups").is_ok_and(|text| text.trim() == "deny");
    caps::has_cap(None, CapSet::Effective, Capability::CAP_SETGID).unwrap_or(false) && !denied
}

/// A range of `count` ids that this process may give to children. Abilities decide, not being root.
///
/// # Errors
/// A refusal that names the ability that is missing.
pub fn slot_uids(count: u32) -> Result<SlotUids, Refusal> {
    let needed = KEPT_FOR_SLOTS.iter().chain([&Capability::CAP_SETPCAP]);
    for capability in needed {
        if !caps::has_cap(None, CapSet::Effective, *capability).unwrap_or(false) {
            return Err(Refusal::new(
                Layer::SlotUids,
                format!("the runner lacks {capability}"),
                "nothing, unless you want it: start the runner with SETUID, SETGID, KILL and SETPCAP",
            ));
        }
    }
    let map = |file| fs::read_to_string(file).unwrap_or_default();
    let (uids, gids) = (map("/proc/self/uid_map"), map("/proc/self/gid_map"));
    SLOT_RANGES
        .into_iter()
        .map(|first| SlotUids { first, count })
        .find(|range| is_mapped(&uids, *range) && is_mapped(&gids, *range))
        .ok_or_else(|| {
            Refusal::new(
                Layer::SlotUids,
                "the runner's user namespace maps too few ids",
                "map 65536 ids into the container, which is the usual number",
            )
        })
}

/// Whether one line of a uid_map holds the whole range (`user_namespaces(7)`).
fn is_mapped(map: &str, range: SlotUids) -> bool {
    map.lines().any(|line| {
        let mut columns = line.split_whitespace().filter_map(|c| c.parse::<u64>().ok());
        let (Some(first), Some(_), Some(length)) = (columns.next(), columns.next(), columns.next()) else {
            return false;
        };
        let (low, high) = (u64::from(range.first), u64::from(range.first) + u64::from(range.count));
        first <= low && high <= first + length
    })
}

/// The jailer's: gives up every capability but those that children's ids need, in every set, the bounding set too where
/// `CAP_SETPCAP` lets it.
///
/// # Errors
/// capset(2)'s or prctl(2)'s.
pub fn drop_capabilities(keep_for_slots: bool) -> io::Result<()> {
    let keep: CapsHashSet = if keep_for_slots { KEPT_FOR_SLOTS.into_iter().collect() } else { CapsHashSet::new() };
    caps::clear(None, CapSet::Ambient).map_err(|e| failed(&e))?;
    if caps::has_cap(None, CapSet::Effective, Capability::CAP_SETPCAP).unwrap_or(false) {
        for capability in caps::read(None, CapSet::Bounding).map_err(|e| failed(&e))? {
            if !keep.contains(&capability) {
                caps::drop(None, CapSet::Bounding, capability).map_err(|e| failed(&e))?;
            }
        }
    }
    // Effective before permitted: a capability cannot be effective that is not permitted.
    for set in [CapSet::Effective, CapSet::Permitted, CapSet::Inheritable] {
        caps::set(None, set, &keep).map_err(|e| failed(&e))?;
    }
    // Ambient, so that they outlive the exec of an unprivileged program by a user that is not root.
    caps::set(None, CapSet::Ambient, &keep).map_err(|e| failed(&e))
}

/// A child's: takes its slot's ids.
///
/// # Errors
/// setresgid(2)'s or setresuid(2)'s.
pub fn become_user(id: u32) -> io::Result<()> {
    let (uid, gid) = (Uid::from_raw(id), Gid::from_raw(id));
    setresgid(gid, gid, gid)?;
    Ok(setresuid(uid, uid, uid)?)
}

/// Gives up all supplementary groups.
///
/// # Errors
/// setgroups(2)'s.
pub fn clear_groups() -> io::Result<()> {
    Ok(setgroups(&[])?)
}

/// One supplementary group, for the sabotage that verification must notice.
pub(super) fn join_group(id: u32) -> io::Result<()> {
    Ok(setgroups(&[Gid::from_raw(id)])?)
}

/// A child's: no capability in any set that it can change.
///
/// # Errors
/// capset(2)'s or prctl(2)'s.
pub fn clear_capabilities() -> io::Result<()> {
    for set in [CapSet::Ambient, CapSet::Effective, CapSet::Permitted, CapSet::Inheritable] {
        caps::clear(None, set).map_err(|e| failed(&e))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_must_lie_in_one_line_of_the_map() {
        let range = SlotUids { first: 64_000, count: 100 };
        assert!(is_mapped("         0          0 4294967295\n", range));
        assert!(is_mapped("0 100000 65536\n", range));
        assert!(!is_mapped("0 100000 64050\n", range));
        assert!(!is_mapped("1000 1000 1\n", range));
        assert!(!is_mapped("", range));
    }
}
