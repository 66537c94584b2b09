//! Faults between runner and broker: a network that freezes, at every stage of a connection.

use std::time::Duration;

use palisade::broker::{Address, Endpoint};
use palisade::config::GrantToken;
use palisade::embedded::{EmbeddedBroker, Options as BrokerOptions};
use palisade::runner::{Ending, Signal};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::relay::Relay;
use crate::support::{Lone, Setup, settings, soon};

const GAVE_UP: &str = "WARN Failed to connect to broker: sent 1011 (keepalive ping timeout) - retrying...";

/// A runner that knows its broker through a relay, registered.
async fn through_relay() -> (Setup, Relay) {
    let options = BrokerOptions { record: true, ..BrokerOptions::default() };
    let token = options.grant_token.clone();
    let broker = EmbeddedBroker::start(options).await.unwrap();
    let relay = Relay::to(broker.address()).await;
    let address = Address::parse(&relay.uri()).unwrap();
    let endpoint = Endpoint::new(address, "runner-1", &GrantToken::new(token).unwrap(), 1 << 30).unwrap();
    let setup = Setup::around(broker, "unused".to_owned(), 1 << 30, |options| options.endpoint = endpoint);
    setup.registrations(1).await;
    (setup, relay)
}

/// Freezes the network and lets time pass until the runner gives the connection up; tells how long that took.
async fn frozen_until_given_up(setup: &Setup, relay: &Relay) -> Duration {
    relay.freeze();
    // From here on, time passes as soon as nothing else is to be done.
    tokio::time::pause();
    let begun = Instant::now();
    while !setup.log.has(GAVE_UP) {
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(begun.elapsed() < Duration::from_mins(2), "{}", setup.log.text());
    }
    let took = begun.elapsed();
    tokio::time::resume();
    took
}

#[tokio::test]
async fn a_frozen_network_ends_tasks_and_is_survived() {
    let (setup, relay) = through_relay().await;
    let task = setup.start("wait").await;
    let took = frozen_until_given_up(&setup, &relay).await;
    // Two heartbeats of 20 s: n8n's own ping timeout takes as long at least.
    assert!((Duration::from_secs(19)..Duration::from_secs(42)).contains(&took), "{took:?}");
    setup.fake.reaches(&setup.fake.cancelled, 1).await;
    relay.thaw();
    setup.registrations(2).await;
    setup.offers(5).await;
    assert!(soon(task.outcome()).await.is_err());
    assert!(soon(setup.broker.run_task(&settings("items"))).await.unwrap().verdict.is_ok());
    assert!(setup.received("runner:taskerror").is_empty(), "the broker has failed that task itself");
    assert_eq!(setup.stop().await, Ending::Stopped);
}

#[tokio::test]
async fn a_network_that_freezes_under_a_big_result_is_given_up() {
    let (setup, relay) = through_relay().await;
    let task = setup.start("wait").await;
    let big = soon(setup.broker.begin_task()).await.unwrap();
    big.send_settings(&settings(&format!("big {}", 50 << 20)));
    setup.fake.reaches(&setup.fake.answered, 1).await;
    let took = frozen_until_given_up(&setup, &relay).await;
    assert!(took < Duration::from_secs(62), "{took:?}");
    setup.fake.reaches(&setup.fake.cancelled, 1).await;
    relay.thaw();
    setup.registrations(2).await;
    assert!(soon(task.outcome()).await.is_err());
    assert!(soon(big.outcome()).await.is_err());
    assert!(soon(setup.broker.run_task(&settings("items"))).await.unwrap().verdict.is_ok());
    assert_eq!(setup.stop().await, Ending::Stopped);
}

