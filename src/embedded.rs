//! A small task broker with n8n's side of the protocol: for `palisade run`, for tests and for benchmarks.
//!
//! It is a real WebSocket server on a free port of the loopback address. It trusts the one runner it is made for.

mod peer;

use std::collections::{HashMap, HashSet, VecDeque};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_rustls::rustls::ServerConfig;
use tokio_tungstenite::tungstenite::{Bytes, Message};

use crate::offers::random_id;

/// How the broker behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// The token it lets runners in for, any number of times.
    pub grant_token: String,
    /// What it gives out grant tokens for, at `/runners/auth`, if it does. Each is good for one connection.
    pub auth_token: Option<String>,
    /// The address it listens on; a free port of the loopback address if none.
    pub address: Option<SocketAddr>,
    /// Its certificate and key, if it is to speak TLS.
    pub tls: Option<Arc<ServerConfig>>,
    /// How often it pings, if it does.
    pub ping_interval: Option<Duration>,
    /// Whether it keeps a transcript of all frames. Tests need it.
    pub record: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            grant_token: random_id(),
            auth_token: None,
            address: None,
            tls: None,
            ping_interval: None,
            record: false,
        }
    }
}

/// What the broker can tell of a task that is over.
#[derive(Debug)]
pub struct TaskOutcome {
    /// Parameters of each print, in order.
    pub prints: Vec<Vec<String>>,
    /// The result, or the error with all its fields.
    pub verdict: Result<Box<RawValue>, Map<String, Value>>,
    /// From the settings to the answer.
    pub elapsed: Duration,
}

/// Why a task has no outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BrokerError {
    /// The runner went away.
    #[error("the connection to the runner was lost")]
    ConnectionLost,
}

/// One event of a transcript.
#[derive(Debug, Clone)]
pub struct Entry {
    /// When it was sent or received.
    pub at: Instant,
    /// What it was.
    pub what: Recorded,
}

/// What a transcript holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    /// A runner was let in, with this id.
    Connected(String),
    /// A runner was turned away with this status.
    TurnedAway(u16),
    /// A grant token was asked for, and this is the status of the answer.
    AskedForToken(u16),
    /// A text frame to the runner.
    Sent(String),
    /// A text frame from the runner.
    Received(String),
    /// A pong from the runner.
    Pong(Bytes),
    /// The runner closed with this code, or is just gone.
    Closed(Option<u16>),
}

/// The broker. It ends when it is dropped.
pub struct EmbeddedBroker {
    shared: Arc<Shared>,
    address: SocketAddr,
    server: JoinHandle<()>,
}

/// A task the runner has accepted.
pub struct AcceptedTask {
    /// Its id.
    pub id: String,
    shared: Arc<Shared>,
    outcome: oneshot::Receiver<TaskOutcome>,
}

struct Shared {
    options: Options,
    state: Mutex<State>,
    changed: Notify,
    /// An offer has come. Each wakes one of those who wait for one: all of a burst would only look and wait again.
    offered: Notify,
}

#[derive(Default)]
struct State {
    /// The one connection that counts, and a number to tell it from earlier ones.
    runner: Option<(u64, mpsc::UnboundedSender<Command>)>,
    connections: u64,
    /// Turn runners away with this status.
    turn_away: Option<u16>,
    /// Answer requests for grant tokens with this status.
    withhold: Option<u16>,
    /// Grant tokens that were given out and not used yet.
    issued: HashSet<String>,
    offers: VecDeque<(String, Instant)>,
    tasks: HashMap<String, Task>,
    rejections: u64,
    transcript: Vec<Entry>,
}

enum Command {
    Send(Message),
    /// End the TCP connection without a word.
    HangUp,
}

struct Task {
    acceptance: Option<oneshot::Sender<bool>>,
    outcome: Option<oneshot::Sender<TaskOutcome>>,
    settings_sent: Instant,
    prints: Vec<Vec<String>>,
}

