//! What can be seen of the runner from outside: health, metrics, one event for each task, error reports.
//!
//! The rest of the program meets all of it in one place, the [`Recorder`]: it is told what happens, in types of the
//! program, and makes numbers, labels and events of it. It never waits and never fails.
//!
//! * [`vitals`] is what the health server knows without asking the event loop; [`health`] is that server;
//! * [`metrics`] is the table of all metrics and their rendering; [`labels`] are the closed sets of their label values;
//! * [`event`] is the one event of a task that is over, `security` those that an operator is to look into.

pub mod event;
pub mod health;
pub mod labels;
pub mod metrics;
pub(crate) mod security;
#[cfg(feature = "sentry")]
pub mod sentry;
pub mod vitals;

use std::sync::Arc;
use std::time::{Duration, Instant};

pub use self::event::{TaskNames, Unanswered};
pub use self::vitals::Vitals;
use crate::execute::{Answer, ErrorKind, Verdict};

/// Is told what happens. Clones tell the same.
#[derive(Debug, Clone)]
pub struct Recorder {
    vitals: Arc<Vitals>,
    profiles: Arc<[String]>,
}

/// For the profile of a runner without a policy.
impl Default for Recorder {
    fn default() -> Self {
        Self::new(["default".to_owned()])
    }
}

impl Recorder {
    /// A recorder for a policy with these profiles that tasks can get.
    pub fn new(profiles: impl IntoIterator<Item = String>) -> Self {
        let profiles: Arc<[String]> = profiles.into_iter().collect();
        Self { vitals: Arc::new(Vitals::new(profiles.len())), profiles }
    }

    /// The numbers it keeps.
    pub fn vitals(&self) -> &Arc<Vitals> {
        &self.vitals
    }

    /// All values of the label `profile` of tasks. Some come to no profile: their settings could not be used.
    pub fn profiles(&self) -> impl Iterator<Item = &str> {
        self.profiles.iter().map(String::as_str).chain([labels::OTHER])
    }

    fn has_several_profiles(&self) -> bool {
        self.profiles.len() > 1
    }

    fn profile(&self, named: Option<&str>) -> String {
        let known = self.profiles.iter().find(|known| Some(known.as_str()) == named);
        known.map_or_else(|| labels::OTHER.to_owned(), Clone::clone)
    }

    /// Something of this profile went through the whole path: analyzer, pool, child, verdict.
    pub fn prove(&self, profile: &str) {
        if let Some(index) = self.profiles.iter().position(|known| known == profile) {
            self.vitals.prove(index);
        }
    }

    /// The profiles of which nothing went through the whole path within this time.
    pub fn unproven(&self, within: Duration) -> Vec<String> {
        let is_proven = |index| self.vitals.proven_ago(index).is_some_and(|ago| ago <= within);
        self.profiles.iter().enumerate().filter(|(index, _)| !is_proven(*index)).map(|(_, name)| name.clone()).collect()
    }

    /// A connection to the broker is open.
    pub fn connected(&self) {
        self.vitals.count_connection(false);
    }

    /// An attempt to connect failed.
    pub fn connecting_failed(&self) {
        self.vitals.count_connection(true);
    }

    /// The broker has registered the runner, or that is over.
    pub fn registered(&self, registered: bool) {
        self.vitals.set_registered(registered);
    }

    /// The runner is ending.
    pub fn stopping(&self) {
        self.vitals.set_stopping();
    }

    /// Slots in use, open offers, and offers that expired since the start, all counts.
    pub fn slots(&self, busy: usize, offers: usize, expired: u64) {
        self.vitals.set_slots(busy, offers, expired);
    }

    /// A task is over. Its event is told when what comes back is dropped, which [`Unanswered::sent`] does when the last byte
    /// of the answer went to the broker.
    pub fn ended(&self, names: TaskNames, took: Duration, answer: &Answer) -> Unanswered {
        let (error, forgiven) = match &answer.verdict {
            Verdict::Done(_) => (None, false),
            Verdict::Forgiven { kind, .. } => (Some(*kind), true),
            Verdict::Failed(error) => (Some(error.kind), false),
        };
        if went_through(error)
            && let Some(profile) = &answer.report.profile
        {
            self.prove(profile);
        }
        let ended = event::Ended {
            outcome: labels::outcome(error),
            forgiven,
            profile: self.profile(answer.report.profile.as_deref()),
            report: answer.report.clone(),
            result_bytes: result_bytes(&answer.verdict),
            print_bytes: answer.prints.iter().map(|print| print.params.iter().map(String::len).sum::<usize>()).sum(),
            prints: answer.prints.len(),
            omitted_prints: answer.omitted_prints,
            took,
        };
        metrics::ended(&ended, error);
        Unanswered::new(names, ended, Instant::now())
    }
}

/// Whether an end shows that analyzer, pool, child and verdict work: the child gave an answer.
fn went_through(error: Option<ErrorKind>) -> bool {
    matches!(
        error,
        None | Some(ErrorKind::Syntax | ErrorKind::Raised | ErrorKind::Exit | ErrorKind::Import | ErrorKind::Text)
    )
}

fn result_bytes(verdict: &Verdict) -> usize {
    match verdict {
        Verdict::Done(result) | Verdict::Forgiven { result, .. } => result.get().len(),
        Verdict::Failed(_) => 0,
    }
}
