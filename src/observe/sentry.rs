//! Errors of the runner itself, reported to Sentry. Only in builds with the feature `sentry`.
//!
//! Lines of the level ERROR become events. What belongs to a task (its exceptions, its limits, its refusals), to the connection
//! or to the configuration is somebody else's error and stays here, as with n8n's own runner; no text of user code is
//! in any event. The SDK is used without its defaults, which would read further variables (one of them turns the check of
//! certificates off).

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sentry::protocol::{Event as Report, Level as ReportLevel};
use sentry::transports::DefaultTransportFactory;
use sentry::types::Dsn;
use sentry::{Client, ClientOptions};
use tracing::{Event, Level, Subscriber, field, info, warn};
use tracing_subscriber::layer::{Context, Layer};

use crate::config::Sentry;
use crate::logging::one_line;

/// How long the end of the process may wait for reports on their way.
const FLUSH: Duration = Duration::from_secs(2);
/// Longest message of a report, in characters.
const LONGEST: usize = 1000;
/// Targets whose errors are not the runner's.
const IGNORED: &[&str] = &["palisade::broker", "palisade::session::answer"];

static CLIENT: OnceLock<Arc<Client>> = OnceLock::new();

/// Reports while it lives. Dropping it sends what is left.
#[derive(Debug)]
pub struct Reporting(());

/// Starts reporting, where there is somewhere to report to. What goes wrong is a warning: the runner starts in every case.
pub fn start(config: &Sentry) -> Option<Reporting> {
    let dsn = config.dsn.reveal();
    if dsn.is_empty() {
        return None;
    }
    let dsn: Dsn = match dsn.trim().parse() {
        Ok(dsn) => dsn,
        // The parser's words do not hold the DSN, which holds a key.
        Err(cause) => {
            warn!("Failed to initialize Sentry: N8N_SENTRY_DSN: {cause}");
            return None;
        }
    };
    if config.profiles_sample_rate > 0.0 && config.traces_sample_rate <= 0.0 {
        warn!("Profiling is enabled but tracing is disabled. Profiling will not work.");
    }
    if config.traces_sample_rate > 0.0 {
        warn!("N8N_SENTRY_TRACES_SAMPLE_RATE is set, but Palisade sends neither traces nor profiles; see /metrics");
    }
    let mut options = ClientOptions::new()
        .release(format!("n8n@{}", config.version))
        .environment(config.environment.clone())
        .server_name(config.deployment.clone())
        .default_integrations(false)
        .send_default_pii(false)
        .shutdown_timeout(FLUSH)
        .transport(DefaultTransportFactory);
    options.dsn = Some(dsn);
    let client = Arc::new(Client::from(options));
    if CLIENT.set(client).is_err() {
        warn!("Failed to initialize Sentry: it is at work already");
        return None;
    }
    info!("Sentry ready");
    Some(Reporting(()))
}

impl Drop for Reporting {
    fn drop(&mut self) {
        if let Some(client) = CLIENT.get() {
            client.close(Some(FLUSH));
            info!("Sentry stopped");
        }
    }
}

/// The log's layer that reports.
#[derive(Debug)]
pub struct Reporter;

impl<S: Subscriber> Layer<S> for Reporter {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        if *metadata.level() != Level::ERROR || !metadata.target().starts_with("palisade") {
            return;
        }
        let Some(client) = CLIENT.get() else { return };
        let mut said = Said::default();
        event.record(&mut said);
        if !said.internal && IGNORED.iter().any(|target| metadata.target().starts_with(target)) {
            return;
        }
        // Ids in a message would make every report a kind of its own; where it was logged tells kinds apart.
        let place = format!("{}:{}", metadata.target(), metadata.line().unwrap_or_default());
        let mut report = Report {
            level: ReportLevel::Error,
            logger: Some(metadata.target().to_owned()),
            message: Some(one_line(&said.message, LONGEST)),
            fingerprint: Cow::Owned(vec![Cow::Owned(place)]),
            ..Report::default()
        };
        report.tags.insert("server_type".to_owned(), "task_runner_python".to_owned());
        client.capture_event(report, None);
    }
}

/// What of an event counts here.
#[derive(Default)]
struct Said {
    message: String,
    /// A task failed through the runner's fault.
    internal: bool,
}

impl field::Visit for Said {
    fn record_bool(&mut self, field: &field::Field, value: bool) {
        self.internal |= value && field.name() == "internal";
    }

    fn record_debug(&mut self, field: &field::Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        }
    }
}
