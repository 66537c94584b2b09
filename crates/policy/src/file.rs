//! The form of a policy file. Unknown keys are refused: a misspelt limit must not be a missing one.

use palisade_analyzer::StringRule;
use serde::{Deserialize, Deserializer, de::Error as _};

/// A whole file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    pub(crate) limits: Limits,
    pub(crate) layers: Layers,
    pub(crate) preload: Preload,
    pub(crate) builtins: Builtins,
    pub(crate) analyzer: Analyzer,
}

/// What each task may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Memory beyond what a sealed child has, in MiB.
    pub memory_mib: u64,
    /// JSON of the result, in MiB.
    pub result_mib: u64,
    /// Prints that are sent; more are counted.
    pub prints: u64,
    /// Where one print is cut, in bytes.
    pub print_bytes: u64,
    /// Open files.
    pub open_files: u64,
    /// Stack, in MiB.
    pub stack_mib: u64,
    /// Source text, in bytes.
    pub code_bytes: usize,
    /// Children of one forkserver before it is replaced.
    pub tasks_per_forkserver: u64,
    /// Age of a forkserver before it is replaced, in seconds.
    pub forkserver_max_age_s: u64,
}

/// How much a layer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LayerMode {
    /// Nothing runs without it.
    Required,
    /// Where the host allows it.
    BestEffort,
    /// Not wanted.
    Off,
}

pub(crate) fn layer_mode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<LayerMode, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "required" => Ok(LayerMode::Required),
        "best-effort" => Ok(LayerMode::BestEffort),
        "off" => Ok(LayerMode::Off),
        other => Err(D::Error::unknown_variant(other, &["required", "best-effort", "off"])),
    }
}

/// How much each layer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the layers of the sandbox crate, by name")]
pub struct Layers {
    pub landlock: LayerMode,
    pub seccomp: LayerMode,
    pub rlimits: LayerMode,
    pub no_new_privs: LayerMode,
    pub user_namespace: LayerMode,
    pub pid_namespace: LayerMode,
    pub net_namespace: LayerMode,
    pub ipc_namespace: LayerMode,
    pub mount_namespace: LayerMode,
    pub slot_uids: LayerMode,
    pub cgroup: LayerMode,
}

impl Layers {
    /// The same layers with none of them required.
    #[must_use]
    pub fn nothing_required(mut self) -> Self {
        let Self {
            landlock,
            seccomp,
            rlimits,
            no_new_privs,
            user_namespace,
            pid_namespace,
            net_namespace,
            ipc_namespace,
            mount_namespace,
            slot_uids,
            cgroup,
        } = &mut self;
        let kernel = [landlock, seccomp, rlimits, no_new_privs, slot_uids, cgroup];
        let namespaces = [user_namespace, pid_namespace, net_namespace, ipc_namespace, mount_namespace];
        for mode in kernel.into_iter().chain(namespaces) {
            if *mode == LayerMode::Required {
                *mode = LayerMode::BestEffort;
            }
        }
        self
    }
}

/// One entry of a list, and why it is there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The entry.
    pub name: String,
    /// Why.
    pub reason: String,
}

pub(crate) fn names(entries: &[Entry]) -> Vec<String> {
    entries.iter().map(|entry| entry.name.clone()).collect()
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Preload {
    pub(crate) always: Vec<Entry>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Builtins {
    pub(crate) deny: Vec<Entry>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Analyzer {
    pub(crate) strings: Strings,
    pub(crate) dunders_are_names: bool,
    pub(crate) private_module_names: bool,
    pub(crate) blocked_names: Vec<Entry>,
    pub(crate) blocked_attributes: Vec<Entry>,
    pub(crate) format_methods: Vec<Entry>,
}

/// [`StringRule`], by the names a file has for it.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Strings {
    All,
    Dunders,
    Off,
}

impl From<Strings> for StringRule {
    fn from(strings: Strings) -> Self {
        match strings {
            Strings::All => Self::All,
            Strings::Dunders => Self::Dunders,
            Strings::Off => Self::Off,
        }
    }
}

impl File {
    /// What the form alone does not say.
    pub(crate) fn check(&self) -> Result<(), String> {
        let Limits {
            memory_mib, result_mib, open_files, stack_mib, tasks_per_forkserver, forkserver_max_age_s, ..
        } = self.limits;
        for (name, value, least) in [
            ("memory_mib", memory_mib, 16),
            ("result_mib", result_mib, 1),
            ("open_files", open_files, 4),
            ("stack_mib", stack_mib, 1),
            ("tasks_per_forkserver", tasks_per_forkserver, 1),
            ("forkserver_max_age_s", forkserver_max_age_s, 1),
            ("code_bytes", self.limits.code_bytes as u64, 1),
        ] {
            if value < least {
                return Err(format!("limits.{name} is {value}; it must be at least {least}"));
            }
        }
        let lists = [
            &self.preload.always,
            &self.builtins.deny,
            &self.analyzer.blocked_names,
            &self.analyzer.blocked_attributes,
            &self.analyzer.format_methods,
        ];
        match lists.into_iter().flatten().find(|entry| entry.name.is_empty() || entry.reason.trim().is_empty()) {
            Some(entry) => Err(format!("the entry {:?} needs a name and a reason", entry.name)),
            None => Ok(()),
        }
    }
}
