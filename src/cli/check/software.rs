//! Rows about what runs here: configuration, policy, interpreter, modules.

use std::collections::BTreeMap;

use nix::unistd::{getegid, geteuid};
use palisade_policy::{Allow, Policies, PolicyError};

use super::report::{Check, REQUIRED};
use crate::config::{ConfigError, TaskConfig};
use crate::extension;
use crate::interpreter::{Found, NotFound};

/// Modules that are named, of those that could not be imported.
const MODULES_SHOWN: usize = 20;

/// Candidates that the message of a search in vain names.
const NAMED_IN_ONE_LINE: usize = 3;

/// For what only some tasks need.
const NOT_NEEDED: &str = "-";

pub(super) fn configuration(error: &ConfigError) -> Check {
    Check::fail("configuration", error.to_string(), "correct the variable")
}

/// The policy, with what its default profile asks of the sandbox.
pub(super) fn policy(config: &TaskConfig, policies: &Result<Policies, PolicyError>) -> Check {
    let policies = match policies {
        Ok(policies) => policies,
        Err(error) => {
            let problems = error.problems().iter().skip(1).map(ToString::to_string);
            let remedy = "correct it, or unset PALISADE_POLICY; `palisade policy check` lists all that is wrong";
            return Check::fail("policy", error.to_string(), remedy).with(problems);
        }
    };
    let policy = policies.default_profile();
    let origin = match &config.policy {
        Some(path) => format!("{}, profile {}", path.to_string_lossy(), policy.name),
        None => "built in".to_owned(),
    };
    let found = |tier: &str| format!("{origin}; {tier}");
    let row = match (policy.abilities.files, policy.abilities.threads) {
        (false, false) => Check::pass("policy", REQUIRED, found("strict tier: tasks open no file and start no thread")),
        (false, true) => Check::pass("policy", REQUIRED, found("threads tier: tasks open no file, but start threads")),
        (true, _) if policy.stdlib == Allow::All || policy.external == Allow::All => Check::caution(
            "policy",
            REQUIRED,
            found("files tier: with * tasks read the interpreter's files, and Python itself holds nothing back"),
            "name the modules in N8N_RUNNERS_STDLIB_ALLOW and N8N_RUNNERS_EXTERNAL_ALLOW",
        ),
        (true, _) => Check::pass(
            "policy",
            REQUIRED,
            found("files tier: tasks read the interpreter's files, and those that files.read lists"),
        ),
    };
    row.with(policies.warnings())
}

/// The interpreter: which, from where, and why no other.
pub(super) fn interpreter(found: &Result<Found, NotFound>) -> Check {
    let supported = supported();
    let uid = geteuid();
    match found {
        Ok(Found { interpreter, source, rejected }) => {
            let (major, minor, patch) = interpreter.version;
            let words = format!("CPython {major}.{minor}.{patch}: {}, from {source}", interpreter.path.display());
            let others = rejected.iter().map(|rejected| format!("not taken: {rejected}"));
            let row = match interpreter.usable_by(uid.as_raw(), getegid().as_raw()) {
                Ok(()) => Check::pass("interpreter", REQUIRED, words),
                // Judged by mode bits: a group or an access control list may let it pass all the same.
                Err(obstacle) => Check::caution("interpreter", REQUIRED, words, obstacle.to_string()),
            };
            let dangers = interpreter.dangers();
            let row = match (row.remedy.is_none(), dangers.first()) {
                (true, Some(first)) => Check::caution("interpreter", REQUIRED, row.found, first.clone()),
                _ => row,
            };
            row.with(others).with(dangers.into_iter().skip(1)).with(interpreter.remarks())
        }
        Err(missing) => {
            let remedy = format!(
                "set PALISADE_PYTHON to a CPython {supported} that uid {uid} can read and execute, all folders above it \
                 included"
            );
            let row = Check::fail("interpreter", missing.to_string(), remedy);
            // The one line names all where they are few.
            let many = missing.rejected.iter().filter(|_| missing.rejected.len() > NAMED_IN_ONE_LINE);
            row.with(many.map(ToString::to_string))
        }
    }
}

/// The versions there is an extension for.
pub(super) fn versions() -> Check {
    Check::pass("extension", REQUIRED, format!("built in for CPython {}", supported()))
}

fn supported() -> String {
    let versions = extension::supported().into_iter().map(|(major, minor)| format!("{major}.{minor}"));
    versions.collect::<Vec<_>>().join(" or ")
}

/// Modules that could not be imported ahead, so that tasks cannot use them.
pub(super) fn modules(failed: &[(String, String)]) -> Check {
    // One that is on a list of its own is tried twice.
    let failed: BTreeMap<_, _> = failed.iter().map(|(name, why)| (name, why)).collect();
    if failed.is_empty() {
        return Check::pass("modules", NOT_NEEDED, "all that are allowed by name were imported ahead");
    }
    let shown = failed.iter().take(MODULES_SHOWN).map(|(name, why)| format!("{name}: {why}"));
    Check::caution(
        "modules",
        NOT_NEEDED,
        format!("{} could not be imported ahead, so tasks cannot import them", failed.len()),
        "install them for this interpreter, or take them off the lists",
    )
    .with(shown)
}
