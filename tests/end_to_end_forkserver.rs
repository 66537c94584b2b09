//! The forkserver is replaced when it is old and when it is stuck, and tasks hear nothing of it.
#![cfg(not(feature = "unsealed"))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

#[path = "common/engine.rs"]
mod engine;

use std::collections::HashSet;

use std::process::Command;

use engine::{Harness, Setup, interpreter};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use palisade::{extension, interpreter as python};
use serde_json::json;

fn forkserver(harness: &Harness) -> i32 {
    harness.engine.pool().forkserver().expect("there is a forkserver").pid
}

#[tokio::test]
async fn an_old_one_serves_until_its_successor_does() {
    let mut setup = Setup::allowing("", "");
    setup.change = Box::new(|policy| policy.limits.tasks_per_forkserver = 5);
    let harness = setup.start().await;
    let mut seen = HashSet::new();
    // How many tasks an old one still serves depends on how long its successor takes to start.
    for number in 0..5000 {
        seen.insert(forkserver(&harness));
        assert_eq!(harness.result(&format!("return {number}")).await, json!(number));
        if seen.len() > 3 {
            break;
        }
    }
    assert!(seen.len() > 3, "5000 tasks came from {} forkservers of at most 5 tasks each", seen.len());
    harness.stop().await;
}

/// Stopped, it neither forks nor dies. Once it was kept for an hour, and every task was refused.
#[tokio::test]
async fn a_stuck_one_is_ended_and_replaced() {
    let harness = Setup::allowing("", "").start().await;
    harness.engine.pool().filled().await;
    let stuck = forkserver(&harness);
    kill(Pid::from_raw(stuck), Signal::SIGSTOP).unwrap();
    // The first task takes the spare there is; the second one has to wait for a child of the successor.
    for number in 0..3 {
        assert_eq!(harness.result(&format!("return {number}")).await, json!(number));
    }
    assert_ne!(forkserver(&harness), stuck);
    assert!(kill(Pid::from_raw(stuck), None).is_err(), "the stuck one is still there");
    harness.stop().await;
}

/// A package that keeps eight MiB more at every fork.
const HOG: &str = "import os\nkept = []\nos.register_at_fork(before=lambda: kept.append(b'x' * (8 << 20)))\n";

#[tokio::test]
async fn one_that_grows_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let made = Command::new(&interpreter().path).args(["-m", "venv", "--without-pip"]).arg(folder.path()).status();
    assert!(made.unwrap().success());
    let named = folder.path().join("bin/python");
    let found = python::find(Some(&named), &|_| None, &extension::supported()).unwrap().interpreter;
    std::fs::write(found.site_packages[0].join("hog.py"), HOG).unwrap();
    for (external, replaced) in [("hog", true), ("", false)] {
        let mut setup = Setup::allowing("", external);
        setup.interpreter = Some(found.clone());
        let harness = setup.start().await;
        let first = forkserver(&harness);
        let mut seen = HashSet::from([first]);
        for number in 0..40 {
            assert_eq!(harness.result(&format!("return {number}")).await, json!(number));
            harness.engine.pool().filled().await;
            seen.extend(harness.engine.pool().forkserver().map(|forkserver| forkserver.pid));
        }
        assert_eq!(seen.len() > 1, replaced, "{seen:?}");
        harness.stop().await;
    }
}
