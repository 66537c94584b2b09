//! Sealed children in stock.
//!
//! A spare has been forked, sealed, verified from outside and warmed up before a task asks for it. It has seen no user
//! byte, so one that dies or goes stale is replaced and nobody hears of it.

mod child;
mod trial;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use thiserror::Error;
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, sleep_until, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};

pub use child::{Child, LastBreath, Unfit};
pub use trial::{Trial, TrialError, trial};

use crate::forkserver::slots::Slots;
use crate::forkserver::{Forkserver, Recipe, StartError};

/// How long a task waits for a child before it is told that there is none: the time to start a forkserver that preloads
/// much, and some.
const PATIENCE: Duration = Duration::from_mins(1);

/// So many failures in a row are no accident: tasks are told at once, until there is a child again.
const GIVE_UP_AFTER: u32 = 3;

/// Pauses between attempts to start a forkserver that does not come up, or to fork from one that cannot.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LAST_PAUSE: Duration = Duration::from_secs(5);

/// Children on their way at one time: while one is forked, another seals itself and a third is verified.
const FORKS_AT_ONCE: usize = 3;

/// Most tasks are over after that.
const SHORT_TASK: Duration = Duration::from_millis(2);

/// How often the stock is looked over.
const LOOK_OVER: Duration = Duration::from_secs(5);

/// How often a forkserver's memory is looked at: the kernel adds it up for each look.
const LOOK_AT_GROWTH: Duration = Duration::from_millis(100);

/// When a forkserver is replaced although it is well: its children share its address layout and hash seed.
#[derive(Debug, Clone, Copy)]
pub struct Recycling {
    /// After so many children.
    pub forks: u64,
    /// After so long.
    pub age: Duration,
    /// When its memory has grown by so many bytes.
    pub growth: u64,
}

/// A forkserver runs no user code and makes nothing that it keeps, so one that grows has a leak, of its own or of what it has
/// imported; and every child begins with it. Far above what the allocator's moods cost.
pub const MOST_GROWTH: u64 = 64 * 1024 * 1024;

/// Why there is no child for a task.
#[derive(Debug, Clone, Error)]
#[error("no sealed child could be made: {0}")]
pub struct NoChild(pub String);

/// Keeps a number of spares. Dropping it ends them and their forkserver.
#[derive(Debug)]
pub struct Pool {
    shared: Arc<Shared>,
    /// The forkserver that children come from, and why there is none while there is none.
    state: watch::Receiver<Stock>,
    _keeper: DropGuard,
}

/// What the keeper is at.
#[derive(Debug, Clone)]
pub enum Stock {
    /// Children can be had.
    Open(Arc<Forkserver>),
    /// The last attempts failed so; the next one comes.
    Failing {
        /// What the last one failed of.
        why: String,
        /// How many failed in a row.
        attempts: u32,
    },
}

#[derive(Debug)]
struct Shared {
    spares: Mutex<VecDeque<Child>>,
    /// A spare was added: tells the task that has waited longest, and no others, who would look in vain.
    for_a_task: Notify,
    /// The same, for whoever looks at the stock.
    added: Notify,
    /// A spare was taken, or is wanted.
    wanted: Notify,
    want: usize,
    /// Tasks that found no spare and wait for one, a count.
    waiting: AtomicUsize,
}

impl Shared {
    fn spares(&self) -> std::sync::MutexGuard<'_, VecDeque<Child>> {
        self.spares.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether spares go faster than they are made. They are not warmed up then: that is more work than it spares a task.
    fn is_hurried(&self, spares: usize) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0 || spares < self.want / 2
    }
}

