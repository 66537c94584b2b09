//! What is promised of a task that runs whatever code it likes: for each class of attack, the walls that stand on this host.
//!
//! One table, [`CLASSES`], says which wall is against what. [`promises`] holds it against what became of each layer, for
//! `palisade check` and for the log; [`document`] prints it for SECURITY.md, which a test compares. The tests of
//! `tests/promises.rs` run the attacks with walls taken away and hold the table against what they reach.

mod classes;
mod document;

use palisade_policy::{Abilities, Policy};
use palisade_sandbox::layer::{Layer, Outcome, State};
use serde::Serialize;

use classes::LANDLOCK_SINCE;
pub use classes::{CLASSES, Class};
pub use document::{HOSTS, Reference, document};

/// One thing that is in an attack's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wall {
    /// A layer, wherever it is in force.
    Layer(Layer),
    /// Seccomp, unless tasks are granted just that.
    SeccompUnless(Grant),
    /// Landlock, from this ABI on.
    Landlock(i32),
    /// The first layer, where the second is in force as well.
    Both(Layer, Layer),
    /// The supervisor's look at a task's memory and threads every 10 ms, and its kill.
    Supervisor,
    /// The supervisor's clock, and its kill.
    Deadline,
}

/// What a policy may let tasks do, so that a wall against it has a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// Threads.
    Threads,
    /// Reading the interpreter's files.
    Files,
    /// A scratch folder of its own.
    Scratch,
    /// TCP connections to some ports.
    Tcp,
    /// Names resolved by DNS: datagrams to any address.
    Dns,
}

/// What a policy grants tasks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is one ability, and any of them can go with any other")]
pub struct Grants {
    /// [`Grant::Threads`].
    pub threads: bool,
    /// [`Grant::Files`].
    pub files: bool,
    /// [`Grant::Scratch`].
    pub scratch: bool,
    /// [`Grant::Tcp`].
    pub tcp: bool,
    /// [`Grant::Dns`].
    pub dns: bool,
}

impl Grants {
    /// What this policy grants.
    pub fn of(policy: &Policy) -> Self {
        let Abilities { threads, event_loop: _, files, scratch, tcp, dns } = policy.abilities;
        Self { threads, files, scratch, tcp, dns }
    }

    fn has(self, grant: Grant) -> bool {
        match grant {
            Grant::Threads => self.threads,
            Grant::Files => self.files,
            Grant::Scratch => self.scratch,
            Grant::Tcp => self.tcp,
            Grant::Dns => self.dns,
        }
    }
}

/// What is known of a host and of what tasks may do there.
#[derive(Debug, Clone)]
pub struct Ground<'a> {
    /// What became of each layer.
    pub outcomes: &'a [Outcome],
    /// The kernel's Landlock ABI, where it has any.
    pub landlock_abi: Option<i32>,
    /// What tasks are granted.
    pub grants: Grants,
}

/// What stands against one class of attack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Promise {
    /// The class, for programs.
    pub class: &'static str,
    /// What the attack does, for people.
    pub attack: &'static str,
    /// Walls in force, by name. Empty: nothing stops it.
    pub by: Vec<&'static str>,
    /// Walls a full host has and that are not in force here.
    pub without: Vec<Without>,
}

/// A wall that is not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Without {
    /// The wall, by name.
    pub layer: &'static str,
    /// Why it is not.
    pub why: String,
}

impl Wall {
    /// The layer's name, or `supervisor`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Layer(layer) | Self::Both(layer, _) => layer.name(),
            Self::SeccompUnless(_) => Layer::Seccomp.name(),
            Self::Landlock(_) => Layer::Landlock.name(),
            Self::Supervisor => "supervisor",
            Self::Deadline => "timeout",
        }
    }

    /// Nothing where it is in force, else why it is not.
    fn lacks(self, ground: &Ground<'_>) -> Option<String> {
        match self {
            Self::Layer(layer) => ground.lacks(layer),
            Self::Both(first, second) => ground.lacks(first).or_else(|| ground.lacks(second)),
            Self::SeccompUnless(grant) if ground.grants.has(grant) => Some("the policy grants it to tasks".to_owned()),
            Self::SeccompUnless(_) => ground.lacks(Layer::Seccomp),
            Self::Landlock(since) => ground.lacks(Layer::Landlock).or_else(|| {
                let linux =
                    LANDLOCK_SINCE.iter().find(|(abi, _)| *abi == since).map_or("a newer one", |(_, linux)| linux);
                let is_too_old = ground.landlock_abi.is_none_or(|abi| abi < since);
                is_too_old.then(|| format!("needs Landlock ABI {since}, which Linux {linux} has"))
            }),
            Self::Supervisor => (!palisade_sandbox::SEALS).then(|| "this build cannot measure a process".to_owned()),
            Self::Deadline => None,
        }
    }
}

