//! The runner's loop: connect, serve, connect again, until it is time to go.
//!
//! It may begin before there is anything that could execute a task: connecting and registering take their time, as the start of
//! a forkserver does, and neither needs the other. Offers wait for both.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};
use tracing::{debug, error, info, warn};

use crate::broker::{Backoff, ConnectError, Connection, Endpoint, Event, Loss};
use crate::execute::Execute;
use crate::logging::one_line;
use crate::observe::Recorder;
use crate::session::{Observed, Session};

/// Tasks that were told to stop get this long; their children are killed, so it is never needed.
const TERMINATION: Duration = Duration::from_secs(3);
/// What an idle runner has to end.
const IDLE_GRACE: Duration = Duration::from_secs(3);

/// What the runner has to know.
#[derive(Debug, Clone)]
pub struct Options {
    /// The broker.
    pub endpoint: Endpoint,
    /// Tasks at once.
    pub max_concurrency: usize,
    /// When to stop for want of work.
    pub idle_timeout: Option<Duration>,
    /// How long running tasks may go on when it has to stop.
    pub grace: Duration,
}

/// A wish that the runner stop. The first one lets running tasks come to their end within the grace, a second one ends
/// the grace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM.
    Terminate,
    /// SIGINT.
    Interrupt,
}

impl Signal {
    /// As `kill -l` has it, with its prefix.
    pub fn name(self) -> &'static str {
        match self {
            Self::Terminate => "SIGTERM",
            Self::Interrupt => "SIGINT",
        }
    }
}

/// What can be expected of a start that is under way: the executor, or in one line why there is none.
pub type Starting<E> = oneshot::Receiver<Result<Arc<E>, String>>;

/// How the runner ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// As it was asked to, or for want of work.
    Stopped,
    /// The broker does not want it.
    Forbidden,
    /// Tasks did not end although they were stopped.
    TimedOut,
    /// No task could have been executed, for this reason.
    Unable(String),
}

impl Ending {
    /// The exit code of the process.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Stopped => 0,
            Self::Forbidden | Self::TimedOut | Self::Unable(_) => 1,
        }
    }
}

/// The runner.
pub struct Runner<E> {
    options: Options,
    session: Session<E>,
    /// While the executor is not there.
    starting: Option<Starting<E>>,
    /// Why it will never be.
    unable: Option<String>,
    signals: mpsc::Receiver<Signal>,
    stop: Option<Stop>,
    recorder: Recorder,
}

/// How far stopping has come.
#[derive(Debug, Clone, Copy)]
struct Stop {
    /// When patience ends: with the tasks first, then with the whole.
    deadline: Instant,
    grace: Duration,
    terminating: bool,
}

/// What happened, of all that may happen while connected.
enum Happening<E> {
    Connection(Event),
    Signal(Signal),
    Started(Result<Arc<E>, String>),
    Deadline,
}

impl<E: Execute> Runner<E> {
    /// A runner that has tasks executed by `executor` and listens to `signals`. An `observer` is told of every task that
    /// is over; what it is too slow for it misses.
    pub fn new(
        options: Options,
        executor: Arc<E>,
        signals: mpsc::Receiver<Signal>,
        observer: Option<mpsc::Sender<Observed>>,
    ) -> Self {
        Self::recorded(options, executor, signals, observer, Recorder::default())
    }

    /// As [`Runner::new`], with a recorder that is told what happens.
    pub fn recorded(
        options: Options,
        executor: Arc<E>,
        signals: mpsc::Receiver<Signal>,
        observer: Option<mpsc::Sender<Observed>>,
        recorder: Recorder,
    ) -> Self {
        let session = Session::new(Some(executor), options.max_concurrency, observer, recorder.clone());
        Self { options, session, starting: None, unable: None, signals, stop: None, recorder }
    }

    /// As [`Runner::recorded`], with an executor that is still starting: the runner connects and registers beside that, and
    /// makes offers when it is there. When it fails the runner takes leave of the broker and ends.
    pub fn starting(
        options: Options,
        starting: Starting<E>,
        signals: mpsc::Receiver<Signal>,
        recorder: Recorder,
    ) -> Self {
        let session = Session::new(None, options.max_concurrency, None, recorder.clone());
        Self { options, session, starting: Some(starting), unable: None, signals, stop: None, recorder }
    }

