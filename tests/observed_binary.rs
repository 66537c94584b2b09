//! What the built program shows of itself, and how it ends with tasks at work. These need a CPython 3.13 or 3.14 that the
//! program finds by itself, or `PALISADE_PYTHON`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

#[path = "common/runner.rs"]
mod runner;

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use palisade::embedded::{EmbeddedBroker, Options, TaskOutcome};
use runner::{LONG, Runner, all_gone};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use tempfile::TempDir;

const TOKEN: &str = "the-grant-token";
const HEALTH: [(&str, &str); 2] =
    [("N8N_RUNNERS_HEALTH_CHECK_SERVER_ENABLED", "true"), ("N8N_RUNNERS_HEALTH_CHECK_SERVER_PORT", "0")];

async fn broker() -> EmbeddedBroker {
    EmbeddedBroker::start(Options { grant_token: TOKEN.to_owned(), ..Options::default() }).await.unwrap()
}

fn settings(code: &str, node: &str) -> Box<RawValue> {
    to_raw_value(&json!({
        "code": code, "nodeMode": "runOnceForAllItems", "items": [{"json": {}}],
        "nodeName": node, "nodeId": "n1", "workflowName": "W", "workflowId": "w1",
    }))
    .unwrap()
}

async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LONG, future).await.expect("it should have happened by now")
}

async fn task(broker: &EmbeddedBroker, code: &str, node: &str) -> TaskOutcome {
    soon(broker.run_task(&settings(code, node))).await.unwrap()
}

