//! The built program: what it says when it does not start, `run` and its exit codes, and the runner from its first word
//! to its last. These need a CPython 3.13 or 3.14 that the program finds by itself, or `PALISADE_PYTHON`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

use std::ffi::OsStr;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use palisade::embedded::{EmbeddedBroker, Options, Recorded};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The program, in an environment without anything of n8n's.
fn palisade() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("N8N_") || text == "NO_COLOR" {
            command.env_remove(&name);
        }
    }
    command.stdin(Stdio::null());
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A script in a folder of its own.
fn script(code: &str) -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("script.py");
    std::fs::write(&file, code).unwrap();
    (folder, file)
}

fn run(code: &str, args: &[&str]) -> Output {
    let (_folder, file) = script(code);
    palisade().arg("run").arg(file).args(args).output().unwrap()
}

#[track_caller]
fn assert_code(output: &Output, code: i32) {
    assert_eq!(output.status.code(), Some(code), "{}\n{}", text(&output.stdout), text(&output.stderr));
}

#[test]
fn a_configuration_error_is_one_line_on_stdout() {
    let unconfigured = palisade().output().unwrap();
    assert_code(&unconfigured, 1);
    assert_eq!(text(&unconfigured.stdout), "Environment variable N8N_RUNNERS_GRANT_TOKEN is required\n");
    assert!(unconfigured.stderr.is_empty());

    let timeout = palisade()
        .env("N8N_RUNNERS_GRANT_TOKEN", "t")
        .env("N8N_RUNNERS_TASK_TIMEOUT", "0")
        .env("N8N_RUNNERS_LAUNCHER_LOG_LEVEL", "CRITICAL")
        .output()
        .unwrap();
    assert_code(&timeout, 1);
    assert_eq!(text(&timeout.stdout), "Task timeout must be positive, got 0\n");
}

#[test]
fn a_runner_that_is_still_starting_can_be_stopped() {
    let (_folder, python) = script("#!/bin/sh\nexec sleep 30\n");
    std::fs::set_permissions(&python, PermissionsExt::from_mode(0o755)).unwrap();
    let mut runner = palisade()
        .env("N8N_RUNNERS_GRANT_TOKEN", "t")
        .env("PALISADE_PYTHON", &python)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    // Signals are its own before it looks for an interpreter; the time until then is not known from outside.
    let caught = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", runner.id())).unwrap();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap().trim().to_owned();
        u64::from_str_radix(&mask, 16).unwrap() & (1 << (Signal::SIGTERM as u64 - 1)) != 0
    };
    for _ in 0..500 {
        if caught() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let asked = std::time::Instant::now();
    kill(Pid::from_raw(i32::try_from(runner.id()).unwrap()), Signal::SIGTERM).unwrap();
    assert_eq!(runner.wait().unwrap().code(), Some(0));
    assert!(asked.elapsed() < Duration::from_secs(8), "it waited for its interpreter: {:?}", asked.elapsed());
}

/// Registering needs no sandbox. What it finds out later it must not keep to itself, and n8n must not be left hanging.
#[tokio::test]
async fn a_runner_that_cannot_start_is_registered_until_it_knows() {
    let (_folder, python) = script("#!/bin/sh\nsleep 1\nexit 1\n");
    std::fs::set_permissions(&python, PermissionsExt::from_mode(0o755)).unwrap();
    let options = Options { grant_token: "t".to_owned(), record: true, ..Options::default() };
    let broker = EmbeddedBroker::start(options).await.unwrap();
    let mut command = palisade();
    command
        .env("N8N_RUNNERS_GRANT_TOKEN", "t")
        .env("N8N_RUNNERS_TASK_BROKER_URI", broker.uri())
        .env("PALISADE_PYTHON", &python);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert_code(&output, 1);
    let stdout = text(&output.stdout);
    let lines: Vec<&str> = stdout.lines().collect();
    assert!(lines.contains(&"Registered with broker"), "{stdout}");
    assert!(lines.last().unwrap().contains(python.to_str().unwrap()), "{stdout}");
    let seen: Vec<Recorded> = broker.transcript().into_iter().map(|entry| entry.what).collect();
    assert_eq!(seen.last(), Some(&Recorded::Closed(Some(1000))), "{seen:?}");
    assert!(
        !seen.iter().any(|what| matches!(what, Recorded::Received(text) if text.contains("taskoffer"))),
        "{seen:?}"
    );
}

#[test]
fn a_command_line_that_cannot_be_used_has_a_code_of_its_own() {
    assert_code(&palisade().arg("--unknown").output().unwrap(), 64);
    assert_code(&palisade().args(["run", "no/such/script.py"]).output().unwrap(), 64);
    assert_code(&palisade().args(["run", "x.py", "--allow-stdlib", "*,re"]).output().unwrap(), 64);
    assert_code(&palisade().arg("--help").output().unwrap(), 0);
}