    /// Runs until it is told to stop, has had nothing to do for long enough, or is not wanted.
    pub async fn run(mut self) -> Ending {
        info!("Starting runner...");
        let mut backoff = Backoff::new();
        let mut forbidden = false;
        while self.stop.is_none() {
            match self.connect().await {
                Some(Ok(connection)) => {
                    info!("Connected to broker");
                    self.recorder.connected();
                    let connected = Instant::now();
                    self.serve(connection).await;
                    self.session.record();
                    // A broker that lets us in and hangs up at once is not to be called ten times a second.
                    if connected.elapsed() > Duration::from_secs(5) {
                        backoff.reset();
                    }
                }
                Some(Err(cause @ ConnectError::Refused { status, .. })) => {
                    error!(target: "palisade::broker", "Authentication failed with status {status}: {cause}");
                    forbidden = true;
                    break;
                }
                Some(Err(ConnectError::Failed(cause))) => {
                    self.recorder.connecting_failed();
                    warn_of_retry(&cause);
                }
                None => break,
            }
            if self.stop.is_none() {
                self.wait(backoff.next_delay()).await;
            }
        }
        let orderly = self.finish().await;
        info!("Runner stopped");
        if let Some(why) = self.unable {
            return Ending::Unable(why);
        }
        match (forbidden, orderly) {
            (true, _) => Ending::Forbidden,
            (false, true) => Ending::Stopped,
            (false, false) => Ending::TimedOut,
        }
    }

    /// Connects once; none when it is time to stop instead.
    async fn connect(&mut self) -> Option<Result<Connection, ConnectError>> {
        let endpoint = self.options.endpoint.clone();
        let connecting = endpoint.connect();
        tokio::pin!(connecting);
        loop {
            tokio::select! {
                connection = &mut connecting => return Some(connection),
                ended = self.session.next_ended() => self.session.ended(ended, Instant::now()),
                started = started(&mut self.starting) => {
                    self.started(started);
                    if self.stop.is_some() {
                        return None;
                    }
                }
                Some(signal) = self.signals.recv() => {
                    self.signalled(signal);
                    return None;
                }
            }
        }
    }

    /// Waits between two connections, unless it is time to stop.
    async fn wait(&mut self, delay: Duration) {
        let until = Instant::now() + delay;
        loop {
            tokio::select! {
                () = sleep_until(until) => return,
                ended = self.session.next_ended() => self.session.ended(ended, Instant::now()),
                started = started(&mut self.starting) => {
                    self.started(started);
                    if self.stop.is_some() {
                        return;
                    }
                }
                Some(signal) = self.signals.recv() => return self.signalled(signal),
            }
        }
    }

    /// Serves one connection to its end, or to the runner's.
    async fn serve(&mut self, mut connection: Connection) {
        loop {
            let now = Instant::now();
            self.session.make_offers(now, connection.is_behind());
            for frame in self.session.take_outbox() {
                connection.send(frame);
            }
            if self.stop.is_some_and(|stop| self.session.busy() == 0 || stop.is_over(now)) {
                connection.close(self.options.grace).await;
                info!("Disconnected from broker");
                return;
            }
            self.session.record();
            let deadline = self.next_deadline();
            let happening = tokio::select! {
                event = connection.next() => Happening::Connection(event),
                Some(signal) = self.signals.recv() => Happening::Signal(signal),
                ended = self.session.next_ended() => {
                    self.session.ended(ended, Instant::now());
                    continue;
                }
                started = started(&mut self.starting) => Happening::Started(started),
                () = sleep_until(deadline.unwrap_or(now)), if deadline.is_some() => Happening::Deadline,
            };
            match happening {
                Happening::Connection(Event::Frame(frame)) => self.session.frame(frame, Instant::now()),
                Happening::Connection(Event::Unusable(cause)) => {
                    error!("Error handling message: {}", one_line(&cause.to_string(), 500));
                }
                Happening::Connection(Event::Room) => {}
                Happening::Connection(Event::Lost(loss)) => return self.lost(connection, loss),
                Happening::Signal(signal) => self.signalled(signal),
                Happening::Started(started) => self.started(started),
                Happening::Deadline => self.deadline_reached(Instant::now()),
            }
        }
    }

