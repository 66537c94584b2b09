//! Classes of attack, and which walls are against each. A wall is listed only where it stops the attack by itself.

use palisade_sandbox::layer::Layer;

use super::{Grant, Wall};
use Wall::{Both, Deadline, Landlock, SeccompUnless, Supervisor};

/// One class of attack by code that runs in a task.
#[derive(Debug)]
pub struct Class {
    /// For programs.
    pub name: &'static str,
    /// What the attack does, in plain words.
    pub attack: &'static str,
    /// What stops it.
    pub walls: &'static [Wall],
}

const SECCOMP: Wall = Wall::Layer(Layer::Seccomp);
const OWN_UID: Wall = Wall::Layer(Layer::SlotUids);
const NETWORK: Wall = Wall::Layer(Layer::NetNamespace);
const CAPABILITIES: Wall = Wall::Layer(Layer::Capabilities);
const RLIMITS: Wall = Wall::Layer(Layer::Rlimits);
const CGROUP: Wall = Wall::Layer(Layer::Cgroup);
/// `RLIMIT_NPROC` counts by user id.
const OWN_COUNT: Wall = Both(Layer::SlotUids, Layer::Rlimits);

/// ABIs of Landlock that brought something against a class here, each with the Linux that has it first (landlock(7)).
pub(super) const LANDLOCK_SINCE: [(i32, &str); 4] = [(1, "5.13"), (3, "6.2"), (4, "6.7"), (6, "6.12")];

/// All of them. An own uid counts only for what file modes and ids of others keep from it.
pub const CLASSES: &[Class] = &[
    Class { name: "read_files", attack: "read files of the host", walls: &[SeccompUnless(Grant::Files), Landlock(1)] },
    Class {
        name: "change_files",
        attack: "make, write or remove files",
        walls: &[SeccompUnless(Grant::Scratch), Landlock(1)],
    },
    Class {
        name: "truncate",
        attack: "empty a file of others by its name",
        walls: &[SeccompUnless(Grant::Scratch), Landlock(3), OWN_UID],
    },
    Class { name: "metadata", attack: "change mode, owner or times of files of others", walls: &[SECCOMP, OWN_UID] },
    Class { name: "programs", attack: "run another program", walls: &[SECCOMP, Landlock(1)] },
    Class { name: "machine_code", attack: "make code, or run a program from memory", walls: &[SECCOMP] },
    Class {
        name: "tcp",
        attack: "reach others, or be reached, by TCP",
        walls: &[SeccompUnless(Grant::Tcp), Landlock(4), NETWORK],
    },
    Class {
        name: "datagrams",
        attack: "reach others by UDP and every other network",
        walls: &[SeccompUnless(Grant::Dns), NETWORK],
    },
    Class {
        name: "abstract_sockets",
        attack: "connect to abstract sockets of the host",
        walls: &[SECCOMP, Landlock(6), NETWORK],
    },
    Class { name: "path_sockets", attack: "connect to sockets of the host by their path", walls: &[SECCOMP] },
    Class {
        name: "signals_host",
        attack: "signal the runner and processes of the host",
        walls: &[SECCOMP, Landlock(6), Wall::Layer(Layer::PidNamespace), OWN_UID],
    },
    Class { name: "signals_siblings", attack: "signal other tasks", walls: &[SECCOMP, Landlock(6), OWN_UID] },
    Class {
        name: "memory_of_others",
        attack: "read or trace other processes",
        walls: &[SECCOMP, Landlock(1), OWN_UID],
    },
    Class {
        name: "ipc",
        attack: "share memory or queues with processes of the host",
        walls: &[SECCOMP, Wall::Layer(Layer::IpcNamespace)],
    },
    Class { name: "processes", attack: "start processes without bound", walls: &[SECCOMP, OWN_COUNT, CGROUP] },
    Class {
        name: "threads",
        attack: "start threads without bound",
        walls: &[SeccompUnless(Grant::Threads), OWN_COUNT, CGROUP, Supervisor],
    },
    Class { name: "memory", attack: "map memory without bound", walls: &[RLIMITS, CGROUP, Supervisor] },
    Class {
        name: "kernel_memory",
        attack: "hold memory that is not mapped: segments, pipes",
        walls: &[SECCOMP, CGROUP],
    },
    Class { name: "processor", attack: "compute for ever", walls: &[RLIMITS, Deadline] },
    Class { name: "waiting", attack: "wait for ever", walls: &[Deadline] },
    Class {
        name: "privileges",
        attack: "gain privileges by a program that has them",
        walls: &[SECCOMP, Wall::Layer(Layer::NoNewPrivs)],
    },
    Class {
        name: "administration",
        attack: "mount, load modules, change the host's settings",
        walls: &[SECCOMP, CAPABILITIES],
    },
    Class { name: "kernel", attack: "use rare system calls: bpf, io_uring, keyrings", walls: &[SECCOMP] },
];
