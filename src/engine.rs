//! Everything that runs tasks, put together: analyzer, policy, pool. It is what the runner calls to execute.

use std::future::Future;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use palisade_analyzer::{Analyzer, Rules, Settings as AnalyzerSettings, Verdict as Analysis};
use palisade_policy::Policy;
use palisade_sandbox::layer::{Outcome, Refusal, State};
use palisade_sandbox::probe;
use thiserror::Error;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::budget::Budget;
use crate::config::TaskConfig;
use crate::execute::{Answer, Execute, Task};
use crate::forkserver::StartError;
use crate::interpreter::Interpreter;
use crate::plan::{Planned, THREADS, plan};
use crate::pool::Pool;
use crate::promises::{self, Grants, Ground, Promise};
use crate::task;

/// More spares than this only cost memory: a child is forked faster than a task is fetched.
const MOST_SPARES: usize = 8;

/// Verdicts that are remembered: as many as n8n's own runner remembers.
const CACHED_VERDICTS: NonZeroUsize = NonZeroUsize::new(500).unwrap();

/// Time for one analysis. The bounds on size and depth keep it far below.
const ANALYSIS_LIMIT: Duration = Duration::from_secs(10);

/// Bounds of one task, in bytes or counts.
#[derive(Debug, Clone, Copy)]
pub struct TaskLimits {
    /// Memory beyond what a child has when it is sealed.
    pub memory: u64,
    /// The result's JSON.
    pub result: u64,
    /// Prints that are sent.
    pub prints: u64,
    /// One print.
    pub print_bytes: u64,
    /// Threads at a time, a count.
    pub threads: u32,
}

/// Runs tasks in sealed children.
#[derive(Debug)]
pub struct Engine {
    analyzer: AnalyzerHandle,
    rules: Arc<Rules>,
    pub(crate) pool: Pool,
    pub(crate) limits: TaskLimits,
    pub(crate) budget: Budget,
    pub(crate) timeout: Duration,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) settled: Vec<Outcome>,
    grants: Grants,
}

/// Why tasks cannot be run here.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EngineError {
    /// A required layer is missing.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The forkserver did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The analyzer did not start.
    #[error("the analyzer's thread could not be started: {0}")]
    Analyzer(std::io::Error),
}

struct AnalyzerHandle(Analyzer);

impl std::fmt::Debug for AnalyzerHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Analyzer")
    }
}

impl Engine {
    /// Starts the analyzer, a forkserver and its first spares.
    ///
    /// # Errors
    /// [`EngineError`]: nothing can be run here, and why.
    pub async fn start(
        config: &TaskConfig,
        policy: &Policy,
        interpreter: &Interpreter,
        concurrency: usize,
    ) -> Result<Arc<Self>, EngineError> {
        let planned = plan(policy, interpreter, config, concurrency)?;
        Self::start_planned(config, policy, planned, concurrency).await
    }

    /// As [`Engine::start`], from a plan that was made already.
    ///
    /// # Errors
    /// As [`Engine::start`].
    pub async fn start_planned(
        config: &TaskConfig,
        policy: &Policy,
        planned: Planned,
        concurrency: usize,
    ) -> Result<Arc<Self>, EngineError> {
        let lanes = available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let settings = AnalyzerSettings {
            lanes,
            queue: concurrency.saturating_mul(2).max(16),
            cached: CACHED_VERDICTS,
            time_limit: ANALYSIS_LIMIT,
            abandoned: 2,
        };
        let analyzer = Analyzer::start(settings).map_err(EngineError::Analyzer)?;
        let pool = Pool::start(planned.recipe, concurrency.clamp(1, MOST_SPARES), planned.recycling).await?;
        let mib = |mib: u64| mib.saturating_mul(1024 * 1024);
        let engine = Arc::new(Self {
            analyzer: AnalyzerHandle(analyzer),
            rules: Arc::new(rules(policy)),
            pool,
            limits: TaskLimits {
                memory: mib(policy.limits.memory_mib),
                result: mib(policy.limits.result_mib),
                prints: policy.limits.prints,
                print_bytes: policy.limits.print_bytes,
                threads: THREADS,
            },
            budget: Budget::new(config.answer_memory),
            timeout: config.timeout,
            env: config.env.clone(),
            settled: planned.settled,
            grants: Grants::of(policy),
        });
        if let Some(warning) = promises::warning(&engine.promises()) {
            tracing::warn!("{warning}");
        }
        Ok(engine)
    }

    /// What became of each layer.
    pub fn layers(&self) -> Vec<Outcome> {
        let mut layers = self.pool.forkserver().map(|forkserver| forkserver.layers.clone()).unwrap_or_default();
        layers.retain(|outcome| self.settled.iter().all(|settled| settled.layer != outcome.layer));
        layers.extend(self.settled.iter().cloned());
        layers
    }

    /// Names of the layers that are missing here, or switched off.
    pub fn missing(&self) -> Vec<String> {
        let is_missing = |state: &State| matches!(state, State::Missing { .. } | State::Off);
        let layers = self.layers().into_iter().filter(|outcome| is_missing(&outcome.state));
        layers.map(|outcome| outcome.layer.name().to_owned()).collect()
    }

    /// What stands against each class of attack, from what became of each layer.
    pub fn promises(&self) -> Vec<Promise> {
        let landlock_abi = probe::landlock_abi();
        promises::promises(&Ground { outcomes: &self.layers(), landlock_abi, grants: self.grants })
    }

    /// The sealed children in stock.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Judges code, off the event loop.
    pub(crate) async fn analyze(&self, code: &str) -> Arc<Analysis> {
        let (tell, told) = oneshot::channel();
        self.analyzer.0.submit(code.into(), Arc::clone(&self.rules), |verdict| {
            let _ = tell.send(verdict);
        });
        // The analyzer promises an answer; without one the code is not judged, so it does not run.
        told.await.unwrap_or_else(|_| Arc::new(Analysis::Failed(palisade_analyzer::Failure::NoThread)))
    }
}

impl Execute for Engine {
    fn execute(self: Arc<Self>, task: Task, cancel: CancellationToken) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
        Box::pin(async move { task::run(&self, &task, &cancel).await })
    }
}

/// The analyzer's rules, as the policy has them.
pub fn rules(policy: &Policy) -> Rules {
    policy.rules()
}
