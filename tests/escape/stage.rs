//! A runner in one configuration, with a sibling task, between two attempts.

use std::sync::Arc;
use std::time::{Duration, Instant};

use palisade::embedded::{AcceptedTask, Recorded};
use palisade::offers::random_id;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::attempt::Code;
use crate::configuration::{Configuration, MEMORY_MIB, RESULT_MIB, TIMEOUT};
use crate::messages::Bounds;
use crate::posture::posture;
use crate::sandbox::eventually;
use crate::sandbox::process::{Process, Strangers};
use crate::sandbox::runner::Runner;
use crate::world::Inhabitants;

/// The sibling is replaced before its own time is up.
const SIBLING_IS_OLD: Duration = Duration::from_secs(8);

/// How long anything ordinary may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Spares of a runner here.
const SPARES: usize = 2;

/// A runner and its sibling task.
pub(crate) struct Stage {
    /// The runner.
    pub(crate) runner: Runner,
    /// A task that sleeps, where its modules let it.
    pub(crate) sibling: Option<Sibling>,
    /// What the items of the sibling hold.
    pub(crate) secret: String,
    /// What a task may use.
    pub(crate) bounds: Bounds,
    /// Bytes a task may use.
    pub(crate) memory: u64,
    with_sibling: bool,
    strangers: Arc<Strangers>,
    /// Frames and bytes of log that were looked at.
    seen: (usize, u64),
}

/// A task that does nothing for long.
pub(crate) struct Sibling {
    /// Its id.
    pub(crate) id: String,
    /// Its process.
    pub(crate) process: Process,
    /// How it was.
    pub(crate) posture: Vec<String>,
    since: Instant,
    _task: AcceptedTask,
}

impl Stage {
    /// Starts a runner for a group of attempts.
    pub(crate) async fn new(
        configuration: &Configuration,
        code: &Code,
        limits: &[(String, u64)],
        strangers: &Arc<Strangers>,
    ) -> Self {
        let limit = |name: &str| limits.iter().find(|(known, _)| known == name).map(|(_, value)| *value);
        let sleeps = match code {
            Code::User { allow } => allow.split(',').any(|name| name == "time"),
            Code::Native { .. } => true,
        };
        let small = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
        Self {
            runner: Runner::start(configuration.setup(code, limits)).await,
            sibling: None,
            secret: format!("sibling-{}", random_id()),
            bounds: Bounds {
                result: small(limit("result_mib").unwrap_or(RESULT_MIB) << 20),
                prints: small(limit("prints").unwrap_or(100)),
                print: small(limit("print_bytes").unwrap_or(65536)),
            },
            memory: limit("memory_mib").unwrap_or(MEMORY_MIB) << 20,
            with_sibling: sleeps && limit("timeout_s").is_none_or(|seconds| seconds >= u64::from(TIMEOUT)),
            strangers: Arc::clone(strangers),
            seen: (0, 0),
        }
    }

    /// Waits until all its processes are there and at rest.
    ///
    /// # Errors
    /// What is missing.
    pub(crate) async fn settle(&mut self) -> Result<Inhabitants, String> {
        if self.sibling.as_ref().is_some_and(|sibling| sibling.since.elapsed() > SIBLING_IS_OLD) {
            self.end_sibling().await;
        }
        if self.with_sibling && self.sibling.is_none() {
            self.sibling = Some(self.begin_sibling().await?);
        }
        self.at_rest().await
    }

    async fn at_rest(&self) -> Result<Inhabitants, String> {
        let sibling = self.sibling.as_ref().map(|sibling| sibling.process);
        let supervisor = self.runner.supervisor;
        let mut found: Option<Inhabitants> = None;
        let look = || {
            // A second time, so that one which only paused on its way is not taken for one that waits.
            if let Some(seen) = &found {
                if seen.spares.iter().all(|spare| spare.is_asleep()) {
                    return true;
                }
                found = None;
            }
            let family = supervisor.family(&self.strangers);
            let of = |parent: i32| family.iter().filter(move |(_, p)| *p == parent).map(|(process, _)| *process);
            let forkservers: Vec<_> = of(supervisor.pid).collect();
            let [forkserver] = forkservers[..] else { return false };
            let mut spares: Vec<_> = of(forkserver.pid).filter(|process| Some(*process) != sibling).collect();
            spares.sort();
            if spares.len() == SPARES && spares.iter().all(|spare| spare.is_asleep()) {
                found = Some(Inhabitants { supervisor, forkserver, sibling, spares });
            }
            false
        };
        let settled = eventually(PATIENCE, look).await;
        found.filter(|_| settled).ok_or_else(|| format!("the runner has no spares: {}", tail(&self.runner.log())))
    }

