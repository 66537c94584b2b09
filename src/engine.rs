//! Everything that runs tasks, put together: analyzer, profiles, pools. It is what the runner calls to execute.
//!
//! Each profile that tasks can get has a pool of its own: a forkserver with its modules, and children sealed by its plan.

mod subject;

use std::future::Future;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use futures_util::future::try_join_all;
use palisade_analyzer::{Analyzer, Rules, Settings as AnalyzerSettings, Verdict as Analysis};
use palisade_channel::message::NonFinite;
use palisade_policy::{Labels, Match, Policies, Policy};
use palisade_sandbox::layer::{Outcome, Refusal};
use palisade_sandbox::probe;
use thiserror::Error;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::advice::Advisor;
use crate::budget::Budget;
use crate::config::TaskConfig;
use crate::execute::{Answer, Execute, Task};
use crate::forkserver::StartError;
use crate::frame::Settings;
use crate::interpreter::Interpreter;
use crate::logging::one_line;
use crate::plan::{Planned, plan_all};
use crate::pool::{NoChild, Pool};
use crate::promises::{self, Grants, Ground, Promise};
use crate::task;

/// More spares than this only cost memory: a child is forked faster than a task is fetched.
const MOST_SPARES: usize = 8;

/// Spares of a profile that only some tasks get: the second is there while the first is replaced.
const MOST_SPARES_OF_OTHERS: usize = 2;

/// Verdicts that are remembered: as many as n8n's own runner remembers.
const CACHED_VERDICTS: NonZeroUsize = NonZeroUsize::new(500).unwrap();

/// What is logged of a module that could not be imported, in characters: its name, and why.
const LONGEST_MODULE: usize = 100;
const LONGEST_REASON: usize = 300;

/// Bytes of code that are judged on the event loop: handing them to another thread and back costs more than judging them,
/// and what they can cost at most is about what is spent on a frame of the largest size that is parsed there.
const JUDGED_AT_ONCE: usize = 8192;

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

/// What the tasks of one profile run with.
#[derive(Debug)]
pub struct Profile {
    /// Its name.
    pub name: String,
    rules: Arc<Rules>,
    /// Whether the interpreter's hardening holds nothing, by what the policy allows.
    language_layer_void: bool,
    pub(crate) pool: Pool,
    pub(crate) limits: TaskLimits,
    /// What becomes of NaN and infinities in results.
    pub(crate) non_finite: NonFinite,
    pub(crate) settled: Vec<Outcome>,
    pub(crate) advisor: Advisor,
    grants: Grants,
}

/// Runs tasks in sealed children.
#[derive(Debug)]
pub struct Engine {
    analyzer: AnalyzerHandle,
    /// The profile of tasks that no match fits.
    default: Profile,
    others: Vec<Profile>,
    matches: Vec<Match>,
    pub(crate) budget: Budget,
    pub(crate) timeout: Duration,
    pub(crate) env: Vec<(String, String)>,
}

/// Why tasks cannot be run here.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EngineError {
    /// A required layer is missing.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A forkserver did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A forkserver is there, and makes no children that could be used.
    #[error(transparent)]
    NoChild(#[from] NoChild),
    /// The analyzer did not start.
    #[error("the analyzer's thread could not be started: {0}")]
    Analyzer(std::io::Error),
    /// No plan was made for the default profile.
    #[error("there is no plan for the default profile")]
    Unplanned,
    /// One of several profiles cannot be had, so none is.
    #[error("profile {name}: {error}")]
    Profile {
        /// Its name.
        name: String,
        /// Why.
        error: Box<EngineError>,
    },
}

struct AnalyzerHandle(Analyzer);

impl std::fmt::Debug for AnalyzerHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Analyzer")
    }
}

impl Engine {
    /// Starts the analyzer, and for each profile in use a forkserver and its first spares.
    ///
    /// # Errors
    /// [`EngineError`]: nothing can be run here, and why.
    pub async fn start(
        config: &TaskConfig,
        policies: &Policies,
        interpreter: &Interpreter,
        concurrency: usize,
    ) -> Result<Arc<Self>, EngineError> {
        let planned = Self::plan(config, policies, interpreter, concurrency)?;
        Self::start_all(config, policies, planned, concurrency).await
    }

