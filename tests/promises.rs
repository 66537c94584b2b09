//! What `palisade check` promises, held against what attacks reach. Seccomp is switched off here, as it alone would stop them
//! all: so it shows what the other walls are good for on kernels of each age.

#![cfg(all(target_os = "linux", not(feature = "unsealed")))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

mod common {
    pub(crate) mod check;
    pub(crate) mod host;
    pub(crate) mod sandbox;
    pub(crate) mod targets;
}

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use common::check::{is_well_formed, json, policy_with, python, stopped_by, text, written};
use common::host::{Host, LANDLOCK_CREATE_RULESET};
use common::sandbox::User;
use common::targets::{ATTACKS, Targets};
use nix::errno::Errno;
use palisade::promises::document;
use serde_json::Value;

#[test]
fn the_table_of_security_md_is_that_of_the_code() {
    let page = include_str!("../SECURITY.md");
    let (begin, end) = ("<!-- promises: begin -->\n", "<!-- promises: end -->\n");
    let table = page.split_once(begin).and_then(|(_, rest)| rest.split_once(end)).expect("the marks of the table").0;
    assert_eq!(table, document(), "SECURITY.md needs between its marks:\n{}", document());
}

#[test]
fn an_attack_is_stopped_exactly_where_a_wall_is_promised() {
    let policy = policy_with(&[("seccomp", "off"), ("landlock", "best-effort")]);
    let mut seen = BTreeSet::new();
    for user in User::all() {
        for (abi, namespaces) in [(0, false), (2, false), (2, true), (3, false), (4, false), (6, false)] {
            let host = match abi {
                0 => Host::new().refusing(LANDLOCK_CREATE_RULESET, Errno::ENOSYS),
                _ => Host::new().landlock(abi),
            };
            let host = if namespaces { host } else { host.without_namespaces() };
            let Some(report) = check(&host, user, &policy) else { return };
            let targets = Targets::new(user);
            let Some(told) = attack(&host, user, &policy, &targets, ATTACKS) else { return };
            let told = &told["result"][0]["json"];
            let reached = targets.reached(told);
            seen.extend(reached.iter().copied());
            for class in ATTACKS {
                let walls = stopped_by(&report, class);
                assert!(!walls.contains(&"seccomp"), "{report:#}");
                assert_eq!(
                    reached.contains(class),
                    walls.is_empty(),
                    "{user:?}, ABI {abi}, namespaces {namespaces}: {class} has {walls:?} in its way; told: {told:#}"
                );
            }
        }
    }
    let _ = fs::remove_file(policy);
    assert_eq!(seen, ATTACKS.iter().copied().collect(), "an attack that never succeeds shows nothing");
}

/// With seccomp, and with files to read, so that only calls are in the way of most.
#[test]
fn with_seccomp_every_attack_is_stopped_on_the_oldest_kernel() {
    for user in User::all() {
        let policy = policy_with(&[("seccomp", "required")]);
        let host = Host::new().landlock(2).without_namespaces();
        let Some(report) = check(&host, user, &policy) else { return };
        let targets = Targets::new(user);
        // One is trapped, and ends its task.
        let (traced, others): (Vec<&str>, Vec<&str>) = ATTACKS.iter().partition(|class| **class == "memory_of_others");
        let Some(told) = attack(&host, user, &policy, &targets, &others) else { return };
        assert_eq!(targets.reached(&told["result"][0]["json"]), [""; 0], "{told:#}");
        let Some(told) = attack(&host, user, &policy, &targets, &traced) else { return };
        assert_eq!(told["outcome"], "failed", "{told:#}");
        assert!(told["error"]["message"].as_str().unwrap().contains("forbids: ptrace"), "{told:#}");
        for class in ATTACKS {
            assert!(!stopped_by(&report, class).is_empty(), "{class}: {report:#}");
        }
        let _ = fs::remove_file(policy);
    }
}

/// Every module, so that neither the analysis nor the guards of Python are in the way.
fn variables(policy: &Path) -> [(&'static str, &Path); 4] {
    let all = Path::new("*");
    [python(), ("PALISADE_POLICY", policy), ("N8N_RUNNERS_STDLIB_ALLOW", all), ("N8N_RUNNERS_EXTERNAL_ALLOW", all)]
}

fn check(host: &Host, user: User, policy: &Path) -> Option<Value> {
    let output = host.palisade(user, &["check", "--json"], &variables(policy))?;
    let report = json(&output);
    is_well_formed(&report);
    assert_eq!(output.status.code(), Some(0), "{host:?} {user:?}: {report:#}");
    Some(report)
}

/// What became of a task that makes these attacks.
fn attack(host: &Host, user: User, policy: &Path, targets: &Targets, attacks: &[&str]) -> Option<Value> {
    let name = format!("promises-{}", palisade::offers::random_id());
    let code = written(&format!("{name}.py"), common::targets::CODE, 0o644);
    let items = written(&format!("{name}.json"), &targets.items(attacks).to_string(), 0o644);
    let (script, data) = (code.to_string_lossy(), items.to_string_lossy());
    let output = host.palisade(user, &["run", &script, "--items", &data, "--json"], &variables(policy));
    for file in [&code, &items] {
        let _ = fs::remove_file(file);
    }
    let output = output?;
    assert_ne!(output.status.code(), Some(3), "{host:?} {user:?}: {}", text(&output.stderr));
    Some(json(&output))
}
