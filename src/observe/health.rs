//! The health server: `/healthz`, `/readyz` and `/metrics` over HTTP/1, on a thread with a runtime of its own, so that it
//! answers when the runner's event loop is busy, or stuck.
//!
//! n8n's launcher kills a runner that does not answer `OK` to `/healthz`. So `OK` has to mean that tasks run: where no task has
//! shown that lately, a probe has to (`probe`). hyper serves it: it is in the tree already for tokens, and three paths
//! need no router.

mod http;
mod probe;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, OnceLock, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusHandle;
use thiserror::Error;
use tokio::runtime::{Builder, Handle};
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::info;

pub use self::probe::{ProbeFuture, Prober, Subject};
use super::{Recorder, metrics};
use crate::config::Health;
use crate::logging::one_line;

/// How often histograms are folded, which otherwise keep every value until somebody asks.
const UPKEEP: Duration = Duration::from_secs(5);

/// Why there is no health server; one line, in the words n8n's operators know.
#[derive(Debug, Error)]
pub enum HealthError {
    /// Somebody listens there.
    #[error("Failed to start health check server: Port {0} is already in use")]
    PortTaken(u16),
    /// Anything else.
    #[error("Failed to start health check server: {0}")]
    Other(String),
}

/// What the answers are made of.
#[derive(Debug)]
pub struct Context {
    /// What the runner told.
    pub recorder: Recorder,
    /// Where metrics are kept.
    pub metrics: PrometheusHandle,
    /// The runtime on which probes run: that of the tasks.
    pub tasks: Handle,
}

/// A server at work. Dropping it ends it.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    subject: Arc<OnceLock<Weak<dyn Subject>>>,
    thread: Option<JoinHandle<()>>,
    stop: Option<DropGuard>,
}

impl Server {
    /// Binds, and answers from then on. What takes long to start comes later, by [`Server::observe`].
    ///
    /// # Errors
    /// [`HealthError`]: the port is taken, the host is unknown, no thread can be had.
    pub fn start(config: &Health, context: Context) -> Result<Self, HealthError> {
        let other = |error: io::Error| HealthError::Other(one_line(&error.to_string(), 500));
        let listener = TcpListener::bind((config.host.as_str(), config.port)).map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => HealthError::PortTaken(config.port),
            _ => other(error),
        })?;
        listener.set_nonblocking(true).map_err(other)?;
        let address = listener.local_addr().map_err(other)?;
        let runtime = Builder::new_current_thread().enable_all().build().map_err(other)?;
        let subject = Arc::new(OnceLock::new());
        let prober = Arc::new(Prober::new(context.recorder.clone(), context.tasks.clone(), Arc::clone(&subject)));
        let answers = Answers { recorder: context.recorder, metrics: context.metrics, prober };
        let stop = CancellationToken::new();
        let until = stop.clone();
        let serve = move || {
            let work = async {
                tokio::join!(http::serve(listener, Arc::new(answers.clone())), upkeep(&answers.metrics));
            };
            runtime.block_on(until.run_until_cancelled(work));
            // A name that is looked up, or anything else that blocks, is not waited for.
            runtime.shutdown_background();
        };
        let thread = std::thread::Builder::new().name("health".into()).spawn(serve).map_err(other)?;
        info!("Health check server listening on {}, port {}", one_line(&config.host, 200), address.port());
        Ok(Self { address, subject, thread: Some(thread), stop: Some(stop.drop_guard()) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on `subject` is what health is about; only the first one counts. It is not kept alive.
    pub fn observe(&self, subject: Weak<dyn Subject>) {
        let _ = self.subject.set(subject);
    }

    /// Ends it.
    pub fn stop(self) {
        drop(self);
        info!("Health check server stopped");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn upkeep(metrics: &PrometheusHandle) {
    loop {
        tokio::time::sleep(UPKEEP).await;
        metrics.run_upkeep();
    }
}

/// What is answered, apart from HTTP.
#[derive(Debug, Clone)]
struct Answers {
    recorder: Recorder,
    metrics: PrometheusHandle,
    prober: Arc<Prober>,
}

impl Answers {
    /// Whether tasks run; else why not, in one line.
    async fn health(&self) -> Result<(), String> {
        self.prober.health().await.map_err(|why| one_line(&why, 300))
    }

    /// Whether a task that came now would run; else why not, in one line.
    fn readiness(&self) -> Result<(), String> {
        let vitals = self.recorder.vitals();
        let Some(subject) = self.prober.subject() else { return Err("the runner is starting".to_owned()) };
        if vitals.is_stopping() {
            return Err("the runner is stopping".to_owned());
        }
        if !vitals.is_registered() {
            return Err("the runner is not registered with a broker".to_owned());
        }
        subject.unable().map_or(Ok(()), |why| Err(one_line(&why, 300)))
    }

    fn metrics(&self) -> String {
        let stock = self.prober.subject().map(|subject| subject.stock()).unwrap_or_default();
        metrics::render(&self.metrics, &self.recorder, &stock)
    }
}
