//! A thousand hostile tasks among a thousand ordinary ones, eight at a time: no ordinary one suffers, and nothing is left.
//!
//! The hostile ones are the attempts of tests/escape that do not take long, as ordinary code and as native code.

#![cfg(all(target_os = "linux", not(feature = "unsealed")))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]
#![allow(dead_code, reason = "parts of the escape suite that this test does not use")]

#[path = "escape/attempt.rs"]
mod attempt;
#[path = "escape/configuration.rs"]
mod configuration;
#[path = "escape/decoy.rs"]
mod decoy;
#[path = "escape/listeners.rs"]
mod listeners;
#[path = "escape/messages.rs"]
mod messages;
#[path = "escape/posture.rs"]
mod posture;
#[path = "escape/world.rs"]
mod world;

mod common {
    pub(crate) mod sandbox;
}

use std::collections::HashMap;
use std::time::{Duration, Instant};

use attempt::{Attempt, Code};
use common::sandbox;
use configuration::{Configuration, Purpose};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use nix::unistd::getuid;
use palisade::embedded::Recorded;
use sandbox::process::{Process, Strangers};
use sandbox::runner::{Runner, Setup, outcome};
use sandbox::{LONG, eventually, skip, soon};
use serde_json::{Value, json};
use world::{Inhabitants, World};

const PRELUDE: &str = include_str!("escape/prelude.py");

/// Of each kind.
const TASKS: usize = 1000;

const AT_ONCE: usize = 8;

/// An attempt that takes longer than this alone would only hold a place.
const LONG_ATTEMPT: Duration = Duration::from_millis(300);

/// What the runner may keep of allocations that are over.
const SLACK: u64 = 64 << 20;

#[tokio::test]
async fn no_ordinary_task_is_lost_among_hostile_ones_and_nothing_is_left() {
    let (attempts, wrong) = attempt::all();
    assert!(wrong.is_empty(), "{wrong:?}");
    let name = if getuid().is_root() { "full, root, no namespaces" } else { "full, no namespaces" };
    let configurations = Configuration::all().into_iter();
    let chosen: Vec<_> = configurations.filter(|c| c.name == "full" || c.name == name).collect();
    assert!(chosen.iter().all(|configuration| configuration.purpose == Purpose::Full));
    let kinds = [Code::Native { tier: "strict".into() }, Code::User { allow: String::new() }];
    for (turn, configuration) in chosen.iter().enumerate() {
        for kind in &kinds {
            let of_kind = |attempt: &&Attempt| attempt.code == *kind && attempt.limits.is_empty();
            let hostile: Vec<_> = attempts.iter().filter(of_kind).collect();
            let tasks = TASKS / chosen.len() / kinds.len();
            mix(configuration, kind, &hostile, tasks, turn * tasks).await;
        }
    }
}

/// Runs `tasks` of each kind; the hostile ones go round, beginning at the attempt `first`.
async fn mix(configuration: &Configuration, kind: &Code, attempts: &[&Attempt], tasks: usize, first: usize) {
    let setup = Setup { concurrency: AT_ONCE, ..configuration.setup(kind, &[]) };
    let runner = Runner::start(setup).await;
    let mut world = World::new(configuration.user);
    let (forkserver, spares) = runner.filled().await;
    let inhabitants = Inhabitants { supervisor: runner.supervisor, forkserver, sibling: None, spares };
    let mark = format!("palisade-mix-{}", palisade::offers::random_id());
    let items = json!([{"json": world.host(&inhabitants, &mark, i32::MAX)}]);

    // Each once, and those that were slow not again.
    let mut quick = Vec::new();
    for attempt in attempts {
        let started = Instant::now();
        one(&runner, 0, Some(&code_of(attempt)), &items).await;
        if started.elapsed() < LONG_ATTEMPT {
            quick.push(code_of(attempt));
        }
    }
    assert!(quick.len() > attempts.len() / 2, "{} of {} attempts are quick", quick.len(), attempts.len());
    let before = standing(&runner, forkserver, &world.strangers).await;

    let mut running = FuturesUnordered::new();
    let mut ids = Vec::new();
    for number in 0..tasks * 2 {
        while running.len() >= AT_ONCE {
            ids.push(running.next().await.expect("a task is running"));
        }
        let hostile = (number % 2 == 0).then(|| quick[(first + number / 2) % quick.len()].as_str());
        running.push(one(&runner, number, hostile, &items));
    }
    while let Some(id) = running.next().await {
        ids.push(id);
    }
    drop(running);

    assert_eq!(ids.len(), tasks * 2);
    let answers = answers(&runner);
    for id in &ids {
        assert_eq!(answers.get(id), Some(&1), "answers to {id}");
    }
    let after = standing(&runner, forkserver, &world.strangers).await;
    let name = &configuration.name;
    assert_eq!(after.descriptors, before.descriptors, "{name}, {kind:?}: descriptors of supervisor and forkserver");
    assert_eq!(after.processes, before.processes, "{name}, {kind:?}: processes");
    assert!(
        after.memory <= before.memory + SLACK,
        "{name}, {kind:?}: memory grew from {} to {} MiB",
        before.memory >> 20,
        after.memory >> 20
    );
    assert!(world.private.changes().is_empty() && world.public.changes().is_empty(), "files were changed");
    assert!(world.listeners.heard().is_empty(), "somebody was heard");
    assert!(world.decoy.complaints().is_empty() && world.decoy.process.is_alive(), "the decoy was touched");
    for folder in world.watched() {
        for entry in folder.read_dir().into_iter().flatten().flatten() {
            let name = entry.file_name();
            assert!(!name.to_string_lossy().contains(&mark), "{} was made", entry.path().display());
        }
    }
    println!("{name}, {kind:?}: {tasks} hostile tasks of {} kinds, {tasks} ordinary ones", quick.len());
}

