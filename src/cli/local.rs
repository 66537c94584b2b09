//! A runner and the embedded broker it serves, both in this process, with a real WebSocket between them.

use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::broker::{Address, Endpoint};
use crate::config::GrantToken;
use crate::embedded::{EmbeddedBroker, Options as BrokerOptions, TaskOutcome};
use crate::engine::Engine;
use crate::observe::Recorder;
use crate::offers::random_id;
use crate::runner::{Ending, Options, Runner, Signal};
use crate::session::Observed;

/// Tasks that may be over before whoever asks has asked for those before them.
const ASKED_LATE: usize = 1024;

/// Results are taken whatever their size: the policy's limit has been applied to them.
const MAX_PAYLOAD: usize = u32::MAX as usize;

/// Both ends at work.
pub(super) struct Local {
    broker: EmbeddedBroker,
    runner: JoinHandle<Ending>,
    ended: CancellationToken,
    signals: mpsc::Sender<Signal>,
    recorder: Recorder,
}

impl Local {
    /// Starts both in the current runtime. The receiver is told of every task that is over before its answer is there; it
    /// has to be asked after each, as what it holds is bounded.
    ///
    /// # Errors
    /// One line: no port, or a connection that cannot be described.
    pub(super) async fn start(
        engine: Arc<Engine>,
        max_concurrency: usize,
    ) -> Result<(Self, mpsc::Receiver<Observed>), String> {
        Self::start_on(&Handle::current(), engine, max_concurrency).await
    }

    /// As [`Local::start`], with the runner in another runtime, which is the engine's.
    ///
    /// # Errors
    /// As [`Local::start`].
    pub(super) async fn start_on(
        runtime: &Handle,
        engine: Arc<Engine>,
        max_concurrency: usize,
    ) -> Result<(Self, mpsc::Receiver<Observed>), String> {
        let token = random_id();
        let options = BrokerOptions { grant_token: token.clone(), ..BrokerOptions::default() };
        let broker = EmbeddedBroker::start(options)
            .await
            .map_err(|error| format!("the embedded broker could not be started: {error}"))?;
        let endpoint = endpoint(&broker.uri(), token)?;
        let (signals, receiver) = mpsc::channel(1);
        let (tell, told) = mpsc::channel(max_concurrency.saturating_add(ASKED_LATE));
        let options = Options { endpoint, max_concurrency, idle_timeout: None, grace: Duration::from_secs(1) };
        let recorder = Recorder::default();
        let runner = Runner::recorded(options, engine, receiver, Some(tell), recorder.clone());
        let ended = CancellationToken::new();
        let guard = ended.clone().drop_guard();
        let runner = runtime.spawn(async move {
            let _guard = guard;
            runner.run().await
        });
        Ok((Self { broker, runner, ended, signals, recorder }, told))
    }

    /// Has one task run.
    ///
    /// # Errors
    /// One line: the runner is gone.
    pub(super) async fn task(&self, settings: &RawValue) -> Result<TaskOutcome, String> {
        tokio::select! {
            outcome = self.broker.run_task(settings) => outcome.map_err(|error| error.to_string()),
            // One that never got to connect leaves the broker waiting.
            () = self.ended.cancelled() => Err("the runner ended early".to_owned()),
        }
    }

    /// Offers that nobody took in time, and acceptances that the runner turned down as too late or too many: counts.
    pub(super) fn misses(&self) -> (u64, u64) {
        (self.recorder.vitals().offers_expired(), self.broker.rejections())
    }

    /// Ends both.
    pub(super) async fn stop(self) {
        let _ = self.signals.send(Signal::Terminate).await;
        let _ = self.runner.await;
    }
}

fn endpoint(uri: &str, token: String) -> Result<Endpoint, String> {
    let address = Address::parse(uri).map_err(|error| error.to_string())?;
    let token = GrantToken::new(token).map_err(|error| error.to_string())?;
    Endpoint::new(address, &random_id(), &token, MAX_PAYLOAD).map_err(|error| error.to_string())
}
