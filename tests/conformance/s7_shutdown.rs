//! Section 7: how a runner ends.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use palisade::embedded::{EmbeddedBroker, Recorded};
use serde_json::json;

use crate::runner::{Runner, all_gone};
use crate::stage::{Stage, TOKEN, options, pause, settings, until};

cases! {
    alone:
        s7_lines_of_an_end_come_in_order,
        s7_the_connection_is_closed_with_1000,
        s7_tasks_that_end_in_time_deliver_prints_and_result,
        s7_no_task_is_taken_while_ending,
        s7_tasks_that_wait_do_not_outlast_the_grace,
        s7_idle_runners_end,
        s7_the_idle_timer_restarts_with_every_task,
        s7_an_idle_timer_does_not_run_without_a_connection,
        s7_a_connection_that_is_lost_meanwhile_ends_it,
        s12_01_tasks_that_outlast_the_grace_are_cancelled_and_reported,
        s12_01_a_second_signal_ends_the_grace,
        s12_03_a_runner_that_waits_to_reconnect_ends_at_once,
        s12_25_an_end_does_not_wait_for_a_tick;
}

async fn s7_lines_of_an_end_come_in_order() {
    for (signal, name) in [(Signal::SIGTERM, "SIGTERM"), (Signal::SIGINT, "SIGINT")] {
        let health =
            [("N8N_RUNNERS_HEALTH_CHECK_SERVER_ENABLED", "true"), ("N8N_RUNNERS_HEALTH_CHECK_SERVER_PORT", "0")];
        let mut stage = Stage::start(&health).await;
        stage.runner.signal(signal);
        assert_eq!(stage.runner.ends().await.code(), Some(0));
        let log = stage.runner.log();
        let mut lines = log.lines();
        for expected in [
            &format!("Received {name} signal, starting shutdown..."),
            "Disconnected from broker",
            "Runner stopped",
            "Health check server stopped",
        ] {
            assert!(lines.any(|line| line == expected), "{expected} in\n{log}");
        }
        assert_eq!(lines.next(), None, "nothing comes after that");
    }
}

async fn s7_the_connection_is_closed_with_1000() {
    let mut stage = Stage::start(&[]).await;
    stage.runner.signal(Signal::SIGTERM);
    until("a close", || stage.transcript().contains(&Recorded::Closed(Some(1000)))).await;
    assert_eq!(stage.runner.ends().await.code(), Some(0));
}

async fn s7_tasks_that_end_in_time_deliver_prints_and_result() {
    let mut stage =
        Stage::start(&[("N8N_RUNNERS_STDLIB_ALLOW", "time"), ("N8N_RUNNERS_LAUNCHER_LOG_LEVEL", "DEBUG")]).await;
    let task = stage.accept().await;
    task.send_settings(&settings("import time\nprint('at work')\ntime.sleep(1.5)\nreturn 'done'", json!({})));
    stage.logs(&format!("Received task {}", task.id)).await;
    let below = stage.runner.descendants();
    stage.runner.signal(Signal::SIGTERM);
    let outcome = stage.finish(task).await;
    assert_eq!((outcome.prints, outcome.verdict.unwrap().get()), (vec![vec!["'at work'".to_owned()]], "\"done\""));
    assert_eq!(stage.runner.ends().await.code(), Some(0));
    stage.logs("Waiting for 1 tasks to complete (timeout: 10s)...").await;
    assert!(!stage.log().contains("Terminating"), "{}", stage.log());
    all_gone(&below).await;
}

async fn s7_no_task_is_taken_while_ending() {
    let mut stage = Stage::start(&[("N8N_RUNNERS_GRACEFUL_SHUTDOWN_TIMEOUT", "2")]).await;
    let task = stage.endless(json!({})).await;
    stage.offers(4).await;
    stage.runner.signal(Signal::SIGTERM);
    stage.logs("Received SIGTERM signal, starting shutdown...").await;
    let offers = stage.received("runner:taskoffer").len();
    let open = stage.broker.open_offers().remove(0);
    stage.take_up(&open, "t-late");
    stage.handled().await;
    assert_eq!(stage.of_task("t-late")[0]["type"], "runner:taskrejected");
    assert!(stage.finish(task).await.verdict.is_err());
    assert_eq!(stage.runner.ends().await.code(), Some(0));
    assert_eq!(stage.received("runner:taskoffer").len(), offers, "no slot is offered again");
}

