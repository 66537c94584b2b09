//! What the built program's health server says while its forkserver is dead and none can be started, and afterwards.

#![cfg(all(target_os = "linux", not(feature = "unsealed")))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

mod common {
    pub(crate) mod sandbox;
}

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::time::Instant;

use common::sandbox::runner::{Runner, Setup, message};
use common::sandbox::{LONG, User};
use nix::sys::signal::Signal;
use nix::unistd::getuid;
use serde_json::json;

/// Status and body of a GET.
async fn get(port: u16, path: &'static str) -> (u16, String) {
    let ask = move || {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), body.to_owned())
    };
    tokio::task::spawn_blocking(ask).await.unwrap()
}

fn port(log: &str) -> u16 {
    let line = log.lines().find(|line| line.starts_with("Health check server listening on ")).expect(log);
    line.rsplit_once("port ").unwrap().1.parse().unwrap()
}

/// The soft limit of processes of the runner and of what it starts.
fn limit_processes(runner: &Runner, count: &str) {
    let mut command = Command::new("prlimit");
    if getuid().is_root() {
        // As its owner, which needs no capability that containers lack.
        command.uid(User::Ordinary.uid()).gid(User::Ordinary.uid());
    }
    let done = command.args(["--pid", &runner.supervisor.pid.to_string(), &format!("--nproc={count}:")]).status();
    assert!(done.expect("util-linux").success());
}

#[tokio::test]
async fn a_runner_whose_forkserver_cannot_be_started_says_so_until_it_can() {
    let setup = Setup::new(User::Ordinary)
        .variable("N8N_RUNNERS_HEALTH_CHECK_SERVER_ENABLED", "true")
        .variable("N8N_RUNNERS_HEALTH_CHECK_SERVER_PORT", "0");
    let runner = Runner::start(setup).await;
    let (forkserver, spares) = runner.filled().await;
    let port = port(&runner.log());
    // The analyzer has its thread from here on, and nothing is proven by code that never ran.
    assert_eq!(message(&runner.task("return _items.__class__", &json!([])).await), "Security violations detected");
    limit_processes(&runner, "0");
    forkserver.signal(Signal::SIGKILL);
    let begun = Instant::now();
    while forkserver.is_alive() || spares.iter().any(|spare| spare.is_alive()) {
        assert!(begun.elapsed() < LONG);
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }

    // A spare that died in stock is found out by whoever takes it.
    let (status, why) = loop {
        let answer = get(port, "/healthz").await;
        assert_eq!(answer.0, 503, "nothing can run: {answer:?}");
        if answer.1.contains("forkserver") {
            break answer;
        }
        assert!(begun.elapsed() < LONG, "{answer:?}");
    };
    assert!(
        status == 503 && why.starts_with("a probe task failed: Task was not run: ") && !why.contains('\n'),
        "{why}"
    );
    let (status, not_ready) = get(port, "/readyz").await;
    assert!(status == 503 && !not_ready.is_empty(), "{status}: {not_ready}");
    let (status, metrics) = get(port, "/metrics").await;
    assert_eq!(status, 200);
    let held: Vec<_> = metrics.lines().filter(|line| line.starts_with("palisade_layer_enforced{")).collect();
    assert!(!held.is_empty() && held.iter().all(|line| line.ends_with(" 0")), "{held:?}");

    limit_processes(&runner, "4096");
    let begun = Instant::now();
    while get(port, "/healthz").await != (200, "OK".to_owned()) {
        assert!(begun.elapsed() < LONG, "{}", runner.log());
    }
    runner.ordinary_task("there was no forkserver").await;
    assert!(runner.supervisor.is_alive());
}
