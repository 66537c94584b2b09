//! A broker, a runner, and an executor whose code is a command.

use std::future::Future;
use std::io::Write;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use palisade::broker::{Address, Endpoint};
use palisade::config::GrantToken;
use palisade::embedded::{AcceptedTask, EmbeddedBroker, Entry, Options as BrokerOptions, Recorded};
use palisade::execute::{Answer, ErrorKind, Execute, Task, TaskError, Verdict};
use palisade::observe::Recorder;
use palisade::runner::{Ending, Options, Runner, Signal};
use palisade_channel::message::Print;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::subscriber::DefaultGuard;

/// Much longer than anything here takes.
pub(crate) const LONG: Duration = Duration::from_mins(1);

/// Waits for what must happen, and fails the test where it does not.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LONG, future).await.expect("it should have happened by now")
}

pub(crate) fn raw(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).unwrap()
}

/// Settings of a task with this code.
pub(crate) fn settings(code: &str) -> Box<RawValue> {
    settings_with(code, json!({}))
}

/// Settings of a task with this code and these further fields.
pub(crate) fn settings_with(code: &str, more: Value) -> Box<RawValue> {
    let mut settings = json!({
        "code": code, "nodeMode": "runOnceForAllItems", "workflowMode": "manual", "continueOnFail": false,
        "items": [{"json": {"a": 1}}], "nodeName": "Code", "nodeId": "n1", "workflowName": "W", "workflowId": "w1",
    });
    let Value::Object(more) = more else { panic!("an object") };
    settings.as_object_mut().unwrap().extend(more);
    serde_json::value::to_raw_value(&settings).unwrap()
}

/// The executor. Its code is one of: `items`, `fail`, `panic`, `print …`, `big <bytes>`, `wait` (until cancelled) and
/// `gate` (until [`Fake::gate`] opens, or cancelled).
#[derive(Default)]
pub(crate) struct Fake {
    pub(crate) started: AtomicUsize,
    pub(crate) cancelled: AtomicUsize,
    pub(crate) answered: AtomicUsize,
    pub(crate) gate: Notify,
    pub(crate) changed: Notify,
}

impl Fake {
    /// Waits until a counter is at least at `count`.
    pub(crate) async fn reaches(&self, counter: &AtomicUsize, count: usize) {
        soon(async {
            loop {
                let changed = self.changed.notified();
                if counter.load(Ordering::SeqCst) >= count {
                    return;
                }
                changed.await;
            }
        })
        .await;
    }

    fn count(&self, counter: &AtomicUsize) {
        counter.fetch_add(1, Ordering::SeqCst);
        self.changed.notify_waiters();
    }

    async fn answer(&self, task: Task, cancel: CancellationToken) -> Answer {
        let failed = |kind, message: &str| {
            if task.settings.continue_on_fail {
                let result = raw(&json!([{"json": {"error": message}}]).to_string());
                return Answer::bare(Verdict::Forgiven { result, kind });
            }
            let mut error = TaskError::new(kind, message);
            if kind == ErrorKind::Raised {
                error.description = Some("more".to_owned());
                error.extra.insert("lineNumber".to_owned(), json!(3));
            }
            Answer::bare(Verdict::Failed(error))
        };
        let cancelled = || {
            self.count(&self.cancelled);
            failed(ErrorKind::Cancelled, "Task was cancelled")
        };
        let (command, argument) = task.settings.code.split_once(' ').unwrap_or((&task.settings.code, ""));
        let print = |text: &str| Print { params: vec![format!("'{text}'")], text: text.to_owned() };
        match command {
            "items" => Answer::bare(Verdict::Done(raw(task.settings.items.get()))),
            "query" => Answer::bare(Verdict::Done(task.settings.query.unwrap())),
            "fail" => failed(ErrorKind::Raised, "boom"),
            "syntax" => failed(ErrorKind::Syntax, "invalid syntax"),
            "panic" => panic!("the executor of this test panics"),
            "big" => {
                let text = "x".repeat(argument.parse().unwrap());
                Answer::bare(Verdict::Done(raw(&format!("\"{text}\""))))
            }
            "print" => {
                Answer { prints: argument.split(',').map(print).collect(), ..Answer::bare(Verdict::Done(raw("null"))) }
            }
            "print-fail" => Answer { prints: vec![print("before")], ..failed(ErrorKind::Raised, "boom") },
            "wait" => {
                cancel.cancelled().await;
                cancelled()
            }
            "gate" => tokio::select! {
                () = cancel.cancelled() => cancelled(),
                () = self.gate.notified() => Answer::bare(Verdict::Done(raw("\"open\""))),
            },
            "stubborn" => std::future::pending().await,
            other => panic!("no such command: {other}"),
        }
    }
}

