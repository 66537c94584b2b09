//! Section 8: the health server, as n8n's launcher uses it.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use palisade::embedded::EmbeddedBroker;
use tokio::task::spawn_blocking;

use crate::runner::{LONG, Runner};
use crate::stage::{Stage, TOKEN, options, pause};

const ENABLED: (&str, &str) = ("N8N_RUNNERS_HEALTH_CHECK_SERVER_ENABLED", "true");
const PORT: &str = "N8N_RUNNERS_HEALTH_CHECK_SERVER_PORT";

cases! {
    alone:
        s8_it_is_off_unless_it_is_enabled,
        s8_every_request_is_answered_with_ok,
        s8_it_answers_before_the_broker_is_reached,
        s8_it_listens_where_it_was_told_to,
        s8_a_port_that_is_taken_ends_the_runner,
        s8_a_host_that_cannot_be_had_ends_the_runner,
        s12_22_a_request_is_read_before_it_is_answered;
}

async fn port(runner: &Runner) -> u16 {
    let line = runner.logs("Health check server listening on ").await;
    line.split("port ").nth(1).unwrap().parse().unwrap()
}

/// All that comes back for these bytes until the server closes the connection.
async fn answer(port: u16, request: Vec<u8>) -> String {
    let ask = move || {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        stream.write_all(&request).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    spawn_blocking(ask).await.unwrap()
}

#[track_caller]
fn assert_ok(answer: &str) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer}"));
    let mut lines = head.lines();
    assert_eq!(lines.next(), Some("HTTP/1.1 200 OK"), "{answer}");
    let headers: Vec<String> = lines.map(str::to_ascii_lowercase).collect();
    for header in ["content-type: text/plain", "content-length: 2"] {
        assert!(headers.iter().any(|line| line == header), "{header} in {answer}");
    }
    assert_eq!(body, "OK");
}

async fn s8_it_is_off_unless_it_is_enabled() {
    for value in ["false", "1", ""] {
        let stage = Stage::start(&[(ENABLED.0, value), (PORT, "0")]).await;
        stage.logs("Registered with broker").await;
        assert!(!stage.log().contains("Health check server"), "{}", stage.log());
        stage.stop().await;
    }
}

async fn s8_every_request_is_answered_with_ok() {
    let stage = Stage::start(&[ENABLED, (PORT, "0")]).await;
    let port = port(&stage.runner).await;
    for method in ["GET", "POST", "PUT", "DELETE", "OPTIONS"] {
        for path in ["/", "/healthz", "/any/path?x=1"] {
            let request = format!("{method} {path} HTTP/1.1\r\nHost: runner:{port}\r\nConnection: keep-alive\r\n\r\n");
            // It comes to an end, although it was asked to stay.
            assert_ok(&answer(port, request.into_bytes()).await);
        }
    }
    stage.stop().await;
}

async fn s8_it_answers_before_the_broker_is_reached() {
    let broker = EmbeddedBroker::start(options()).await.unwrap();
    broker.turn_away(Some(503));
    let runner = Runner::of(&broker, TOKEN, &[ENABLED, (PORT, "0")]);
    let port = port(&runner).await;
    let get = || answer(port, b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n".to_vec());
    // Not before it can run tasks: until then it says so, and the launcher asks for more than a minute.
    runner.logs("retrying").await;
    assert_ok(&get().await);
    pause(500).await;
    assert_ok(&get().await);
    let log = runner.log();
    assert!(log.find("Health check server listening").unwrap() < log.find("Starting runner...").unwrap(), "{log}");
}

async fn s8_it_listens_where_it_was_told_to() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let stage = Stage::start(&[ENABLED, (PORT, &free), ("N8N_RUNNERS_HEALTH_CHECK_SERVER_HOST", "localhost")]).await;
    stage.logs(&format!("Health check server listening on localhost, port {free}")).await;
    stage.stop().await;
}

async fn s8_a_port_that_is_taken_ends_the_runner() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let mut runner = Runner::start(&[("N8N_RUNNERS_GRANT_TOKEN", TOKEN), ENABLED, (PORT, &port)]);
    assert_eq!(runner.ends().await.code(), Some(1));
    assert_eq!(runner.log(), format!("Failed to start health check server: Port {port} is already in use\n"));
}

async fn s8_a_host_that_cannot_be_had_ends_the_runner() {
    // Addresses of documentation, which no interface has, and a name that never exists.
    for host in ["192.0.2.1", "host.invalid"] {
        let host = ("N8N_RUNNERS_HEALTH_CHECK_SERVER_HOST", host);
        let mut runner = Runner::start(&[("N8N_RUNNERS_GRANT_TOKEN", TOKEN), ENABLED, (PORT, "0"), host]);
        assert_eq!(runner.ends().await.code(), Some(1));
        let log = runner.log();
        assert!(log.starts_with("Failed to start health check server: ") && log.lines().count() == 1, "{log}");
    }
}

async fn s12_22_a_request_is_read_before_it_is_answered() {
    let stage = Stage::start(&[ENABLED, (PORT, "0")]).await;
    let port = port(&stage.runner).await;
    // In pieces, and with more than a socket buffers on its own.
    let ask = move || {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        stream.write_all(b"POST /healthz HTTP/1.1\r\nHost: h\r\n").unwrap();
        let early = stream.read(&mut [0; 16]);
        assert!(early.is_err(), "it has answered a request that is not there yet: {early:?}");
        stream.set_read_timeout(Some(LONG)).unwrap();
        stream.write_all(b"Content-Length: 20000\r\n\r\n").unwrap();
        stream.write_all(&vec![b'x'; 20_000]).unwrap();
        let mut answer = String::new();
        // A reset would be an error here.
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    assert_ok(&spawn_blocking(ask).await.unwrap());
    stage.stop().await;
}
