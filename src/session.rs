//! What the runner knows while it works: the tasks, their states, and which answer each of them gets.
//!
//! No sockets here. Frames go in one at a time, frames to be sent come out, and whatever happens to a task that got its
//! settings ends in [`Session::ended`], which is the only place that answers.

mod answer;

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::execute::{Answer, ErrorKind, Execute, Report, Task, TaskError, Verdict};
use crate::frame::{Incoming, Outgoing, Settings, UnusableSettings};
use crate::logging::one_line;
use crate::observe::{Recorder, TaskNames};
use crate::offers::OfferBook;

/// What an observer in the same process is told about a task that is over, just before its answer is sent.
#[derive(Debug)]
pub struct Observed {
    /// The broker's id for it.
    pub task_id: String,
    /// What went wrong, also where `continueOnFail` made a result of it.
    pub error: Option<ErrorKind>,
    /// What it printed, as an ordinary print would have written it.
    pub prints: Vec<String>,
    /// What held for it and what it cost.
    pub report: Report,
}

/// A task on its way.
#[derive(Debug)]
enum State {
    /// Accepted; the broker has yet to say what to do.
    WaitingForSettings,
    /// It runs. The number tells it from a task of the same id on another connection.
    Running { serial: u64, cancel: CancellationToken },
    /// It has been told to stop, and will be answered.
    Aborting { serial: u64 },
}

/// A task that has come to its end.
#[derive(Debug)]
pub struct Ended {
    serial: u64,
    task_id: String,
    names: TaskNames,
    started: Instant,
    answer: Answer,
}

/// Tasks and offers.
pub struct Session<E> {
    /// Nothing while it is starting.
    executor: Option<Arc<E>>,
    offers: OfferBook,
    tasks: HashMap<String, State>,
    running: JoinSet<Ended>,
    /// Tasks of lost connections that have not come to their end yet. They still take slots.
    orphans: usize,
    next_serial: u64,
    outbox: Vec<Outgoing>,
    last_activity: Option<Instant>,
    observer: Option<mpsc::Sender<Observed>>,
    recorder: Recorder,
}

impl<E: Execute> Session<E> {
    /// A session that runs `capacity` tasks at once, as soon as there is an executor: without one nothing is offered.
    pub fn new(
        executor: Option<Arc<E>>,
        capacity: usize,
        observer: Option<mpsc::Sender<Observed>>,
        recorder: Recorder,
    ) -> Self {
        Self {
            executor,
            offers: OfferBook::new(capacity),
            tasks: HashMap::new(),
            running: JoinSet::new(),
            orphans: 0,
            next_serial: 0,
            outbox: Vec::new(),
            last_activity: None,
            observer,
            recorder,
        }
    }

    /// From now on there is an executor, and offers can be made.
    pub fn able(&mut self, executor: Arc<E>, now: Instant) {
        self.executor = Some(executor);
        // Who could not be given work has not been idle.
        self.last_activity = self.last_activity.map(|_| now);
    }

    /// Tells the recorder what is in use.
    pub fn record(&self) {
        self.recorder.registered(self.offers.is_registered());
        self.recorder.slots(self.busy(), self.offers.open(), self.offers.expired());
    }

    /// Slots in use: by tasks that wait, that run, or that are being stopped.
    pub fn busy(&self) -> usize {
        self.tasks.len() + self.orphans
    }

    /// Since when nothing has happened; none while there is no registration, no executor, or
    /// work.
    pub fn idle_since(&self) -> Option<Instant> {
        self.last_activity.filter(|_| self.busy() == 0 && self.executor.is_some())
    }

    /// When offers have to be looked at again.
    pub fn next_expiry(&self) -> Option<Instant> {
        self.offers.next_expiry()
    }

    /// Forgets expired offers and puts new ones for all free slots into the outbox; while `is_behind`, and while nobody could
    /// execute a task, no slot counts as free.
    pub fn make_offers(&mut self, now: Instant, is_behind: bool) {
        let busy = if is_behind || self.executor.is_none() { usize::MAX } else { self.busy() };
        let offers = self.offers.top_up(now, busy);
        self.outbox.extend(offers.iter().map(Outgoing::offer));
    }

    /// Takes what is to be sent.
    pub fn take_outbox(&mut self) -> Vec<Outgoing> {
        std::mem::take(&mut self.outbox)
    }

    /// A frame has come.
    pub fn frame(&mut self, frame: Incoming, now: Instant) {
        match frame {
            Incoming::InfoRequest => self.outbox.push(Outgoing::info()),
            Incoming::Registered => {
                if self.offers.registered() {
                    self.last_activity = Some(now);
                    info!("Registered with broker");
                }
            }
            Incoming::OfferAccept { task_id, offer_id } => self.accept(task_id, &offer_id, now),
            Incoming::Settings { task_id, settings } => self.settings(task_id, settings, now),
            Incoming::Cancel { task_id, reason: _ } => self.cancel(&task_id, now),
            Incoming::RpcResponse => {}
            Incoming::Drain => {
                self.offers.drain();
                info!("Received drain signal, stopped accepting new tasks");
            }
        }
    }

    fn accept(&mut self, task_id: String, offer_id: &str, now: Instant) {
        let busy = self.busy();
        if let Err(rejection) = self.offers.accept(offer_id, now, busy) {
            self.outbox.push(Outgoing::rejected(&task_id, &rejection.to_string()));
            return;
        }
        if self.tasks.contains_key(&task_id) {
            // Two tasks of one id could not be told apart, and the first one is at work.
            error!("Error handling message: Task {} was accepted already", id(&task_id));
            return;
        }
        self.outbox.push(Outgoing::accepted(&task_id));
        info!("Accepted task {}", id(&task_id));
        self.tasks.insert(task_id, State::WaitingForSettings);
        self.last_activity = Some(now);
    }

