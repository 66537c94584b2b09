//! Threads that analyses run on: their stacks, their time, their end.
//!
//! Each *lane* is a pair: a keeper that takes jobs off the queue, and a worker with the big stack that does them.
//! When a worker overruns its time the keeper answers in its place, abandons it and starts another; a thread
//! cannot be killed, but the abandoned are counted, and when there are too many nothing more is started until
//! one of them ends.

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::Judged;
use crate::bounds::{MAX_OPENERS, STACK_PER_OPENER, openers};
use crate::cache::{Cache, Key};
use crate::rules::Rules;
use crate::verdict::{Failure, Verdict};

/// Stack of a worker: what the worst accepted text needs, and some more for what does not depend on the text.
/// Address space only; a page that is never touched costs nothing.
pub(crate) const STACK: usize = MAX_OPENERS * STACK_PER_OPENER + (32 << 20);

/// A worker that went deeper than this many openers is replaced: the pages it touched would stay with it.
const KEEP_BELOW: usize = 4096;

/// A text with more openers than this is never judged on the stack of who submits it: what it can touch is three
/// quarters of the 2 MiB that [`Settings::at_once`] asks for.
const FEW: usize = 384;

/// How an [`Analyzer`] works.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Analyses that run at one time.
    pub lanes: NonZeroUsize,
    /// Analyses that wait; one more is refused.
    pub queue: usize,
    /// Verdicts that are remembered.
    pub cached: NonZeroUsize,
    /// Time for one analysis, waiting not included.
    pub time_limit: Duration,
    /// Workers that overran their time and still run; with one more, analyses are refused until one ends.
    pub abandoned: usize,
    /// Texts of at most so many bytes, and with few openers, are judged by whoever submits them: to hand one over takes four
    /// times as long as to judge it. Whoever sets this has 2 MiB of stack left, and a few milliseconds. 0 for none.
    pub at_once: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lanes: const { NonZeroUsize::new(2).unwrap() },
            queue: 256,
            cached: const { NonZeroUsize::new(500).unwrap() },
            // The largest accepted text takes some 50 ms; the rest is for a machine under load.
            time_limit: Duration::from_secs(5),
            abandoned: 4,
            at_once: 0,
        }
    }
}

type Answer = Box<dyn FnOnce(Arc<Verdict>) + Send>;

struct Job {
    source: Arc<str>,
    rules: Arc<Rules>,
    key: Key,
    answer: Answer,
}

/// What a worker runs; another one in tests.
type Judge = fn(&str, &Rules) -> Judged;

/// The same for a text that is small; without an answer where it would take long nevertheless.
type JudgeSmall = fn(&str, &Rules) -> Option<Judged>;

/// What the keeper hands its worker.
type Task = (Arc<str>, Arc<Rules>);

/// A handle to the analysis threads. They end when it is dropped.
pub struct Analyzer {
    jobs: SyncSender<Job>,
    cache: Arc<Mutex<Cache>>,
    judge_small: JudgeSmall,
    at_once: usize,
}

impl Analyzer {
    /// Starts the keepers; workers start with the first analysis.
    ///
    /// # Errors
    /// The system's error when no thread could be started.
    pub fn start(settings: Settings) -> std::io::Result<Self> {
        Self::start_with(settings, crate::analyze_here, crate::analyze_small)
    }

    fn start_with(settings: Settings, judge: Judge, judge_small: JudgeSmall) -> std::io::Result<Self> {
        let (jobs, queue) = mpsc::sync_channel(settings.queue);
        let queue = Arc::new(Mutex::new(queue));
        let cache = Arc::new(Mutex::new(Cache::new(settings.cached)));
        let abandoned = Arc::new(AtomicUsize::new(0));
        for number in 0..settings.lanes.get() {
            let keeper = Keeper {
                queue: Arc::clone(&queue),
                cache: Arc::clone(&cache),
                abandoned: Arc::clone(&abandoned),
                settings,
                judge,
                worker: None,
            };
            thread::Builder::new().name(format!("analyzer-{number}")).spawn(move || keeper.run())?;
        }
        Ok(Self { jobs, cache, judge_small, at_once: settings.at_once })
    }

    /// Judges `source` and waits for the verdict.
    pub fn analyze(&self, source: Arc<str>, rules: Arc<Rules>) -> Arc<Verdict> {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.submit(source, rules, move |verdict| {
            // The receiver is there: this function waits for it.
            let _ = sender.send(verdict);
        });
        receiver.recv().unwrap_or_else(|_| Arc::new(Verdict::Failed(Failure::Panicked)))
    }

    /// Judges `source` and calls `answer` with the verdict, exactly once: at once where the verdict is
    /// remembered, the text is small or the queue is full, else on a thread of the analyzer, which `answer` must not
    /// block.
    pub fn submit(&self, source: Arc<str>, rules: Arc<Rules>, answer: impl FnOnce(Arc<Verdict>) + Send + 'static) {
        if source.len() > rules.limits.code_bytes {
            // Not worth hashing, nor a place in the queue.
            answer(Arc::new(crate::analyze_here(&source, &rules).verdict));
            return;
        }
        let key = Key::new(&source, &rules);
        if let Some(verdict) = lock(&self.cache).get(&key) {
            answer(verdict);
            return;
        }
        if let Some(Judged { verdict, tree }) = self.judge_at_once(&source, &rules) {
            let verdict = Arc::new(verdict);
            lock(&self.cache).put(key, Arc::clone(&verdict), rules);
            answer(verdict);
            drop(tree);
            return;
        }
        let job = Job { source, rules, key, answer: Box::new(answer) };
        if let Err(mpsc::TrySendError::Full(job) | mpsc::TrySendError::Disconnected(job)) = self.jobs.try_send(job) {
            (job.answer)(Arc::new(Verdict::Failed(Failure::Overloaded)));
        }
    }
}