    /// The plans that [`Engine::start`] makes. Reads much of the disk.
    ///
    /// # Errors
    /// [`EngineError::Refused`]: a required layer cannot be had here.
    pub fn plan(
        config: &TaskConfig,
        policies: &Policies,
        interpreter: &Interpreter,
        concurrency: usize,
    ) -> Result<Vec<Planned>, EngineError> {
        let in_use: Vec<&Policy> = policies.in_use().collect();
        let several = in_use.len() > 1;
        plan_all(&in_use, interpreter, config, concurrency)
            .map_err(|(name, error)| EngineError::from(error).of(&name, several))
    }

    /// As [`Engine::start`], from plans that were made already: one for each profile in use, in their order.
    ///
    /// # Errors
    /// As [`Engine::start`].
    pub async fn start_all(
        config: &TaskConfig,
        policies: &Policies,
        planned: Vec<Planned>,
        concurrency: usize,
    ) -> Result<Arc<Self>, EngineError> {
        let several = planned.len() > 1;
        let start = |(index, (policy, planned)): (usize, (&Policy, Planned))| {
            let (most, name) = (if index == 0 { MOST_SPARES } else { MOST_SPARES_OF_OTHERS }, policy.name.clone());
            let (policy, spares) = (policy.clone(), concurrency.clamp(1, most));
            async move { Profile::start(&policy, planned, spares).await.map_err(|error| error.of(&name, several)) }
        };
        // One that does not start ends those that did.
        let profiles = try_join_all(policies.in_use().zip(planned).enumerate().map(start)).await?;
        Self::of(config, profiles, policies.matches().to_vec(), concurrency)
    }

    /// With one profile for all tasks, from a plan that was made already.
    ///
    /// # Errors
    /// As [`Engine::start`].
    pub async fn start_planned(
        config: &TaskConfig,
        policy: &Policy,
        planned: Planned,
        concurrency: usize,
    ) -> Result<Arc<Self>, EngineError> {
        let profile = Profile::start(policy, planned, concurrency.clamp(1, MOST_SPARES)).await?;
        Self::of(config, vec![profile], Vec::new(), concurrency)
    }

    fn of(
        config: &TaskConfig,
        profiles: Vec<Profile>,
        matches: Vec<Match>,
        concurrency: usize,
    ) -> Result<Arc<Self>, EngineError> {
        let lanes = available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let settings = AnalyzerSettings {
            lanes,
            queue: concurrency.saturating_mul(2).max(16),
            cached: CACHED_VERDICTS,
            time_limit: ANALYSIS_LIMIT,
            abandoned: 2,
            at_once: JUDGED_AT_ONCE,
        };
        let analyzer = Analyzer::start(settings).map_err(EngineError::Analyzer)?;
        let mut others = profiles.into_iter();
        let default = others.next().ok_or(EngineError::Unplanned)?;
        Ok(Arc::new(Self {
            analyzer: AnalyzerHandle(analyzer),
            default,
            others: others.collect(),
            matches,
            budget: Budget::new(config.answer_memory),
            timeout: config.timeout,
            env: config.env.clone(),
        }))
    }

    /// Waits until a child of every profile has been sealed and verified.
    ///
    /// # Errors
    /// [`EngineError::NoChild`], with the profile's name where there are several.
    pub async fn proven(&self) -> Result<(), EngineError> {
        let several = !self.others.is_empty();
        for profile in self.profiles() {
            let proven = profile.pool.proven().await;
            proven.map_err(|why| EngineError::from(why).of(&profile.name, several))?;
        }
        Ok(())
    }

    /// What became of each layer, of the default profile.
    pub fn layers(&self) -> Vec<Outcome> {
        self.default.layers()
    }

    /// The sealed children in stock, of the default profile.
    pub fn pool(&self) -> &Pool {
        &self.default.pool
    }

