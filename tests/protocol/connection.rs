//! Connections that fail, are lost, or are under strain: sections 3 and 12.

use std::sync::atomic::Ordering;
use std::time::Duration;

use palisade::embedded::{EmbeddedBroker, Entry, Options as BrokerOptions, Recorded};
use palisade::runner::Ending;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::support::{LONG, Lone, Setup, settings, settings_with, soon};

fn position(entries: &[Entry], find: impl Fn(&Recorded) -> bool) -> Option<usize> {
    entries.iter().position(|entry| find(&entry.what))
}

fn connections(entries: &[Entry]) -> usize {
    entries.iter().filter(|entry| matches!(entry.what, Recorded::Connected(_))).count()
}

#[tokio::test]
async fn a_wrong_token_ends_the_runner_with_code_1() {
    let options = BrokerOptions { record: true, ..BrokerOptions::default() };
    let broker = EmbeddedBroker::start(options).await.unwrap();
    let setup = Setup::around(broker, "wrong".to_owned(), 1 << 20, |_| {});
    let ending = soon(setup.runner).await.unwrap();
    assert_eq!((ending.clone(), ending.exit_code()), (Ending::Forbidden, 1));
    let text = "ERROR Authentication failed with status 403: server rejected WebSocket connection: HTTP 403";
    assert!(setup.log.has(text), "{}", setup.log.text());
    let turned_away = setup.broker.transcript().iter().filter(|e| e.what == Recorded::TurnedAway(403)).count();
    assert_eq!(turned_away, 1, "trying again is of no use");
}

#[tokio::test]
async fn any_other_status_is_retried() {
    let options = BrokerOptions { record: true, ..BrokerOptions::default() };
    let token = options.grant_token.clone();
    let broker = EmbeddedBroker::start(options).await.unwrap();
    broker.turn_away(Some(401));
    let setup = Setup::around(broker, token, 1 << 20, |_| {});
    let away = |status| move |entries: &[Entry]| position(entries, |what| *what == Recorded::TurnedAway(status));
    soon(setup.broker.wait_for(away(401))).await;
    setup.broker.turn_away(Some(429));
    soon(setup.broker.wait_for(away(429))).await;
    setup.broker.turn_away(Some(500));
    soon(setup.broker.wait_for(away(500))).await;
    setup.broker.turn_away(None);
    setup.registrations(1).await;
    let text = "WARN Failed to connect to broker: server rejected WebSocket connection: HTTP 401 - retrying...";
    assert!(setup.log.has(text), "{}", setup.log.text());
    assert_eq!(setup.stop().await, Ending::Stopped);
}

#[tokio::test]
async fn a_lost_connection_ends_its_tasks_and_forgets_its_offers() {
    let setup = Setup::with(|options| options.max_concurrency = 2).await;
    let waiting = soon(setup.broker.begin_task()).await.unwrap();
    let running = setup.start("wait").await;
    setup.broker.hang_up();
    assert!(soon(waiting.outcome()).await.is_err());
    assert!(soon(running.outcome()).await.is_err());
    setup.fake.reaches(&setup.fake.cancelled, 1).await;
    setup.registrations(2).await;
    setup.offers(2).await;
    assert!(soon(setup.broker.run_task(&settings("items"))).await.unwrap().verdict.is_ok());
    assert!(setup.received("runner:taskerror").is_empty(), "the broker knows nothing of that task any more");
    let ids: Vec<_> = setup
        .broker
        .transcript()
        .into_iter()
        .filter_map(|entry| if let Recorded::Connected(id) = entry.what { Some(id) } else { None })
        .collect();
    assert_eq!(ids, ["runner-1", "runner-1"]);
    let text = "WARN Failed to connect to broker: no close frame received or sent - retrying...";
    assert!(setup.log.has(text), "{}", setup.log.text());
}

#[tokio::test]
async fn a_broker_that_says_goodbye_is_called_again_without_a_warning() {
    let setup = Setup::new().await;
    let close = |code| Message::Close(Some(CloseFrame { code, reason: "".into() }));
    setup.broker.send_message(close(CloseCode::Normal));
    setup.registrations(2).await;
    setup.broker.send_message(close(CloseCode::Away));
    setup.registrations(3).await;
    assert!(!setup.log.text().contains("WARN"), "{}", setup.log.text());
    setup.broker.send_message(close(CloseCode::Protocol));
    setup.registrations(4).await;
    assert!(setup.log.has("WARN Failed to connect to broker: received 1002 () - retrying..."));
}

#[tokio::test]
async fn a_message_over_the_limit_closes_with_1009() {
    let setup = Setup::with_max_payload(1 << 20).await;
    let task = soon(setup.broker.begin_task()).await.unwrap();
    task.send_settings(&settings_with("items", json!({"padding": "x".repeat(2 << 20)})));
    assert!(soon(task.outcome()).await.is_err());
    soon(setup.broker.wait_for(|entries| position(entries, |what| *what == Recorded::Closed(Some(1009))))).await;
    setup.registrations(2).await;
    setup.offers(5).await;
    assert_eq!(setup.fake.started.load(Ordering::SeqCst), 0);
    let outcome = soon(setup.broker.run_task(&settings_with("items", json!({"padding": "x".repeat(1 << 19)})))).await;
    assert!(outcome.unwrap().verdict.is_ok(), "what is within the limit is read");
}

