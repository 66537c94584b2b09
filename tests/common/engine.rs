//! The whole runner in the process of a test: embedded broker, WebSocket, runner, analyzer, pool, and sealed children of
//! the binary that was built for this test run.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use palisade::broker::{Address, Endpoint};
use palisade::config::{GrantToken, TaskConfig};
use palisade::embedded::{EmbeddedBroker, Options as BrokerOptions, TaskOutcome};
use palisade::engine::Engine;
use palisade::interpreter::{self, Interpreter};
use palisade::runner::{Ending, Options, Runner, Signal};
use palisade::session::Observed;
use palisade::{extension, plan};
use palisade_policy::{Allow, Policies, Policy};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Much longer than anything here takes.
pub(crate) const LONG: Duration = Duration::from_mins(2);

/// Waits for what must happen, and fails the test where it does not.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LONG, future).await.expect("it should have happened by now")
}

/// The interpreter the program would take. Looking for it can mean starting several, so it is done once.
pub(crate) fn interpreter() -> &'static Interpreter {
    static FOUND: OnceLock<Interpreter> = OnceLock::new();
    FOUND.get_or_init(|| {
        let look_up = |name: &str| std::env::var_os(name);
        let named = look_up("PALISADE_PYTHON");
        interpreter::find(named.as_ref().map(AsRef::as_ref), &look_up, &extension::supported()).unwrap().interpreter
    })
}

/// How a runner is set up.
pub(crate) struct Setup {
    pub(crate) config: TaskConfig,
    /// Changes the policy before anything is made of it.
    pub(crate) change: Box<dyn Fn(&mut Policy)>,
    /// Changes the plan before anything is started by it.
    pub(crate) replan: Box<dyn Fn(&mut plan::Planned)>,
    /// Several profiles, in place of the default one with that change.
    pub(crate) policies: Option<Policies>,
    /// Whether the analyzer judges code. Without it, everything is as it would be for code that got past it.
    pub(crate) judge: bool,
    pub(crate) concurrency: usize,
    /// Whether the broker keeps all frames.
    pub(crate) record: bool,
    /// Another interpreter than the one the program would take.
    pub(crate) interpreter: Option<Interpreter>,
}

impl Setup {
    /// Defaults, with these allow lists in n8n's notation.
    pub(crate) fn allowing(stdlib: &str, external: &str) -> Self {
        let variables = [("N8N_RUNNERS_STDLIB_ALLOW", stdlib), ("N8N_RUNNERS_EXTERNAL_ALLOW", external)];
        let variables = variables.map(|(name, value)| (name.into(), value.into())).into();
        let config = TaskConfig::from_variables(&variables, &|path| std::fs::read(path)).unwrap();
        Self {
            config: TaskConfig { timeout: LONG, ..config },
            change: Box::new(|_| {}),
            replan: Box::new(|_| {}),
            policies: None,
            judge: true,
            concurrency: 1,
            record: false,
            interpreter: None,
        }
    }

    pub(crate) async fn start(self) -> Harness {
        let config = &self.config;
        if let Some(policies) = &self.policies {
            let in_use: Vec<&Policy> = policies.in_use().collect();
            let mut planned = plan::plan_all(&in_use, interpreter(), config, self.concurrency).unwrap();
            for planned in &mut planned {
                planned.recipe.jailer = env!("CARGO_BIN_EXE_palisade").into();
            }
            let engine = Engine::start_all(config, policies, planned, self.concurrency).await.unwrap();
            return Harness::around(engine, self.concurrency, self.record).await;
        }
        let load = |stdlib: &Allow, external: &Allow| {
            let mut policy = Policy::load(stdlib.clone(), external.clone(), config.builtins_deny.clone()).unwrap();
            (self.change)(&mut policy);
            policy
        };
        let policy = load(&config.stdlib_allow, &config.external_allow);
        let mut planned =
            plan::plan(&policy, self.interpreter.as_ref().unwrap_or_else(|| interpreter()), config, self.concurrency)
                .unwrap();
        // This process is a test, not the program.
        planned.recipe.jailer = env!("CARGO_BIN_EXE_palisade").into();
        planned.recipe.preparation.names.gate &= self.judge;
        (self.replan)(&mut planned);
        let judging = if self.judge { policy } else { load(&Allow::All, &Allow::All) };
        let engine = Engine::start_planned(config, &judging, planned, self.concurrency).await.unwrap();
        Harness::around(engine, self.concurrency, self.record).await
    }
}

/// A runner at work, and its broker.
pub(crate) struct Harness {
    pub(crate) broker: EmbeddedBroker,
    pub(crate) engine: Arc<Engine>,
    observed: mpsc::Receiver<Observed>,
    signals: mpsc::Sender<Signal>,
    runner: JoinHandle<Ending>,
}

impl Harness {
    async fn around(engine: Arc<Engine>, max_concurrency: usize, record: bool) -> Self {
        let options = BrokerOptions { record, ..BrokerOptions::default() };
        let token = options.grant_token.clone();
        let broker = EmbeddedBroker::start(options).await.unwrap();
        let address = Address::parse(&broker.uri()).unwrap();
        let endpoint = Endpoint::new(address, "runner-1", &GrantToken::new(token).unwrap(), 1 << 30).unwrap();
        let options = Options { endpoint, max_concurrency, idle_timeout: None, grace: LONG };
        let (signals, receiver) = mpsc::channel(4);
        let (tell, observed) = mpsc::channel(64);
        let runner = Runner::new(options, Arc::clone(&engine), receiver, Some(tell));
        Self { broker, engine, observed, signals, runner: tokio::spawn(runner.run()) }
    }

    /// Has one task run.
    pub(crate) async fn task(&self, settings: &RawValue) -> TaskOutcome {
        soon(self.broker.run_task(settings)).await.unwrap()
    }

    /// The result of code that must succeed.
    pub(crate) async fn result(&self, code: &str) -> Value {
        let outcome = self.task(&settings(code, json!({}))).await;
        let result = outcome.verdict.unwrap_or_else(|error| panic!("{}: {error:?}", abridged(code)));
        serde_json::from_str(result.get()).unwrap()
    }

    /// The error of code that must fail.
    pub(crate) async fn error(&self, code: &str) -> Map<String, Value> {
        let outcome = self.task(&settings(code, json!({}))).await;
        match outcome.verdict {
            Ok(result) => panic!("{} did not fail: {}", abridged(code), abridged(result.get())),
            Err(error) => error,
        }
    }

    /// What the runner told of the oldest task that nobody has asked for yet.
    pub(crate) fn observed(&mut self) -> Observed {
        self.observed.try_recv().expect("the runner tells of every task")
    }

    /// Stops the runner, which must end as told.
    pub(crate) async fn stop(self) {
        self.signals.send(Signal::Terminate).await.unwrap();
        assert_eq!(soon(self.runner).await.unwrap(), Ending::Stopped);
    }
}

/// The beginning of a text that may be long.
pub(crate) fn abridged(text: &str) -> String {
    text.chars().take(300).collect()
}

/// Settings of a task with this code and these further fields.
pub(crate) fn settings(code: &str, more: Value) -> Box<RawValue> {
    let mut settings = json!({
        "code": code, "nodeMode": "runOnceForAllItems", "workflowMode": "manual", "continueOnFail": false,
        "items": [{"json": {"a": 1}, "pairedItem": {"item": 0}}],
        "nodeName": "Code", "nodeId": "n1", "workflowName": "W", "workflowId": "w1",
    });
    let Value::Object(more) = more else { panic!("an object") };
    settings.as_object_mut().unwrap().extend(more);
    to_raw_value(&settings).unwrap()
}
