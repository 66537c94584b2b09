//! Section 6: a task from its settings to its one answer.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::stage::{Stage, is_running, pause, settings, until};

cases! {
    Plain:
        s6_prints_come_before_the_result,
        s6_a_completed_task_is_one_line_in_the_log,
        s6_a_failed_task_is_one_line_in_the_log,
        s6_code_that_cannot_be_parsed_is_a_warning,
        s6_every_task_is_answered_once,
        s6_nothing_carries_over_to_the_next_task,
        s6_continue_on_fail_makes_a_result_of_what_ran,
        s6_continue_on_fail_covers_no_syntax_errors_and_refusals,
        s12_06_prints_are_sent_although_the_task_fails,
        s12_24_large_code_holds_up_nobody;
    Modules:
        s6_continue_on_fail_covers_refusals_while_running,
        s12_36_threads_do_not_hold_up_the_answer;
    Open:
        s6_continue_on_fail_covers_what_the_process_does;
    alone:
        s6_a_timeout_is_the_running_time_only,
        s6_the_plural_of_a_timeout,
        s12_11_tasks_that_wait_are_dropped_with_their_connection,
        s12_12_tasks_that_run_are_stopped_with_their_connection,
        s12_37_a_message_over_the_limit_costs_no_slot;
}

async fn s6_prints_come_before_the_result(stage: &Stage) {
    let task = stage.accept().await;
    let id = task.id.clone();
    task.send_settings(&settings("for n in range(3): print(n)\nreturn 'r'", json!({})));
    let outcome = stage.finish(task).await;
    assert_eq!(outcome.prints, [["0"], ["1"], ["2"]]);
    let kinds: Vec<Value> = stage.of_task(&id).into_iter().map(|frame| frame["type"].clone()).collect();
    assert_eq!(kinds, ["runner:taskaccepted", "runner:rpc", "runner:rpc", "runner:rpc", "runner:taskdone"]);
    let calls: std::collections::BTreeSet<_> =
        stage.received("runner:rpc").into_iter().map(|rpc| rpc["callId"].to_string()).collect();
    assert_eq!(calls.len(), 3, "each has an id of its own");
}

async fn s6_a_completed_task_is_one_line_in_the_log(stage: &Stage) {
    let line = async |code: &str, more: Value| {
        let task = stage.accept().await;
        let id = task.id.clone();
        task.send_settings(&settings(code, more));
        assert!(stage.finish(task).await.verdict.is_ok());
        stage.logs(&format!("Received task {id}")).await;
        let line = stage.logs_from(&format!("Completed task {id} in ")).await;
        line.strip_prefix(&format!("Completed task {id} in ")).unwrap().to_owned()
    };
    let names = r#" for node "Code" (n1) in workflow "My workflow" (w1)"#;
    let first = line("return [{'json': {'a': 1}}]", json!({})).await;
    assert!(first.ends_with(&format!("ms (18 bytes){names}")), "{first}");
    let digits = first.split("ms").next().unwrap();
    assert!(digits.parse::<u32>().is_ok(), "{first}");
    assert!(line("return 'x' * 1534", json!({})).await.contains(" (1.5 KB) "));
    assert!(line("return 'x' * (5 * 512 * 1024)", json!({})).await.contains(" (2.5 MB) "));
    let slow =
        line("n = 0\nfor i in range(10**9):\n    n += 1\n    if n > 40_000_000: break\nreturn 1", json!({})).await;
    let (time, _) = slow.split_once(' ').unwrap();
    assert!(time.ends_with('s'), "{slow}");
    assert!(time.trim_end_matches("ms").trim_end_matches('s').bytes().all(|byte| byte.is_ascii_digit()), "{slow}");
    let forgiven = line("return 1 / 0", json!({"continueOnFail": true})).await;
    assert!(forgiven.ends_with(&format!(" (0 bytes){names}")), "{forgiven}");
    // Prints count, too.
    let printed = line("print('x' * 1500)\nreturn 1", json!({})).await;
    assert!(printed.contains(" (1.5 KB) "), "{printed}");
}