    fn lost(&mut self, connection: Connection, loss: Loss) {
        self.session.connection_lost();
        if let Some(cause) = &loss.cause {
            warn_of_retry(cause);
        }
        // The goodbye is bounded, and nobody has to wait for it.
        tokio::spawn(connection.end(loss));
    }

    /// The start of the executor is settled.
    fn started(&mut self, started: Result<Arc<E>, String>) {
        match started {
            Ok(executor) => self.session.able(executor, Instant::now()),
            Err(why) => {
                self.unable = Some(why);
                if self.stop.is_none() {
                    self.begin_stop(IDLE_GRACE);
                }
            }
        }
    }

    /// When something is due although nothing comes.
    fn next_deadline(&self) -> Option<Instant> {
        let idle = match (self.stop, self.options.idle_timeout, self.session.idle_since()) {
            (None, Some(timeout), Some(since)) => Some(since + timeout),
            _ => None,
        };
        let stop = self.stop.map(|stop| stop.deadline);
        [idle, stop, self.session.next_expiry()].into_iter().flatten().min()
    }

    fn deadline_reached(&mut self, now: Instant) {
        match self.stop {
            Some(stop) if !stop.terminating && now >= stop.deadline => {
                warn!("Timed out waiting for {} tasks to complete", self.session.busy());
                self.terminate(stop.grace);
            }
            Some(_) => {}
            None => {
                let is_idle = self.session.idle_since().zip(self.options.idle_timeout);
                if is_idle.is_some_and(|(since, timeout)| now >= since + timeout) {
                    info!("Reached idle timeout, starting shutdown...");
                    self.begin_stop(IDLE_GRACE);
                }
            }
        }
    }

    fn signalled(&mut self, signal: Signal) {
        match self.stop {
            None => {
                info!("Received {} signal, starting shutdown...", signal.name());
                self.begin_stop(self.options.grace);
            }
            Some(stop) => {
                info!("Received {} signal, already shutting down", signal.name());
                if !stop.terminating {
                    self.terminate(stop.grace);
                }
            }
        }
    }

    fn begin_stop(&mut self, grace: Duration) {
        self.recorder.stopping();
        self.session.close_offers();
        let tasks = self.session.busy();
        if tasks > 0 {
            debug!("Waiting for {tasks} tasks to complete (timeout: {}s)...", grace.as_secs());
        }
        self.stop = Some(Stop { deadline: Instant::now() + grace, grace, terminating: false });
    }

    fn terminate(&mut self, grace: Duration) {
        warn!("Terminating {} tasks...", self.session.busy());
        self.session.stop_tasks();
        self.stop = Some(Stop { deadline: Instant::now() + TERMINATION, grace, terminating: true });
    }

    /// Waits for what still runs without a connection; false when it does not end.
    async fn finish(&mut self) -> bool {
        self.session.close_offers();
        self.session.connection_lost();
        let deadline =
            self.stop.filter(|stop| stop.terminating).map_or_else(|| Instant::now() + TERMINATION, |s| s.deadline);
        while self.session.busy() > 0 {
            tokio::select! {
                ended = self.session.next_ended() => self.session.ended(ended, Instant::now()),
                () = sleep_until(deadline) => {
                    let grace = self.stop.map_or(TERMINATION, |stop| stop.grace);
                    error!("Shutdown timed out after {}s, forcing exit...", grace.as_secs());
                    return false;
                }
            }
        }
        if self.stop.is_some_and(|stop| stop.terminating) {
            warn!("Terminated tasks");
        }
        true
    }
}

impl Stop {
    fn is_over(&self, now: Instant) -> bool {
        self.terminating && now >= self.deadline
    }
}

/// The executor or why there is none, once; for ever where neither is awaited. May be dropped without loss.
async fn started<E>(starting: &mut Option<Starting<E>>) -> Result<Arc<E>, String> {
    let Some(told) = starting else { return std::future::pending().await };
    let settled = told.await.unwrap_or_else(|_| Err("the start of the sandbox was given up".to_owned()));
    *starting = None;
    settled
}

fn warn_of_retry(cause: &str) {
    warn!("Failed to connect to broker: {} - retrying...", one_line(cause, 500));
}