/// A task that waits for a spare, as long as it does.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Pool {
    /// Starts a forkserver and fills up to `want` spares, in the background. The first forkserver must come up.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(recipe: Recipe, want: usize, recycling: Recycling) -> Result<Self, StartError> {
        let slots = Slots::planned(&recipe.jail, &recipe.seal);
        let first = Forkserver::start(recipe.clone()).await?;
        let shared = Arc::new(Shared {
            spares: Mutex::default(),
            for_a_task: Notify::new(),
            added: Notify::new(),
            wanted: Notify::new(),
            want: want.max(1),
            waiting: AtomicUsize::new(0),
        });
        let (tell, state) = watch::channel(Stock::Open(Arc::clone(&first)));
        let stop = CancellationToken::new();
        let keeper =
            Keeper { recipe, recycling, slots, shared: Arc::clone(&shared), state: tell, looked: Mutex::default() };
        tokio::spawn(stop.clone().run_until_cancelled_owned(keeper.run(first)));
        Ok(Self { shared, state, _keeper: stop.drop_guard() })
    }

    /// A child that is sealed, verified and alive, for one task.
    ///
    /// # Errors
    /// [`NoChild`] after waiting in vain.
    pub async fn take(&self) -> Result<Child, NoChild> {
        self.take_leaving(0).await
    }

    /// As [`Pool::take`], but waits until as many spares as `leave` says are left for others.
    ///
    /// # Errors
    /// As [`Pool::take`].
    pub async fn take_leaving(&self, leave: usize) -> Result<Child, NoChild> {
        let mut state = self.state.clone();
        let waiting = async {
            loop {
                // One that leaves spares to others must not take from them what they are told of.
                let added = if leave == 0 { self.shared.for_a_task.notified() } else { self.shared.added.notified() };
                tokio::pin!(added);
                // What is added between looking and waiting must not be missed.
                added.as_mut().enable();
                while let Some(child) = self.pop(leave) {
                    if child.is_ready() {
                        return Ok(child);
                    }
                    // Dropped, and so killed: it has seen no user byte.
                    tracing::debug!("A spare was stopped or had ended before it got a task; taking another one");
                }
                if let Stock::Failing { why, attempts: GIVE_UP_AFTER.. } = &*state.borrow_and_update() {
                    return Err(NoChild(why.clone()));
                }
                let _waiting = Waiting::new(&self.shared.waiting);
                tokio::select! {
                    () = added => {}
                    changed = state.changed() => if changed.is_err() {
                        return Err(NoChild("the pool is closed".into()));
                    }
                }
            }
        };
        let late = |_| Err(NoChild(format!("none was ready within {} seconds", PATIENCE.as_secs())));
        timeout(PATIENCE, waiting).await.unwrap_or_else(late)
    }

    fn pop(&self, leave: usize) -> Option<Child> {
        let mut spares = self.shared.spares();
        let child = if spares.len() > leave { spares.pop_front() } else { None };
        drop(spares);
        self.shared.wanted.notify_one();
        child
    }

    /// The forkserver children come from now.
    pub fn forkserver(&self) -> Option<Arc<Forkserver>> {
        match &*self.state.borrow() {
            Stock::Open(forkserver) => Some(Arc::clone(forkserver)),
            Stock::Failing { .. } => None,
        }
    }

    /// Why there are no children, where the last attempts to make one failed.
    pub fn failing(&self) -> Option<String> {
        match &*self.state.borrow() {
            Stock::Open(_) => None,
            Stock::Failing { why, .. } => Some(why.clone()),
        }
    }

    /// Number of spares there are to be.
    pub fn wanted(&self) -> usize {
        self.shared.want
    }

    /// Number of spares in stock.
    pub fn spares(&self) -> usize {
        self.shared.spares().len()
    }

    /// Waits until a spare is in stock: a child of this pool has been sealed, and verified from outside.
    ///
    /// # Errors
    /// [`NoChild`] when that failed several times in a row.
    pub async fn proven(&self) -> Result<(), NoChild> {
        let mut state = self.state.clone();
        loop {
            let added = self.shared.added.notified();
            tokio::pin!(added);
            // What is added between looking and waiting must not be missed.
            added.as_mut().enable();
            if self.spares() > 0 {
                return Ok(());
            }
            if let Stock::Failing { why, attempts: GIVE_UP_AFTER.. } = &*state.borrow_and_update() {
                return Err(NoChild(why.clone()));
            }
            tokio::select! {
                () = added => {}
                changed = state.changed() => if changed.is_err() {
                    return Err(NoChild("the pool is closed".into()));
                }
            }
        }
    }

    /// Waits until as many spares as wanted are in stock.
    pub async fn filled(&self) {
        while self.spares() < self.shared.want {
            let added = self.shared.added.notified();
            if self.spares() < self.shared.want {
                let _ = timeout(Duration::from_millis(20), added).await;
            }
        }
    }
}

