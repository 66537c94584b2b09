//! Section 6: a cancel in every state a task can be in.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::stage::{Stage, pause, settings, until};

cases! {
    Plain:
        s6_a_cancel_of_an_unknown_task_is_only_logged,
        s6_a_cancel_of_a_finished_task_is_only_logged,
        s6_a_task_that_waits_is_forgotten_without_a_word,
        s6_a_task_that_runs_is_stopped_and_answered,
        s6_a_cancelled_task_with_continue_on_fail_has_a_result,
        s6_a_second_cancel_is_ignored,
        s12_08_a_cancel_right_after_the_settings_is_honoured;
    Modules:
        s12_09_a_cancelled_task_is_reported_as_such_however_it_ended;
    alone:
        s6_a_cancelled_slot_is_not_offered_while_draining,
        s12_19_nothing_survives_its_task;
}

async fn s6_a_cancel_of_an_unknown_task_is_only_logged(stage: &Stage) {
    stage.broker.cancel("t-unknown", "whatever");
    stage.handled().await;
    stage.logs("Received cancel for unknown task: t-unknown. Discarding message.").await;
    assert!(stage.of_task("t-unknown").is_empty());
}

async fn s6_a_cancel_of_a_finished_task_is_only_logged(stage: &Stage) {
    let task = stage.accept().await;
    let id = task.id.clone();
    task.send_settings(&settings("return 1", json!({})));
    assert!(stage.finish(task).await.verdict.is_ok());
    stage.broker.cancel(&id, "too late");
    stage.handled().await;
    stage.logs(&format!("Received cancel for unknown task: {id}. Discarding message.")).await;
    assert_eq!(stage.of_task(&id).len(), 2, "accepted and done");
}

async fn s6_a_task_that_waits_is_forgotten_without_a_word(stage: &Stage) {
    let task = stage.accept().await;
    stage.broker.cancel(&task.id, "no longer needed");
    stage.logs(&format!("Cancelled task {} (waiting for settings)", task.id)).await;
    stage.offers(5).await;
    task.send_settings(&settings("print('it runs')", json!({})));
    stage.handled().await;
    pause(300).await;
    stage.handled().await;
    let frames = stage.of_task(&task.id);
    assert_eq!(frames, [json!({"type": "runner:taskaccepted", "taskId": task.id})]);
}

async fn s6_a_task_that_runs_is_stopped_and_answered(stage: &Stage) {
    let task = stage.endless(json!({})).await;
    let id = task.id.clone();
    let begun = Instant::now();
    stage.broker.cancel(&id, "Task timed out");
    let error = stage.finish(task).await.verdict.unwrap_err();
    // No such key as a description.
    assert_eq!(json!(error), json!({"message": "Task was cancelled"}));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    stage.logs(&format!(r#"Cancelled task {id} for node "Code" (n1) in workflow "My workflow" (w1)"#)).await;
}

async fn s6_a_cancelled_task_with_continue_on_fail_has_a_result(stage: &Stage) {
    let task = stage.endless(json!({"continueOnFail": true})).await;
    stage.broker.cancel(&task.id, "");
    let outcome = stage.finish(task).await;
    assert_eq!(outcome.verdict.unwrap().get(), r#"[{"json":{"error":"Task was cancelled"}}]"#);
}

async fn s6_a_second_cancel_is_ignored(stage: &Stage) {
    let task = stage.endless(json!({})).await;
    let id = task.id.clone();
    for _ in 0..3 {
        stage.broker.cancel(&id, "");
    }
    assert!(stage.finish(task).await.verdict.is_err());
    stage.handled().await;
    pause(200).await;
    stage.handled().await;
    assert_eq!(stage.of_task(&id).len(), 2, "accepted and one answer");
}

/// Small ones, and large ones that are still being parsed when the cancel arrives.
async fn s12_08_a_cancel_right_after_the_settings_is_honoured(stage: &Stage) {
    for padding in [0, 4 << 20] {
        for wait in [0, 0, 1, 5, 20] {
            let task = stage.accept().await;
            let id = task.id.clone();
            task.send_settings(&settings("while True: pass", json!({"padding": "x".repeat(padding)})));
            if wait > 0 {
                pause(wait).await;
            }
            stage.broker.cancel(&id, "");
            let error = stage.finish(task).await.verdict.unwrap_err();
            assert_eq!(json!(error), json!({"message": "Task was cancelled"}), "{padding} {wait}");
            assert_eq!(stage.of_task(&id).len(), 2, "accepted and one answer");
        }
    }
}

/// Code that will not go when it is asked to.
async fn s12_09_a_cancelled_task_is_reported_as_such_however_it_ended(stage: &Stage) {
    let code = "while True:\n    try:\n        while True: pass\n    except BaseException:\n        pass";
    let task = stage.accept().await;
    task.send_settings(&settings(code, json!({})));
    stage.logs(&format!("Received task {}", task.id)).await;
    pause(300).await;
    let begun = Instant::now();
    stage.broker.cancel(&task.id, "");
    let error = stage.finish(task).await.verdict.unwrap_err();
    assert_eq!(error["message"], "Task was cancelled");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

async fn s6_a_cancelled_slot_is_not_offered_while_draining() {
    let stage = Stage::start(&[("N8N_RUNNERS_MAX_CONCURRENCY", "1")]).await;
    let task = stage.accept().await;
    stage.broker.drain();
    stage.logs("Received drain signal, stopped accepting new tasks").await;
    stage.broker.cancel(&task.id, "");
    stage.logs(&format!("Cancelled task {} (waiting for settings)", task.id)).await;
    pause(500).await;
    assert!(stage.broker.open_offers().is_empty());
    stage.stop().await;
}

/// Neither its process nor what it may have started: after an end, a cancel and a timeout.
async fn s12_19_nothing_survives_its_task() {
    let stage = Stage::start(&[
        ("N8N_RUNNERS_TASK_TIMEOUT", "1"),
        ("N8N_RUNNERS_STDLIB_ALLOW", "os,threading,time,subprocess"),
        ("N8N_RUNNERS_MAX_CONCURRENCY", "1"),
    ])
    .await;
    let start = "import os, threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()\n\
                 try:\n    os.fork() or time.sleep(60)\nexcept OSError:\n    pass\n";
    for rest in ["return 1", "while True: pass"] {
        let before = stage.runner.descendants();
        let outcome = stage.run(&format!("{start}{rest}")).await;
        assert_eq!(outcome.verdict.is_ok(), rest == "return 1", "{outcome:?}");
        // What was there may have been used by the task, and what is there now may be new spares, but nothing sleeps for a minute.
        until("as many processes as before", || stage.runner.descendants().len() <= before.len().max(3)).await;
    }
    let threads = |pid: &i32| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        status.lines().find_map(|line| line.strip_prefix("Threads:")?.trim().parse().ok()).unwrap_or(0_u32)
    };
    until("spares with one thread", || stage.runner.descendants().iter().all(|pid| threads(pid) <= 1)).await;
    stage.stop().await;
}