#[test]
fn run_prints_the_result_and_what_held() {
    let (_folder, file) = script("print('seen')\nreturn [{'json': {'sum': sum(i['json']['n'] for i in _items)}}]");
    let mut child = palisade()
        .arg("run")
        .arg(file)
        .args(["--items", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(br#"[{"n": 1}, {"n": 123456789012345678901234567890}]"#).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_code(&output, 0);
    assert!(text(&output.stdout).contains("\"sum\": 123456789012345678901234567891\n"), "{}", text(&output.stdout));
    let stderr = text(&output.stderr);
    assert!(stderr.starts_with("seen\n"), "{stderr}");
    let last = stderr.lines().last().unwrap();
    for word in ["layers: ", "seccomp", "landlock", "analyze ", "run ", " ms"] {
        assert!(last.contains(word), "{word} in {last}");
    }
}

#[test]
fn run_tells_failures_apart_by_exit_code_and_shows_the_line() {
    let failed = run("x = 1\nreturn x / 0", &[]);
    assert_code(&failed, 1);
    assert!(failed.stdout.is_empty());
    let stderr = text(&failed.stderr);
    assert!(
        stderr.contains("error: ZeroDivisionError: division by zero\n") && stderr.contains("script.py:2\n"),
        "{stderr}"
    );
    assert!(stderr.contains(" 2 | return x / 0\n   | ^\n"), "{stderr}");
    assert_code(&run("import os\nreturn []", &[]), 2);
    assert_code(&run("if x\n    pass", &[]), 2);
    let forgiven = run("return 1 / 0", &["--continue-on-fail", "--json"]);
    assert_code(&forgiven, 0);
    assert_code(&run("while True: pass", &["--timeout", "1"]), 1);
}

#[test]
fn run_is_3_where_no_process_can_be_sealed() {
    let (folder, file) = script("return []");
    let output = palisade().arg("run").arg(file).env("PALISADE_PYTHON", folder.path().join("none")).output().unwrap();
    assert_code(&output, 3);
    assert_eq!(text(&output.stderr).lines().count(), 1);
}

#[test]
fn run_in_json_is_one_object() {
    let output =
        run("print('a', 1)\nreturn {'q': _query['x'], 's': '\u{e9}'}", &["--json", "--query", r#"{"x": [1]}"#]);
    assert_code(&output, 0);
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(shown["outcome"], "done");
    assert_eq!(shown["result"], json!({"q": [1], "s": "é"}));
    assert_eq!(shown["prints"], json!([["'a'", "1"]]));
    assert!(shown["report"]["layers"].as_array().unwrap().contains(&json!("seccomp")));
    assert!(shown["report"]["stages_ms"]["run"].is_number());

    let (folder, file) = script("return {'n': _item['json']['n'] * 2}");
    let items = folder.path().join("items.json");
    std::fs::write(&items, r#"[{"json": {"n": 1}}, {"json": {"n": 2}}]"#).unwrap();
    let mut each = palisade();
    let args: [&OsStr; 6] =
        ["run".as_ref(), file.as_ref(), "--each".as_ref(), "--json".as_ref(), "--items".as_ref(), items.as_ref()];
    let output = each.args(args).output().unwrap();
    assert_code(&output, 0);
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    let item = |n, index| json!({"json": {"n": n}, "pairedItem": {"item": index}});
    assert_eq!(shown["result"], json!([item(2, 0), item(4, 1)]));
}

#[tokio::test]
async fn the_runner_serves_and_stops() {
    let options = Options { grant_token: "the-grant-token".to_owned(), ..Options::default() };
    let broker = EmbeddedBroker::start(options).await.unwrap();
    let runner = palisade()
        .env("N8N_RUNNERS_GRANT_TOKEN", "the-grant-token")
        .env("N8N_RUNNERS_TASK_BROKER_URI", broker.uri())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let pid = Pid::from_raw(i32::try_from(runner.id()).unwrap());
    let settings =
        json!({"code": "print('a\\nb')\nreturn _items", "nodeMode": "runOnceForAllItems", "items": [{"json": {}}]});
    let settings: Box<RawValue> = serde_json::value::to_raw_value(&settings).unwrap();
    let outcome = tokio::time::timeout(Duration::from_mins(2), broker.run_task(&settings)).await.unwrap().unwrap();
    assert_eq!(outcome.verdict.unwrap().get().replace(' ', ""), r#"[{"json":{}}]"#);
    kill(pid, Signal::SIGTERM).unwrap();
    let output = tokio::task::spawn_blocking(|| runner.wait_with_output().unwrap()).await.unwrap();
    assert_code(&output, 0);
    let stdout = text(&output.stdout);
    let mut lines = stdout.lines();
    for expected in [
        "Starting runner...",
        "Connected to broker",
        "Registered with broker",
        "Accepted task ",
        "Received task ",
        r"[user code] a\nb",
        "Completed task ",
        "Received SIGTERM signal, starting shutdown...",
        "Disconnected from broker",
        "Runner stopped",
    ] {
        assert!(lines.any(|line| line.starts_with(expected)), "{expected} in\n{stdout}");
    }
    assert!(!stdout.contains("the-grant-token"));
}

#[tokio::test]
async fn a_runner_that_is_not_wanted_ends_with_code_1() {
    let broker = EmbeddedBroker::start(Options::default()).await.unwrap();
    let mut command = palisade();
    command.env("N8N_RUNNERS_GRANT_TOKEN", "wrong").env("N8N_RUNNERS_TASK_BROKER_URI", broker.uri());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert_code(&output, 1);
    assert!(text(&output.stdout).contains("Authentication failed with status 403: server rejected"));
}