/// What it has not taken yet waits in the runner: more work would only make that grow.
#[tokio::test]
async fn a_broker_that_does_not_read_is_offered_nothing_until_it_does() {
    let (setup, relay) = through_relay().await;
    let mut tasks = Vec::new();
    for _ in 0..5 {
        tasks.push(soon(setup.broker.begin_task()).await.unwrap());
    }
    // All slots are taken: what comes from here on is for slots that became free.
    let before = setup.received("runner:taskoffer").len();
    for task in &tasks {
        task.send_settings(&settings(&format!("big {}", 40 << 20)));
    }
    setup.fake.reaches(&setup.fake.started, 5).await;
    relay.freeze();
    setup.fake.reaches(&setup.fake.answered, 5).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    relay.thaw();
    for task in tasks {
        assert!(soon(task.outcome()).await.unwrap().verdict.is_ok(), "nothing is lost");
    }
    setup.offers(5).await;
    let frames = setup.all_received();
    let last = frames.iter().rposition(|frame| frame["type"] == "runner:taskdone").unwrap();
    let offers = |frames: &[serde_json::Value]| frames.iter().filter(|f| f["type"] == "runner:taskoffer").count();
    // One with each answer while less than 64 MiB waited, and the others when that was so again.
    assert_eq!(offers(&frames[..last]) - before, 2);
    assert!(offers(&frames) >= before + 5);
    assert_eq!(setup.stop().await, Ending::Stopped);
}

#[tokio::test]
async fn a_slow_network_is_not_a_frozen_one() {
    let (setup, relay) = through_relay().await;
    // Ten minutes in which something moves every 15 seconds.
    for _ in 0..40 {
        relay.freeze();
        tokio::time::pause();
        tokio::time::sleep(Duration::from_secs(15)).await;
        tokio::time::resume();
        relay.thaw();
        setup.round_trip().await;
    }
    assert!(!setup.log.text().contains("WARN"), "{}", setup.log.text());
    assert_eq!(setup.stop().await, Ending::Stopped);
}

#[tokio::test]
async fn a_frozen_network_holds_up_no_end() {
    let (setup, relay) = through_relay().await;
    let task = setup.start("wait").await;
    relay.freeze();
    setup.signals.send(Signal::Terminate).await.unwrap();
    let begun = Instant::now();
    setup.signals.send(Signal::Terminate).await.unwrap();
    assert_eq!(soon(setup.runner).await.unwrap(), Ending::Stopped);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    drop(task);
}

#[tokio::test]
async fn a_broker_that_never_answers_the_handshake_is_given_up_and_holds_up_no_end() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}", listener.local_addr().unwrap());
    let runner = Lone::start(&uri);
    let (_silent, _) = soon(listener.accept()).await.unwrap();
    assert_eq!(runner.stop().await, Ending::Stopped);

    let runner = Lone::start(&uri);
    let (_silent, _) = soon(listener.accept()).await.unwrap();
    tokio::time::pause();
    let line = runner.log.line_with("WARN").await;
    assert_eq!(line, "WARN Failed to connect to broker: timed out during handshake - retrying...");
    tokio::time::resume();
    assert_eq!(runner.stop().await, Ending::Stopped);
}

#[tokio::test]
async fn a_handshake_that_is_none_is_bounded_and_tried_again() {
    for answer in [
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n".to_vec(),
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec(),
        b"\x16\x03\x01 no HTTP\r\n\r\n".to_vec(),
        [b"HTTP/1.1 101 Switching Protocols\r\n".to_vec(), b"X: y\r\n".repeat(10 << 20)].concat(),
        [b"HTTP/1.1 101 Switching Protocols\r\nX: ".to_vec(), b"y".repeat(64 << 20)].concat(),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}", listener.local_addr().unwrap());
        let runner = Lone::start(&uri);
        let (mut stream, _) = soon(listener.accept()).await.unwrap();
        let whole = answer.len();
        let server = tokio::spawn(async move {
            stream.read_buf(&mut Vec::with_capacity(4096)).await.unwrap();
            let mut written = 0;
            while let Ok(len @ 1..) = stream.write(&answer[written..]).await {
                written += len;
            }
            // What has been taken is not to be taken back by a reset before it is read.
            let _ = stream.read_buf(&mut Vec::with_capacity(4096)).await;
            written
        });
        let line = runner.log.line_with("WARN").await;
        assert!(line.starts_with("WARN Failed to connect to broker: ") && line.len() < 700, "{line}");
        assert_eq!(runner.stop().await, Ending::Stopped);
        drop(listener);
        let written = soon(server).await.unwrap();
        assert!(whole < 10_000 || written < 16 << 20, "{written} of {whole} bytes were taken");
    }
}