impl Analyzer {
    /// The verdict on a text that takes little time and stack.
    fn judge_at_once(&self, source: &str, rules: &Rules) -> Option<Judged> {
        if !self.is_small(source) {
            return None;
        }
        let judge = || (self.judge_small)(source, rules);
        catch_unwind(AssertUnwindSafe(judge)).unwrap_or_else(|_| Some(Verdict::Failed(Failure::Panicked).into()))
    }

    fn is_small(&self, source: &str) -> bool {
        source.len() <= self.at_once && openers(source) <= FEW
    }
}

struct Keeper {
    queue: Arc<Mutex<Receiver<Job>>>,
    cache: Arc<Mutex<Cache>>,
    abandoned: Arc<AtomicUsize>,
    settings: Settings,
    judge: Judge,
    worker: Option<Worker>,
}

impl Keeper {
    fn run(mut self) {
        loop {
            // The lock is held while waiting: the other keepers wait for it as they would for a job.
            let job = lock(&self.queue).recv();
            let Ok(Job { source, rules, key, answer }) = job else { return };
            let verdict = Arc::new(self.judge(&source, &rules));
            lock(&self.cache).put(key, Arc::clone(&verdict), rules);
            // The caller's function must not cost a lane.
            let _ = catch_unwind(AssertUnwindSafe(|| answer(verdict)));
        }
    }

    fn judge(&mut self, source: &Arc<str>, rules: &Arc<Rules>) -> Verdict {
        if self.worker.is_none() {
            if self.abandoned.load(Ordering::Acquire) >= self.settings.abandoned {
                return Verdict::Failed(Failure::Overloaded);
            }
            self.worker = Worker::start(self.judge).ok();
        }
        let Some(worker) = &self.worker else { return Verdict::Failed(Failure::NoThread) };
        if worker.tasks.send((Arc::clone(source), Arc::clone(rules))).is_err() {
            self.worker = None;
            return Verdict::Failed(Failure::Panicked);
        }
        let outcome = worker.verdicts.recv_timeout(self.settings.time_limit);
        match outcome {
            Ok(verdict) => {
                if matches!(verdict, Verdict::Unparsable(_)) && openers(source) > KEEP_BELOW {
                    self.worker = None;
                }
                verdict
            }
            Err(RecvTimeoutError::Timeout) => {
                if let Some(worker) = self.worker.take() {
                    worker.abandon(Arc::clone(&self.abandoned));
                }
                Verdict::Failed(Failure::TimedOut)
            }
            Err(RecvTimeoutError::Disconnected) => {
                self.worker = None;
                Verdict::Failed(Failure::Panicked)
            }
        }
    }
}

/// A thread with the big stack. It ends when its keeper lets go of it.
struct Worker {
    tasks: SyncSender<Task>,
    verdicts: Receiver<Verdict>,
    /// Shared with the thread, which looks there when it ends.
    life: Arc<Mutex<Life>>,
}

/// Whether a worker still runs, and where it was counted when it was abandoned.
enum Life {
    Kept,
    Abandoned(Arc<AtomicUsize>),
    Ended,
}

impl Worker {
    fn start(judge: Judge) -> std::io::Result<Self> {
        let (tasks, inbox) = mpsc::sync_channel::<Task>(1);
        let (outbox, verdicts) = mpsc::sync_channel(1);
        let life = Arc::new(Mutex::new(Life::Kept));
        let last_will = LastWill(Arc::clone(&life));
        thread::Builder::new().name("analysis".to_owned()).stack_size(STACK).spawn(move || {
            let _last_will = last_will;
            while let Ok((source, rules)) = inbox.recv() {
                let Judged { verdict, tree } = caught(judge, &source, &rules);
                if outbox.send(verdict).is_err() {
                    return;
                }
                drop(tree);
            }
        })?;
        Ok(Self { tasks, verdicts, life })
    }

    fn abandon(self, count: Arc<AtomicUsize>) {
        let mut life = lock(&self.life);
        // It may have ended just now.
        if matches!(*life, Life::Kept) {
            count.fetch_add(1, Ordering::AcqRel);
            *life = Life::Abandoned(count);
        }
    }
}

/// Runs when a worker's thread ends, however it does.
struct LastWill(Arc<Mutex<Life>>);

impl Drop for LastWill {
    fn drop(&mut self) {
        if let Life::Abandoned(count) = std::mem::replace(&mut *lock(&self.0), Life::Ended) {
            count.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

fn caught(judge: Judge, source: &str, rules: &Rules) -> Judged {
    catch_unwind(|| judge(source, rules)).unwrap_or(Verdict::Failed(Failure::Panicked).into())
}

/// One analysis on a new thread.
pub(crate) fn on_own_stack(source: &str, rules: &Rules) -> Verdict {
    thread::scope(|scope| {
        let worker = thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(scope, || caught(crate::analyze_here, source, rules).verdict);
        match worker {
            Ok(thread) => thread.join().unwrap_or(Verdict::Failed(Failure::Panicked)),
            Err(_) => Verdict::Failed(Failure::NoThread),
        }
    })
}

// A poisoned lock guards data that is whole: nothing panics while it is changed.
fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