impl Ground<'_> {
    /// Nothing where the layer is in force, else why it is not.
    fn lacks(&self, layer: Layer) -> Option<String> {
        let outcome = self.outcomes.iter().find(|outcome| outcome.layer == layer);
        match outcome.map(|outcome| &outcome.state) {
            Some(State::Held { .. }) => None,
            Some(State::Missing { found, .. }) => Some(found.clone()),
            Some(State::Off) => Some("switched off by the policy".to_owned()),
            Some(State::NotNeeded) => Some("not made, as the others do without it".to_owned()),
            None => Some("not reached".to_owned()),
        }
    }
}

/// What stands against each class of attack.
pub fn promises(ground: &Ground<'_>) -> Vec<Promise> {
    let promise = |class: &Class| {
        let mut promise = Promise { class: class.name, attack: class.attack, by: Vec::new(), without: Vec::new() };
        for wall in class.walls {
            match wall.lacks(ground) {
                None => promise.by.push(wall.name()),
                Some(why) => promise.without.push(Without { layer: wall.name(), why }),
            }
        }
        promise
    };
    CLASSES.iter().map(promise).collect()
}

/// The classes that nothing stands against.
pub fn open(promises: &[Promise]) -> impl Iterator<Item = &Promise> {
    promises.iter().filter(|promise| promise.by.is_empty())
}

/// What an operator has to hear at start, where there is a class that nothing stands against.
pub fn warning(promises: &[Promise]) -> Option<String> {
    let attacks: Vec<_> = open(promises).map(|promise| promise.attack).collect();
    let named = attacks.join("; ");
    (!attacks.is_empty()).then(|| format!("Nothing on this host stops a task that tries to: {named}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(layer: Layer) -> Outcome {
        Outcome { layer, state: State::held("") }
    }

    fn of<'a>(promises: &'a [Promise], class: &str) -> &'a Promise {
        promises.iter().find(|promise| promise.class == class).unwrap()
    }

    #[test]
    fn without_layers_nothing_is_promised_but_what_the_supervisor_does() {
        let promises = promises(&Ground { outcomes: &[], landlock_abi: Some(7), grants: Grants::default() });
        for promise in &promises {
            assert!(promise.by.iter().all(|name| ["supervisor", "timeout"].contains(name)), "{promise:?}");
        }
        assert_eq!(of(&promises, "read_files").by, [""; 0]);
        assert!(open(&promises).count() > 10);
        assert!(warning(&promises).unwrap().contains("tries to: read files of the host; make"), "{promises:?}");
        assert_eq!(warning(&[]), None);
        assert!(of(&promises, "tcp").without.iter().all(|without| without.why == "not reached"));
    }

    #[test]
    fn landlock_counts_from_the_abi_that_knows_of_it() {
        let outcomes = [held(Layer::Landlock)];
        let at = |abi| promises(&Ground { outcomes: &outcomes, landlock_abi: Some(abi), grants: Grants::default() });
        for (class, since) in [("read_files", 1), ("truncate", 3), ("tcp", 4), ("abstract_sockets", 6)] {
            assert_eq!(of(&at(since), class).by, ["landlock"], "{class}");
            if since > 1 {
                let promises = at(since - 1);
                let promise = of(&promises, class);
                assert_eq!(promise.by, [""; 0], "{class}");
                let why = &promise.without.iter().find(|without| without.layer == "landlock").unwrap().why;
                assert!(why.starts_with(&format!("needs Landlock ABI {since}, which Linux 6.")), "{why}");
            }
        }
        for class in CLASSES {
            for wall in class.walls {
                let Wall::Landlock(abi) = wall else { continue };
                assert!(LANDLOCK_SINCE.iter().any(|(known, _)| known == abi), "{}", class.name);
            }
        }
    }

    #[test]
    fn what_is_granted_is_not_refused_by_seccomp() {
        let outcomes = [held(Layer::Seccomp), held(Layer::Landlock)];
        let with = |grants| promises(&Ground { outcomes: &outcomes, landlock_abi: Some(7), grants });
        let all = Grants { threads: true, files: true, scratch: true, tcp: true, dns: true };
        let (strict, wide) = (with(Grants::default()), with(all));
        for class in ["read_files", "tcp", "datagrams", "threads"] {
            assert!(of(&strict, class).by.contains(&"seccomp"), "{class}");
            assert!(!of(&wide, class).by.contains(&"seccomp"), "{class}");
        }
        assert_eq!(of(&wide, "tcp").by, ["landlock"]);
        assert_eq!(of(&wide, "datagrams").by, [""; 0]);
        assert!(of(&wide, "programs").by.contains(&"seccomp"), "nobody is granted that");
    }

    #[test]
    fn classes_are_told_apart_and_each_has_a_wall() {
        let mut names: Vec<_> = CLASSES.iter().map(|class| class.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), CLASSES.len());
        for class in CLASSES {
            assert!(!class.walls.is_empty() && class.attack.len() <= 50, "{}", class.name);
            let mut walls: Vec<_> = class.walls.iter().map(|wall| wall.name()).collect();
            walls.dedup();
            assert_eq!(walls.len(), class.walls.len(), "one wall of a kind: {}", class.name);
        }
    }
}
