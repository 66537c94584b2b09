//! What verification holds a child against, and why a child does not pass.

use std::io;

use thiserror::Error;

use crate::plan::Limits;

/// What a sealed child must look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// Pid of the forkserver, which must be its parent.
    pub parent: i32,
    /// All four user ids.
    pub uid: u32,
    /// All four group ids.
    pub gid: u32,
    /// Supplementary groups: none, unless the host lets nobody give them up.
    pub groups: Vec<u32>,
    /// Number of seccomp filters, where seccomp is on.
    pub filters: Option<u32>,
    /// Whether `no_new_privs` is on.
    pub no_new_privs: bool,
    /// What the jailer left in the bounding set; a child may have less.
    pub bounding: u64,
    /// Limits, unless they are off.
    pub limits: Option<Limits>,
}

/// What was seen of a process that passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Memory it holds that is its own, in bytes; growth is counted from here.
    pub footprint: u64,
}

/// Why a process did not pass.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NotVerified {
    /// `/proc` did not tell.
    #[error(
        "it cannot be verified: {file}: {error}; the runner must see its own processes in /proc (the mount option hidepid hides them)"
    )]
    Unreadable {
        /// The file.
        file: String,
        /// Why not.
        error: io::Error,
    },
    /// The kernel does not show something.
    #[error("it cannot be verified: this kernel does not show {0} of a process")]
    Absent(&'static str),
    /// Something is not as planned.
    #[error("{field} is {found}, planned was {planned}")]
    Differs {
        /// What.
        field: &'static str,
        /// As it is.
        found: String,
        /// As it should be.
        planned: String,
    },
    /// A limit is not as planned.
    #[error("limit {0}")]
    Limit(String),
}
