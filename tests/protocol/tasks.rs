//! The life of a task: section 6.

use std::sync::atomic::Ordering;

use serde_json::json;

use crate::support::{Setup, settings, settings_with, soon};

#[tokio::test]
async fn settings_lead_to_done() {
    let setup = Setup::new().await;
    let outcome = soon(setup.broker.run_task(&settings("items"))).await.unwrap();
    assert_eq!(outcome.verdict.unwrap().get(), r#"[{"json":{"a":1}}]"#);
    assert!(outcome.prints.is_empty());
    let done = setup.received("runner:taskdone");
    assert_eq!(done.len(), 1);
    assert_eq!(done[0]["data"], json!({"result": [{"json": {"a": 1}}]}));
    let id = done[0]["taskId"].as_str().unwrap();
    assert!(setup.log.has(&format!("INFO Received task {id}")));
    let completed = format!("INFO Completed task {id} in ");
    let tail = r#"(18 bytes) for node "Code" (n1) in workflow "W" (w1)"#;
    assert!(
        setup.log.text().lines().any(|line| line.trim().starts_with(&completed) && line.ends_with(tail)),
        "{}",
        setup.log.text()
    );
}

#[tokio::test]
async fn prints_come_before_done_and_before_errors() {
    let setup = Setup::new().await;
    let outcome = soon(setup.broker.run_task(&settings("print one,two\nINFO three"))).await.unwrap();
    assert_eq!(outcome.prints, [["'one'"], ["'two\nINFO three'"]]);
    let outcome = soon(setup.broker.run_task(&settings("print-fail"))).await.unwrap();
    assert_eq!(outcome.prints, [["'before'"]]);
    assert!(outcome.verdict.is_err());
    let rpc = &setup.received("runner:rpc")[0];
    assert_eq!((&rpc["name"], &rpc["params"]), (&json!("logNodeOutput"), &json!(["'one'"])));
    assert_eq!(rpc["callId"].as_str().unwrap().len(), 22);
    assert!(setup.log.has("INFO [user code] one"));
    assert!(setup.log.has(r"INFO [user code] two\nINFO three"));
}

#[tokio::test]
async fn an_error_has_all_its_fields() {
    let setup = Setup::new().await;
    let error = soon(setup.broker.run_task(&settings("fail"))).await.unwrap().verdict.unwrap_err();
    assert_eq!(json!(error), json!({"message": "boom", "description": "more", "lineNumber": 3}));
    let error = soon(setup.broker.run_task(&settings("syntax"))).await.unwrap().verdict.unwrap_err();
    assert_eq!(json!(error), json!({"message": "invalid syntax"}));
    let id = |index: usize| setup.received("runner:taskerror")[index]["taskId"].as_str().unwrap().to_owned();
    assert!(setup.log.has(&format!("ERROR Task {} failed", id(0))));
    assert!(setup.log.has(&format!("WARN Task {} failed syntax validation", id(1))));
}

#[tokio::test]
async fn continue_on_fail_is_a_result() {
    let setup = Setup::new().await;
    let settings = settings_with("fail", json!({"continueOnFail": true}));
    let outcome = soon(setup.broker.run_task(&settings)).await.unwrap();
    assert_eq!(outcome.verdict.unwrap().get(), r#"[{"json":{"error":"boom"}}]"#);
    assert!(setup.log.text().contains("(0 bytes)"));
}

#[tokio::test]
async fn an_executor_that_panics_costs_one_task() {
    let setup = Setup::new().await;
    let error = soon(setup.broker.run_task(&settings("panic"))).await.unwrap().verdict.unwrap_err();
    assert_eq!(error["message"], "The runner failed while executing this task");
    assert!(soon(setup.broker.run_task(&settings("items"))).await.unwrap().verdict.is_ok());
    setup.offers(5).await;
}

#[tokio::test]
async fn a_task_cancelled_while_it_waits_is_forgotten_without_a_word() {
    let setup = Setup::with(|options| options.max_concurrency = 1).await;
    let task = soon(setup.broker.begin_task()).await.unwrap();
    setup.broker.cancel(&task.id, "no longer needed");
    setup.offers(1).await;
    assert!(setup.log.has(&format!("INFO Cancelled task {} (waiting for settings)", task.id)));
    task.send_settings(&settings("items"));
    setup.round_trip().await;
    assert_eq!(setup.fake.started.load(Ordering::SeqCst), 0);
    assert!(setup.received("runner:taskerror").is_empty() && setup.received("runner:taskdone").is_empty());
}

#[tokio::test]
async fn a_running_task_is_cancelled_and_answered_once() {
    let setup = Setup::new().await;
    let task = setup.start("wait").await;
    let id = task.id.clone();
    setup.broker.cancel(&id, "Task timed out");
    setup.broker.cancel(&id, "Task timed out");
    let error = soon(task.outcome()).await.unwrap().verdict.unwrap_err();
    assert_eq!(json!(error), json!({"message": "Task was cancelled"}));
    setup.broker.cancel(&id, "too late");
    setup.round_trip().await;
    assert_eq!(setup.received("runner:taskerror").len(), 1);
    assert!(setup.log.has(&format!(r#"INFO Cancelled task {id} for node "Code" (n1) in workflow "W" (w1)"#)));
    assert!(setup.log.has(&format!("WARN Received cancel for unknown task: {id}. Discarding message.")));
    setup.offers(5).await;
}

#[tokio::test]
async fn cancelling_with_continue_on_fail_is_a_result() {
    let setup = Setup::new().await;
    let task = soon(setup.broker.begin_task()).await.unwrap();
    task.send_settings(&settings_with("wait", json!({"continueOnFail": true})));
    setup.fake.reaches(&setup.fake.started, 1).await;
    setup.broker.cancel(&task.id, "");
    let outcome = soon(task.outcome()).await.unwrap();
    assert_eq!(outcome.verdict.unwrap().get(), r#"[{"json":{"error":"Task was cancelled"}}]"#);
}

#[tokio::test]
async fn a_cancel_right_after_the_settings_is_honoured() {
    let setup = Setup::new().await;
    // Once small, and once so big that the settings are parsed on another thread when the cancel arrives.
    for padding in [0, 5 << 20] {
        let task = soon(setup.broker.begin_task()).await.unwrap();
        task.send_settings(&settings_with("wait", json!({"padding": "x".repeat(padding)})));
        setup.broker.cancel(&task.id, "");
        let error = soon(task.outcome()).await.unwrap().verdict.unwrap_err();
        assert_eq!(error["message"], "Task was cancelled");
    }
}

#[tokio::test]
async fn settings_for_a_task_at_work_are_discarded() {
    let setup = Setup::new().await;
    let task = setup.start("gate").await;
    task.send_settings(&settings("fail"));
    setup.round_trip().await;
    let warning = "WARN Received settings for task but it is already TaskStatus.RUNNING. Discarding message.";
    assert!(setup.log.has(warning), "{}", setup.log.text());
    setup.fake.gate.notify_one();
    assert!(soon(task.outcome()).await.unwrap().verdict.is_ok());
    assert_eq!(setup.fake.started.load(Ordering::SeqCst), 1);
}
