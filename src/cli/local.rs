//! A runner and the embedded broker it serves, both in this process, with a real WebSocket between them.

use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::broker::{Address, Endpoint};
use crate::config::GrantToken;
use crate::embedded::{EmbeddedBroker, Options as BrokerOptions, TaskOutcome};
use crate::engine::Engine;
use crate::offers::random_id;
use crate::runner::{Ending, Options, Runner, Signal};
use crate::session::Observed;

/// Results are taken whatever their size: the policy's limit has been applied to them.
const MAX_PAYLOAD: usize = u32::MAX as usize;

/// Both ends at work.
pub(super) struct Local {
    broker: EmbeddedBroker,
    runner: JoinHandle<Ending>,
    ended: CancellationToken,
    signals: mpsc::Sender<Signal>,
}

impl Local {
    /// Starts both in the current runtime. The receiver is told of every task that is over before its answer is there; it
    /// has to be asked after each, as it holds no more than can be at work.
    ///
    /// # Errors
    /// One line: no port, or a connection that cannot be described.
    pub(super) async fn start(
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
        let (tell, told) = mpsc::channel(max_concurrency.max(1));
        let options = Options { endpoint, max_concurrency, idle_timeout: None, grace: Duration::from_secs(1) };
        let runner = Runner::new(options, engine, receiver, Some(tell));
        let ended = CancellationToken::new();
        let guard = ended.clone().drop_guard();
        let runner = tokio::spawn(async move {
            let _guard = guard;
            runner.run().await
        });
        Ok((Self { broker, runner, ended, signals }, told))
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
