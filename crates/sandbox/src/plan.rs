//! What is to be sealed and how: made by the supervisor, carried out by the jailer and by each child.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::layer::Mode;

/// What a task's system calls allow beyond computing, memory, time, and the one socket it has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools, reason = "each is one ability, and any of them can go with any other")]
pub struct Calls {
    /// Threads.
    pub threads: bool,
    /// What an event loop such as asyncio's needs: a socket pair of its own, and waiting for it.
    pub event_loop: bool,
    /// Reading files, as far as Landlock lets it.
    pub files: bool,
    /// Writing in the private scratch folder.
    pub scratch: bool,
    /// TCP connections, to the ports that Landlock lets through.
    pub tcp: bool,
    /// Resolving names by DNS. Datagrams reach any address then: no filter sees where they go.
    pub dns: bool,
}

impl Calls {
    /// Nothing beyond: no file can be opened, no thread started, nobody talked to.
    pub const fn strict() -> Self {
        Self { threads: false, event_loop: false, files: false, scratch: false, tcp: false, dns: false }
    }

    /// Everything that any task may ever do.
    pub const fn all() -> Self {
        Self { threads: true, event_loop: true, files: true, scratch: true, tcp: true, dns: true }
    }

    /// The names of what is allowed, in the order of the fields.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let all = [
            (self.threads, "threads"),
            (self.event_loop, "event_loop"),
            (self.files, "files"),
            (self.scratch, "scratch"),
            (self.tcp, "tcp"),
            (self.dns, "dns"),
        ];
        all.into_iter().filter_map(|(on, name)| on.then_some(name))
    }

    /// Whether anybody outside of the process can be talked to.
    pub const fn network(self) -> bool {
        self.tcp || self.dns
    }

    /// Every TCP port that may be connected to where `listed` are.
    pub fn tcp_ports(self, listed: &[u16]) -> Vec<u16> {
        let dns = self.dns.then_some(DNS_PORT);
        listed.iter().copied().filter(|_| self.tcp).chain(dns).collect()
    }
}

/// Private folders for children to write in, each a small file system in memory, empty when a child gets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scratch {
    /// What one folder holds, in bytes.
    pub bytes: u64,
    /// How many files and folders one holds, a count.
    pub entries: u64,
    /// How many folders: one for each child that may be alive at a time, and as many as [`SlotUids::count`] where those are.
    pub folders: u32,
    /// A folder of the host over which they are mounted, for the forkserver and its children alone. Chosen when the forkserver
    /// is started.
    #[serde(default)]
    pub place: PathBuf,
}

impl Scratch {
    /// The folder with this number.
    pub fn folder(&self, number: u32) -> PathBuf {
        self.place.join(number.to_string())
    }

    /// `RLIMIT_FSIZE` in bytes: no file is larger than the folder. A page more, so that a full folder is told as such.
    pub fn file_size(&self) -> u64 {
        self.bytes.saturating_add(4096)
    }
}

/// What the C library's resolver reads. Those that do not exist are left out.
pub const RESOLVER_FILES: [&str; 6] =
    ["/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/services"];

/// Makes glibc ask one question at a time, with calls whose arguments a filter sees.
const RESOLVER_SETTING: (&str, &str) = ("RES_OPTIONS", "single-request");

/// DNS over TCP, for answers too long for a datagram.
const DNS_PORT: u16 = 53;

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
    /// What its children's system calls allow: its own filter lets through no more than that and what starting needs.
    pub calls: Calls,
    /// TCP ports its children may connect to.
    #[serde(default)]
    pub connect_tcp: Vec<u16>,
    /// Folders for its children to write in.
    #[serde(default)]
    pub scratch: Option<Scratch>,
    /// User ids for children, where the runner may change ids; else all share the runner's.
    pub slot_uids: Option<SlotUids>,
    /// Whether supplementary groups can be given up: it needs `CAP_SETGID`.
    pub clear_groups: bool,
    /// Steps left out on purpose; see [`SealPlan::sabotage`].
    #[serde(default)]
    pub sabotage: Vec<Sabotage>,
}

impl JailPlan {
    /// Lets through what children sealed by `seal` may do: a child can have nothing that its forkserver has not.
    pub fn make_room_for(&mut self, seal: &SealPlan) {
        self.calls = seal.calls;
        self.connect_tcp.clone_from(&seal.connect_tcp);
        self.scratch.clone_from(&seal.scratch);
        if seal.calls.dns {
            let (name, value) = RESOLVER_SETTING;
            self.environment.push((name.to_owned(), value.to_owned()));
        }
        for path in &seal.files.read {
            if !self.files.read.contains(path) {
                self.files.read.push(path.clone());
            }
        }
    }
}

/// A range of user ids, one for each live child; the group ids are the same numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotUids {
    /// First id.
    pub first: u32,
    /// How many.
    pub count: u32,
}

/// What one live child has for itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// Its user and group id, where it has one of its own.
    pub uid: Option<u32>,
    /// The number of its scratch folder, where it has one.
    pub scratch: Option<u32>,
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
    /// `RLIMIT_FSIZE`: nothing without a scratch folder.
    pub file_size: u64,
    /// `RLIMIT_NPROC`, a count of threads; only where a child has a user id of its own, for it counts by user id.
    pub processes: Option<u64>,
}

/// The seal of a child.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealPlan {
    /// What its system calls allow.
    pub calls: Calls,
    /// Whether Landlock is put on.
    pub landlock: bool,
    /// Whether the seccomp filter is put on.
    pub seccomp: bool,
    /// Limits, unless they are off.
    pub limits: Option<Limits>,
    /// Which files it may open.
    pub files: FileRules,
    /// TCP ports it may connect to, on any host. Needs [`Calls::tcp`], and Landlock of Linux 6.7.
    #[serde(default)]
    pub connect_tcp: Vec<u16>,
    /// Folders to write in. Goes with [`Calls::scratch`].
    #[serde(default)]
    pub scratch: Option<Scratch>,
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
    /// The forkserver leaves scratch folders as dead children left them.
    Emptying,
}