    async fn begin_sibling(&self) -> Result<Sibling, String> {
        let spares = self.at_rest().await?.spares;
        let idle: Vec<_> = spares.into_iter().map(|spare| (spare, spare.switches().unwrap_or(u64::MAX))).collect();
        let accepted = timeout(PATIENCE, self.runner.broker.begin_task()).await;
        let task = accepted.map_err(|_| "no offer for the sibling")?.map_err(|e| e.to_string())?;
        let items = json!([{"json": {"secret": self.secret}}]);
        task.send_settings(&crate::sandbox::runner::settings("import time\ntime.sleep(600)\n", &items));
        // The spare that got it wakes up; the others sleep on.
        let mut process = None;
        let woken = || {
            process = idle.iter().find(|(spare, before)| spare.switches().is_some_and(|now| now > *before));
            process.is_some()
        };
        eventually(PATIENCE, woken).await;
        let process = process.map(|(process, _)| *process).ok_or("no spare woke up for the sibling")?;
        Ok(Sibling { id: task.id.clone(), process, posture: posture(process), since: Instant::now(), _task: task })
    }

    /// Cancels the sibling and waits for its end.
    pub(crate) async fn end_sibling(&mut self) {
        let Some(sibling) = self.sibling.take() else { return };
        self.runner.broker.cancel(&sibling.id, "over");
        eventually(PATIENCE, || !sibling.process.is_alive()).await;
        // Its answer is nobody's business any more.
        let id = sibling.id.clone();
        let answered = self.runner.broker.wait_for(|entries| {
            entries.iter().rev().any(|entry| matches!(&entry.what, Recorded::Received(text) if text.contains(&id) && text.contains("runner:taskerror"))).then_some(())
        });
        let _ = timeout(PATIENCE, answered).await;
        self.forget().await;
    }

    /// What the runner sent and logged since the last look.
    pub(crate) async fn news(&mut self) -> (Vec<String>, String) {
        let from = self.seen.0;
        let (frames, count) = self
            .runner
            .broker
            .wait_for(|entries| {
                let new = entries.iter().skip(from).filter_map(|entry| match &entry.what {
                    Recorded::Received(text) => Some(text.clone()),
                    _ => None,
                });
                Some((new.collect::<Vec<_>>(), entries.len()))
            })
            .await;
        let (log, end) = self.runner.log_from(self.seen.1);
        self.seen = (count, end);
        (frames, log)
    }

    /// Looks at everything so far, so that it is not looked at again.
    pub(crate) async fn forget(&mut self) {
        self.news().await;
    }

    /// An ordinary task: its id, and whether it went as it must.
    pub(crate) async fn ordinary(&self) -> (Option<String>, Result<(), String>) {
        let code = "return [{'json': {'sum': sum(item['json']['n'] for item in _items)}}]";
        let items = json!([{"json": {"n": 2}}, {"json": {"n": 40}}]);
        let task = match timeout(PATIENCE, self.runner.broker.begin_task()).await {
            Ok(Ok(task)) => task,
            Ok(Err(error)) => return (None, Err(error.to_string())),
            Err(_) => return (None, Err("no offer".into())),
        };
        let id = Some(task.id.clone());
        task.send_settings(&crate::sandbox::runner::settings(code, &items));
        let answer = match timeout(PATIENCE, task.outcome()).await {
            Ok(Ok(outcome)) => outcome.verdict,
            Ok(Err(error)) => return (id, Err(error.to_string())),
            Err(_) => return (id, Err("no answer".into())),
        };
        let result = match answer {
            Ok(result) => serde_json::from_str::<Value>(result.get()).map_err(|error| error.to_string()),
            Err(error) => Err(format!("{error:?}")),
        };
        match result {
            Ok(value) if value == json!([{"json": {"sum": 42}}]) => (id, Ok(())),
            Ok(other) => (id, Err(format!("it returned {other}"))),
            Err(error) => (id, Err(error)),
        }
    }
}

/// The end of a text.
pub(crate) fn tail(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(5)..].join(" | ")
}
