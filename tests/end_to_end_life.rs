//! How tasks end other than well, and many of them at once.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

#[path = "common/engine.rs"]
mod engine;

use std::path::Path;
use std::time::{Duration, Instant};

use engine::{Harness, LONG, Setup, settings, soon};
use futures_util::future::join_all;
use palisade::execute::ErrorKind;
use serde_json::{Value, json};

const ENDLESS: &str = "while True:\n    pass";

async fn limited(concurrency: usize, timeout: Duration) -> Harness {
    let mut setup = Setup { concurrency, ..Setup::allowing("time,sys", "") };
    setup.config.timeout = timeout;
    setup.change = Box::new(|policy| policy.limits.memory_mib = 128);
    setup.start().await
}

/// Whether a process is there and not just waiting to be reaped by somebody else.
fn is_alive(pid: i32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

/// Waits until `done`, which must come soon.
async fn until(what: &str, mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < Duration::from_secs(20), "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn continue_on_fail_covers_what_ran_and_nothing_else() {
    let mut runner = limited(1, Duration::from_secs(1)).await;
    let covered = [
        ("raise ValueError('boom \"é\"')", "boom \"é\"", &[ErrorKind::Raised][..]),
        ("exit(3)", "Process exited with code 3", &[ErrorKind::Exit]),
        (ENDLESS, "Task execution timed out after 1 second", &[ErrorKind::Timeout]),
        ("return float('nan')", "the result is NaN, which JSON cannot hold", &[ErrorKind::Raised]),
        ("load = __import__\nload('os')", "Security violation detected", &[ErrorKind::Import]),
        (
            "held = []\nwhile True:\n    held.append(bytearray(100_000))",
            "Task needed more memory than its limit of 128 MiB (policy: limits.memory_mib)",
            &[ErrorKind::Raised, ErrorKind::Memory],
        ),
    ];
    for (code, message, kinds) in covered {
        let outcome = runner.task(&settings(code, json!({"continueOnFail": true}))).await;
        let result: Value = serde_json::from_str(outcome.verdict.unwrap().get()).unwrap();
        assert_eq!(result, json!([{"json": {"error": message}}]), "{code}");
        let kind = runner.observed().error.unwrap();
        assert!(kinds.contains(&kind), "{code}: {kind:?}");
        let outcome = runner.task(&settings(code, json!({}))).await;
        assert_eq!(outcome.verdict.unwrap_err()["message"], message, "{code}");
        runner.observed();
    }
    for (code, message) in
        [("if x\n    return 1", "expected ':' (<unknown>, line 1)"), ("import os", "Security violations detected")]
    {
        let outcome = runner.task(&settings(code, json!({"continueOnFail": true}))).await;
        assert_eq!(outcome.verdict.unwrap_err()["message"], message, "{code}");
        runner.observed();
    }
    runner.stop().await;
}

#[tokio::test]
async fn a_running_task_is_cancelled_and_its_child_is_gone() {
    let mut runner = limited(1, LONG).await;
    for (forgiving, message) in [(false, json!("Task was cancelled")), (true, Value::Null)] {
        let task = soon(runner.broker.begin_task()).await.unwrap();
        task.send_settings(&settings(ENDLESS, json!({"continueOnFail": forgiving})));
        // It is to be at work, not only on its way.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let cancelled = Instant::now();
        runner.broker.cancel(&task.id, "no longer wanted");
        match soon(task.outcome()).await.unwrap().verdict {
            Ok(result) => assert_eq!(result.get(), r#"[{"json":{"error":"Task was cancelled"}}]"#),
            Err(error) => assert_eq!(error.into_iter().collect::<Vec<_>>(), [("message".to_owned(), message)]),
        }
        assert!(cancelled.elapsed() < Duration::from_secs(5), "{:?}", cancelled.elapsed());
        let pid = runner.observed().report.child_pid.expect("a child that ran it");
        until("the child of a cancelled task is gone", || !is_alive(pid)).await;
        assert_eq!(runner.result("return 1").await, json!(1));
        runner.observed();
    }
    runner.stop().await;
}

#[tokio::test]
async fn a_task_that_is_too_slow_costs_its_time_and_no_more() {
    let mut runner = limited(1, Duration::from_secs(1)).await;
    for code in [
        ENDLESS,
        "import time\ntime.sleep(60)",
        "9 ** 9 ** 9",
        "try:\n    while True: pass\nfinally:\n    while True: pass",
    ] {
        let started = Instant::now();
        assert_eq!(runner.error(code).await["message"], "Task execution timed out after 1 second", "{code}");
        let took = started.elapsed();
        assert!(took >= Duration::from_secs(1) && took < Duration::from_secs(6), "{took:?}: {code}");
        let pid = runner.observed().report.child_pid.expect("a child that ran it");
        until("the child of a slow task is gone", || !is_alive(pid)).await;
    }
    assert_eq!(runner.result("return 1").await, json!(1));
    runner.stop().await;
}

#[tokio::test]
async fn twenty_tasks_at_once_keep_their_own_answers() {
    let runner = limited(20, LONG).await;
    let tasks = (0..20).map(|n| {
        let code = format!("import time\nprint({n})\ntime.sleep(0.3)\nreturn [{n}, _items[0]['json']['n']]");
        let settings = settings(&code, json!({"items": [{"json": {"n": n}}]}));
        let runner = &runner;
        async move { (n, runner.task(&settings).await) }
    });
    for (n, outcome) in join_all(tasks).await {
        assert_eq!(outcome.prints, [[n.to_string()]]);
        assert_eq!(outcome.verdict.unwrap().get(), format!("[{n},{n}]"));
    }
    runner.stop().await;
}

#[tokio::test]
async fn a_lost_connection_ends_its_tasks_and_the_runner_comes_back() {
    let mut runner = limited(1, LONG).await;
    let task = soon(runner.broker.begin_task()).await.unwrap();
    task.send_settings(&settings(ENDLESS, json!({})));
    tokio::time::sleep(Duration::from_millis(100)).await;
    runner.broker.hang_up();
    assert!(soon(task.outcome()).await.is_err());
    assert_eq!(runner.result("return 1").await, json!(1));
    let pid = runner.observed().report.child_pid.expect("a child that ran it");
    until("the child of a lost task is gone", || !is_alive(pid)).await;
    runner.stop().await;
}

#[tokio::test]
async fn a_cancel_at_any_moment_is_answered_once() {
    let runner = limited(1, LONG).await;
    let padding = "x".repeat(8 << 20);
    for wait in [0, 1, 2, 5, 10, 20, 40, 80] {
        let task = soon(runner.broker.begin_task()).await.unwrap();
        task.send_settings(&settings(ENDLESS, json!({"items": [{"json": {"padding": padding}}]})));
        tokio::time::sleep(Duration::from_millis(wait)).await;
        runner.broker.cancel(&task.id, "");
        let error = soon(task.outcome()).await.unwrap().verdict.unwrap_err();
        assert_eq!(error["message"], "Task was cancelled", "after {wait} ms");
    }
    assert_eq!(runner.result("return 1").await, json!(1));
    runner.stop().await;
}
