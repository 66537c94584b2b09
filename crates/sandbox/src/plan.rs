//! What is to be sealed and how: made by the supervisor, carried out by the jailer and by each child.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::layer::Mode;

/// How much a task's system calls allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// Computing, memory, time, and the one socket it has. No file can be opened.
    Strict,
    /// And threads.
    Threads,
    /// And reading files, as far as Landlock lets it.
    Files,
}

/// Which files a process may open, all for reading.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRules {
    /// Files that may also be executed.
    pub execute: Vec<PathBuf>,
    /// Files, and folders with all below them. Those that do not exist are left out.
    pub read: Vec<PathBuf>,
}

/// How much each layer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Modes {
    /// Landlock, on the forkserver and again on each child.
    pub landlock: Mode,
    /// Seccomp: two filters on the forkserver, one more on each child.
    pub seccomp: Mode,
    /// `no_new_privs`.
    pub no_new_privs: Mode,
    /// Limits of each child.
    pub rlimits: Mode,
    /// A user namespace, where the others cannot be made without.
    pub user_namespace: Mode,
    /// A PID namespace.
    pub pid_namespace: Mode,
    /// A network namespace.
    pub net_namespace: Mode,
    /// An IPC namespace.
    pub ipc_namespace: Mode,
    /// A mount namespace.
    pub mount_namespace: Mode,
    /// A user id for each child.
    pub slot_uids: Mode,
    /// A cgroup for each child.
    pub cgroup: Mode,
}

/// The forkserver's jail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JailPlan {
    /// The interpreter to become.
    pub interpreter: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Its whole environment.
    pub environment: Vec<(String, String)>,
    /// How much each layer is wanted.
    pub modes: Modes,
    /// Which files it may open.
    pub files: FileRules,
    /// User ids for children, where the runner may change ids; else all share the runner's.
    pub slot_uids: Option<SlotUids>,
    /// Whether supplementary groups can be given up: it needs `CAP_SETGID`.
    pub clear_groups: bool,
    /// Steps left out on purpose; see [`SealPlan::sabotage`].
    #[serde(default)]
    pub sabotage: Vec<Sabotage>,
}

/// A range of user ids, one for each live child; the group ids are the same numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotUids {
    /// First id.
    pub first: u32,
    /// How many.
    pub count: u32,
}

/// The limits of one child; soft and hard alike. Bytes, unless said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// `RLIMIT_AS`: the forkserver's own size and the task's memory limit.
    pub address_space: u64,
    /// `RLIMIT_CPU`, seconds.
    pub cpu_seconds: u64,
    /// `RLIMIT_NOFILE`, a count.
    pub open_files: u64,
    /// `RLIMIT_STACK`.
    pub stack: u64,
    /// `RLIMIT_NPROC`, a count of threads; only where a child has a user id of its own, for it counts by user id.
    pub processes: Option<u64>,
}

/// The seal of a child.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealPlan {
    /// How much its system calls allow.
    pub tier: Tier,
    /// Whether Landlock is put on.
    pub landlock: bool,
    /// Whether the seccomp filter is put on.
    pub seccomp: bool,
    /// Limits, unless they are off.
    pub limits: Option<Limits>,
    /// Which files it may open.
    pub files: FileRules,
    /// Steps left out on purpose, to prove that the verification notices. Never set outside tests and `check`.
    #[serde(default)]
    pub sabotage: Vec<Sabotage>,
}

/// One step left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sabotage {
    /// The child puts on no Landlock rules.
    Landlock,
    /// The child puts on no task filter.
    Seccomp,
    /// The jailer puts on no start-up filter.
    StartupFilter,
    /// The jailer leaves `no_new_privs` off.
    NoNewPrivs,
    /// The child sets no resource limits.
    Rlimits,
    /// The child keeps the capabilities the forkserver has for slots.
    Capabilities,
    /// The child keeps the forkserver's user id.
    Identity,
    /// The child joins a supplementary group.
    Groups,
    /// The child leaves a second thread running.
    Thread,
}