impl EmbeddedBroker {
    /// Starts a broker in the current runtime.
    ///
    /// # Errors
    /// When the port cannot be had.
    pub async fn start(options: Options) -> io::Result<Self> {
        let wanted = options.address.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 0).into());
        let listener = TcpListener::bind(wanted).await?;
        let address = listener.local_addr()?;
        let shared =
            Arc::new(Shared { options, state: Mutex::default(), changed: Notify::new(), offered: Notify::new() });
        let server = tokio::spawn(peer::serve(listener, Arc::clone(&shared)));
        Ok(Self { shared, address, server })
    }

    /// Where it is, in the form `N8N_RUNNERS_TASK_BROKER_URI` takes.
    pub fn uri(&self) -> String {
        let scheme = if self.shared.options.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Has one task run, from the offer to the answer. `settings` is sent byte by byte.
    ///
    /// # Errors
    /// When the runner goes away.
    pub async fn run_task(&self, settings: &RawValue) -> Result<TaskOutcome, BrokerError> {
        let task = self.begin_task().await?;
        task.send_settings(settings);
        task.outcome().await
    }

    /// Waits for an offer and takes it up.
    ///
    /// # Errors
    /// When the runner goes away meanwhile.
    pub async fn begin_task(&self) -> Result<AcceptedTask, BrokerError> {
        loop {
            let offer_id = self.shared.offer().await;
            let id = random_id();
            let (accepted, acceptance) = oneshot::channel();
            let (done, outcome) = oneshot::channel();
            let task = Task {
                acceptance: Some(accepted),
                outcome: Some(done),
                settings_sent: Instant::now(),
                prints: Vec::new(),
            };
            self.shared.lock().tasks.insert(id.clone(), task);
            self.send(&json!({"type": "broker:taskofferaccept", "taskId": id, "offerId": offer_id}));
            if acceptance.await.map_err(|_| BrokerError::ConnectionLost)? {
                return Ok(AcceptedTask { id, shared: Arc::clone(&self.shared), outcome });
            }
        }
    }

    /// Cancels a task.
    pub fn cancel(&self, task_id: &str, reason: &str) {
        self.send(&json!({"type": "broker:taskcancel", "taskId": task_id, "reason": reason}));
    }

    /// Asks for no more offers.
    pub fn drain(&self) {
        self.send(&json!({"type": "broker:drain"}));
    }

    /// Sends a frame of JSON.
    pub fn send(&self, frame: &Value) {
        self.shared.send(Message::text(frame.to_string()));
    }

    /// Sends any message: text that is no JSON, binary, pings, close frames, raw frames.
    pub fn send_message(&self, message: Message) {
        self.shared.send(message);
    }

    /// Ends the TCP connection without a word.
    pub fn hang_up(&self) {
        if let Some((_, runner)) = &self.shared.lock().runner {
            let _ = runner.send(Command::HangUp);
        }
    }

    /// From now on, runners are turned away with this status, or let in again.
    pub fn turn_away(&self, status: Option<u16>) {
        self.shared.lock().turn_away = status;
    }

    /// From now on, requests for grant tokens are answered with this status, or with a token again.
    pub fn withhold_tokens(&self, status: Option<u16>) {
        self.shared.lock().withhold = status;
    }

    /// Ids of the offers that are open.
    pub fn open_offers(&self) -> Vec<String> {
        let now = Instant::now();
        self.shared.lock().offers.iter().filter(|(_, until)| *until > now).map(|(id, _)| id.clone()).collect()
    }

    /// Acceptances that runners turned down so far, a count.
    pub fn rejections(&self) -> u64 {
        self.shared.lock().rejections
    }

    /// All that was recorded so far.
    pub fn transcript(&self) -> Vec<Entry> {
        self.shared.lock().transcript.clone()
    }

    /// Waits until `find` finds something in the transcript.
    pub async fn wait_for<T>(&self, mut find: impl FnMut(&[Entry]) -> Option<T>) -> T {
        self.shared.wait(|state| find(&state.transcript)).await
    }
}

impl Drop for EmbeddedBroker {
    fn drop(&mut self) {
        self.server.abort();
        self.hang_up();
    }
}

impl AcceptedTask {
    /// Tells the runner what to do.
    pub fn send_settings(&self, settings: &RawValue) {
        let id = json!(self.id);
        if let Some(task) = self.shared.lock().tasks.get_mut(&self.id) {
            task.settings_sent = Instant::now();
        }
        let frame = format!(r#"{{"type":"broker:tasksettings","taskId":{id},"settings":{}}}"#, settings.get());
        self.shared.send(Message::text(frame));
    }

    /// Waits for the answer.
    ///
    /// # Errors
    /// When the runner goes away.
    pub async fn outcome(self) -> Result<TaskOutcome, BrokerError> {
        self.outcome.await.map_err(|_| BrokerError::ConnectionLost)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that holds the lock leaves the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, message: Message) {
        let mut state = self.lock();
        if let Message::Text(text) = &message {
            self.record(&mut state, || Recorded::Sent(text.as_str().to_owned()));
        }
        if let Some((_, runner)) = &state.runner {
            // A runner that is just going away is noticed where its connection is read.
            let _ = runner.send(Command::Send(message));
        }
    }

    fn record(&self, state: &mut State, what: impl FnOnce() -> Recorded) {
        if self.options.record {
            state.transcript.push(Entry { at: Instant::now(), what: what() });
        }
        self.changed.notify_waiters();
    }

    /// Waits for an offer and takes it.
    async fn offer(&self) -> String {
        loop {
            // Who is woken for an offer that another took meanwhile waits again; who gives up passes the word on.
            let offered = self.offered.notified();
            tokio::pin!(offered);
            offered.as_mut().enable();
            if let Some(offer) = self.lock().take_offer() {
                return offer;
            }
            offered.await;
        }
    }

    /// Waits until `find` finds something in the state.
    async fn wait<T>(&self, mut find: impl FnMut(&mut State) -> Option<T>) -> T {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // What changes between looking and waiting must not be missed.
            changed.as_mut().enable();
            if let Some(found) = find(&mut self.lock()) {
                return found;
            }
            changed.await;
        }
    }
}

impl State {
    fn is_current(&self, serial: u64) -> bool {
        self.runner.as_ref().is_some_and(|(current, _)| *current == serial)
    }

    /// What a connection that is over leaves behind.
    fn forget_runner(&mut self) {
        self.offers.clear();
        // Whoever waits for one of them is told by its sender being gone.
        self.tasks.clear();
    }

    fn take_offer(&mut self) -> Option<String> {
        let now = Instant::now();
        self.offers.retain(|(_, until)| *until > now);
        self.offers.pop_front().map(|(id, _)| id)
    }
}
