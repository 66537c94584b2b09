//! Grant tokens that the runner fetches itself, with `N8N_RUNNERS_AUTH_TOKEN`: sections 3 and 15.

use std::collections::HashSet;

use palisade::broker::{Address, Endpoint};
use palisade::config::AuthToken;
use palisade::embedded::{EmbeddedBroker, Entry, Options as BrokerOptions, Recorded};
use palisade::runner::Ending;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::support::{Lone, Setup, settings, soon};

const AUTH: &str = "the-auth-token";

fn endpoint(uri: &str, token: &str) -> Endpoint {
    let token = AuthToken::new(token.to_owned()).unwrap();
    Endpoint::new(Address::parse(uri).unwrap(), "runner-1", &token, 1 << 20).unwrap()
}

fn options() -> BrokerOptions {
    BrokerOptions { auth_token: Some(AUTH.to_owned()), record: true, ..BrokerOptions::default() }
}

async fn broker() -> EmbeddedBroker {
    EmbeddedBroker::start(options()).await.unwrap()
}

fn around(broker: EmbeddedBroker, token: &str) -> Setup {
    let endpoint = endpoint(&broker.uri(), token);
    Setup::around(broker, "unused".to_owned(), 1 << 20, |options| options.endpoint = endpoint)
}

fn count(entries: &[Entry], what: &Recorded) -> usize {
    entries.iter().filter(|entry| entry.what == *what).count()
}

async fn happens(setup: &Setup, what: Recorded, times: usize) {
    soon(setup.broker.wait_for(|entries| (count(entries, &what) >= times).then_some(()))).await;
}

#[tokio::test]
async fn each_connection_has_a_token_of_its_own() {
    let setup = around(broker().await, AUTH);
    setup.registrations(1).await;
    assert!(soon(setup.broker.run_task(&settings("items"))).await.unwrap().verdict.is_ok());
    for connection in 2..=3 {
        setup.broker.hang_up();
        setup.registrations(connection).await;
    }
    let entries = setup.broker.transcript();
    // The embedded broker takes a token once, so this many connections needed this many of them.
    assert_eq!(count(&entries, &Recorded::AskedForToken(200)), 3);
    assert_eq!(count(&entries, &Recorded::Connected("runner-1".to_owned())), 3);
    assert!(!setup.log.text().contains(AUTH));
    assert_eq!(setup.stop().await, Ending::Stopped);
}

#[tokio::test]
async fn a_broker_that_comes_back_is_served_again_without_a_launcher() {
    let mut setup = around(broker().await, AUTH);
    setup.registrations(1).await;
    let task = setup.start("wait").await;
    let address = Some(setup.broker.address());
    let gone = std::mem::replace(&mut setup.broker, broker().await);
    drop(gone);
    assert!(soon(task.outcome()).await.is_err());
    setup.fake.reaches(&setup.fake.cancelled, 1).await;
    setup.log.line_with("Connection refused").await;
    setup.broker = EmbeddedBroker::start(BrokerOptions { address, ..options() }).await.unwrap();
    setup.registrations(1).await;
    assert!(soon(setup.broker.run_task(&settings("items"))).await.unwrap().verdict.is_ok());
    assert!(setup.received("runner:taskerror").is_empty(), "the new broker knows nothing of the old one's task");
    assert_eq!(setup.stop().await, Ending::Stopped);
}

#[tokio::test]
async fn a_wrong_auth_token_ends_the_runner_with_code_1() {
    for (withhold, status) in [(None, 403), (Some(401), 401)] {
        let broker = broker().await;
        broker.withhold_tokens(withhold);
        let setup = around(broker, "wr0ng");
        let ending = soon(setup.runner).await.unwrap();
        assert_eq!((ending.clone(), ending.exit_code()), (Ending::Forbidden, 1));
        let text = format!(
            "ERROR Authentication failed with status {status}: server rejected N8N_RUNNERS_AUTH_TOKEN: HTTP {status}"
        );
        assert!(setup.log.has(&text), "{}", setup.log.text());
        assert!(!setup.log.text().contains("wr0ng"));
        assert_eq!(setup.broker.transcript().len(), 1, "trying again is of no use");
    }
}

#[tokio::test]
async fn other_answers_are_tried_again() {
    let broker = broker().await;
    broker.withhold_tokens(Some(429));
    let setup = around(broker, AUTH);
    for status in [429, 500, 503, 404, 301, 400] {
        setup.broker.withhold_tokens(Some(status));
        happens(&setup, Recorded::AskedForToken(status), 1).await;
    }
    setup.broker.withhold_tokens(None);
    // A token that is refused although it was just given is replaced.
    setup.broker.turn_away(Some(403));
    happens(&setup, Recorded::TurnedAway(403), 1).await;
    setup.broker.turn_away(None);
    setup.registrations(1).await;
    for cause in [
        "no grant token from /runners/auth: HTTP 429",
        "no grant token from /runners/auth: HTTP 301",
        "server rejected WebSocket connection: HTTP 403, for the token it had just given",
    ] {
        assert!(
            setup.log.has(&format!("WARN Failed to connect to broker: {cause} - retrying...")),
            "{}",
            setup.log.text()
        );
    }
    assert_eq!(setup.stop().await, Ending::Stopped);
}

/// A server that answers every request with these bytes, and then says nothing more.
async fn answers_with(answer: Vec<u8>) -> (Lone, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(&answer).await;
            open.push(stream);
        }
    });
    (Lone::at(endpoint(&uri, AUTH)), server)
}

#[tokio::test]
async fn answers_without_a_token_are_bounded_and_never_quoted() {
    let ok = |body: &str| format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes();
    let big = |body: String| format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", 1 << 30).into_bytes();
    let mut causes = HashSet::new();
    for answer in [
        ok("no JSON: s3cret"),
        ok("\"s3cret\""),
        ok(r#"{"data":"s3cret"}"#),
        ok(r#"{"data":{"token":["s3cret"]}}"#),
        ok(r#"{"data":{"token":"s3cret\r\nX: y"}}"#),
        ok(r#"{"data":{"token":""}}"#),
        ok(&"[".repeat(10_000)),
        big("s3cret".repeat(10_000)),
        format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "s3cret".repeat(10_000)).into_bytes(),
        b"s3cret\r\n\r\n".to_vec(),
    ] {
        let (runner, server) = answers_with(answer).await;
        let line = runner.log.line_with("WARN").await;
        let start = "WARN Failed to connect to broker: no grant token from /runners/auth: ";
        assert!(line.starts_with(start) && line.ends_with(" - retrying..."), "{line}");
        assert!(!runner.log.text().contains("s3cret") && !runner.log.text().contains(AUTH), "{line}");
        causes.insert(line);
        assert_eq!(runner.stop().await, Ending::Stopped);
        server.abort();
    }
    assert!(causes.len() >= 4, "{causes:?}");
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_given_up_and_holds_up_no_end() {
    for answer in ["", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"] {
        let (runner, server) = answers_with(answer.into()).await;
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        assert_eq!(runner.stop().await, Ending::Stopped);
        server.abort();

        let (runner, server) = answers_with(answer.into()).await;
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        tokio::time::pause();
        let line = runner.log.line_with("WARN").await;
        assert_eq!(line, "WARN Failed to connect to broker: timed out while fetching a grant token - retrying...");
        tokio::time::resume();
        assert_eq!(runner.stop().await, Ending::Stopped);
        server.abort();
    }
}