    fn settings(&mut self, task_id: String, settings: Result<Box<Settings>, UnusableSettings>, now: Instant) {
        let serial = self.next_serial;
        let Some(state) = self.tasks.get_mut(&task_id) else {
            error!("Error handling message: Failed to find task {}. This is likely an internal error.", id(&task_id));
            return;
        };
        let status = match state {
            State::WaitingForSettings => {
                self.next_serial += 1;
                let cancel = CancellationToken::new();
                *state = State::Running { serial, cancel: cancel.clone() };
                return self.start(serial, task_id, settings, cancel, now);
            }
            State::Running { .. } => "RUNNING",
            State::Aborting { .. } => "ABORTING",
        };
        warn!("Received settings for task but it is already TaskStatus.{status}. Discarding message.");
    }

    fn start(
        &mut self,
        serial: u64,
        task_id: String,
        settings: Result<Box<Settings>, UnusableSettings>,
        cancel: CancellationToken,
        started: Instant,
    ) {
        info!("Received task {}", id(&task_id));
        let settings = match settings {
            Ok(settings) => settings,
            Err(UnusableSettings(cause)) => {
                error!("Error handling message: {}", one_line(&cause, 500));
                let answer = Answer::bare(Verdict::Failed(TaskError::new(ErrorKind::Settings, cause)));
                let names = TaskNames::unknown(&task_id);
                return self.ended(Ended { serial, task_id, names, started, answer }, started);
            }
        };
        let names = TaskNames::of(&task_id, &settings);
        let Some(executor) = self.executor.clone() else {
            // Nothing was offered that could have led here.
            let error = TaskError::new(ErrorKind::Internal, "The runner is still starting");
            let answer = Answer::bare(Verdict::Failed(error));
            return self.ended(Ended { serial, task_id, names, started, answer }, started);
        };
        let task = Task { id: task_id.clone(), settings };
        self.running.spawn(async move {
            let execution = async move { executor.execute(task, cancel).await };
            // A task whose executor fails must still be answered.
            let answer = AssertUnwindSafe(execution).catch_unwind().await.unwrap_or_else(|_| {
                let error = TaskError::new(ErrorKind::Internal, "The runner failed while executing this task");
                Answer::bare(Verdict::Failed(error))
            });
            Ended { serial, task_id, names, started, answer }
        });
    }

    fn cancel(&mut self, task_id: &str, now: Instant) {
        let Some(state) = self.tasks.get_mut(task_id) else {
            warn!("Received cancel for unknown task: {}. Discarding message.", id(task_id));
            return;
        };
        match state {
            State::WaitingForSettings => {
                self.tasks.remove(task_id);
                self.last_activity = Some(now);
                info!("Cancelled task {} (waiting for settings)", id(task_id));
            }
            State::Running { serial, cancel } => {
                cancel.cancel();
                *state = State::Aborting { serial: *serial };
            }
            State::Aborting { .. } => {}
        }
    }

    /// Waits for the next task to come to its end; for ever while none runs. May be dropped without loss.
    pub async fn next_ended(&mut self) -> Ended {
        loop {
            match self.running.join_next().await {
                Some(Ok(ended)) => return ended,
                // Panics are caught within; an aborted task was aborted by the end of the session.
                Some(Err(_)) => {}
                None => std::future::pending().await,
            }
        }
    }

    /// A task has come to its end: answers it, and frees its slot.
    pub fn ended(&mut self, ended: Ended, now: Instant) {
        self.last_activity = self.last_activity.map(|_| now);
        let known = match self.tasks.get(&ended.task_id) {
            Some(State::Running { serial, .. } | State::Aborting { serial }) => *serial == ended.serial,
            Some(State::WaitingForSettings) | None => false,
        };
        let Ended { task_id, names, started, mut answer, .. } = ended;
        let took = now - started;
        if !known {
            self.orphans = self.orphans.saturating_sub(1);
            // Nobody is there to be answered.
            drop(self.recorder.ended(names, took, &answer));
            return;
        }
        self.tasks.remove(&task_id);
        if let Some(observer) = &self.observer {
            let observed = answer::observe(&task_id, &mut answer);
            // An observer that does not keep up misses something; the task must not wait for it.
            let _ = observer.try_send(observed);
        }
        answer::log(&names, took, &answer);
        let unanswered = self.recorder.ended(names, took, &answer);
        self.outbox.extend(answer::frames(&task_id, answer, unanswered));
    }

    /// The connection is gone, and the broker has failed all its tasks: they are stopped, and not answered.
    pub fn connection_lost(&mut self) {
        self.offers.connection_lost();
        self.last_activity = None;
        self.outbox.clear();
        for (_, state) in self.tasks.drain() {
            match state {
                State::WaitingForSettings => {}
                State::Running { cancel, .. } => {
                    cancel.cancel();
                    self.orphans += 1;
                }
                State::Aborting { .. } => self.orphans += 1,
            }
        }
    }

    /// No more offers: the runner is ending.
    pub fn close_offers(&mut self) {
        self.offers.close();
    }

    /// Stops all that runs, and forgets what has not begun. Answers follow as tasks come to their end.
    pub fn stop_tasks(&mut self) {
        self.tasks.retain(|_, state| !matches!(state, State::WaitingForSettings));
        for state in self.tasks.values_mut() {
            if let State::Running { serial, cancel } = state {
                cancel.cancel();
                *state = State::Aborting { serial: *serial };
            }
        }
    }
}

fn id(task_id: &str) -> String {
    one_line(task_id, 100)
}
