//! Whether tasks run, of every profile that they can get: seen by a task that did, or tried by one of our own.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use super::super::metrics::{self, Stock};
use crate::observe::Recorder;

/// A task or a probe that went through so lately is proof enough.
const LATELY: Duration = Duration::from_secs(30);
/// A probe that takes longer has failed. n8n's launcher waits 5 s for the answer it is needed for.
const LIMIT: Duration = Duration::from_secs(4);
/// How much longer the event loop may take to say that the limit has passed.
const SLACK: Duration = Duration::from_millis(300);
/// A runner may take so long to start: an interpreter that imports much is slow.
const START_LIMIT: Duration = Duration::from_mins(3);

/// A probe on its way: it went through, or why not.
pub type ProbeFuture = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

/// What health is about.
pub trait Subject: Send + Sync + std::fmt::Debug {
    /// Has a task of this profile that does nothing go through analyzer, pool, child and verdict, without taking from the
    /// users' tasks what they need. Dropping the future ends it.
    fn probe(self: Arc<Self>, profile: String) -> ProbeFuture;

    /// Why a task that came now might get no child: of some profile there is none, and none can be made.
    fn unable(&self) -> Option<String>;

    /// Numbers that are asked for, of each profile.
    fn stock(&self) -> Vec<Stock>;
}

/// Probes where it has to, one of each profile at a time.
#[derive(Debug)]
pub struct Prober {
    recorder: Recorder,
    tasks: Handle,
    subject: Arc<OnceLock<Weak<dyn Subject>>>,
    /// The last probe that failed, and when it was over.
    last: Mutex<Option<(Instant, String)>>,
}

impl Prober {
    pub(super) fn new(recorder: Recorder, tasks: Handle, subject: Arc<OnceLock<Weak<dyn Subject>>>) -> Self {
        Self { recorder, tasks, subject, last: Mutex::default() }
    }

    /// What health is about, once it is there.
    pub(super) fn subject(&self) -> Option<Arc<dyn Subject>> {
        self.subject.get()?.upgrade()
    }

    fn unproven(&self) -> Vec<String> {
        self.recorder.unproven(LATELY)
    }

    /// Whether tasks run; else why not.
    pub(super) async fn health(&self) -> Result<(), String> {
        if self.unproven().is_empty() {
            return Ok(());
        }
        let asked = Instant::now();
        // Whoever waits here gets the answer of the probe that was under way, rather than one more.
        let mut last = self.last.lock().await;
        let unproven = self.unproven();
        if unproven.is_empty() {
            return Ok(());
        }
        if let Some((at, why)) = &*last
            && *at >= asked
        {
            return Err(why.clone());
        }
        let Some(subject) = self.subject() else { return self.starting() };
        // All at once: there is one limit for the answer, however many profiles there are.
        let probing = unproven.into_iter().map(|profile| self.probe_one(Arc::clone(&subject), profile));
        let failed: Vec<String> = join_all(probing).await.into_iter().filter_map(Result::err).collect();
        if failed.is_empty() {
            return Ok(());
        }
        let why = failed.join("; ");
        tracing::warn!("A health probe failed: {}", crate::logging::one_line(&why, 300));
        *last = Some((Instant::now(), why.clone()));
        Err(why)
    }

    /// Whether tasks of this profile run; else why not, and of which one where there are several.
    async fn probe_one(&self, subject: Arc<dyn Subject>, profile: String) -> Result<(), String> {
        let result = self.probe(subject, profile.clone()).await;
        metrics::probed(result.is_ok());
        match result {
            Ok(()) => {
                self.recorder.prove(&profile);
                Ok(())
            }
            Err(why) if self.recorder.has_several_profiles() => Err(format!("profile {profile}: {why}")),
            Err(why) => Err(why),
        }
    }

    /// There is nothing to probe yet, or no more.
    fn starting(&self) -> Result<(), String> {
        let vitals = self.recorder.vitals();
        if self.subject.get().is_some() || vitals.age() < START_LIMIT {
            return Ok(());
        }
        Err(format!("the runner has been starting for {} s", vitals.age().as_secs()))
    }

    async fn probe(&self, subject: Arc<dyn Subject>, profile: String) -> Result<(), String> {
        let late = || format!("a probe task was not done within {} s", LIMIT.as_secs());
        // Ends with whoever asked, so that there are never two.
        let probing = self.tasks.spawn(async move { timeout(LIMIT, subject.probe(profile)).await });
        let probing = AbortOnDropHandle::new(probing);
        match timeout(LIMIT + SLACK, probing).await {
            Ok(Ok(Ok(result))) => result,
            Ok(Ok(Err(_))) => Err(late()),
            Ok(Err(error)) if error.is_cancelled() => Err("the runner is ending".to_owned()),
            Ok(Err(_)) => Err("the probe task failed inside the runner".to_owned()),
            Err(_) => Err(format!("the runner's event loop has not moved for {} s", LIMIT.as_secs())),
        }
    }
}

#[cfg(test)]
mod tests;