struct Keeper {
    recipe: Recipe,
    recycling: Recycling,
    slots: Option<Arc<Slots>>,
    shared: Arc<Shared>,
    state: watch::Sender<Stock>,
    /// When its forkserver's memory was looked at last.
    looked: Mutex<Option<Instant>>,
}

/// Why a forkserver no longer fills the stock.
enum Until {
    /// It died, or makes no children.
    Unfit,
    /// It is old.
    Retired,
}

/// Failures in a row, and the pauses between them. A success ends the row.
#[derive(Debug, Default)]
struct Failures(u32);

impl Keeper {
    async fn run(self, first: Arc<Forkserver>) {
        let mut forkserver = first;
        let mut failures = Failures::default();
        loop {
            let until = self.serve(&forkserver, &mut failures, |f| self.is_worn(f)).await;
            let successor = match until {
                Until::Unfit => {
                    self.end(&forkserver);
                    self.replace(&mut failures, false).await
                }
                // It goes on serving while its successor comes up.
                Until::Retired => {
                    let mut others = Failures::default();
                    tokio::select! {
                        successor = self.replace(&mut failures, true) => successor,
                        _ = self.serve(&forkserver, &mut others, |_| false) => {
                            self.end(&forkserver);
                            self.replace(&mut failures, false).await
                        }
                    }
                }
            };
            // Spares of the old one are as old as it is.
            self.shared.spares().clear();
            forkserver = successor;
        }
    }

    /// Ends a forkserver, and with it the stock: its children die with it, and a dead one in stock would be taken for readiness.
    fn end(&self, forkserver: &Forkserver) {
        forkserver.end();
        self.shared.spares().clear();
    }

    /// Fills the stock from one forkserver until it is of no use, or `retired`.
    async fn serve(
        &self,
        forkserver: &Arc<Forkserver>,
        failures: &mut Failures,
        retired: impl Fn(&Forkserver) -> bool,
    ) -> Until {
        while !retired(forkserver) {
            if self.shared.spares().len() >= self.shared.want {
                tokio::select! {
                    () = self.shared.wanted.notified() => {}
                    () = forkserver.gone().cancelled() => {}
                    // A spare that dies in stock is noticed at the latest now.
                    () = sleep(LOOK_OVER) => self.shared.spares().retain(Child::is_ready),
                }
                self.let_it_run(forkserver).await;
            } else {
                self.add_spares(forkserver, failures, &retired).await;
            }
            if forkserver.gone().is_cancelled() {
                tracing::warn!("The forkserver died; starting another one");
                return Until::Unfit;
            }
            if failures.0 >= GIVE_UP_AFTER {
                tracing::warn!("The forkserver makes no children; starting another one");
                return Until::Unfit;
            }
        }
        tracing::debug!("The forkserver is recycled after {} children", forkserver.forks());
        Until::Retired
    }

    /// A fork now would take a core from the task whose child was just taken. It waits for as long as most tasks take, unless
    /// more of them come.
    async fn let_it_run(&self, forkserver: &Forkserver) {
        let until = Instant::now() + SHORT_TASK;
        while !self.shared.is_hurried(self.shared.spares().len()) {
            tokio::select! {
                () = self.shared.wanted.notified() => {}
                () = forkserver.gone().cancelled() => return,
                () = sleep_until(until.into()) => return,
            }
        }
    }

