//! The examples, as their headers say to run them, through the program itself; and what the program answers with.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

mod common {
    pub(crate) mod examples;
    pub(crate) mod inline;
    pub(crate) mod packages;
}

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use common::examples::examples;
use common::inline::python;
use common::packages::packages_venv;
use serde_json::Value;
use tempfile::TempDir;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn palisade() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    command.current_dir(ROOT).stdin(Stdio::null());
    // What the developer's shell says about allow lists and the like is not for these tests.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("N8N_") {
            command.env_remove(name);
        }
    }
    command
}

fn run(arguments: &[&str]) -> Output {
    palisade().arg("run").args(arguments).output().expect("the program starts")
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("stdout is UTF-8")
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).expect("stderr is UTF-8")
}

/// A script of one's own.
struct Script {
    path: PathBuf,
    _folder: TempDir,
}

impl Script {
    fn new(code: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("script.py");
        fs::write(&path, code).expect("the script is written");
        Self { path, _folder: folder }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut all = vec![self.path.to_str().expect("a path that is text")];
        all.extend(arguments);
        run(&all)
    }
}

/// The last line of a run's stderr: every required layer, and every stage.
fn tells_layers_and_stages(line: &str) {
    let (layers, stages) = line.split_once(';').unwrap_or_default();
    let layers: Vec<&str> = layers.strip_prefix("layers: ").unwrap_or_default().split(' ').collect();
    for layer in ["landlock", "seccomp", "rlimits", "no_new_privs"] {
        assert!(layers.contains(&layer), "{layer}: {line}");
    }
    for stage in [" analyze ", " wait ", " run ", " ms from settings to answer"] {
        assert!(stages.contains(stage), "{stage}: {line}");
    }
}

#[test]
fn every_example_prints_what_it_should() {
    let examples = examples();
    assert!(examples.len() >= 23, "there are {}", examples.len());
    let mut skipped = 0;
    for example in examples {
        let name = &example.name;
        let script = format!("examples/{name}.py");
        assert_eq!(example.arguments[..2], ["run".to_owned(), script], "what the header of {name} runs");
        assert_eq!(example.needs("--items"), format!("examples/{name}.items.json"), "{name}");
        let mut command = palisade();
        if !example.needs("--allow-external").is_empty() {
            let Some(venv) = packages_venv(&python()) else {
                skipped += 1;
                // Not eprintln!, which the test harness keeps to itself where the test passes.
                let _ = writeln!(
                    std::io::stderr(),
                    "SKIPPED: {name}: its packages could not be installed here\nskipped in this test program so far: {skipped}"
                );
                continue;
            };
            command.env("PALISADE_PYTHON", venv.join("bin/python"));
        }
        let output = command.args(&example.arguments).output().expect("the program starts");
        assert_eq!(output.status.code(), Some(0), "{name}: {}", stderr(&output));
        let result: Value = serde_json::from_str(stdout(&output)).expect("JSON on stdout");
        assert_eq!(result, serde_json::from_str::<Value>(&example.expected).expect("expected JSON"), "{name}");
        tells_layers_and_stages(stderr(&output).lines().last().expect("a line on stderr"));
    }
}

#[test]
fn a_task_error_shows_the_users_line_with_a_caret() {
    let output = Script::new("x = 1\ny = {}\nz = y['missing_key']\nreturn z\n").run(&[]);
    assert_eq!((output.status.code(), stdout(&output)), (Some(1), ""));
    let lines: Vec<&str> = stderr(&output).lines().collect();
    assert!(lines[0].contains("'missing_key'") || lines[0].contains("script.py"), "{lines:?}");
    let code = lines.iter().position(|line| line.contains("z = y['missing_key']")).expect("the user's line");
    assert!(lines[code + 1].contains('^'), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains('3')), "{lines:?}");
    tells_layers_and_stages(lines[lines.len() - 1]);
}

