//! The vocabulary of sealing: layers, how much each is wanted, and what the host gave.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// One thing that stands between user code and the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Layer {
    /// File access (and TCP, signals and abstract sockets where the kernel can), landlock(7).
    Landlock,
    /// System calls, seccomp(2).
    Seccomp,
    /// No privilege gained by exec, prctl(2).
    NoNewPrivs,
    /// Resource limits, setrlimit(2).
    Rlimits,
    /// No capabilities, capabilities(7).
    Capabilities,
    /// Every child has a user id of its own.
    SlotUids,
    /// A user namespace; where the runner has privileges the others are made without one.
    UserNamespace,
    /// No process outside is visible, and all end with the forkserver, `pid_namespaces(7)`.
    PidNamespace,
    /// No network device but an unconfigured loopback, `network_namespaces(7)`.
    NetNamespace,
    /// No System V or POSIX IPC object of others, `ipc_namespaces(7)`.
    IpcNamespace,
    /// Mounts are the forkserver's own, `mount_namespaces(7)`.
    MountNamespace,
    /// A memory limit for all of a task's processes, cgroups(7).
    Cgroup,
}

impl Layer {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Landlock,
        Self::Seccomp,
        Self::NoNewPrivs,
        Self::Rlimits,
        Self::Capabilities,
        Self::SlotUids,
        Self::UserNamespace,
        Self::PidNamespace,
        Self::NetNamespace,
        Self::IpcNamespace,
        Self::MountNamespace,
        Self::Cgroup,
    ];

    /// The name used in policy, logs and `palisade check`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Landlock => "landlock",
            Self::Seccomp => "seccomp",
            Self::NoNewPrivs => "no_new_privs",
            Self::Rlimits => "rlimits",
            Self::Capabilities => "capabilities",
            Self::SlotUids => "slot_uids",
            Self::UserNamespace => "user_namespace",
            Self::PidNamespace => "pid_namespace",
            Self::NetNamespace => "net_namespace",
            Self::IpcNamespace => "ipc_namespace",
            Self::MountNamespace => "mount_namespace",
            Self::Cgroup => "cgroup",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How much a layer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Without it nothing runs.
    Required,
    /// Where the host allows it.
    BestEffort,
    /// Not wanted.
    Off,
}

/// What became of a layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum State {
    /// In force.
    Held {
        /// Anything worth knowing, such as a version.
        detail: String,
    },
    /// Wanted, and not to be had here.
    Missing {
        /// What was found.
        found: String,
        /// What an operator can do.
        remedy: String,
    },
    /// Not wanted.
    Off,
    /// What it is for was had without it.
    NotNeeded,
}

impl State {
    /// In force, with a remark.
    pub fn held(detail: impl Into<String>) -> Self {
        Self::Held { detail: detail.into() }
    }

    /// Whether it is in force.
    pub fn is_held(&self) -> bool {
        matches!(self, Self::Held { .. })
    }
}

/// A layer and its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The layer.
    pub layer: Layer,
    /// Its state.
    pub state: State,
}

/// Why nothing runs here: a layer that policy requires is not to be had.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
#[error("sandbox layer {layer} is required, but {found}; {remedy}")]
pub struct Refusal {
    /// The layer.
    pub layer: Layer,
    /// What the host answered.
    pub found: String,
    /// What an operator can do.
    pub remedy: String,
}

impl Refusal {
    /// Names a layer, what was found, and the remedy.
    pub fn new(layer: Layer, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { layer, found: found.into(), remedy: remedy.into() }
    }
}

/// Collects what became of each layer, and stops at the first required one that is missing.
#[derive(Debug, Default)]
pub struct Outcomes(pub Vec<Outcome>);

impl Outcomes {
    /// Runs `apply` unless the layer is off, and records the state.
    ///
    /// # Errors
    /// The layer's own refusal, where it is required.
    pub fn apply(
        &mut self,
        layer: Layer,
        mode: Mode,
        apply: impl FnOnce() -> Result<String, Refusal>,
    ) -> Result<bool, Refusal> {
        let state = match (mode, if mode == Mode::Off { None } else { Some(apply()) }) {
            (_, None) => State::Off,
            (_, Some(Ok(detail))) => State::Held { detail },
            (Mode::Required, Some(Err(refusal))) => return Err(refusal),
            (_, Some(Err(refusal))) => State::Missing { found: refusal.found, remedy: refusal.remedy },
        };
        let held = state.is_held();
        self.0.push(Outcome { layer, state });
        Ok(held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_required_layer_that_is_missing_stops_everything() {
        let refuse = || Err(Refusal::new(Layer::Landlock, "it is off", "switch it on"));
        let mut outcomes = Outcomes::default();
        assert!(outcomes.apply(Layer::Landlock, Mode::Required, refuse).is_err());
        assert_eq!(outcomes.apply(Layer::Landlock, Mode::BestEffort, refuse), Ok(false));
        assert_eq!(outcomes.apply(Layer::Landlock, Mode::Off, || panic!("not tried")), Ok(false));
        assert_eq!(outcomes.apply(Layer::Landlock, Mode::Required, || Ok(String::new())), Ok(true));
    }
}