async fn s6_a_failed_task_is_one_line_in_the_log(stage: &Stage) {
    for code in ["return 1 / 0", "import os", "raise SystemExit"] {
        let task = stage.accept().await;
        let id = task.id.clone();
        task.send_settings(&settings(code, json!({})));
        assert!(stage.finish(task).await.verdict.is_err());
        stage.logs(&format!("Task {id} failed")).await;
    }
}

async fn s6_code_that_cannot_be_parsed_is_a_warning(stage: &Stage) {
    let task = stage.accept().await;
    let id = task.id.clone();
    task.send_settings(&settings("if x\n  y", json!({})));
    assert!(stage.finish(task).await.verdict.is_err());
    stage.logs(&format!("Task {id} failed syntax validation")).await;
}

async fn s6_every_task_is_answered_once(stage: &Stage) {
    let codes = ["return 1", "return 1 / 0", "x = (", "import os", "exit()", "print(1)", "raise KeyboardInterrupt"];
    let mut ids = Vec::new();
    for code in codes {
        let task = stage.accept().await;
        ids.push(task.id.clone());
        task.send_settings(&settings(code, json!({})));
        let _ = stage.finish(task).await;
    }
    stage.offers(5).await;
    pause(200).await;
    stage.handled().await;
    for (code, id) in codes.iter().zip(ids) {
        let answers = stage.of_task(&id).into_iter();
        let answers = answers.filter(|frame| frame["type"] == "runner:taskdone" || frame["type"] == "runner:taskerror");
        assert_eq!(answers.count(), 1, "{code}");
    }
}

async fn s6_nothing_carries_over_to_the_next_task(stage: &Stage) {
    assert_eq!(stage.result("global x\nx = 1\nreturn x").await, "1");
    let error = stage.error("return x").await;
    assert_eq!(error["message"], "name 'x' is not defined");
}

async fn forgiven(stage: &Stage, code: &str, message: &str) {
    let outcome = stage.run_with(code, json!({"continueOnFail": true})).await;
    let result: Value = serde_json::from_str(outcome.verdict.expect(code).get()).unwrap();
    assert_eq!(result, json!([{"json": {"error": message}}]), "{code}");
    // In both modes it is one item.
    let each = json!({"continueOnFail": true, "nodeMode": "runOnceForEachItem", "items": [{"json": {}}, {"json": {}}]});
    let outcome = stage.run_with(code, each).await;
    let result: Value = serde_json::from_str(outcome.verdict.expect(code).get()).unwrap();
    assert_eq!(result, json!([{"json": {"error": message}}]), "{code}");
}

async fn s6_continue_on_fail_makes_a_result_of_what_ran(stage: &Stage) {
    for (code, message) in [
        ("return 1 / 0", "division by zero"),
        ("raise ValueError('a \"quoted\"\\ntext')", "a \"quoted\"\ntext"),
        ("exit(3)", "Process exited with code 3"),
        ("return {(1,): 2}['json']", "'json'"),
        ("a = []\na.append(a)\nreturn {'json': a}", "Circular reference detected"),
    ] {
        forgiven(stage, code, message).await;
    }
}

async fn s6_continue_on_fail_covers_what_the_process_does(stage: &Stage) {
    for (code, message) in [
        ("import os\nos._exit(7)", "Task subprocess exited with code 7"),
        ("import os\nos._exit(0)", "Failed to read result from child process"),
        ("import ctypes\nctypes.string_at(0)", "Task subprocess exited with code -11"),
    ] {
        forgiven(stage, code, message).await;
    }
}

async fn s6_continue_on_fail_covers_refusals_while_running(stage: &Stage) {
    let code = "m = 'x' + 'ml'\nimport importlib\nimportlib.import_module(m)";
    forgiven(stage, code, "Security violation detected").await;
}

async fn s6_continue_on_fail_covers_no_syntax_errors_and_refusals(stage: &Stage) {
    for (code, message) in
        [("x = [", "'[' was never closed (<unknown>, line 1)"), ("import os", "Security violations detected")]
    {
        let error = stage.error_with(code, json!({"continueOnFail": true})).await;
        assert_eq!(error["message"], message);
    }
}