async fn s7_tasks_that_wait_do_not_outlast_the_grace() {
    let mut stage = Stage::start(&[("N8N_RUNNERS_GRACEFUL_SHUTDOWN_TIMEOUT", "1")]).await;
    let task = stage.accept().await;
    let begun = Instant::now();
    stage.runner.signal(Signal::SIGTERM);
    assert_eq!(stage.runner.ends().await.code(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert_eq!(stage.of_task(&task.id).len(), 1, "it had no settings, so there is nothing to say");
}

async fn s7_idle_runners_end() {
    let begun = Instant::now();
    let mut stage = Stage::start(&[("N8N_RUNNERS_AUTO_SHUTDOWN_TIMEOUT", "1")]).await;
    let below = stage.runner.descendants();
    assert_eq!(stage.runner.ends().await.code(), Some(0));
    assert!(begun.elapsed() >= Duration::from_secs(1));
    stage.logs("Reached idle timeout, starting shutdown...").await;
    until("a close", || stage.transcript().contains(&Recorded::Closed(Some(1000)))).await;
    all_gone(&below).await;
}

async fn s7_the_idle_timer_restarts_with_every_task() {
    let mut stage =
        Stage::start(&[("N8N_RUNNERS_AUTO_SHUTDOWN_TIMEOUT", "2"), ("N8N_RUNNERS_STDLIB_ALLOW", "time")]).await;
    // A task that takes longer than the timer.
    assert_eq!(stage.result("import time\ntime.sleep(2.5)\nreturn 1").await, "1");
    for _ in 0..2 {
        pause(1200).await;
        assert_eq!(stage.result("return 2").await, "2");
    }
    let done = Instant::now();
    assert_eq!(stage.runner.ends().await.code(), Some(0));
    assert!(done.elapsed() >= Duration::from_millis(1800), "{:?}", done.elapsed());
}

async fn s7_an_idle_timer_does_not_run_without_a_connection() {
    let broker = EmbeddedBroker::start(options()).await.unwrap();
    broker.turn_away(Some(503));
    let mut runner = Runner::of(&broker, TOKEN, &[("N8N_RUNNERS_AUTO_SHUTDOWN_TIMEOUT", "1")]);
    runner.logs("retrying").await;
    pause(2500).await;
    assert!(!runner.log().contains("Reached idle timeout"), "{}", runner.log());
    broker.turn_away(None);
    assert_eq!(runner.ends().await.code(), Some(0));
    assert!(runner.log().contains("Registered with broker"), "{}", runner.log());
}

async fn s7_a_connection_that_is_lost_meanwhile_ends_it() {
    let mut stage = Stage::start(&[]).await;
    let _task = stage.endless(json!({})).await;
    let below = stage.runner.descendants();
    stage.runner.signal(Signal::SIGTERM);
    stage.logs("Received SIGTERM signal, starting shutdown...").await;
    let begun = Instant::now();
    stage.broker.hang_up();
    assert_eq!(stage.runner.ends().await.code(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    all_gone(&below).await;
}

async fn s12_01_tasks_that_outlast_the_grace_are_cancelled_and_reported() {
    let mut stage = Stage::start(&[("N8N_RUNNERS_GRACEFUL_SHUTDOWN_TIMEOUT", "1")]).await;
    let tasks = [stage.endless(json!({})).await, stage.endless(json!({})).await];
    let below = stage.runner.descendants();
    let asked = Instant::now();
    stage.runner.signal(Signal::SIGTERM);
    for task in tasks {
        let error = stage.finish(task).await.verdict.unwrap_err();
        assert_eq!(json!(error), json!({"message": "Task was cancelled"}));
    }
    assert!(asked.elapsed() >= Duration::from_millis(900), "they had their grace: {:?}", asked.elapsed());
    assert_eq!(stage.runner.ends().await.code(), Some(0));
    all_gone(&below).await;
    for line in ["Timed out waiting for 2 tasks to complete", "Terminating 2 tasks...", "Terminated tasks"] {
        stage.logs(line).await;
    }
}

async fn s12_01_a_second_signal_ends_the_grace() {
    let mut stage = Stage::start(&[("N8N_RUNNERS_GRACEFUL_SHUTDOWN_TIMEOUT", "100")]).await;
    let task = stage.endless(json!({})).await;
    let below = stage.runner.descendants();
    stage.runner.signal(Signal::SIGTERM);
    stage.logs("Received SIGTERM signal, starting shutdown...").await;
    let asked = Instant::now();
    stage.runner.signal(Signal::SIGINT);
    assert_eq!(stage.finish(task).await.verdict.unwrap_err()["message"], "Task was cancelled");
    assert_eq!(stage.runner.ends().await.code(), Some(0));
    assert!(asked.elapsed() < Duration::from_secs(20), "{:?}", asked.elapsed());
    all_gone(&below).await;
}

async fn s12_03_a_runner_that_waits_to_reconnect_ends_at_once() {
    let broker = EmbeddedBroker::start(options()).await.unwrap();
    broker.turn_away(Some(503));
    let mut runner = Runner::of(&broker, TOKEN, &[]);
    // By then it waits for seconds.
    until("six tries", || runner.log().matches("retrying").count() >= 6).await;
    let below = runner.descendants();
    let asked = Instant::now();
    runner.signal(Signal::SIGTERM);
    assert_eq!(runner.ends().await.code(), Some(0));
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    all_gone(&below).await;
}

async fn s12_25_an_end_does_not_wait_for_a_tick() {
    let mut stage = Stage::start(&[("N8N_RUNNERS_STDLIB_ALLOW", "time")]).await;
    let task = stage.accept().await;
    task.send_settings(&settings("import time\ntime.sleep(1)\nreturn 1", json!({})));
    stage.logs(&format!("Received task {}", task.id)).await;
    stage.runner.signal(Signal::SIGTERM);
    assert!(stage.finish(task).await.verdict.is_ok());
    let done = Instant::now();
    assert_eq!(stage.runner.ends().await.code(), Some(0));
    assert!(done.elapsed() < Duration::from_millis(1500), "{:?}", done.elapsed());
}