    /// Forks what is missing, a few at a time, and goes on while that is so and the forkserver is not `retired`.
    async fn add_spares(
        &self,
        forkserver: &Arc<Forkserver>,
        failures: &mut Failures,
        retired: impl Fn(&Forkserver) -> bool,
    ) {
        let slots = self.slots.as_ref().filter(|_| forkserver.needs_slots());
        let mut forks = FuturesUnordered::new();
        loop {
            let spares = self.shared.spares().len();
            let missing = self.shared.want.saturating_sub(spares + forks.len());
            if missing > 0 && !retired(forkserver) {
                let hurried = self.shared.is_hurried(spares);
                let more = missing.min(FORKS_AT_ONCE.saturating_sub(forks.len()));
                forks.extend((0..more).map(|_| Child::fork(forkserver, slots, !hurried)));
            }
            let Some(forked) = forks.next().await else { return };
            match forked {
                Ok(child) => {
                    if failures.end() {
                        let _ = self.state.send(Stock::Open(Arc::clone(forkserver)));
                    }
                    self.shared.spares().push_back(child);
                    self.shared.for_a_task.notify_one();
                    self.shared.added.notify_waiters();
                }
                Err(Unfit::NoSlot) if forkserver.spoiled() > 0 => {
                    // Tasks wait for its successor, which is on its way or comes next, and is no failure.
                    sleep(FIRST_PAUSE).await;
                }
                Err(error) => {
                    tracing::error!("A child could not be sealed: {error}");
                    if matches!(error, Unfit::Silent) {
                        // One that is stuck does not die by itself, and will not answer the next time either.
                        forkserver.end();
                        forkserver.gone().cancelled().await;
                    }
                    // Those that are on their way fail or come as well; one failure is told once.
                    drop(forks);
                    return self.tell_and_pause(failures, error.to_string()).await;
                }
            }
        }
    }

    fn is_worn(&self, forkserver: &Forkserver) -> bool {
        // Half of them are far more than are in use.
        let spoiled = self.slots.as_ref().is_some_and(|slots| forkserver.spoiled() * 2 >= slots.count().max(1));
        spoiled
            || forkserver.forks() >= self.recycling.forks
            || forkserver.since.elapsed() >= self.recycling.age
            || self.has_grown(forkserver)
    }

    fn has_grown(&self, forkserver: &Forkserver) -> bool {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        if looked.is_some_and(|at| at.elapsed() < LOOK_AT_GROWTH) {
            return false;
        }
        *looked = Some(Instant::now());
        forkserver.growth() > self.recycling.growth
    }

    /// Starts another forkserver, as often as it takes. `served` tells that the old one still serves: tasks hear nothing then
    /// of attempts that fail.
    async fn replace(&self, failures: &mut Failures, served: bool) -> Arc<Forkserver> {
        loop {
            match Forkserver::start(self.recipe.clone()).await {
                Ok(forkserver) => {
                    crate::observe::metrics::forkserver_restarted();
                    // Whether it is of use shows at the first child.
                    if failures.0 == 0 {
                        let _ = self.state.send(Stock::Open(Arc::clone(&forkserver)));
                    }
                    return forkserver;
                }
                Err(error) => {
                    tracing::error!("{error}");
                    if served {
                        failures.pause().await;
                    } else {
                        self.tell_and_pause(failures, error.to_string()).await;
                    }
                }
            }
        }
    }

    async fn tell_and_pause(&self, failures: &mut Failures, why: String) {
        let _ = self.state.send(Stock::Failing { why, attempts: failures.0.saturating_add(1) });
        failures.pause().await;
    }
}

impl Failures {
    /// One more, and the pause that follows it.
    async fn pause(&mut self) {
        self.0 = self.0.saturating_add(1);
        sleep(FIRST_PAUSE.saturating_mul(1 << self.0.min(10)).min(LAST_PAUSE)).await;
    }

    /// True where there were any.
    fn end(&mut self) -> bool {
        std::mem::take(&mut self.0) > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spares_are_made_in_a_hurry_where_a_task_waits_or_few_are_left() {
        let shared = Shared {
            spares: Mutex::default(),
            for_a_task: Notify::new(),
            added: Notify::new(),
            wanted: Notify::new(),
            want: 5,
            waiting: AtomicUsize::new(0),
        };
        assert_eq!([0, 1, 2, 4].map(|spares| shared.is_hurried(spares)), [true, true, false, false]);
        let waiting = [Waiting::new(&shared.waiting), Waiting::new(&shared.waiting)];
        assert!(shared.is_hurried(4));
        drop(waiting);
        assert!(!shared.is_hurried(4));
    }
}