fn code_of(attempt: &Attempt) -> String {
    if attempt.is_native() { format!("{PRELUDE}{}", attempt.source) } else { attempt.source.clone() }
}

/// Runs one task, which must go well unless it is hostile. Its id.
async fn one(runner: &Runner, number: usize, hostile: Option<&str>, items: &Value) -> String {
    if let Some(code) = hostile {
        let task = runner.begin(code, items).await;
        let id = task.id.clone();
        // Whatever it is, and not always something that can be parsed into values.
        soon("an answer", task.outcome()).await.expect("the runner is connected");
        return id;
    }
    let code =
        "print('task', _items[0]['json']['n'])\nreturn [{'json': {'twice': item['json']['n'] * 2}} for item in _items]";
    let task = runner.begin(code, &json!([{"json": {"n": number}}, {"json": {"n": -7}}])).await;
    let id = task.id.clone();
    let answer = outcome(task).await;
    assert_eq!(answer, Ok(json!([{"json": {"twice": number * 2}}, {"json": {"twice": -14}}])), "task {number}");
    id
}

fn answers(runner: &Runner) -> HashMap<String, usize> {
    let mut answers = HashMap::new();
    for entry in runner.broker.transcript() {
        let Recorded::Received(text) = entry.what else { continue };
        let names = ["type", "taskId"];
        let Ok([Some(kind), Some(task)]) = palisade::frame::fields(&text, names) else { continue };
        if ["\"runner:taskdone\"", "\"runner:taskerror\""].contains(&kind.get()) {
            *answers.entry(task.get().trim_matches('"').to_owned()).or_insert(0) += 1;
        }
    }
    answers
}

/// What the runner takes while it does nothing.
#[derive(Debug, PartialEq, Eq)]
struct Standing {
    descriptors: (usize, usize),
    processes: usize,
    memory: u64,
}

async fn standing(runner: &Runner, forkserver: Process, strangers: &Strangers) -> Standing {
    let mut last = None;
    let mut now = None;
    // Ends of tasks are still being worked off when their answers are there.
    let settled = eventually(LONG, || {
        let of = |process: Process| process.descriptors().len();
        let descriptors = (of(runner.supervisor), of(forkserver));
        now = Some((descriptors, runner.supervisor.family(strangers).len()));
        let settled = now == last && runner.supervisor.family(strangers).len() == AT_ONCE + 1;
        last = now;
        settled
    });
    assert!(settled.await, "the runner does not settle: {now:?}");
    assert!(forkserver.is_alive(), "the forkserver was ended");
    let (descriptors, processes) = now.expect("it was looked at");
    if descriptors == (0, 0) {
        skip("descriptors of a runner that is not dumpable are shown to root only");
    }
    let (supervisor, below) = posture::memory_of_tree(runner.supervisor, strangers);
    Standing { descriptors, processes, memory: supervisor + below }
}
