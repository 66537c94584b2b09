//! The configurations every attempt is run in, and the runner each of them has.

use std::collections::BTreeSet;

use nix::unistd::getuid;

use crate::attempt::{Attempt, Code, Layer};
use crate::sandbox::User;
use crate::sandbox::runner::Setup;

/// Seconds a task may take unless an attempt says otherwise.
pub(crate) const TIMEOUT: u32 = 90;

/// MiB of memory and of result, unless an attempt says otherwise: small, so that the bounds of the witness are tight.
pub(crate) const MEMORY_MIB: u64 = 256;
/// See [`MEMORY_MIB`].
pub(crate) const RESULT_MIB: u64 = 16;

/// Modules that native code has in every tier, by name, so that they are imported ahead.
const NATIVE_MODULES: &str = "ctypes,errno,mmap,os,signal,socket,struct,subprocess,sys,time";

/// Which layers are on, as whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Configuration {
    /// As it is named in the table and in `PALISADE_ESCAPE_CONFIGURATIONS`.
    pub(crate) name: String,
    /// As whom the runner runs.
    pub(crate) user: User,
    /// Those that are on, besides those that always are.
    pub(crate) on: BTreeSet<Layer>,
    /// A PID namespace although namespaces are off: what the layer `identity` needs below Landlock ABI 6.
    pub(crate) pid_namespace: bool,
    /// What it is for.
    pub(crate) purpose: Purpose,
}

/// What a configuration is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// As shipped: nothing may escape.
    Full,
    /// Nothing that can be switched off is on: everything escapes that works at all.
    None,
    /// One layer.
    Only(Layer),
    /// What `Only(Identity)` is compared with.
    PidNamespaceOnly,
    /// All but one layer.
    AllBut(Layer),
}

impl Configuration {
    fn new(name: &str, user: User, on: &[Layer], purpose: Purpose) -> Self {
        Self { name: name.into(), user, on: on.iter().copied().collect(), pid_namespace: false, purpose }
    }

    /// All that can be had here.
    pub(crate) fn all() -> Vec<Self> {
        use Layer::{Analyzer, Identity, Interpreter, Landlock, Namespaces, Rlimits, Seccomp};
        const ALL: [Layer; 7] = [Analyzer, Interpreter, Landlock, Seccomp, Rlimits, Namespaces, Identity];
        let but = |layers: &[Layer]| ALL.into_iter().filter(|layer| !layers.contains(layer)).collect::<Vec<_>>();
        let ordinary = User::Ordinary;
        let mut all = vec![
            Self::new("full", ordinary, &but(&[Identity]), Purpose::Full),
            Self::new("full, no namespaces", ordinary, &but(&[Identity, Namespaces]), Purpose::Full),
            Self::new("none", ordinary, &[], Purpose::None),
        ];
        for layer in but(&[Identity]) {
            all.push(Self::new(&format!("only {layer}"), ordinary, &[layer], Purpose::Only(layer)));
            // All but namespaces is one of the full ones: a stock container.
            if layer != Namespaces {
                let on = but(&[layer, Identity]);
                all.push(Self::new(&format!("all but {layer}"), ordinary, &on, Purpose::AllBut(layer)));
            }
        }
        if getuid().is_root() {
            let root = User::Root;
            all.push(Self::new("full, root", root, &ALL, Purpose::Full));
            all.push(Self::new("full, root, no namespaces", root, &but(&[Namespaces]), Purpose::Full));
            let pid = Self::new("only a PID namespace, root", root, &[], Purpose::PidNamespaceOnly);
            all.push(Self { pid_namespace: true, ..pid });
            let identity = Self::new("only identity, root", root, &[Identity], Purpose::Only(Identity));
            all.push(Self { pid_namespace: true, ..identity });
        }
        all
    }

    /// Whether the attempt is run in it. Where only layers of the language differ, native code learns nothing new. A layer is taken
    /// away to see whether another one of the header holds; where the header has no other that can be switched off, nothing is judged:
    /// what is always on has to hold with everything else off, which is the harder test.
    pub(crate) fn concerns(&self, attempt: &Attempt) -> bool {
        let differs = |layer: Layer| !(layer.is_of_the_language() && attempt.is_native());
        let holds = |layer: &Layer| layer.can_be_switched_off() && self.has(*layer, attempt);
        match self.purpose {
            Purpose::Only(layer) => differs(layer),
            Purpose::AllBut(layer) => differs(layer) && attempt.layers.iter().any(holds),
            Purpose::Full | Purpose::None | Purpose::PidNamespaceOnly => true,
        }
    }

    /// Whether the layer works against this attempt in it.
    pub(crate) fn has(&self, layer: Layer, attempt: &Attempt) -> bool {
        !layer.can_be_switched_off()
            || (self.on.contains(&layer) && !(layer.is_of_the_language() && attempt.is_native()))
    }

    /// The runner for attempts of one group.
    pub(crate) fn setup(&self, code: &Code, limits: &[(String, u64)]) -> Setup {
        let mut setup = Setup { timeout: TIMEOUT, ..Setup::new(self.user) }
            .policy("memory_mib", &MEMORY_MIB.to_string())
            .policy("result_mib", &RESULT_MIB.to_string());
        for (name, value) in limits {
            match name.as_str() {
                "timeout_s" => setup.timeout = u32::try_from(*value).unwrap_or(u32::MAX),
                _ => setup = setup.policy(name, &value.to_string()),
            }
        }
        let (analyzer, guards) = match code {
            Code::User { allow } => {
                setup = setup.stdlib(allow);
                (self.on.contains(&Layer::Analyzer), self.on.contains(&Layer::Interpreter))
            }
            Code::Native { tier } => {
                setup = match tier.as_str() {
                    "files" => setup.everything(),
                    "threads" => setup.stdlib(&format!("{NATIVE_MODULES},threading")),
                    _ => setup.stdlib(NATIVE_MODULES),
                };
                (false, false)
            }
        };
        if !analyzer {
            setup = setup.without_analyzer();
        }
        setup = if guards { setup.default_builtins() } else { setup.without_guards() };
        for (layer, name) in [(Layer::Landlock, "landlock"), (Layer::Seccomp, "seccomp"), (Layer::Rlimits, "rlimits")] {
            if !self.on.contains(&layer) {
                setup = setup.layer(name, "off");
            }
        }
        if !self.on.contains(&Layer::Namespaces) {
            setup = setup.without_namespaces();
            if self.pid_namespace {
                setup = setup.layer("pid_namespace", "required");
            }
        }
        if !self.on.contains(&Layer::Identity) {
            setup = setup.layer("slot_uids", "off");
        } else if self.purpose == Purpose::Only(Layer::Identity) {
            setup = setup.layer("slot_uids", "required");
        }
        if self.purpose != Purpose::Full {
            setup = setup.layer("cgroup", "off").accepting_risks();
        }
        setup
    }
}

/// Whether the policy has switches for the layers of the language. Without them what these stop alone cannot be measured.
pub(crate) fn language_can_be_switched_off() -> bool {
    ["\nenabled = ", "\nguards = "].iter().all(|key| palisade_policy::DEFAULT.contains(key))
}