#[test]
fn refusals_and_syntax_errors_have_their_own_exit_code() {
    let output = Script::new("x = 1\nimport subprocess\nreturn []\n").run(&[]);
    assert_eq!((output.status.code(), stdout(&output)), (Some(2), ""));
    assert!(stderr(&output).contains("Import of standard library module 'subprocess' is disallowed."), "{output:?}");
    assert!(stderr(&output).contains("import subprocess"), "{output:?}");

    let output = Script::new("x = 1\nif x\n    return []\n").run(&[]);
    assert_eq!((output.status.code(), stdout(&output)), (Some(2), ""));
    assert!(stderr(&output).contains("expected ':'") && stderr(&output).contains('^'), "{output:?}");
}

#[test]
fn without_an_interpreter_nothing_is_run() {
    let script = Script::new("return 1");
    let output = palisade().arg("run").arg(&script.path).env("PALISADE_PYTHON", "/nowhere/python3.13").output();
    let output = output.expect("the program starts");
    assert_eq!((output.status.code(), stdout(&output)), (Some(3), ""));
    assert_eq!(stderr(&output).lines().count(), 1, "{output:?}");
    assert!(stderr(&output).contains("/nowhere/python3.13"), "{output:?}");

    let mut command = palisade();
    command.arg("run").arg(&script.path).arg("--json").env("PALISADE_PYTHON", "/nowhere/python3.13");
    let output = command.output().expect("the program starts");
    assert_eq!(output.status.code(), Some(3));
    let told: Value = serde_json::from_str(stdout(&output)).expect("JSON on stdout");
    assert_eq!(told["outcome"], "not_sealed");
}

#[test]
fn a_command_line_that_cannot_be_used_is_no_refusal() {
    let script = Script::new("return 1");
    for arguments in [
        &["--items", "/nowhere/items.json"][..],
        &["--timeout", "0"],
        &["--allow-stdlib", "*,re"],
        &["--no-such-option"],
    ] {
        let output = script.run(arguments);
        assert_eq!((output.status.code(), stdout(&output)), (Some(64), ""), "{arguments:?}");
        assert!(!output.stderr.is_empty());
    }
    assert_eq!(run(&["/nowhere/script.py"]).status.code(), Some(64));
}

