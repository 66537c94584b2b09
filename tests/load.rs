//! The built program under load, as much as fits into seconds. docs/development.md has the command for more.

#![cfg(all(target_os = "linux", not(feature = "unsealed")))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

mod common {
    pub(crate) mod runner;
}

use std::process::Command;
use std::time::Duration;

use common::runner::{LONG, Runner};
use palisade::embedded::{EmbeddedBroker, Options};
use serde_json::value::RawValue;
use serde_json::{Value, json};

const TOKEN: &str = "the-grant-token";

/// What the kernel tells of a process, in KiB.
fn kib(pid: u32, field: &str) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).expect("Linux has it");
    line.split_whitespace().next().unwrap().parse().unwrap()
}

async fn runner(broker: &EmbeddedBroker) -> Runner {
    let runner = Runner::of(broker, TOKEN, &[("N8N_RUNNERS_TASK_TIMEOUT", "100")]);
    runner.logs("Registered with broker").await;
    runner
}

async fn run(broker: &EmbeddedBroker, settings: &str) -> Box<RawValue> {
    let settings = RawValue::from_string(settings.to_owned()).unwrap();
    let outcome = tokio::time::timeout(LONG, broker.run_task(&settings)).await.unwrap().unwrap();
    outcome.verdict.unwrap()
}

fn echo(mib: usize) -> String {
    let text = "x".repeat(1 << 20);
    let item = format!(r#"{{"json":{{"text":"{text}"}}}}"#);
    let items = vec![item; mib].join(",");
    format!(r#"{{"code":"return _items","nodeMode":"runOnceForAllItems","items":[{items}]}}"#)
}

/// Items are not copied out of their frame, and go when the child has them; a result is held once.
#[tokio::test]
async fn the_supervisor_holds_a_large_payload_less_than_two_and_a_half_times() {
    const MIB: usize = 64;
    let broker = EmbeddedBroker::start(Options { grant_token: TOKEN.to_owned(), ..Options::default() }).await.unwrap();
    let runner = runner(&broker).await;
    run(&broker, &echo(1)).await;
    let before = kib(runner.pid(), "VmRSS:");
    let result = run(&broker, &echo(MIB)).await;
    assert!(result.get().len() > MIB << 20);
    let held = kib(runner.pid(), "VmHWM:") - before;
    println!("{} percent", held * 100 / (MIB << 10));
    assert!(held * 10 < (MIB << 10) * 25, "{held} KiB for {MIB} MiB");

    // tungstenite keeps the buffer of the largest frame for the next one of a connection; nothing else stays, and nothing more
    // with the second one.
    run(&broker, &echo(MIB)).await;
    run(&broker, &echo(1)).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let after = kib(runner.pid(), "VmRSS:");
    assert!(after < before + ((MIB + 16) << 10), "{before} KiB became {after}");
}

/// The benchmark's own test of load: it ends with 1 where anything is lost, grows, or is offered and then turned down.
#[test]
fn a_hundred_slow_tasks_at_once_and_a_row_at_full_rate() {
    let output = Command::new(env!("CARGO_BIN_EXE_palisade"))
        .args(["bench", "--load", "--json", "--tasks", "300"])
        .output()
        .expect("the program starts");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{stdout}{stderr}");
    let told: Value = serde_json::from_str(&stdout).expect("JSON on stdout");
    assert_eq!((&told["slow"]["ms"]["count"], &told["slow"]["in_flight"]), (&json!(300), &json!(100)), "{told}");
    assert_eq!((&told["row"]["ms"]["count"], &told["rejections"]), (&json!(300), &json!(0)), "{told}");
    assert!(told["memory_mib"]["runner_and_broker"][1].as_f64().is_some_and(|mib| mib > 1.0), "{told}");
    assert!(told["row"]["cpu_ms"]["supervisor"].as_f64().is_some_and(|ms| ms > 0.0), "{told}");
}
