//! Section 14: environments and manners of n8n, its launcher and its broker.

use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use palisade::embedded::{EmbeddedBroker, Recorded};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::runner::{Runner, all_gone};
use crate::stage::{Stage, TOKEN, bare, options, settings, soon, until};

cases! {
    alone:
        s14_the_environment_of_the_launcher_is_enough,
        s14_the_environment_of_internal_mode_is_enough,
        s14_a_runner_that_is_killed_leaves_nothing,
        s14_a_broker_that_stops_drains_and_closes_with_1001,
        s14_a_cancel_that_says_why_is_taken;
}

/// From a folder that is nothing to it.
fn from_root(variables: &[(&str, &str)]) -> Command {
    let mut command = bare(variables);
    command.current_dir("/");
    command
}

async fn works(broker: &EmbeddedBroker) {
    let outcome = soon(broker.run_task(&settings("return _items[0]['json']", json!({})))).await.unwrap();
    assert_eq!(outcome.verdict.unwrap().get(), r#"{"a":1}"#);
}

/// As it starts a runner for a task that waits, and starts another one when that one has ended for want of work.
async fn s14_the_environment_of_the_launcher_is_enough() {
    let broker = EmbeddedBroker::start(options()).await.unwrap();
    let uri = broker.uri();
    let variables = [
        ("LANG", "C.UTF-8"),
        ("TZ", "Europe/Berlin"),
        ("TERM", "xterm"),
        ("N8N_RUNNERS_GRANT_TOKEN", TOKEN),
        ("N8N_RUNNERS_TASK_BROKER_URI", uri.as_str()),
        ("N8N_RUNNERS_HEALTH_CHECK_SERVER_ENABLED", "true"),
        ("N8N_RUNNERS_HEALTH_CHECK_SERVER_PORT", "0"),
        ("N8N_RUNNERS_LAUNCHER_LOG_LEVEL", "INFO"),
        ("N8N_RUNNERS_AUTO_SHUTDOWN_TIMEOUT", "1"),
        ("N8N_RUNNERS_TASK_TIMEOUT", "60"),
        ("N8N_RUNNERS_MAX_CONCURRENCY", "5"),
        ("N8N_RUNNERS_STDLIB_ALLOW", ""),
        ("N8N_RUNNERS_EXTERNAL_ALLOW", ""),
        ("N8N_SENTRY_DSN", ""),
        ("N8N_VERSION", "2.27.4"),
        ("ENVIRONMENT", "production"),
        ("DEPLOYMENT_NAME", "d"),
    ];
    for _ in 0..2 {
        let mut runner = Runner::spawn(from_root(&variables));
        works(&broker).await;
        assert_eq!(runner.get("/healthz").await, (200, "OK".to_owned()));
        let idle = Instant::now();
        assert_eq!(runner.ends().await.code(), Some(0), "{}", runner.log());
        assert!(idle.elapsed() < Duration::from_secs(10), "a runner that lingers means no Python at all");
    }
}

async fn s14_the_environment_of_internal_mode_is_enough() {
    let broker = EmbeddedBroker::start(options()).await.unwrap();
    let uri = broker.uri();
    let variables = [
        ("HOME", "/nonexistent"),
        ("N8N_RUNNERS_GRANT_TOKEN", TOKEN),
        ("N8N_RUNNERS_TASK_BROKER_URI", uri.as_str()),
        ("N8N_RUNNERS_ID", "the-id-of-n8n"),
        ("N8N_RUNNERS_MAX_PAYLOAD", "1073741824"),
        ("N8N_RUNNERS_MAX_CONCURRENCY", "10"),
        ("N8N_RUNNERS_TASK_TIMEOUT", "300"),
        ("N8N_RUNNERS_HEARTBEAT_INTERVAL", "30"),
        ("N8N_RUNNERS_STDLIB_ALLOW", "json"),
        ("N8N_BLOCK_RUNNER_ENV_ACCESS", "true"),
    ];
    let mut runner = Runner::spawn(from_root(&variables));
    works(&broker).await;
    until("ten offers", || broker.open_offers().len() == 10).await;
    assert!(broker.transcript().iter().any(|entry| entry.what == Recorded::Connected("the-id-of-n8n".to_owned())));
    assert!(!runner.log().contains("HEARTBEAT"), "{}", runner.log());
    runner.signal(Signal::SIGTERM);
    assert_eq!(runner.ends().await.code(), Some(0));
}

/// What the launcher does to one that does not answer: it kills that process alone.
async fn s14_a_runner_that_is_killed_leaves_nothing() {
    let mut stage = Stage::start(&[]).await;
    let _task = stage.endless(json!({})).await;
    let below = stage.runner.descendants();
    assert!(!below.is_empty());
    stage.runner.signal(Signal::SIGKILL);
    assert_eq!(stage.runner.ends().await.code(), None);
    all_gone(&below).await;
}

async fn s14_a_broker_that_stops_drains_and_closes_with_1001() {
    let stage = Stage::start(&[]).await;
    let task = stage.accept().await;
    stage.broker.drain();
    stage.logs("Received drain signal, stopped accepting new tasks").await;
    task.send_settings(&settings("return 1", json!({})));
    assert!(stage.finish(task).await.verdict.is_ok());
    let away = CloseFrame { code: CloseCode::Away, reason: "".into() };
    stage.broker.send_message(Message::Close(Some(away)));
    stage.registered(2).await;
    stage.offers(5).await;
    assert!(!stage.log().contains("Failed to connect"), "{}", stage.log());
    works(&stage.broker).await;
    stage.stop().await;
}

/// The two reasons a broker gives, for a task that runs and for one that never did.
async fn s14_a_cancel_that_says_why_is_taken() {
    let stage = Stage::start(&[]).await;
    let task = stage.endless(json!({})).await;
    stage.broker.cancel(&task.id, "Task execution timed out after 60 seconds");
    assert!(stage.finish(task).await.verdict.is_err());
    let task = stage.accept().await;
    stage.broker.cancel(&task.id, "Acknowledgement window elapsed");
    stage.logs(&format!("Cancelled task {} (waiting for settings)", task.id)).await;
    stage.offers(5).await;
    stage.stop().await;
}