#[test]
fn json_tells_everything_on_one_line() {
    let output = Script::new("print('a', 1)\nreturn [{'json': {'ü': 2**70}}]").run(&["--json"]);
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
    assert_eq!(stdout(&output).lines().count(), 1);
    assert!(stdout(&output).contains(r#""result":[{"json":{"ü":1180591620717411303424}}]"#), "{output:?}");
    let told: Value = serde_json::from_str(stdout(&output)).expect("JSON on stdout");
    assert_eq!((&told["outcome"], &told["prints"]), (&"done".into(), &serde_json::json!([["'a'", "1"]])));
    for stage in ["analyze", "wait", "run"] {
        assert!(told["report"]["stages_ms"][stage].is_number(), "{told}");
    }
    assert!(told["report"]["layers"].as_array().is_some_and(|layers| layers.iter().any(|layer| layer == "seccomp")));

    let output = Script::new("return 1/0").run(&["--json"]);
    assert_eq!(output.status.code(), Some(1));
    let told: Value = serde_json::from_str(stdout(&output)).expect("JSON on stdout");
    assert_eq!((&told["outcome"], &told["error"]["message"]), (&"failed".into(), &"division by zero".into()));
    assert_eq!(told["error"]["lineNumber"], 1);
}

#[test]
fn items_come_from_stdin_and_one_by_one() {
    let script = Script::new("return {'twice': _item['json']['n'] * 2}");
    let mut child = palisade()
        .args(["run", script.path.to_str().expect("text"), "--each", "--items", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // Plain objects: they are wrapped.
    child.stdin.take().expect("piped").write_all(br#"[{"n": 1}, {"n": 123456789012345678901}]"#).expect("written");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let compact: String = stdout(&output).split_whitespace().collect();
    assert_eq!(
        compact,
        r#"[{"json":{"twice":2},"pairedItem":{"item":0}},{"json":{"twice":246913578024691357802},"pairedItem":{"item":1}}]"#
    );
}

#[test]
fn a_query_is_an_object_or_a_text() {
    let script = Script::new("return [_query, _items]");
    for (query, expected) in [(r#"{"q": [1]}"#, r#"[{"q":[1]},[]]"#), ("[1] and text", r#"["[1] and text",[]]"#)] {
        let output = script.run(&["--query", query]);
        let result: Value = serde_json::from_str(stdout(&output)).expect("JSON on stdout");
        assert_eq!(result, serde_json::from_str::<Value>(expected).expect("JSON"));
    }
    let output = Script::new("return _query").run(&[]);
    assert_eq!(stdout(&output).trim(), "null");
}

#[test]
fn an_endless_loop_ends_at_its_time_limit() {
    let started = Instant::now();
    let output = Script::new("while True:\n    pass\n").run(&["--timeout", "1"]);
    assert_eq!((output.status.code(), stdout(&output)), (Some(1), ""));
    assert!(stderr(&output).contains("Task execution timed out after 1 second\n"), "{output:?}");
    assert!(started.elapsed() < Duration::from_secs(15));

    let output = Script::new("while True:\n    pass\n").run(&["--timeout", "1", "--continue-on-fail"]);
    assert_eq!(output.status.code(), Some(0));
    let result: Value = serde_json::from_str(stdout(&output)).expect("JSON on stdout");
    assert_eq!(result, serde_json::json!([{"json": {"error": "Task execution timed out after 1 second"}}]));
}

#[test]
fn the_benchmark_measures_sealed_tasks_next_to_bare_forks() {
    let output = palisade().args(["bench", "--tasks", "10", "--json"]).output().expect("the program starts");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let told: Value = serde_json::from_str(stdout(&output)).expect("JSON on stdout");
    for (series, count) in [(&told["floor_ms"], 10), (&told["spaced"]["ms"], 10), (&told["back_to_back"]["ms"], 10)] {
        assert_eq!(series["count"], count, "{told}");
        let [p50, p95, p99] = ["p50", "p95", "p99"].map(|key| series[key].as_f64().expect("a number"));
        assert!(0.0 < p50 && p50 <= p95 && p95 <= p99, "{told}");
    }
    let ratio = |series: &Value| series["ms"]["p50"].as_f64().zip(told["floor_ms"]["p50"].as_f64()).map(|(a, b)| a / b);
    for series in ["spaced", "back_to_back"] {
        let (told, expected) = (told[series]["ratio"].as_f64(), ratio(&told[series]));
        assert!(
            told.zip(expected).is_some_and(|(told, expected)| (told - expected).abs() < 0.02),
            "{told:?} {expected:?}"
        );
    }
    assert!(["1", "5"].iter().all(|at_once| told["tasks_per_second"][at_once].as_f64().is_some_and(|rate| rate > 0.0)));
    assert!(told["layers"].as_array().is_some_and(|layers| layers.iter().any(|layer| layer == "landlock")));
    for refused in ["0", "1", "many"] {
        let output = palisade().args(["bench", "--tasks", refused]).output().expect("the program starts");
        assert_eq!(output.status.code(), Some(64), "{refused}");
    }
}

/// README's first command names no program: with more than one in the workspace cargo has to be told which.
#[test]
fn cargo_run_is_palisade() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let asked = ["metadata", "--no-deps", "--format-version", "1", "--offline"];
    let output = Command::new(cargo).args(asked).current_dir(ROOT).output().expect("cargo runs");
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let chosen: Vec<_> =
        told["packages"].as_array().unwrap().iter().filter_map(|package| package["default_run"].as_str()).collect();
    assert_eq!(chosen, ["palisade"]);
}
