//! A runner whose executor is still starting: it is known to the broker, and offers nothing.

use std::sync::Arc;
use std::time::Duration;

use palisade::embedded::Options as BrokerOptions;
use palisade::runner::{Ending, Signal};
use serde_json::json;
use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::support::{Fake, Setup, settings, soon};

/// Longer than an offer would take that is made too early.
const A_WHILE: Duration = Duration::from_millis(100);

type Tell = oneshot::Sender<Result<Arc<Fake>, String>>;

async fn starting() -> (Setup, Tell) {
    let options = BrokerOptions { record: true, ..BrokerOptions::default() };
    let (setup, tell) =
        Setup::starting(options, |options| options.idle_timeout = Some(Duration::from_millis(50))).await;
    setup.registrations(1).await;
    (setup, tell)
}

#[tokio::test]
async fn offers_wait_for_the_executor_and_so_does_the_idle_timeout() {
    let (setup, tell) = starting().await;
    sleep(A_WHILE).await;
    setup.round_trip().await;
    assert!(setup.received("runner:taskoffer").is_empty());
    setup.broker.send(&json!({"type": "broker:taskofferaccept", "taskId": "early", "offerId": "none"}));
    setup.round_trip().await;
    assert_eq!(setup.received("runner:taskrejected").len(), 1);

    assert!(tell.send(Ok(Arc::clone(&setup.fake))).is_ok(), "it has given up");
    setup.offers(5).await;
    // From here on it is idle.
    assert_eq!(soon(setup.runner).await.unwrap(), Ending::Stopped);
}

#[tokio::test]
async fn tasks_run_once_the_executor_is_there() {
    let (setup, tell) = Setup::starting(BrokerOptions { record: true, ..BrokerOptions::default() }, |_| {}).await;
    assert!(tell.send(Ok(Arc::clone(&setup.fake))).is_ok(), "it has given up");
    let outcome = soon(setup.broker.run_task(&settings("items"))).await.unwrap();
    assert!(outcome.verdict.is_ok(), "{:?}", outcome.verdict);
    assert_eq!(setup.stop().await, Ending::Stopped);
}

#[tokio::test]
async fn a_start_that_fails_ends_with_its_reason_and_a_goodbye() {
    let (setup, tell) = starting().await;
    assert!(tell.send(Err("no seccomp".to_owned())).is_ok(), "it has given up");
    setup.closed(Some(1000)).await;
    assert_eq!(soon(setup.runner).await.unwrap(), Ending::Unable("no seccomp".to_owned()));
}

#[tokio::test]
async fn a_start_that_fails_without_a_broker_ends_at_once() {
    let options = BrokerOptions { record: true, ..BrokerOptions::default() };
    let (setup, tell) = Setup::starting(options, |_| {}).await;
    setup.broker.turn_away(Some(503));
    setup.broker.hang_up();
    assert!(tell.send(Err("no seccomp".to_owned())).is_ok(), "it has given up");
    assert_eq!(soon(setup.runner).await.unwrap(), Ending::Unable("no seccomp".to_owned()));

    // Whoever was to tell is gone: a start that is not settled is no start.
    let (setup, tell) = starting().await;
    drop(tell);
    assert!(matches!(soon(setup.runner).await.unwrap(), Ending::Unable(_)));
}

#[tokio::test]
async fn a_runner_that_is_starting_can_be_stopped() {
    let (setup, tell) = starting().await;
    setup.signals.send(Signal::Terminate).await.unwrap();
    setup.closed(Some(1000)).await;
    assert_eq!(soon(setup.runner).await.unwrap(), Ending::Stopped);
    assert!(tell.is_closed());
}
