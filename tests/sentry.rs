//! Error reports of the built program, to a listener of this test:
//! `cargo test --features sentry --test sentry`. Needs a CPython 3.13 or 3.14, as the others.

#![cfg(feature = "sentry")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

#[path = "common/runner.rs"]
mod runner;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::time::Duration;

use nix::sys::signal::Signal;
use palisade::embedded::{EmbeddedBroker, Options};
use runner::{LONG, Runner};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};

const TOKEN: &str = "the-grant-token";

/// Takes envelopes until it is dropped with the process: the address, and what comes.
fn listen() -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream);
            // One connection may carry several.
            loop {
                let mut length = 0;
                let mut first = true;
                loop {
                    let mut line = String::new();
                    if reader.read_line(&mut line).unwrap_or(0) == 0 {
                        break;
                    }
                    first = false;
                    if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap();
                    }
                    if line == "\r\n" {
                        break;
                    }
                }
                if first {
                    break;
                }
                let mut body = vec![0; length];
                reader.read_exact(&mut body).unwrap();
                reader.get_mut().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").unwrap();
                if tell.send(String::from_utf8_lossy(&body).into_owned()).is_err() {
                    return;
                }
            }
        }
    });
    (address, told)
}

#[tokio::test]
async fn the_runners_own_errors_are_reported_and_those_of_tasks_are_not() {
    let (address, told) = listen();
    let broker = EmbeddedBroker::start(Options { grant_token: TOKEN.to_owned(), ..Options::default() }).await.unwrap();
    let dsn = format!("http://a1b2c3@{address}/42");
    let mut runner = Runner::of(
        &broker,
        TOKEN,
        &[
            ("N8N_SENTRY_DSN", &dsn),
            ("N8N_VERSION", "2.27.4"),
            ("ENVIRONMENT", "testing"),
            ("DEPLOYMENT_NAME", "here"),
            ("N8N_SENTRY_PROFILES_SAMPLE_RATE", "0.5"),
            // The SDK would take these; they are nobody's but its own.
            ("SENTRY_RELEASE", "another"),
            ("SENTRY_ENVIRONMENT", "another"),
        ],
    );
    let settings = json!({
        "code": "raise ValueError('secret of a user')", "nodeMode": "runOnceForAllItems", "items": [],
    });
    let outcome = tokio::time::timeout(LONG, broker.run_task(&to_raw_value(&settings).unwrap())).await.unwrap();
    assert!(outcome.unwrap().verdict.is_err());
    runner.logs(" failed").await;
    broker.send(&json!({"type": "broker:nonsense"}));
    runner.logs("Error handling message: Unknown message type: broker:nonsense").await;
    runner.signal(Signal::SIGTERM);
    assert_eq!(runner.ends().await.code(), Some(0));

    let envelopes: Vec<String> = std::iter::from_fn(|| told.recv_timeout(Duration::from_secs(3)).ok()).collect();
    let reports: Vec<Value> = envelopes
        .iter()
        .flat_map(|envelope| envelope.lines())
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|item| item.get("event_id").is_some() && item.get("message").is_some())
        .collect();
    assert_eq!(reports.len(), 1, "{envelopes:?}");
    let report = &reports[0];
    assert_eq!(report["message"], "Error handling message: Unknown message type: broker:nonsense");
    assert_eq!(report["release"], "n8n@2.27.4");
    assert_eq!(report["environment"], "testing");
    assert_eq!(report["server_name"], "here");
    assert_eq!(report["tags"]["server_type"], "task_runner_python");
    assert_eq!(report.get("user"), None);
    let all = envelopes.concat();
    assert!(!all.contains("secret of a user") && !all.contains(TOKEN), "{all}");

    let log = runner.log();
    for line in [
        "Profiling is enabled but tracing is disabled. Profiling will not work.",
        "Sentry ready",
        "Starting runner...",
        "Runner stopped",
        "Sentry stopped",
    ] {
        assert!(log.lines().any(|logged| logged == line), "{line} in\n{log}");
    }
    assert!(!log.contains("a1b2c3"), "the DSN's key is in the log");
}