    /// All profiles that tasks can get, the default one first.
    pub fn profiles(&self) -> impl Iterator<Item = &Profile> {
        [&self.default].into_iter().chain(&self.others)
    }

    /// The profile of a task: what the first match says that it fits. The labels are n8n's words, which are trusted as the
    /// broker is; names in them are its users'.
    pub(crate) fn profile(&self, settings: &Settings) -> &Profile {
        let labels = Labels {
            workflow_id: Some(&settings.workflow_id),
            workflow_name: Some(&settings.workflow_name),
            node_id: Some(&settings.node_id),
            node_name: Some(&settings.node_name),
        };
        let chosen = self.matches.iter().find(|one| one.fits(&labels));
        let profile = chosen.and_then(|one| self.profiles().find(|profile| profile.name == one.profile));
        profile.unwrap_or(&self.default)
    }

    /// Judges code by a profile's rules, off the event loop unless it is small.
    pub(crate) async fn analyze(&self, profile: &Profile, code: &str) -> Arc<Analysis> {
        let (tell, told) = oneshot::channel();
        self.analyzer.0.submit(code.into(), Arc::clone(&profile.rules), |verdict| {
            let _ = tell.send(verdict);
        });
        // The analyzer promises an answer; without one the code is not judged, so it does not run.
        told.await.unwrap_or_else(|_| Arc::new(Analysis::Failed(palisade_analyzer::Failure::NoThread)))
    }
}

impl EngineError {
    fn of(self, name: &str, several: bool) -> Self {
        if several { Self::Profile { name: name.to_owned(), error: Box::new(self) } } else { self }
    }
}

impl Profile {
    async fn start(policy: &Policy, planned: Planned, spares: usize) -> Result<Self, EngineError> {
        let pool = Pool::start(planned.recipe, spares, planned.recycling).await?;
        if let Some(forkserver) = pool.forkserver() {
            for (module, why) in &forkserver.failed_modules {
                let (module, why) = (one_line(module, LONGEST_MODULE), one_line(why, LONGEST_REASON));
                tracing::warn!("Profile {}: tasks cannot import {module}: {why}", policy.name);
            }
        }
        let mib = |mib: u64| mib.saturating_mul(1024 * 1024);
        let profile = Self {
            name: policy.name.clone(),
            rules: Arc::new(policy.rules()),
            language_layer_void: !policy.language_layer_void().is_empty(),
            pool,
            limits: TaskLimits {
                memory: mib(policy.limits.memory_mib),
                result: mib(policy.limits.result_mib),
                prints: policy.limits.prints,
                print_bytes: policy.limits.print_bytes,
                threads: policy.limits.processes,
            },
            non_finite: match policy.non_finite {
                palisade_policy::NonFinite::Error => NonFinite::Error,
                palisade_policy::NonFinite::Null => NonFinite::Null,
            },
            settled: planned.settled,
            advisor: Advisor::new(policy.clone(), planned.installed),
            grants: Grants::of(policy),
        };
        if let Some(warning) = promises::warning(&profile.promises()) {
            tracing::warn!("Profile {}: {warning}", profile.name);
        }
        Ok(profile)
    }

    /// What became of each layer.
    pub fn layers(&self) -> Vec<Outcome> {
        let mut layers = self.pool.forkserver().map(|forkserver| forkserver.layers.clone()).unwrap_or_default();
        layers.retain(|outcome| self.settled.iter().all(|settled| settled.layer != outcome.layer));
        layers.extend(self.settled.iter().cloned());
        layers
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

    /// Spares that only users' tasks may take, a count: one, where that leaves any.
    fn spares_for_users(&self) -> usize {
        usize::from(self.pool.wanted() > 1)
    }
}

impl Execute for Engine {
    fn execute(self: Arc<Self>, task: Task, cancel: CancellationToken) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
        Box::pin(async move {
            let profile = self.profile(&task.settings);
            task::run(&self, profile, task, &cancel, 0).await
        })
    }
}