async fn becomes(runner: &Runner, path: &str, status: u16) -> String {
    let begun = Instant::now();
    loop {
        let (now, body) = runner.get(path).await;
        if now == status {
            return body;
        }
        assert!(begun.elapsed() < LONG, "{path} is {now}: {body}\n{}", runner.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn value(metrics: &str, series: &str) -> f64 {
    let line = metrics.lines().find(|line| line.strip_prefix(series).is_some_and(|rest| rest.starts_with(' ')));
    line.unwrap_or_else(|| panic!("no {series} in\n{metrics}")).rsplit_once(' ').unwrap().1.parse().unwrap()
}

/// All series, with their labels.
fn series(metrics: &str) -> BTreeSet<String> {
    let lines = metrics.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.rsplit_once(' ').unwrap().0.to_owned()).collect()
}

/// Waits for so many: the stock may be on its way.
async fn has_spares(runner: &Runner, count: f64) {
    let begun = Instant::now();
    loop {
        let (_, metrics) = runner.get("/metrics").await;
        if value(&metrics, r#"palisade_spares{profile="default"}"#) >= count {
            return;
        }
        assert!(begun.elapsed() < LONG, "{metrics}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[track_caller]
fn assert_value(metrics: &str, series: &str, expected: f64) {
    assert!((value(metrics, series) - expected).abs() < 1e-9, "{series} is {}", value(metrics, series));
}

#[tokio::test]
async fn health_metrics_and_events_of_a_runner_at_work() {
    let broker = broker().await;
    let mut variables = HEALTH.to_vec();
    variables.push(("PALISADE_LOG", "json"));
    let mut runner = Runner::of(&broker, TOKEN, &variables);
    becomes(&runner, "/readyz", 200).await;

    // Nothing has run yet, so it takes a probe, which is no task.
    assert_eq!(runner.get("/healthz").await, (200, "OK".to_owned()));
    let (_, metrics) = runner.get("/metrics").await;
    assert_value(&metrics, r#"palisade_probes_total{result="ok"}"#, 1.0);
    assert_value(&metrics, r#"palisade_tasks_total{outcome="done",profile="default"}"#, 0.0);
    let before = series(&metrics);

    let forged = "N\n{\"level\":\"ERROR\",\"message\":\"forged\"}\u{1b}[2J\u{2028}";
    assert!(task(&broker, "print('a\\n{}')\nreturn _items", forged).await.verdict.is_ok());
    assert!(task(&broker, "raise ValueError('boom\\n{\"forged\": 1}')", "raising").await.verdict.is_err());
    assert!(task(&broker, "return _items.__class__", "refused").await.verdict.is_err());
    assert!(task(&broker, "if x\n  y", "syntax").await.verdict.is_err());

    let (_, metrics) = runner.get("/metrics").await;
    for outcome in ["done", "raised", "refused", "syntax"] {
        assert_value(&metrics, &format!(r#"palisade_tasks_total{{outcome="{outcome}",profile="default"}}"#), 1.0);
    }
    assert_value(&metrics, r#"palisade_refusals_total{rule="attribute"}"#, 1.0);
    assert_value(&metrics, r#"palisade_stage_seconds_count{stage="run"}"#, 3.0);
    assert_value(&metrics, r#"palisade_stage_seconds_count{stage="reply"}"#, 4.0);
    assert_value(&metrics, r#"palisade_layer_enforced{layer="seccomp",profile="default"}"#, 1.0);
    assert_value(&metrics, r#"palisade_layer_enforced{layer="landlock",profile="default"}"#, 1.0);
    assert_value(&metrics, r#"palisade_language_layer_void{profile="default"}"#, 0.0);
    assert_value(&metrics, "palisade_registered", 1.0);
    assert!(value(&metrics, "palisade_result_bytes_total") > 5.0);
    has_spares(&runner, 1.0).await;
    for text in ["forged", "boom", "w1", "n1\"", "raising"] {
        assert!(!metrics.contains(text), "{text} of a user is in the metrics");
    }
    // Whatever tasks are called: only histograms begin with their first value.
    let new: Vec<_> = series(&metrics).into_iter().filter(|one| !before.contains(one)).collect();
    assert!(new.iter().all(|one| one.starts_with("palisade_stage_seconds")), "{new:?}");

    runner.signal(Signal::SIGTERM);
    assert_eq!(runner.ends().await.code(), Some(0));
    let lines: Vec<Value> = runner.log().lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    for line in &lines {
        assert!(line["time"].is_string() && line["level"].is_string() && line["message"].is_string(), "{line}");
        assert_ne!(line["message"], "forged");
    }
    let events: Vec<_> = lines.iter().filter(|line| line["target"] == "palisade::task_event").collect();
    let outcomes: Vec<_> = events.iter().map(|event| event["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["done", "raised", "refused", "syntax"], "one event a task, and none for the probe");
    let done = events[0];
    assert_eq!(done["node"], "N\\n{\"level\":\"ERROR\",\"message\":\"forged\"}\\u{1b}[2J\\u{2028}");
    assert_eq!((&done["workflow_id"], &done["profile"]), (&json!("w1"), &json!("default")));
    for stage in ["analyze_ms", "wait_ms", "run_ms", "reply_ms", "total_ms"] {
        assert!(done[stage].as_f64().unwrap() >= 0.0, "{done}");
    }
    assert!(done["layers"].as_array().unwrap().contains(&json!("seccomp")), "{done}");
    assert_eq!((&done["answered"], &done["prints"]), (&json!(true), &json!(1)));
    assert_eq!(events[2]["refused_by"], json!(["attribute"]));
    assert_eq!(events[2].get("run_ms"), None, "it never ran");
    assert_eq!(lines.last().unwrap()["message"], "Health check server stopped");
}

#[tokio::test]
async fn profiles_are_told_apart() {
    let folder = TempDir::new().unwrap();
    let policy = folder.path().join("policy.toml");
    let text = "[[match]]\nworkflow_id = \"w1\"\nprofile = \"wide\"\n\
                [profiles.wide.limits]\nmemory_mib = 300\n[profiles.unused.limits]\nmemory_mib = 200\n";
    std::fs::write(&policy, text).unwrap();
    let broker = broker().await;
    let mut variables = HEALTH.to_vec();
    variables.extend([("PALISADE_POLICY", policy.to_str().unwrap()), ("N8N_RUNNERS_MAX_CONCURRENCY", "1")]);
    let mut runner = Runner::of(&broker, TOKEN, &variables);
    becomes(&runner, "/readyz", 200).await;
    assert!(task(&broker, "return _items", "n").await.verdict.is_ok());
    let (_, metrics) = runner.get("/metrics").await;
    assert_value(&metrics, r#"palisade_tasks_total{outcome="done",profile="wide"}"#, 1.0);
    assert_value(&metrics, r#"palisade_tasks_total{outcome="done",profile="default"}"#, 0.0);
    for profile in ["default", "wide"] {
        assert_value(&metrics, &format!(r#"palisade_layer_enforced{{layer="seccomp",profile="{profile}"}}"#), 1.0);
        assert_value(&metrics, &format!(r#"palisade_language_layer_void{{profile="{profile}"}}"#), 0.0);
        assert!(metrics.contains(&format!(r#"palisade_spares{{profile="{profile}"}}"#)), "{metrics}");
    }
    assert!(!metrics.contains("unused"), "no task can get that one: {metrics}");
    runner.signal(Signal::SIGTERM);
    assert_eq!(runner.ends().await.code(), Some(0));
}

/// Everything below the runner stands still, as when the kernel or an operator stopped it.
#[tokio::test]
async fn a_runner_that_cannot_run_tasks_is_not_healthy() {
    let broker = broker().await;
    let mut runner = Runner::of(&broker, TOKEN, &HEALTH);
    becomes(&runner, "/readyz", 200).await;
    has_spares(&runner, 5.0).await;
    let below = runner.descendants();
    assert!(below.len() >= 6, "a forkserver and its spares: {below:?}");
    for pid in &below {
        kill(Pid::from_raw(*pid), Signal::SIGSTOP).unwrap();
    }
    let asked = Instant::now();
    let (status, why) = runner.get("/healthz").await;
    assert_eq!((status, why.as_str()), (503, "a probe task was not done within 4 s"));
    assert!(asked.elapsed() > Duration::from_secs(3));
    for pid in &below {
        // The one that had the probe was killed.
        let _ = kill(Pid::from_raw(*pid), Signal::SIGCONT);
    }
    assert_eq!(becomes(&runner, "/healthz", 200).await, "OK");
    assert!(task(&broker, "return _items", "after").await.verdict.is_ok());
    runner.signal(Signal::SIGTERM);
    assert_eq!(runner.ends().await.code(), Some(0));
    let log = runner.log();
    let lines = [
        "Health check server listening on 127.0.0.1, port ",
        "Starting runner...",
        "A health probe failed: a probe task was not done within 4 s",
        "Completed task ",
        "Runner stopped",
        "Health check server stopped",
    ];
    let mut logged = log.lines();
    for line in lines {
        assert!(logged.any(|logged| logged.starts_with(line)), "{line} in\n{log}");
    }
    assert!(!log.contains("health probe\""), "a probe is no task: {log}");
}

/// That a task of one profile went through proves nothing about the other: it once was proof for both.
#[tokio::test]
async fn a_runner_that_cannot_run_tasks_of_one_profile_is_not_healthy() {
    let folder = TempDir::new().unwrap();
    let policy = folder.path().join("policy.toml");
    std::fs::write(&policy, "[[match]]\nworkflow_id = \"w2\"\nprofile = \"strict\"\n").unwrap();
    let broker = broker().await;
    let mut variables = HEALTH.to_vec();
    variables.push(("PALISADE_POLICY", policy.to_str().unwrap()));
    let mut runner = Runner::of(&broker, TOKEN, &variables);
    becomes(&runner, "/readyz", 200).await;
    assert!(task(&broker, "return _items", "of the default profile").await.verdict.is_ok());
    let below = runner.descendants();
    for pid in &below {
        let _ = kill(Pid::from_raw(*pid), Signal::SIGSTOP);
    }
    let answer = runner.get("/healthz").await;
    assert_eq!(answer, (503, "profile strict: a probe task was not done within 4 s".to_owned()));
    for pid in &below {
        let _ = kill(Pid::from_raw(*pid), Signal::SIGCONT);
    }
    assert_eq!(becomes(&runner, "/healthz", 200).await, "OK");
    runner.signal(Signal::SIGTERM);
    assert_eq!(runner.ends().await.code(), Some(0));
}

/// All slots are taken by tasks that want all processors, and none of them is over, so nothing is proven: the launcher must not
/// take that for a runner that is lost.
#[tokio::test]
async fn health_is_answered_under_full_load() {
    const TASKS: usize = 20;
    let broker = broker().await;
    let concurrency = TASKS.to_string();
    let mut variables = HEALTH.to_vec();
    variables.extend([
        ("N8N_RUNNERS_MAX_CONCURRENCY", concurrency.as_str()),
        ("N8N_RUNNERS_GRACEFUL_SHUTDOWN_TIMEOUT", "1"),
    ]);
    let mut runner = Runner::of(&broker, TOKEN, &variables);
    becomes(&runner, "/readyz", 200).await;
    let mut tasks = Vec::new();
    for _ in 0..TASKS {
        let task = soon(broker.begin_task()).await.unwrap();
        task.send_settings(&settings("while True: pass", "endless"));
        tasks.push(task);
    }
    let begun = Instant::now();
    loop {
        let (_, metrics) = runner.get("/metrics").await;
        let (running, spares) = ("palisade_running_tasks", r#"palisade_spares{profile="default"}"#);
        // A spare means that no task waits for its child any more.
        if value(&metrics, running) >= 20.0 && value(&metrics, spares) >= 1.0 {
            break;
        }
        assert!(begun.elapsed() < LONG, "{metrics}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for path in ["/metrics", "/readyz", "/healthz", "/healthz"] {
        let asked = Instant::now();
        let (status, why) = runner.get(path).await;
        assert_eq!(status, 200, "{path}: {why}");
        // n8n's launcher waits 5 s.
        assert!(asked.elapsed() < Duration::from_secs(5), "{path} took {:?}", asked.elapsed());
    }
    runner.signal(Signal::SIGTERM);
    assert_eq!(runner.ends().await.code(), Some(0));
}

#[tokio::test]
async fn a_health_port_that_is_taken_ends_the_runner() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let text = format!("Failed to start health check server: Port {port} is already in use");
    let variables =
        [HEALTH[0], ("N8N_RUNNERS_HEALTH_CHECK_SERVER_PORT", port.as_str()), ("N8N_RUNNERS_GRANT_TOKEN", "t")];
    let mut runner = Runner::start(&variables);
    assert_eq!(runner.ends().await.code(), Some(1));
    assert_eq!(runner.log(), format!("{text}\n"));

    let mut runner = Runner::start(&[variables[0], variables[1], variables[2], ("PALISADE_LOG", "json")]);
    assert_eq!(runner.ends().await.code(), Some(1));
    let line: Value = serde_json::from_str(runner.log().trim_end()).unwrap();
    assert_eq!((&line["level"], &line["message"]), (&json!("ERROR"), &json!(text)));
}

/// Has a task at work that ends never.
async fn busy(broker: &EmbeddedBroker, runner: &Runner) -> palisade::embedded::AcceptedTask {
    let task = soon(broker.begin_task()).await.unwrap();
    task.send_settings(&settings("print('at work')\nwhile True: pass", "endless"));
    runner.logs("Received task ").await;
    // In the child by now, or so soon that it makes no difference.
    tokio::time::sleep(Duration::from_millis(300)).await;
    task
}

#[tokio::test]
async fn tasks_at_work_are_cancelled_reported_and_gone_when_the_grace_is_over() {
    let broker = broker().await;
    let mut runner = Runner::of(&broker, TOKEN, &[("N8N_RUNNERS_GRACEFUL_SHUTDOWN_TIMEOUT", "1")]);
    let task = busy(&broker, &runner).await;
    let below = runner.descendants();
    assert!(!below.is_empty());
    let asked = Instant::now();
    runner.signal(Signal::SIGTERM);
    let error = soon(task.outcome()).await.unwrap().verdict.unwrap_err();
    assert_eq!(error["message"], "Task was cancelled");
    assert!(asked.elapsed() >= Duration::from_millis(900), "it had its grace: {:?}", asked.elapsed());
    assert_eq!(runner.ends().await.code(), Some(0), "{}", runner.log());
    all_gone(&below).await;
    for line in ["Timed out waiting for 1 tasks to complete", "Terminating 1 tasks...", "Terminated tasks"] {
        assert!(runner.log().lines().any(|logged| logged == line), "{line} in\n{}", runner.log());
    }
}

#[tokio::test]
async fn a_second_signal_ends_tasks_at_once() {
    let broker = broker().await;
    let mut runner = Runner::of(&broker, TOKEN, &[("N8N_RUNNERS_GRACEFUL_SHUTDOWN_TIMEOUT", "100")]);
    let task = busy(&broker, &runner).await;
    let below = runner.descendants();
    runner.signal(Signal::SIGTERM);
    runner.logs("Received SIGTERM signal, starting shutdown...").await;
    let asked = Instant::now();
    runner.signal(Signal::SIGINT);
    let error = soon(task.outcome()).await.unwrap().verdict.unwrap_err();
    assert_eq!(error["message"], "Task was cancelled");
    assert_eq!(runner.ends().await.code(), Some(0), "{}", runner.log());
    assert!(asked.elapsed() < Duration::from_secs(20), "{:?}", asked.elapsed());
    all_gone(&below).await;
}

#[tokio::test]
async fn an_idle_runner_ends_with_all_its_processes() {
    let broker = broker().await;
    let mut runner = Runner::of(&broker, TOKEN, &[("N8N_RUNNERS_AUTO_SHUTDOWN_TIMEOUT", "2")]);
    assert!(task(&broker, "return _items", "only").await.verdict.is_ok());
    let below = runner.descendants();
    assert!(!below.is_empty());
    assert_eq!(runner.ends().await.code(), Some(0));
    assert!(runner.log().contains("Reached idle timeout, starting shutdown..."), "{}", runner.log());
    all_gone(&below).await;
}

#[tokio::test]
async fn a_dsn_that_nothing_can_be_reported_to_is_a_warning() {
    let broker = broker().await;
    let mut runner = Runner::of(&broker, TOKEN, &[("N8N_SENTRY_DSN", "no such thing")]);
    let part = if cfg!(feature = "sentry") { "Failed to initialize Sentry: " } else { "--features sentry" };
    runner.logs(part).await;
    assert!(task(&broker, "return _items", "n").await.verdict.is_ok(), "it works all the same");
    runner.signal(Signal::SIGTERM);
    assert_eq!(runner.ends().await.code(), Some(0));
}
