//! The built program and its way to the broker: TLS, tokens that it fetches itself, ends while it has no connection. These
//! need a CPython 3.13 or 3.14 that the program finds by itself, or `PALISADE_PYTHON`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

#[path = "common/authority.rs"]
mod authority;

use std::fs::File;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use authority::{ALL, Authority};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use palisade::embedded::{EmbeddedBroker, Options, Recorded};
use serde_json::json;
use serde_json::value::RawValue;
use tempfile::TempDir;

const AUTH: &str = "the-auth-token";
const LONG: Duration = Duration::from_mins(1);

/// A runner with these variables, that logs all it can into a file.
struct Runner {
    process: Child,
    folder: TempDir,
}

impl Runner {
    fn start(variables: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        let log = File::create(folder.path().join("log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("N8N_") || text == "NO_COLOR" {
                command.env_remove(&name);
            }
        }
        command.env("N8N_RUNNERS_LAUNCHER_LOG_LEVEL", "DEBUG").envs(variables.iter().copied());
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        Self { process: command.spawn().unwrap(), folder }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    async fn logs(&self, part: &str) {
        let begun = Instant::now();
        while !self.log().contains(part) {
            assert!(begun.elapsed() < LONG, "{part} in\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn ends(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < LONG, "{}", self.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Asks it to stop, which takes no time worth mentioning, and gives back what it has logged.
    async fn stop(mut self) -> String {
        let asked = Instant::now();
        kill(Pid::from_raw(i32::try_from(self.process.id()).unwrap()), Signal::SIGTERM).unwrap();
        let status = self.ends().await;
        assert_eq!(status.code(), Some(0), "{}", self.log());
        assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
        self.log()
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn runs_a_task(broker: &EmbeddedBroker) {
    let settings = json!({"code": "return _items", "nodeMode": "runOnceForAllItems", "items": [{"json": {}}]});
    let settings: Box<RawValue> = serde_json::value::to_raw_value(&settings).unwrap();
    let outcome = tokio::time::timeout(LONG, broker.run_task(&settings)).await.unwrap().unwrap();
    assert_eq!(outcome.verdict.unwrap().get().replace(' ', ""), r#"[{"json":{}}]"#);
}

fn options() -> Options {
    Options { auth_token: Some(AUTH.to_owned()), record: true, ..Options::default() }
}

#[tokio::test]
async fn tls_and_fetched_tokens_survive_a_broker_that_is_restarted() {
    let authority = Authority::new("ours");
    let tls = Some(authority.server("127.0.0.1", ALL, |_| {}));
    let broker = EmbeddedBroker::start(Options { tls: tls.clone(), ..options() }).await.unwrap();
    let (uri, address) = (broker.uri(), Some(broker.address()));
    assert!(uri.starts_with("https://"));
    let folder = TempDir::new().unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, authority.pem()).unwrap();
    let runner = Runner::start(&[
        ("N8N_RUNNERS_AUTH_TOKEN", AUTH),
        ("N8N_RUNNERS_TASK_BROKER_URI", &uri),
        ("PALISADE_CA_FILE", ca.to_str().unwrap()),
    ]);
    runs_a_task(&broker).await;
    drop(broker);
    runner.logs("Connection refused").await;
    let broker = EmbeddedBroker::start(Options { tls, address, ..options() }).await.unwrap();
    runs_a_task(&broker).await;
    assert!(broker.transcript().iter().any(|entry| entry.what == Recorded::AskedForToken(200)));
    let log = runner.stop().await;
    assert!(!log.contains(AUTH) && !log.contains("Bearer"), "{log}");
}

#[tokio::test]
async fn a_broker_of_an_unknown_authority_gets_neither_token() {
    let tls = Some(Authority::new("theirs").server("127.0.0.1", ALL, |_| {}));
    let broker = EmbeddedBroker::start(Options { tls, ..options() }).await.unwrap();
    let folder = TempDir::new().unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, Authority::new("ours").pem()).unwrap();
    let (uri, ca) = (broker.uri(), ca.to_str().unwrap());
    for token in ["N8N_RUNNERS_AUTH_TOKEN", "N8N_RUNNERS_GRANT_TOKEN"] {
        let variables = [(token, AUTH), ("N8N_RUNNERS_TASK_BROKER_URI", &uri), ("PALISADE_CA_FILE", ca)];
        let runner = Runner::start(&variables);
        runner.logs("TLS: invalid peer certificate: UnknownIssuer").await;
        assert!(!runner.stop().await.contains(AUTH));
    }
    assert_eq!(broker.transcript().len(), 0, "no request has reached it");
}

#[tokio::test]
async fn a_wrong_auth_token_ends_the_program_with_code_1() {
    let broker = EmbeddedBroker::start(options()).await.unwrap();
    let mut runner =
        Runner::start(&[("N8N_RUNNERS_AUTH_TOKEN", "wr0ng"), ("N8N_RUNNERS_TASK_BROKER_URI", &broker.uri())]);
    assert_eq!(runner.ends().await.code(), Some(1), "{}", runner.log());
    let line = "Authentication failed with status 403: server rejected N8N_RUNNERS_AUTH_TOKEN: HTTP 403";
    assert!(runner.log().lines().any(|logged| logged == line), "{}", runner.log());
    assert!(!runner.log().contains("wr0ng"));
}

#[tokio::test]
async fn a_grant_token_that_is_given_is_used_and_never_replaced() {
    let broker = EmbeddedBroker::start(options()).await.unwrap();
    let uri = broker.uri();
    let both = [("N8N_RUNNERS_GRANT_TOKEN", "used-up"), ("N8N_RUNNERS_AUTH_TOKEN", AUTH)];
    let mut runner = Runner::start(&[both[0], both[1], ("N8N_RUNNERS_TASK_BROKER_URI", &uri)]);
    assert_eq!(runner.ends().await.code(), Some(1), "its launcher waits for it to end: {}", runner.log());
    let events: Vec<_> = broker.transcript().into_iter().map(|entry| entry.what).collect();
    assert_eq!(events, [Recorded::TurnedAway(403)]);
}

#[tokio::test]
async fn a_runner_without_a_broker_ends_at_once() {
    let nobody = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let runner = Runner::start(&[("N8N_RUNNERS_AUTH_TOKEN", AUTH), ("N8N_RUNNERS_TASK_BROKER_URI", &nobody)]);
    // After some failures it waits for seconds.
    let begun = Instant::now();
    while runner.log().matches("retrying").count() < 6 {
        assert!(begun.elapsed() < LONG, "{}", runner.log());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    runner.stop().await;

    // A name that nobody knows: `.invalid` never exists, and a resolver may take its time to say so.
    let unknown = [("N8N_RUNNERS_GRANT_TOKEN", "t"), ("N8N_RUNNERS_TASK_BROKER_URI", "http://broker.invalid:5679")];
    let runner = Runner::start(&unknown);
    runner.logs("Starting runner...").await;
    runner.stop().await;
}
