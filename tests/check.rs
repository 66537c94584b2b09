//! `palisade check`, run as operators run it: as root and as an ordinary user, on a host that has what is needed and with
//! something missing.

#![cfg(all(target_os = "linux", not(feature = "unsealed")))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

mod common {
    pub(crate) mod check;
    pub(crate) mod sandbox;
}

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use common::check::{is_well_formed, json, palisade, policy_with, python, row, text, written};
use common::sandbox::{User, interpreter, place, skip};
use nix::unistd::getuid;
use serde_json::Value;

/// Every row of a host on which tasks run, in order.
const ROWS: [&str; 18] = [
    "policy",
    "interpreter",
    "extension",
    "modules",
    "landlock",
    "seccomp",
    "no_new_privs",
    "rlimits",
    "capabilities",
    "slot_uids",
    "user_namespace",
    "pid_namespace",
    "net_namespace",
    "ipc_namespace",
    "mount_namespace",
    "cgroup",
    "sealed_child",
    "ablation",
];

#[test]
fn every_layer_has_a_row_and_a_real_child_was_verified() {
    for user in User::all() {
        let output = palisade(user, &["check", "--json"], &[python()]);
        let report = json(&output);
        is_well_formed(&report);
        assert_eq!(output.status.code(), Some(0), "{report:#}");
        assert_eq!(text(&output.stderr), "");
        assert_eq!(report["host"]["uid"], user.uid());
        let names: Vec<_> =
            report["checks"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
        assert_eq!(names, ROWS);
        for required in
            ["interpreter", "landlock", "seccomp", "no_new_privs", "rlimits", "capabilities", "sealed_child"]
        {
            assert_eq!(row(&report, required)["result"], "pass", "{report:#}");
            assert_eq!(row(&report, required)["needed"], "required");
        }
        let python = interpreter::path().to_string_lossy();
        let found = row(&report, "interpreter")["found"].as_str().unwrap();
        assert!(
            found.contains(&*python) && found.contains("CPython 3.") && found.ends_with("PALISADE_PYTHON"),
            "{found}"
        );
        assert!(row(&report, "landlock")["found"].as_str().unwrap().starts_with("ABI "));
        assert!(row(&report, "seccomp")["found"].as_str().unwrap().ends_with("allow, errno, trap, kill_process"));
        let verified = row(&report, "sealed_child")["details"][0].as_str().unwrap();
        assert!(verified.contains("one thread") && verified.contains("seccomp filters"), "{verified}");
        assert_eq!(verified.contains("a user id of its own"), user == User::Root, "{verified}");
        assert_eq!(row(&report, "slot_uids")["result"], if user == User::Root { "pass" } else { "caution" });
    }
}

#[test]
fn every_step_that_is_left_out_is_noticed() {
    for user in User::all() {
        let report = json(&palisade(user, &["check", "--json"], &[python()]));
        let ablation = row(&report, "ablation");
        assert_eq!(ablation["result"], "pass", "{report:#}");
        // Three of the nine are about user ids of their own.
        let steps = if user == User::Root { 9 } else { 6 };
        let details: Vec<_> = ablation["details"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert_eq!(details.len(), steps, "{details:#?}");
        for (step, sign) in [
            ("Landlock rules", "Landlock answered errno 0"),
            ("task filter", "Seccomp_filters is"),
            ("start-up filter", "seccomp filters, planned"),
            ("resource limits", "limit Max"),
            ("second thread", "Threads is 2"),
        ] {
            assert!(
                details.iter().any(|detail| detail.contains(step) && detail.contains(sign)),
                "{step}: {details:#?}"
            );
        }
    }
}

#[test]
fn the_table_fits_a_terminal_and_has_no_colours_in_a_pipe() {
    for user in User::all() {
        let output = palisade(user, &["check"], &[python()]);
        assert_eq!(output.status.code(), Some(0));
        let table = text(&output.stdout);
        assert!(!table.contains('\u{1b}'));
        for line in table.lines().filter(|line| line.split_whitespace().all(|word| word.len() <= 64)) {
            assert!(line.chars().count() <= 100, "{line}");
        }
        for name in ROWS {
            assert!(table.lines().any(|line| line.starts_with(name)), "{name} is not in\n{table}");
        }
    }
}

#[test]
fn without_an_interpreter_one_line_says_what_was_looked_at_and_how_to_set_it() {
    let nothing = written(&format!("check-{}-python", std::process::id()), "#!/bin/sh\nexit 0\n", 0o755);
    for user in User::all() {
        let output = palisade(user, &["check"], &[("PALISADE_PYTHON", &nothing)]);
        assert_eq!(output.status.code(), Some(1));
        let line = text(&output.stderr);
        assert_eq!(line.lines().count(), 1, "{line}");
        assert!(line.contains(&*nothing.to_string_lossy()) && line.contains("PALISADE_PYTHON: "), "{line}");
        assert!(line.contains("set it to a CPython 3."), "{line}");

        let report = json(&palisade(user, &["check", "--json"], &[("PALISADE_PYTHON", &nothing)]));
        is_well_formed(&report);
        assert_eq!(row(&report, "interpreter")["result"], "fail");
        assert_ne!(row(&report, "sealed_child")["result"], "pass");
        assert_ne!(row(&report, "ablation")["result"], "pass");
        // What was not tried is known from the kernel alone, and is no pass.
        assert!(row(&report, "landlock")["found"].as_str().unwrap().contains("not tried"));
        assert_ne!(row(&report, "landlock")["result"], "pass");
    }
    let _ = fs::remove_file(nothing);
}

#[test]
fn an_interpreter_in_a_closed_folder_is_named_with_the_folder() {
    if !getuid().is_root() {
        return skip("a folder closed to this user: only root can make one");
    }
    let closed = place().join(format!("check-{}-closed", std::process::id()));
    fs::create_dir(&closed).expect("a folder");
    let python = closed.join("python3");
    std::os::unix::fs::symlink(interpreter::path(), &python).expect("a link");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).expect("its mode can be set");

    let output = palisade(User::Ordinary, &["check"], &[("PALISADE_PYTHON", &python)]);
    assert_eq!(output.status.code(), Some(1));
    let line = text(&output.stderr);
    assert_eq!(line.lines().count(), 1, "{line}");
    let obstacle = format!("uid {} cannot enter {} (mode 0700", User::Ordinary.uid(), closed.display());
    assert!(line.contains(&obstacle), "{line}");
    assert!(line.contains("where others can read it"), "{line}");
    fs::remove_dir_all(closed).expect("the folder can be removed");
}

/// No test can take a required layer away from the kernel; a cgroup of its own is what a test is not given.
#[test]
fn a_required_layer_that_is_missing_fails_and_nothing_runs() {
    let policy = policy_with(&[("cgroup", "required")]);
    let code = written(&format!("check-{}.py", std::process::id()), "return []\n", 0o644);
    for user in User::all() {
        let variables = [python(), ("PALISADE_POLICY", policy.as_path())];
        let output = palisade(user, &["check", "--json"], &variables);
        let report = json(&output);
        is_well_formed(&report);
        let cgroup = row(&report, "cgroup");
        if cgroup["result"] == "pass" {
            skip("a required layer that is missing: this test has a cgroup of its own");
            continue;
        }
        assert_eq!(output.status.code(), Some(1), "{report:#}");
        assert_eq!((&cgroup["result"], &cgroup["needed"]), (&"fail".into(), &"required".into()));
        assert!(cgroup["remedy"].as_str().unwrap().contains("Delegate=yes"), "{cgroup}");
        assert_eq!(row(&report, "sealed_child")["result"], "fail");
        // One missing layer does not hide what the others are.
        assert_eq!(row(&report, "landlock")["result"], "pass");
        assert!(text(&output.stderr).contains("cgroup"));

        let file = code.to_string_lossy();
        let output = palisade(user, &["run", &file], &variables);
        assert_eq!(output.status.code(), Some(3), "{output:?}");
        assert!(text(&output.stderr).contains("sandbox layer cgroup is required"), "{output:?}");
        // The same without the requirement: it was the layer that stood in the way.
        let output = palisade(user, &["run", &file], &[python()]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }
    for file in [policy, code] {
        let _ = fs::remove_file(file);
    }
}

#[test]
fn a_layer_that_is_switched_off_is_a_caution_and_a_wrong_policy_a_failure() {
    let off = policy_with(&[("net_namespace", "off")]);
    let output = palisade(User::Ordinary, &["check", "--json"], &[python(), ("PALISADE_POLICY", &off)]);
    let report = json(&output);
    is_well_formed(&report);
    assert_eq!(output.status.code(), Some(0), "{report:#}");
    let row_of = row(&report, "net_namespace");
    assert_eq!((&row_of["result"], &row_of["needed"]), (&"caution".into(), &"off".into()));

    let wrong = written(&format!("check-{}-wrong.toml", std::process::id()), "limit = 1\n", 0o644);
    for file in [wrong.as_path(), Path::new("/nonexistent/policy.toml")] {
        let output = palisade(User::Ordinary, &["check", "--json"], &[python(), ("PALISADE_POLICY", file)]);
        let report = json(&output);
        is_well_formed(&report);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(row(&report, "policy")["result"], "fail");
        assert!(text(&output.stderr).contains(&*file.to_string_lossy()), "{output:?}");
    }
    for file in [off, wrong] {
        let _ = fs::remove_file(file);
    }
}
