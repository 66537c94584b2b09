//! What systems without Linux's layers get: nothing is sealed, it says so, and only an explicit setting starts it.
//!
//! `cargo test --features unsealed --test unsealed`; without the feature there is nothing here to test.
#![cfg(feature = "unsealed")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, too")]

use std::io::Read as _;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use palisade::embedded::{EmbeddedBroker, Options};

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

/// Every layer there is; none is had.
const LAYERS: [&str; 12] = [
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
];

#[test]
fn at_start_it_is_said_what_nothing_stops() {
    let output = run("return 1", true);
    let said = text(&output.stderr);
    let line = said.lines().find(|line| line.contains("Nothing on this host stops a task that tries to: "));
    let line = line.unwrap_or_else(|| panic!("{said}"));
    for attack in ["read files of the host", "run another program", "by TCP", "other tasks", "map memory without bound"]
    {
        assert!(line.contains(attack), "{attack}: {line}");
    }
    assert!(!line.contains("wait for ever"), "the time limit holds: {line}");
}

/// The line that tells of a task names every layer, and that none of them held.
fn names_every_missing_layer(line: &str) {
    let without = line.split_once("layers: none; without: ").and_then(|(_, rest)| rest.split_once(';'));
    let mut without: Vec<_> = without.unwrap_or_else(|| panic!("{line}")).0.split(' ').collect();
    let mut layers = LAYERS;
    without.sort_unstable();
    layers.sort_unstable();
    assert_eq!(without, layers, "{line}");
}

#[test]
fn a_script_that_was_run_has_a_line_of_what_is_missing() {
    let said = text(&run("return 1", true).stderr);
    names_every_missing_layer(
        said.lines().find(|line| line.starts_with("layers: ")).unwrap_or_else(|| panic!("{said}")),
    );
}

#[tokio::test]
async fn the_runner_logs_for_each_task_what_is_missing() {
    let broker = EmbeddedBroker::start(Options { grant_token: "a token".into(), ..Options::default() }).await.unwrap();
    let mut runner = Command::new(env!("CARGO_BIN_EXE_palisade"))
        .env("N8N_RUNNERS_GRANT_TOKEN", "a token")
        .env("N8N_RUNNERS_TASK_BROKER_URI", broker.uri())
        .env("PALISADE_ALLOW_UNSEALED", "true")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let settings = serde_json::json!({
        "code": "return [{'json': {}}]", "nodeMode": "runOnceForAllItems", "workflowMode": "manual",
        "continueOnFail": false, "items": [], "nodeName": "Code", "nodeId": "n", "workflowName": "W", "workflowId": "w",
    });
    let settings = serde_json::value::to_raw_value(&settings).unwrap();
    let outcome = tokio::time::timeout(Duration::from_mins(1), broker.run_task(&settings)).await;
    // SIGTERM, as its end writes the log out.
    let pid = nix::unistd::Pid::from_raw(i32::try_from(runner.id()).unwrap());
    let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM);
    let mut log = String::new();
    runner.stdout.take().unwrap().read_to_string(&mut log).unwrap();
    runner.wait().unwrap();
    assert!(outcome.is_ok_and(|outcome| outcome.is_ok_and(|outcome| outcome.verdict.is_ok())), "{log}");
    names_every_missing_layer(
        log.lines().find(|line| line.contains(" ran UNSEALED: ")).unwrap_or_else(|| panic!("{log}")),
    );
    for word in
        ["Tasks run UNSEALED", "Nothing on this host stops a task", "landlock: missing", "capabilities: missing"]
    {
        assert!(log.contains(word), "{word}: {log}");
    }
}

#[test]
fn check_fails_without_the_setting_and_promises_nothing_with_it() {
    let check = |allowed: bool| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
        command.args(["check", "--json"]).env_remove("PALISADE_ALLOW_UNSEALED");
        if allowed {
            command.env("PALISADE_ALLOW_UNSEALED", "true");
        }
        let output = command.output().unwrap();
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code(), report)
    };
    let (code, report) = check(false);
    assert_eq!((code, &report["result"]), (Some(1), &"fail".into()), "{report:#}");
    assert_eq!(report["on_this_host"].as_array().map(Vec::len), Some(0), "{report:#}");

    let (code, report) = check(true);
    assert_eq!((code, &report["result"]), (Some(0), &"caution".into()), "{report:#}");
    let rows = report["checks"].as_array().unwrap();
    for layer in LAYERS {
        let row = rows.iter().find(|row| row["name"] == layer).unwrap();
        assert_eq!(row["result"], "caution", "{row}");
        assert!(row["found"].as_str().unwrap().contains("cannot seal"), "{row}");
    }
    let promises = report["on_this_host"].as_array().unwrap();
    assert!(promises.len() > 10, "{report:#}");
    for promise in promises {
        let by = promise["by"].as_array().unwrap();
        assert!(by.iter().all(|wall| wall == "timeout"), "only the time limit needs no seal: {promise}");
    }
}
