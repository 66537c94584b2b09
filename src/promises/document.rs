//! The table of SECURITY.md: what stands against each class of attack on hosts that people have.

use std::fmt::Write as _;

use palisade_sandbox::layer::{Layer, Outcome, State};

use super::{CLASSES, Grants, Ground, Promise, promises};

/// A kind of host, and what it gives.
#[derive(Debug)]
pub struct Reference {
    /// The head of its column.
    pub name: &'static str,
    /// The first Linux that has the ABI.
    pub linux: &'static str,
    /// Its Landlock ABI.
    pub landlock_abi: i32,
    /// Layers it gives beyond those that are required.
    pub gives: &'static [Layer],
}

/// Without these nothing runs.
const REQUIRED: [Layer; 5] = [Layer::Landlock, Layer::Seccomp, Layer::NoNewPrivs, Layer::Rlimits, Layer::Capabilities];

const NAMESPACES: &[Layer] =
    &[Layer::UserNamespace, Layer::PidNamespace, Layer::NetNamespace, Layer::IpcNamespace, Layer::MountNamespace];

const NAMESPACES_AND_IDS: &[Layer] =
    &[Layer::PidNamespace, Layer::NetNamespace, Layer::IpcNamespace, Layer::MountNamespace, Layer::SlotUids];

const EVERYTHING: &[Layer] = &[
    Layer::PidNamespace,
    Layer::NetNamespace,
    Layer::IpcNamespace,
    Layer::MountNamespace,
    Layer::SlotUids,
    Layer::Cgroup,
];

/// The hosts of the table: first what any container gives, by kernel; then what is had with more rights.
pub const HOSTS: &[Reference] = &[
    Reference { name: "plain", linux: "6.1", landlock_abi: 2, gives: &[] },
    Reference { name: "plain", linux: "6.2", landlock_abi: 3, gives: &[] },
    Reference { name: "plain", linux: "6.7", landlock_abi: 4, gives: &[] },
    Reference { name: "plain", linux: "6.12", landlock_abi: 6, gives: &[] },
    Reference { name: "namespaces", linux: "6.1", landlock_abi: 2, gives: NAMESPACES },
    Reference { name: "namespaces", linux: "6.12", landlock_abi: 6, gives: NAMESPACES },
    Reference { name: "namespaces, own uids", linux: "6.1", landlock_abi: 2, gives: NAMESPACES_AND_IDS },
    Reference { name: "namespaces, own uids, cgroup", linux: "6.12", landlock_abi: 6, gives: EVERYTHING },
];

impl Reference {
    /// What is promised there, where tasks are granted nothing.
    pub fn promises(&self) -> Vec<Promise> {
        let held = REQUIRED.iter().chain(self.gives);
        let outcomes: Vec<_> = held.map(|layer| Outcome { layer: *layer, state: State::held("") }).collect();
        promises(&Ground { outcomes: &outcomes, landlock_abi: Some(self.landlock_abi), grants: Grants::default() })
    }
}

/// Walls by the letters of the table.
const LETTERS: [(char, &str); 12] = [
    ('S', "seccomp"),
    ('L', "landlock"),
    ('G', "no_new_privs"),
    ('R', "rlimits"),
    ('K', "capabilities"),
    ('U', "slot_uids"),
    ('P', "pid_namespace"),
    ('N', "net_namespace"),
    ('I', "ipc_namespace"),
    ('C', "cgroup"),
    ('W', "supervisor"),
    ('T', "timeout"),
];

fn letters(promise: &Promise) -> String {
    let letter = |wall: &&str| LETTERS.iter().find(|(_, name)| name == wall).map_or('?', |(letter, _)| *letter);
    if promise.by.is_empty() { "**nothing**".to_owned() } else { promise.by.iter().map(letter).collect() }
}

/// The table, in Markdown, with a line of letters before it. It ends with a line break.
pub fn document() -> String {
    let named = LETTERS.map(|(letter, name)| format!("{letter} `{name}`")).join(", ");
    let mut out = format!("{named}.\n\n| A task that tries to |");
    // Writing to a String cannot fail.
    for host in HOSTS {
        let _ = write!(out, " {}, Linux {} (ABI {}) |", host.name, host.linux, host.landlock_abi);
    }
    let _ = writeln!(out, "\n|---|{}", "---|".repeat(HOSTS.len()));
    let columns: Vec<_> = HOSTS.iter().map(Reference::promises).collect();
    for (row, class) in CLASSES.iter().enumerate() {
        let _ = write!(out, "| {} |", class.attack);
        for column in &columns {
            let _ = write!(out, " {} |", column.get(row).map(letters).unwrap_or_default());
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wall_has_a_letter_and_every_class_a_row() {
        let table = document();
        assert!(!table.contains('?'), "{table}");
        for class in CLASSES {
            assert!(table.contains(&format!("| {} |", class.attack)), "{}", class.name);
        }
        let cells = |line: &str| line.matches('|').count();
        assert!(table.lines().skip(2).all(|line| cells(line) == HOSTS.len() + 2), "{table}");
    }

    #[test]
    fn no_host_that_runs_tasks_leaves_a_class_open() {
        for host in HOSTS {
            for promise in host.promises() {
                assert!(!promise.by.is_empty(), "{} on Linux {}", promise.class, host.linux);
            }
        }
    }
}
