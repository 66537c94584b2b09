//! The program as n8n meets it: a process of its own, whose start, memory and descendants can be told from the broker's.

use std::env;
use std::ffi::OsStr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::value::RawValue;
use tokio::time::{sleep, timeout};

use super::host;
use crate::config::Variables;
use crate::embedded::{EmbeddedBroker, Options, Recorded, TaskOutcome};
use crate::offers::random_id;

/// How long a start, or a task, may take before the benchmark gives up.
const PATIENCE: Duration = Duration::from_mins(5);

/// Time in which spares are made and memory settles.
const SETTLE: Duration = Duration::from_secs(2);

/// A runner, ended when dropped.
pub(super) struct Served {
    broker: EmbeddedBroker,
    child: Child,
    /// From before it was started until the broker had registered it; nothing where that was not recorded.
    pub(super) registered_in: Duration,
    /// From before it was started to its first offer.
    pub(super) offered_in: Duration,
}

impl Served {
    /// Starts one as the environment says, and the settings given.
    pub(super) async fn start(vars: &Variables, settings: &[(&str, &str)], record: bool) -> Result<Self, String> {
        let token = random_id();
        let options = Options { grant_token: token.clone(), record, ..Options::default() };
        let because = |what: &'static str| move |error: std::io::Error| format!("{what}: {error}");
        let broker =
            EmbeddedBroker::start(options).await.map_err(because("the embedded broker could not be started"))?;
        let program = env::current_exe().map_err(because("this program cannot be found"))?;
        // The operator's settings, except those that say where to and how many.
        let kept = vars.iter().filter(|(name, _)| {
            let name = name.to_string_lossy();
            !name.starts_with("N8N_RUNNERS_") || name.ends_with("_ALLOW")
        });
        let started = Instant::now();
        let child = Command::new(program)
            .env_clear()
            .envs(kept)
            .env("N8N_RUNNERS_GRANT_TOKEN", OsStr::new(&token))
            .env("N8N_RUNNERS_TASK_BROKER_URI", broker.uri())
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .map_err(because("the runner could not be started"))?;
        let mut served = Self { broker, child, registered_in: Duration::ZERO, offered_in: Duration::ZERO };
        served.first_offer(started, record).await?;
        Ok(served)
    }

    async fn first_offer(&mut self, started: Instant, record: bool) -> Result<(), String> {
        let when = |word: &'static str| {
            self.broker.wait_for(move |entries| {
                let is_it = |what: &Recorded| {
                    matches!(what, Recorded::Received(text) | Recorded::Sent(text) if text.contains(word))
                };
                entries.iter().find(|entry| is_it(&entry.what)).map(|entry| entry.at.into_std())
            })
        };
        let waiting = async {
            if record {
                return (when("broker:runnerregistered").await, when("runner:taskoffer").await);
            }
            while self.broker.open_offers().is_empty() {
                sleep(Duration::from_millis(1)).await;
            }
            (started, Instant::now())
        };
        let (registered, offered) =
            timeout(PATIENCE, waiting).await.map_err(|_| "the runner made no offer".to_owned())?;
        (self.registered_in, self.offered_in) = (registered - started, offered - started);
        Ok(())
    }

    /// Has one task run.
    pub(super) async fn task(&self, settings: &RawValue) -> Result<TaskOutcome, String> {
        let outcome = timeout(PATIENCE, self.broker.run_task(settings)).await;
        outcome.map_err(|_| "a task was not answered".to_owned())?.map_err(|error| error.to_string())
    }

    /// PSS in KiB of all its processes when nothing runs, where they may be looked at, and their number.
    pub(super) async fn idle(&self) -> (Option<u64>, usize) {
        sleep(SETTLE).await;
        (host::pss_kib(self.pid()), host::count(self.pid()))
    }

    /// The most memory the supervisor itself has held, in KiB.
    pub(super) fn peak_kib(&self) -> Option<u64> {
        host::peak_kib(self.pid())
    }

    fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).unwrap_or(0)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Its forkserver ends with it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
