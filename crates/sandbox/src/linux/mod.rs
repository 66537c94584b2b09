//! Sealing, for Linux.
mod abilities;
pub mod cgroup;
pub mod identity;
pub mod jail;
pub mod landlock;
pub mod limits;
pub mod namespaces;
pub mod probe;
pub mod process;
pub mod scratch;
pub mod seal;
pub mod seccomp;
pub mod socket;
pub mod trap;
pub mod verify;

/// Whether this build can seal at all.
pub const SEALS: bool = true;
