//! What systems without Linux's layers get: nothing is sealed, it says so, and only an explicit setting starts it.
//!
//! `cargo test --features unsealed --test unsealed`; without the feature there is nothing here to test.
#![cfg(feature = "unsealed")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, too")]

use std::process::{Command, Output};

fn run(code: &str, allowed: bool) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let (script, items) = (folder.path().join("task.py"), folder.path().join("items.json"));
    std::fs::write(&script, code).unwrap();
    std::fs::write(&items, r#"[{"json": {"a": 1}}, {"json": {"a": 2}}]"#).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    command.arg("run").arg(script).arg("--items").arg(items).args(["--timeout", "2", "--allow-stdlib", "time"]);
    command.env_remove("PALISADE_ALLOW_UNSEALED");
    if allowed {
        command.env("PALISADE_ALLOW_UNSEALED", "true");
    }
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn nothing_runs_unless_the_operator_says_so() {
    let output = run("return 1", false);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let error = text(&output.stderr);
    assert!(error.contains("cannot seal") && error.contains("PALISADE_ALLOW_UNSEALED"), "{error}");
    assert_eq!(text(&output.stdout), "");
}

#[test]
fn with_the_setting_tasks_run_and_the_report_names_no_layer() {
    let output = run("return sum(item['json']['a'] for item in _items)", true);
    assert_eq!((output.status.code(), text(&output.stdout).trim()), (Some(0), "3"), "{output:?}");
    let said = text(&output.stderr);
    assert!(said.contains("UNSEALED") && said.contains("layers: none"), "{said}");
}

#[test]
fn time_limits_hold_without_a_seal() {
    let output = run("while True: pass", true);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output.stderr).contains("Task execution timed out after 2 seconds"), "{output:?}");
}

#[test]
fn the_analyzer_and_the_guard_hold_without_a_seal() {
    assert_eq!(run("import os", true).status.code(), Some(2));
}
