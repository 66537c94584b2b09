//! Section 3: connections that fail, and connections that end.

use std::time::Duration;

use palisade::embedded::{EmbeddedBroker, Recorded};
use tempfile::TempDir;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::authority::Authority;
use crate::runner::Runner;
use crate::stage::{Stage, TOKEN, options, soon, until};

cases! {
    alone:
        s3_nobody_at_the_address_is_tried_again,
        s3_any_status_but_403_is_tried_again,
        s3_a_403_after_a_reconnect_ends_the_runner,
        s3_a_normal_close_is_silent,
        s3_other_closes_and_losses_are_warned_of,
        s12_25_retries_start_short_and_grow,
        s12_26_a_secure_uri_is_not_contacted_in_the_clear;
}

async fn s3_nobody_at_the_address_is_tried_again() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let uri = format!("http://{nobody}");
    let runner = Runner::start(&[("N8N_RUNNERS_GRANT_TOKEN", TOKEN), ("N8N_RUNNERS_TASK_BROKER_URI", &uri)]);
    until("three tries", || runner.log().matches(" - retrying...").count() >= 3).await;
    let line = runner.logs("retrying").await;
    assert!(line.starts_with("Failed to connect to broker: ") && line.contains("refused"), "{line}");
    // And it finds the broker that comes late.
    let late = EmbeddedBroker::start(palisade::embedded::Options { address: Some(nobody), ..options() }).await.unwrap();
    runner.logs("Registered with broker").await;
    drop(late);

    let unknown = [("N8N_RUNNERS_GRANT_TOKEN", "t"), ("N8N_RUNNERS_TASK_BROKER_URI", "http://broker.invalid:5679")];
    let runner = Runner::start(&unknown);
    let line = runner.logs("retrying").await;
    assert!(line.starts_with("Failed to connect to broker: ") && line.ends_with(" - retrying..."), "{line}");
}

async fn s3_any_status_but_403_is_tried_again() {
    let broker = EmbeddedBroker::start(options()).await.unwrap();
    broker.turn_away(Some(401));
    let runner = Runner::of(&broker, TOKEN, &[]);
    for status in [401, 429, 500, 503] {
        broker.turn_away(Some(status));
        let text =
            format!("Failed to connect to broker: server rejected WebSocket connection: HTTP {status} - retrying...");
        until(&text, || runner.log().lines().any(|line| line == text)).await;
    }
    broker.turn_away(None);
    runner.logs("Registered with broker").await;
}

/// A grant token works once, so that this is how most lost connections end.
async fn s3_a_403_after_a_reconnect_ends_the_runner() {
    let mut stage = Stage::start(&[]).await;
    stage.broker.turn_away(Some(403));
    stage.broker.hang_up();
    assert_eq!(stage.runner.ends().await.code(), Some(1));
    stage.logs("Authentication failed with status 403: server rejected WebSocket connection: HTTP 403").await;
    assert_eq!(stage.transcript().iter().filter(|what| **what == Recorded::TurnedAway(403)).count(), 1);
}

fn close(code: u16) -> Message {
    Message::Close(Some(CloseFrame { code: CloseCode::from(code), reason: "of the test".into() }))
}

async fn s3_a_normal_close_is_silent() {
    let stage = Stage::start(&[]).await;
    for (times, code) in [(2, 1000), (3, 1001)] {
        stage.broker.send_message(close(code));
        stage.registered(times).await;
    }
    assert!(!stage.log().contains("Failed to connect"), "{}", stage.log());
    stage.stop().await;
}

async fn s3_other_closes_and_losses_are_warned_of() {
    let stage = Stage::start(&[]).await;
    stage.broker.send_message(close(1002));
    let line = stage.logs_from("Failed to connect to broker: ").await;
    assert!(line.contains("1002") && line.ends_with(" - retrying..."), "{line}");
    stage.registered(2).await;
    stage.broker.hang_up();
    stage.logs("Failed to connect to broker: no close frame received or sent - retrying...").await;
    stage.registered(3).await;
    stage.stop().await;
}

async fn s12_25_retries_start_short_and_grow() {
    let broker = EmbeddedBroker::start(options()).await.unwrap();
    broker.turn_away(Some(503));
    let _runner = Runner::of(&broker, TOKEN, &[]);
    let tries = || {
        let turned = |entry: &palisade::embedded::Entry| entry.what == Recorded::TurnedAway(503);
        let times = broker.transcript().into_iter().filter(turned);
        times.map(|entry| entry.at).collect::<Vec<_>>()
    };
    until("six tries", || tries().len() >= 6).await;
    let times = tries();
    let waits: Vec<Duration> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // Ceilings of 0.1, 0.2, 0.4, 0.8 and 1.6 s, each waited for between half and all.
    for (wait, ceiling) in waits.iter().zip([100_u64, 200, 400, 800, 1600]) {
        assert!(*wait >= Duration::from_millis(ceiling / 2), "{waits:?}");
        assert!(*wait <= Duration::from_millis(ceiling + 1000), "{waits:?}");
    }
}

/// Nothing that could be a token goes to a socket that does not speak TLS.
async fn s12_26_a_secure_uri_is_not_contacted_in_the_clear() {
    let folder = TempDir::new().unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, Authority::new("ours").pem()).unwrap();
    for scheme in ["https", "wss"] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("{scheme}://{}", listener.local_addr().unwrap());
        let runner = Runner::start(&[
            ("N8N_RUNNERS_GRANT_TOKEN", TOKEN),
            ("N8N_RUNNERS_TASK_BROKER_URI", &uri),
            ("PALISADE_CA_FILE", ca.to_str().unwrap()),
        ]);
        let (mut stream, _) = soon(listener.accept()).await.unwrap();
        let mut first = [0; 512];
        let read = soon(tokio::io::AsyncReadExt::read(&mut stream, &mut first)).await.unwrap();
        // A TLS record with a handshake in it.
        assert_eq!(first[0], 22, "{:?}", &first[..read]);
        assert!(!first.windows(TOKEN.len()).any(|window| window == TOKEN.as_bytes()));
        drop(runner);
    }
}