impl Execute for Fake {
    fn execute(self: Arc<Self>, task: Task, cancel: CancellationToken) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
        Box::pin(async move {
            self.count(&self.started);
            let answer = self.answer(task, cancel).await;
            self.count(&self.answered);
            answer
        })
    }
}

/// A broker and a runner that knows it.
pub(crate) struct Setup {
    pub(crate) broker: EmbeddedBroker,
    pub(crate) fake: Arc<Fake>,
    pub(crate) signals: mpsc::Sender<Signal>,
    pub(crate) runner: JoinHandle<Ending>,
    pub(crate) log: Log,
}

impl Setup {
    /// With defaults, registered.
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With other options, registered.
    pub(crate) async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let setup =
            Self::unregistered(BrokerOptions { record: true, ..BrokerOptions::default() }, 1 << 30, change).await;
        setup.registrations(1).await;
        setup
    }

    /// With a limit for one message, registered.
    pub(crate) async fn with_max_payload(max_payload: usize) -> Self {
        let options = BrokerOptions { record: true, ..BrokerOptions::default() };
        let setup = Self::unregistered(options, max_payload, |_| {}).await;
        setup.registrations(1).await;
        setup
    }

    pub(crate) async fn unregistered(
        broker_options: BrokerOptions,
        max_payload: usize,
        change: impl FnOnce(&mut Options),
    ) -> Self {
        let token = broker_options.grant_token.clone();
        let broker = EmbeddedBroker::start(broker_options).await.unwrap();
        Self::around(broker, token, max_payload, change)
    }

    pub(crate) fn around(
        broker: EmbeddedBroker,
        token: String,
        max_payload: usize,
        change: impl FnOnce(&mut Options),
    ) -> Self {
        let log = Log::capture();
        let mut options = options(&broker.uri(), token, max_payload);
        change(&mut options);
        let fake = Arc::new(Fake::default());
        let (signals, receiver) = mpsc::channel(4);
        let runner = tokio::spawn(Runner::new(options, Arc::clone(&fake), receiver, None).run());
        Self { broker, fake, signals, runner, log }
    }

    /// With an executor that is not there before the test sends it.
    pub(crate) async fn starting(
        broker_options: BrokerOptions,
        change: impl FnOnce(&mut Options),
    ) -> (Self, oneshot::Sender<Result<Arc<Fake>, String>>) {
        let token = broker_options.grant_token.clone();
        let broker = EmbeddedBroker::start(broker_options).await.unwrap();
        let log = Log::capture();
        let mut options = options(&broker.uri(), token, 1 << 20);
        change(&mut options);
        let (signals, receiver) = mpsc::channel(4);
        let (tell, starting) = oneshot::channel();
        let runner = tokio::spawn(Runner::starting(options, starting, receiver, Recorder::default()).run());
        (Self { broker, fake: Arc::new(Fake::default()), signals, runner, log }, tell)
    }

    /// Waits until the runner has closed its connection with this code.
    pub(crate) async fn closed(&self, code: Option<u16>) {
        let is_close = |entry: &Entry| entry.what == Recorded::Closed(code);
        soon(self.broker.wait_for(|entries| entries.iter().any(is_close).then_some(()))).await;
    }

    /// Waits until the runner has been registered this often.
    pub(crate) async fn registrations(&self, count: usize) {
        let is_info = |entry: &&Entry| matches!(&entry.what, Recorded::Received(text) if text.contains("runner:info"));
        soon(self.broker.wait_for(|entries| (entries.iter().filter(is_info).count() >= count).then_some(()))).await;
    }

    /// Has a task accepted and started.
    pub(crate) async fn start(&self, code: &str) -> AcceptedTask {
        let task = soon(self.broker.begin_task()).await.unwrap();
        let started = self.fake.started.load(Ordering::SeqCst);
        task.send_settings(&settings(code));
        self.fake.reaches(&self.fake.started, started + 1).await;
        task
    }

    /// Waits until this many offers are open.
    pub(crate) async fn offers(&self, count: usize) {
        soon(self.broker.wait_for(|_| Some(()))).await;
        soon(async {
            while self.broker.open_offers().len() != count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
    }

    /// A question that the runner answers at once: when it returns, everything sent before it has been handled.
    pub(crate) async fn round_trip(&self) {
        let before = self.received("runner:info").len();
        self.broker.send(&json!({"type": "broker:inforequest"}));
        let is_info = |entry: &&Entry| matches!(&entry.what, Recorded::Received(text) if text.contains("runner:info"));
        soon(self.broker.wait_for(|entries| (entries.iter().filter(is_info).count() > before).then_some(()))).await;
    }

    /// Frames of one type that came from the runner so far.
    pub(crate) fn received(&self, kind: &str) -> Vec<Value> {
        let is_kind = |value: &Value| value["type"] == kind;
        self.all_received().into_iter().filter(is_kind).collect()
    }

    /// All frames that came from the runner so far.
    pub(crate) fn all_received(&self) -> Vec<Value> {
        let text = |entry: Entry| match entry.what {
            Recorded::Received(text) => Some(serde_json::from_str(&text).unwrap()),
            _ => None,
        };
        self.broker.transcript().into_iter().filter_map(text).collect()
    }

    /// Stops the runner, which must end as told.
    pub(crate) async fn stop(self) -> Ending {
        self.signals.send(Signal::Terminate).await.unwrap();
        soon(self.runner).await.unwrap()
    }
}

fn options(uri: &str, token: String, max_payload: usize) -> Options {
    let token = GrantToken::new(token).unwrap();
    let address = Address::parse(uri).unwrap();
    Options {
        endpoint: Endpoint::new(address, "runner-1", &token, max_payload).unwrap(),
        max_concurrency: 5,
        idle_timeout: None,
        grace: LONG,
    }
}

/// A runner for a broker that is not ours.
pub(crate) struct Lone {
    pub(crate) log: Log,
    pub(crate) signals: mpsc::Sender<Signal>,
    pub(crate) runner: JoinHandle<Ending>,
}

impl Lone {
    pub(crate) fn start(uri: &str) -> Self {
        Self::at(options(uri, "token".to_owned(), 1 << 20).endpoint)
    }

    pub(crate) fn at(endpoint: Endpoint) -> Self {
        let log = Log::capture();
        let (signals, receiver) = mpsc::channel(1);
        let options = Options { endpoint, max_concurrency: 5, idle_timeout: None, grace: LONG };
        let runner = tokio::spawn(Runner::new(options, Arc::new(Fake::default()), receiver, None).run());
        Self { log, signals, runner }
    }

    /// Stops the runner, which has nothing to wait for.
    pub(crate) async fn stop(self) -> Ending {
        self.signals.send(Signal::Terminate).await.unwrap();
        let begun = std::time::Instant::now();
        let ending = soon(self.runner).await.unwrap();
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
        ending
    }
}

/// What this thread logs. All of a test is on one thread.
pub(crate) struct Log {
    lines: Arc<Mutex<Vec<u8>>>,
    _guard: DefaultGuard,
}

impl Log {
    fn capture() -> Self {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let writer = Arc::clone(&lines);
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::DEBUG)
            .with_ansi(false)
            .without_time()
            .with_target(false)
            .with_writer(move || Appender(Arc::clone(&writer)))
            .finish();
        Self { lines, _guard: tracing::subscriber::set_default(subscriber) }
    }

    /// Whether a line of this level and text has been logged.
    pub(crate) fn has(&self, line: &str) -> bool {
        let text = String::from_utf8(self.lines.lock().unwrap().clone()).unwrap();
        text.lines().any(|logged| logged.trim() == line)
    }

    /// Waits for a line of which all this is part, and gives it back.
    pub(crate) async fn line_with(&self, part: &str) -> String {
        let begun = std::time::Instant::now();
        loop {
            if let Some(line) = self.text().lines().find(|line| line.contains(part)) {
                return line.trim().to_owned();
            }
            assert!(begun.elapsed() < LONG, "{part} in\n{}", self.text());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.lines.lock().unwrap().clone()).unwrap()
    }
}

struct Appender(Arc<Mutex<Vec<u8>>>);

impl Write for Appender {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