#[tokio::test]
async fn pongs_and_other_tasks_do_not_wait_for_a_big_message() {
    let setup = Setup::new().await;
    let big = soon(setup.broker.begin_task()).await.unwrap();
    big.send_settings(&settings_with("items", json!({"padding": "é".repeat(25 << 20)})));
    setup.broker.send_message(Message::Ping("while parsing".into()));
    let small = soon(setup.broker.run_task(&settings("items"))).await.unwrap();
    assert!(small.verdict.is_ok());
    assert!(soon(big.outcome()).await.unwrap().verdict.is_ok());
    let entries = setup.broker.transcript();
    let pong = position(&entries, |what| *what == Recorded::Pong("while parsing".into())).unwrap();
    let done: Vec<_> = entries
        .iter()
        .enumerate()
        .filter(|(_, entry)| matches!(&entry.what, Recorded::Received(text) if text.contains("taskdone")))
        .map(|(index, _)| index)
        .collect();
    assert_eq!(done.len(), 2);
    assert!(pong < done[0], "the pong was before any answer");
    let id_of_first = serde_json::from_str::<serde_json::Value>(match &entries[done[0]].what {
        Recorded::Received(text) => text,
        other => panic!("{other:?}"),
    })
    .unwrap()["taskId"]
        .clone();
    let big_id = setup.received("runner:taskaccepted")[0]["taskId"].clone();
    assert_ne!(id_of_first, big_id, "the small task did not wait for the big one");
}

#[tokio::test]
async fn pongs_come_at_once_while_twenty_tasks_run_and_200_mib_are_parsed() {
    const ITEM: &str = r#"{"json":{"n":1234567890,"text":"some text","more":[true,null]}},"#;
    let setup = Setup::with(|options| options.max_concurrency = 22).await;
    let mut running = Vec::new();
    for _ in 0..20 {
        running.push(setup.start("wait").await);
    }
    let big = soon(setup.broker.begin_task()).await.unwrap();
    let mut frame = format!(
        r#"{{"type":"broker:tasksettings","taskId":"{}","settings":{{"code":"gate","nodeMode":"runOnceForAllItems","items":["#,
        big.id
    );
    frame.extend(std::iter::repeat_n(ITEM, (200 << 20) / ITEM.len()));
    frame.push_str("{}]}}");
    assert!(frame.len() > 199 << 20);
    // Pings from when it is there to when it is parsed; the time until it is there is that of the network.
    let is_parsed = || setup.fake.started.load(Ordering::SeqCst) == 21;
    setup.broker.send_message(Message::text(frame));
    let mut waits = Vec::new();
    while !is_parsed() {
        let name = format!("{}", waits.len());
        let begun = Instant::now();
        setup.broker.send_message(Message::Ping(name.clone().into()));
        let pong = Recorded::Pong(name.into());
        soon(setup.broker.wait_for(|entries| position(entries, |what| *what == pong))).await;
        waits.push(begun.elapsed());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // The first one had to wait until the big message was over.
    let first = waits.remove(0);
    assert!(first < Duration::from_secs(20), "n8n's broker gives 30 s: {first:?}");
    let longest = waits.iter().max().unwrap();
    assert!(waits.len() >= 5 && *longest < Duration::from_secs(1), "{} pongs, the last after {longest:?}", waits.len());
    assert!(soon(setup.broker.run_task(&settings("items"))).await.unwrap().verdict.is_ok());
    assert_eq!(connections(&setup.broker.transcript()), 1);
}

#[tokio::test]
async fn pongs_do_not_wait_for_a_big_result() {
    let setup = Setup::new().await;
    let task = soon(setup.broker.begin_task()).await.unwrap();
    task.send_settings(&settings(&format!("big {}", 50 << 20)));
    setup.fake.reaches(&setup.fake.answered, 1).await;
    setup.broker.send_message(Message::Ping("while sending".into()));
    let result = soon(task.outcome()).await.unwrap().verdict.unwrap();
    assert_eq!(result.get().len(), (50 << 20) + 2);
    let entries = setup.broker.transcript();
    let pong = position(&entries, |what| *what == Recorded::Pong("while sending".into()));
    let done = position(&entries, |what| matches!(what, Recorded::Received(text) if text.contains("taskdone")));
    assert!(pong.is_some() && pong < done, "{pong:?} {done:?}");
}

#[tokio::test]
async fn pings_are_answered_while_tasks_run() {
    let setup = Setup::new().await;
    let task = setup.start("gate").await;
    setup.broker.send_message(Message::Ping("1".into()));
    soon(setup.broker.wait_for(|entries| position(entries, |what| *what == Recorded::Pong("1".into())))).await;
    setup.fake.gate.notify_one();
    assert!(soon(task.outcome()).await.is_ok());
    assert_eq!(connections(&setup.broker.transcript()), 1);
}

#[tokio::test]
async fn a_connection_that_is_frozen_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}", listener.local_addr().unwrap());
    let runner = Lone::start(&uri);
    let (stream, _) = soon(listener.accept()).await.unwrap();
    // Nothing is read from here on: no ping is seen, no pong is sent, and nothing is closed.
    let _frozen = tokio_tungstenite::accept_async(stream).await.unwrap();
    soon(async {
        while !runner.log.has("INFO Connected to broker") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    // From here on, time passes as soon as nothing else is to be done.
    tokio::time::pause();
    let gave_up = "WARN Failed to connect to broker: sent 1011 (keepalive ping timeout) - retrying...";
    let began = Instant::now();
    while !runner.log.has(gave_up) {
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(began.elapsed() < LONG, "{}", runner.log.text());
    }
    assert!(began.elapsed() > Duration::from_secs(30));
}
