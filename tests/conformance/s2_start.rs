//! Section 2: what a start looks like, and exit codes.

use std::net::TcpListener;

use nix::sys::signal::Signal;
use palisade::embedded::EmbeddedBroker;
use tempfile::TempDir;

use crate::runner::{Runner, all_gone};
use crate::stage::{Stage, TOKEN, bare, options, soon};

const HEALTH: [(&str, &str); 2] =
    [("N8N_RUNNERS_HEALTH_CHECK_SERVER_ENABLED", "true"), ("N8N_RUNNERS_HEALTH_CHECK_SERVER_PORT", "0")];

cases! {
    alone:
        s2_lines_of_a_start_come_in_order,
        s2_signals_end_it_with_0,
        s2_a_configuration_error_ends_it_with_1,
        s2_any_working_directory_will_do,
        s12_02_a_runner_that_is_not_wanted_ends_with_1;
}

async fn s2_lines_of_a_start_come_in_order() {
    let stage = Stage::start(&HEALTH).await;
    stage.logs("Registered with broker").await;
    let log = stage.log();
    let mut lines = log.lines();
    let first = lines.next().unwrap();
    let port = first.strip_prefix("Health check server listening on 127.0.0.1, port ").expect(first);
    assert!(port.parse::<u16>().unwrap() > 0);
    for expected in ["Starting runner...", "Connected to broker", "Registered with broker"] {
        assert!(lines.any(|line| line == expected), "{expected} in\n{log}");
    }
    stage.stop().await;
}

async fn s2_signals_end_it_with_0() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let mut stage = Stage::start(&[]).await;
        let below = stage.runner.descendants();
        stage.runner.signal(signal);
        assert_eq!(stage.runner.ends().await.code(), Some(0));
        all_gone(&below).await;
    }
}

async fn s2_a_configuration_error_ends_it_with_1() {
    let broker = EmbeddedBroker::start(options()).await.unwrap();
    let mut runner = Runner::of(&broker, TOKEN, &[("N8N_RUNNERS_TASK_TIMEOUT", "0")]);
    assert_eq!(runner.ends().await.code(), Some(1));
    assert_eq!(runner.log(), "Task timeout must be positive, got 0\n");
    // Nothing has been tried before.
    assert!(broker.transcript().is_empty());

    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let variables = [HEALTH[0], ("N8N_RUNNERS_HEALTH_CHECK_SERVER_PORT", port.as_str())];
    let mut runner = Runner::of(&broker, TOKEN, &variables);
    assert_eq!(runner.ends().await.code(), Some(1));
    assert!(broker.transcript().is_empty());
}

async fn s2_any_working_directory_will_do() {
    let folder = TempDir::new().unwrap();
    let broker = EmbeddedBroker::start(options()).await.unwrap();
    let uri = broker.uri();
    let mut command = bare(&[("N8N_RUNNERS_GRANT_TOKEN", TOKEN), ("N8N_RUNNERS_TASK_BROKER_URI", &uri)]);
    command.current_dir(folder.path());
    let mut runner = Runner::spawn(command);
    let outcome = soon(broker.run_task(&crate::stage::settings("return 1", serde_json::json!({})))).await.unwrap();
    assert_eq!(outcome.verdict.unwrap().get(), "1");
    runner.signal(Signal::SIGTERM);
    assert_eq!(runner.ends().await.code(), Some(0));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "it leaves nothing there");
}

async fn s12_02_a_runner_that_is_not_wanted_ends_with_1() {
    let broker = EmbeddedBroker::start(options()).await.unwrap();
    let mut runner = Runner::of(&broker, "wrong", &[]);
    assert_eq!(runner.ends().await.code(), Some(1));
    let line = "Authentication failed with status 403: server rejected WebSocket connection: HTTP 403";
    assert!(runner.log().lines().any(|logged| logged == line), "{}", runner.log());
    assert_eq!(broker.transcript().len(), 1, "it has not tried again: {:?}", broker.transcript());
}