async fn s6_a_timeout_is_the_running_time_only() {
    let stage = Stage::start(&[("N8N_RUNNERS_TASK_TIMEOUT", "1")]).await;
    let task = stage.accept().await;
    // Waiting for settings is not running.
    pause(1500).await;
    task.send_settings(&settings("return 1", json!({})));
    assert!(stage.finish(task).await.verdict.is_ok());

    let begun = Instant::now();
    let error = stage.error("while True: pass").await;
    let took = begun.elapsed();
    assert_eq!(error["message"], "Task execution timed out after 1 second");
    assert!(took >= Duration::from_millis(950), "{took:?}");
    let result = stage.result_with("while True: pass", json!({"continueOnFail": true})).await;
    assert_eq!(result, r#"[{"json":{"error":"Task execution timed out after 1 second"}}]"#);
    stage.offers(5).await;
    stage.stop().await;
}

async fn s6_the_plural_of_a_timeout() {
    let stage = Stage::start(&[("N8N_RUNNERS_TASK_TIMEOUT", "2")]).await;
    let error = stage.error("while True: pass").await;
    assert_eq!(error["message"], "Task execution timed out after 2 seconds");
    stage.stop().await;
}

async fn s12_06_prints_are_sent_although_the_task_fails(stage: &Stage) {
    for more in [json!({}), json!({"continueOnFail": true})] {
        let outcome = stage.run_with("print('before')\nreturn 1 / 0", more).await;
        assert_eq!(outcome.prints, [["'before'"]]);
    }
}

/// Half a million statements are judged, or refused, and meanwhile others run.
async fn s12_24_large_code_holds_up_nobody(stage: &Stage) {
    let large = stage.accept().await;
    large.send_settings(&settings(&"x = [1, 2, 3, (4, 5)]\n".repeat(30_000), json!({})));
    let begun = Instant::now();
    stage.handled().await;
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!(stage.result("return 1").await, "1");
    let _ = stage.finish(large).await;
}

async fn s12_36_threads_do_not_hold_up_the_answer(stage: &Stage) {
    let code = "import threading, time\nthreading.Thread(target=time.sleep, args=(50,)).start()\nreturn 1";
    let begun = Instant::now();
    assert_eq!(stage.result(code).await, "1");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

async fn s12_11_tasks_that_wait_are_dropped_with_their_connection() {
    let stage = Stage::start(&[]).await;
    let task = stage.accept().await;
    stage.broker.hang_up();
    stage.registered(2).await;
    stage.offers(5).await;
    task.send_settings(&settings("return 1", json!({})));
    let line = format!("Error handling message: Failed to find task {}. This is likely an internal error.", task.id);
    stage.logs(&line).await;
    let begun = Instant::now();
    stage.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(5), "no grace is waited for: {:?}", begun.elapsed());
}

async fn s12_12_tasks_that_run_are_stopped_with_their_connection() {
    let stage = Stage::start(&[]).await;
    let task = stage.endless(json!({})).await;
    let id = task.id.clone();
    stage.broker.hang_up();
    stage.registered(2).await;
    stage.offers(5).await;
    assert_eq!(stage.of_task(&id).len(), 1, "it was accepted, and nothing else is said of it");
    // Nobody uses the processor on its behalf: only forkserver and spares are left, and none of them runs.
    until("an end of its process", || stage.runner.descendants().iter().all(|pid| !is_running(*pid))).await;
    stage.stop().await;
}

async fn s12_37_a_message_over_the_limit_costs_no_slot() {
    let stage = Stage::start(&[("N8N_RUNNERS_MAX_PAYLOAD", "10000"), ("N8N_RUNNERS_MAX_CONCURRENCY", "1")]).await;
    let task = stage.accept().await;
    task.send_settings(&settings("return 1", json!({"padding": "x".repeat(20_000)})));
    stage.registered(2).await;
    stage.offers(1).await;
    assert_eq!(stage.result("return 2").await, "2");
    stage.stop().await;
}
