//! How the runner stops: sections 7 and 12.

use std::time::Duration;

use palisade::embedded::{EmbeddedBroker, Options as BrokerOptions, Recorded};
use palisade::runner::{Ending, Signal};
use serde_json::json;

use crate::support::{Setup, soon};

async fn closed_with(setup: &Setup, code: u16) {
    let closed = |entry: &palisade::embedded::Entry| entry.what == Recorded::Closed(Some(code));
    soon(setup.broker.wait_for(|entries| entries.iter().any(closed).then_some(()))).await;
}

#[tokio::test]
async fn an_idle_runner_stops_at_once_and_says_goodbye() {
    let mut setup = Setup::new().await;
    setup.signals.send(Signal::Terminate).await.unwrap();
    assert_eq!(soon(&mut setup.runner).await.unwrap(), Ending::Stopped);
    closed_with(&setup, 1000).await;
    for line in ["Received SIGTERM signal, starting shutdown...", "Disconnected from broker", "Runner stopped"] {
        assert!(setup.log.has(&format!("INFO {line}")), "{}", setup.log.text());
    }
}

#[tokio::test]
async fn tasks_that_end_within_the_grace_are_answered() {
    let mut setup = Setup::new().await;
    let task = setup.start("gate").await;
    setup.offers(4).await;
    setup.signals.send(Signal::Interrupt).await.unwrap();
    setup.round_trip().await;
    let open = setup.broker.open_offers().remove(0);
    setup.broker.send(&json!({"type": "broker:taskofferaccept", "taskId": "late", "offerId": open}));
    setup.round_trip().await;
    assert_eq!(setup.received("runner:taskrejected").len(), 1, "no new tasks while stopping");
    setup.fake.gate.notify_one();
    assert_eq!(soon(task.outcome()).await.unwrap().verdict.unwrap().get(), "\"open\"");
    assert_eq!(soon(&mut setup.runner).await.unwrap(), Ending::Stopped);
    assert_eq!(setup.received("runner:taskoffer").len(), 5, "the slot was not offered again");
    closed_with(&setup, 1000).await;
}

#[tokio::test]
async fn tasks_that_outlast_the_grace_are_cancelled_and_reported() {
    let mut setup = Setup::with(|options| options.grace = Duration::from_millis(50)).await;
    let task = setup.start("wait").await;
    setup.signals.send(Signal::Terminate).await.unwrap();
    let error = soon(task.outcome()).await.unwrap().verdict.unwrap_err();
    assert_eq!(error["message"], "Task was cancelled");
    assert_eq!(soon(&mut setup.runner).await.unwrap(), Ending::Stopped);
    for line in ["Timed out waiting for 1 tasks to complete", "Terminating 1 tasks...", "Terminated tasks"] {
        assert!(setup.log.has(&format!("WARN {line}")), "{line}\n{}", setup.log.text());
    }
}

#[tokio::test]
async fn a_second_signal_ends_the_grace() {
    let mut setup = Setup::new().await;
    let task = setup.start("wait").await;
    setup.signals.send(Signal::Terminate).await.unwrap();
    setup.signals.send(Signal::Terminate).await.unwrap();
    assert!(soon(task.outcome()).await.unwrap().verdict.is_err());
    assert_eq!(soon(&mut setup.runner).await.unwrap(), Ending::Stopped);
}

#[tokio::test]
async fn tasks_that_cannot_be_stopped_do_not_keep_the_runner() {
    let mut setup = Setup::with(|options| options.grace = Duration::from_millis(50)).await;
    let task = setup.start("stubborn").await;
    setup.signals.send(Signal::Terminate).await.unwrap();
    let ending = soon(&mut setup.runner).await.unwrap();
    assert_eq!((ending.clone(), ending.exit_code()), (Ending::TimedOut, 1));
    assert!(soon(task.outcome()).await.is_err());
}

#[tokio::test]
async fn an_idle_runner_stops_by_itself_but_not_while_a_task_runs() {
    let mut setup = Setup::with(|options| options.idle_timeout = Some(Duration::from_millis(300))).await;
    let task = setup.start("gate").await;
    tokio::time::sleep(Duration::from_millis(900)).await;
    setup.round_trip().await;
    setup.fake.gate.notify_one();
    assert!(soon(task.outcome()).await.is_ok());
    assert_eq!(soon(&mut setup.runner).await.unwrap(), Ending::Stopped);
    assert!(setup.log.has("INFO Reached idle timeout, starting shutdown..."));
    closed_with(&setup, 1000).await;
}

#[tokio::test]
async fn a_runner_that_cannot_connect_stops_at_once() {
    let options = BrokerOptions { record: true, ..BrokerOptions::default() };
    let token = options.grant_token.clone();
    let broker = EmbeddedBroker::start(options).await.unwrap();
    broker.turn_away(Some(503));
    let setup = Setup::around(broker, token, 1 << 20, |options| options.idle_timeout = Some(Duration::from_millis(1)));
    let away = |entry: &palisade::embedded::Entry| entry.what == Recorded::TurnedAway(503);
    // After five failures the wait is long enough for the signal to fall into it.
    soon(setup.broker.wait_for(|entries| (entries.iter().filter(|e| away(e)).count() >= 5).then_some(()))).await;
    assert!(!setup.runner.is_finished(), "without a registration there is no idle timeout");
    assert_eq!(setup.stop().await, Ending::Stopped);
}

#[tokio::test]
async fn a_connection_lost_while_stopping_ends_the_runner() {
    let mut setup = Setup::new().await;
    let task = setup.start("wait").await;
    setup.signals.send(Signal::Terminate).await.unwrap();
    setup.round_trip().await;
    setup.broker.hang_up();
    assert_eq!(soon(&mut setup.runner).await.unwrap(), Ending::Stopped);
    assert!(soon(task.outcome()).await.is_err());
}
