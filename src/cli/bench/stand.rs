//! What tasks are measured on: the embedded broker and the benchmark on this thread, the runner on another, as n8n and its
//! runner are two. So what each of them costs can be told apart.

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream};
use palisade_policy::Allow;
use serde_json::value::RawValue;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::workload::Workload;
use super::{Failure, host, right, sealed};
use crate::cli::local::Local;
use crate::cli::startup::{self, CannotRun};
use crate::config::TaskConfig;
use crate::engine::Engine;
use crate::execute::Report;
use crate::interpreter::Interpreter;
use crate::session::Observed;

/// Tasks before the first that counts.
const WARM_UP: usize = 20;

/// Numbers of tasks, so that no two have the same text: of the first ones, and of those that run at once.
const WARM_UP_FROM: usize = 1_000_000;
const AT_ONCE_FROM: usize = 2_000_000;

/// What a runner that ends may leave behind.
const LEFTOVERS: Duration = Duration::from_millis(100);

/// An event loop on a thread of its own. Ends when it is dropped.
struct Aside {
    handle: Handle,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Aside {
    fn start() -> io::Result<Self> {
        let runtime = startup::runtime()?;
        let (handle, stop) = (runtime.handle().clone(), CancellationToken::new());
        let until = stop.clone();
        let serve = move || {
            runtime.block_on(until.cancelled());
            runtime.shutdown_timeout(LEFTOVERS);
        };
        let thread = thread::Builder::new().name("runner".into()).spawn(serve)?;
        Ok(Self { handle, stop, thread: Some(thread) })
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Seconds of CPU since the beginning of each.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cpu {
    /// The runner: its event loop, the analyzer's threads, those of the forkserver's supervisor.
    pub(super) supervisor: f64,
    /// The forkserver, and the children it has reaped.
    pub(super) children: f64,
    /// The broker and the benchmark, which are no part of what is measured.
    pub(super) bench: f64,
}

impl Cpu {
    /// What each of so many tasks cost since `before`, in milliseconds.
    fn each(self, before: Self, tasks: usize) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "far from 2^52 tasks")]
        let each = |now: f64, before: f64| (now - before) * 1000.0 / tasks as f64;
        Self {
            supervisor: each(self.supervisor, before.supervisor),
            children: each(self.children, before.children),
            bench: each(self.bench, before.bench),
        }
    }

    /// What is the runner's own.
    pub(super) fn own(&self) -> f64 {
        self.supervisor + self.children
    }
}

/// A runner in this process.
pub(super) struct Stand {
    pub(super) engine: Arc<Engine>,
    pub(super) local: Local,
    told: mpsc::Receiver<Observed>,
    /// The next task of [`Stand::at_once`].
    number: usize,
    _aside: Aside,
}

impl Stand {
    /// One with these modules allowed, or those of the configuration where there are none; warm.
    pub(super) async fn start(
        config: &TaskConfig,
        interpreter: &Interpreter,
        modules: &[&str],
        concurrency: usize,
    ) -> Result<Self, Failure> {
        let mut config = config.clone();
        if !modules.is_empty() {
            config.stdlib_allow =
                Allow::parse("bench", &modules.join(",")).map_err(|error| Failure::Internal(error.to_string()))?;
        }
        let aside = Aside::start().map_err(|error| format!("the runner's event loop could not be started: {error}"))?;
        let policies = startup::policies(&config, None).map_err(CannotRun::from)?;
        let policies = policies.only(&policies.default_profile().name).map_err(CannotRun::from)?;
        let interpreter = interpreter.clone();
        // What children speak on belongs to the event loop that made it.
        let starting = aside.handle.spawn(async move {
            let engine = Engine::start(&config, &policies, &interpreter, concurrency).await?;
            engine.proven().await?;
            Ok(engine)
        });
        let started = starting.await.map_err(|error| format!("the runner failed: {error}"))?;
        let engine = started.map_err(CannotRun::Engine)?;
        let (local, told) = Local::start_on(&aside.handle, Arc::clone(&engine), concurrency).await?;
        let mut stand = Self { engine, local, told, number: AT_ONCE_FROM, _aside: aside };
        let tiny = Workload::tiny();
        for number in 0..WARM_UP {
            stand.task(&tiny, &tiny.settings(WARM_UP_FROM + number)?).await?;
        }
        Ok(stand)
    }

    /// Runs one; its time, and what held for it.
    pub(super) async fn task(
        &mut self,
        workload: &Workload,
        settings: &RawValue,
    ) -> Result<(Duration, Report), String> {
        let outcome = self.local.task(settings).await?;
        right(workload, &outcome)?;
        Ok((outcome.elapsed, sealed(&mut self.told)?))
    }

    /// Runs these one after the other; their times, and what held for them.
    pub(super) async fn one_by_one(
        &mut self,
        workload: &Workload,
        settings: impl Iterator<Item = Result<Box<RawValue>, String>>,
    ) -> Result<(Vec<Duration>, Vec<String>), String> {
        let (mut times, mut layers) = (Vec::new(), Vec::new());
        for settings in settings {
            if workload.spaced {
                self.engine.pool().filled().await;
            }
            let (took, report) = self.task(workload, &settings?).await?;
            times.push(took);
            layers = report.layers;
        }
        Ok((times, layers))
    }

    /// Runs so many of one kind, so many at a time; the time of each, in the order in which they ended.
    pub(super) async fn at_once(
        &mut self,
        workload: &Workload,
        in_flight: usize,
        tasks: usize,
    ) -> Result<Vec<Duration>, String> {
        let numbers = self.number..self.number + tasks;
        self.number = numbers.end;
        let local = &self.local;
        let run = |number| async move { local.task(&workload.settings(number)?).await };
        let mut running = stream::iter(numbers).map(run).buffer_unordered(in_flight);
        let mut times = Vec::with_capacity(tasks);
        while let Some(outcome) = running.next().await {
            let outcome = outcome?;
            right(workload, &outcome)?;
            sealed(&mut self.told)?;
            times.push(outcome.elapsed);
        }
        Ok(times)
    }

    /// And the pid of the forkserver it is about: what a successor has used is no difference to it.
    fn cpu(&self) -> Option<(Cpu, i32)> {
        let (own, bench) = (host::cpu_seconds("self", false)?, host::cpu_seconds("thread-self", false)?);
        let pid = self.engine.pool().forkserver()?.pid;
        Some((Cpu { supervisor: own - bench, children: host::cpu_seconds(&pid.to_string(), true)?, bench }, pid))
    }

    /// Measures so many tasks; nothing where the kernel does not tell.
    pub(super) fn meter(&self) -> Meter {
        Meter { before: self.cpu(), since: Instant::now() }
    }
}

/// What was used when a measurement began.
pub(super) struct Meter {
    before: Option<(Cpu, i32)>,
    since: Instant,
}

impl Meter {
    /// Milliseconds of CPU for each of so many tasks, and the time for all of them.
    pub(super) fn read(&self, stand: &Stand, tasks: usize) -> (Option<Cpu>, Duration) {
        let wall = self.since.elapsed();
        let both = self.before.zip(stand.cpu()).filter(|((_, before), (_, now))| before == now);
        let cpu = both.map(|((before, _), (now, _))| now.each(before, tasks));
        (cpu, wall)
    }
}
