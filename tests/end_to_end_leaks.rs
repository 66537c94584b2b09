//! Two thousand tasks, and nothing is left behind. One test, as it counts what belongs to the process it runs in.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

#[path = "common/engine.rs"]
mod engine;

use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};

use engine::{Setup, settings, soon};
use futures_util::future::join_all;
use serde_json::json;

/// What the supervisor's memory may grow by between the 300th task and the last, in KiB: what the allocator keeps, and no
/// more for more tasks.
const MOST_GROWTH: u64 = 5 * 1024;

/// Waits until `done`, which must come soon.
async fn until(what: &str, mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < Duration::from_secs(20), "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Resident memory of this process, which is the supervisor, in KiB.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Live processes and zombies that descend from this one.
fn descendants() -> (usize, usize) {
    let mut processes = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
        let mut fields = stat.rsplit(") ").next().unwrap().split(' ');
        let state = fields.next().unwrap().to_owned();
        processes.push((pid, state, fields.next().unwrap().parse::<u32>().unwrap()));
    }
    let mut ours = BTreeSet::from([std::process::id()]);
    loop {
        let before = ours.len();
        ours.extend(
            processes.iter().filter(|(_, _, parent)| ours.contains(parent)).map(|(pid, ..)| *pid).collect::<Vec<_>>(),
        );
        if ours.len() == before {
            break;
        }
    }
    let zombies = processes.iter().filter(|(pid, state, _)| state == "Z" && ours.contains(pid)).count();
    (ours.len() - 1 - zombies, zombies)
}

#[tokio::test]
async fn thousands_of_tasks_leave_nothing_behind() {
    const ROUNDS: [usize; 3] = [300, 850, 850];
    let mut runner = Setup { concurrency: 5, ..Setup::allowing("json", "") }.start().await;
    let mut readings = Vec::new();
    for (round, tasks) in ROUNDS.into_iter().enumerate() {
        for start in (0..tasks).step_by(5) {
            let five = (start..start + 5).map(|n| {
                let code = if n % 7 == 0 { format!("raise KeyError({n})") } else { format!("print({n})\nreturn {n}") };
                let runner = &runner;
                async move { (n, runner.task(&settings(&code, json!({}))).await) }
            });
            for (n, outcome) in join_all(five).await {
                match outcome.verdict {
                    Ok(result) => assert_eq!((n % 7 == 0, result.get()), (false, n.to_string().as_str())),
                    Err(error) => assert_eq!((n % 7 == 0, &error["message"]), (true, &json!(n.to_string()))),
                }
            }
            for _ in 0..5 {
                runner.observed();
            }
        }
        soon(runner.engine.pool().filled()).await;
        // What was killed last is still being reaped.
        until("no zombie stays", || descendants().1 == 0).await;
        let mut now = (descriptors(), descendants().0);
        until("descriptors and processes settle", || {
            let before = std::mem::replace(&mut now, (descriptors(), descendants().0));
            before == now
        })
        .await;
        readings.push((resident(), now));
        println!("after {} tasks: {:?}", ROUNDS[..=round].iter().sum::<usize>(), readings[round]);
    }
    let [(first, ..), _, (last, ..)] = readings[..] else { panic!("three readings") };
    assert!(last <= first + MOST_GROWTH, "memory of the supervisor grows: {readings:?}");
    let things: BTreeSet<(usize, usize)> = readings.iter().map(|(_, things)| *things).collect();
    assert_eq!(things.len(), 1, "descriptors and processes: {readings:?}");
    runner.stop().await;
}
