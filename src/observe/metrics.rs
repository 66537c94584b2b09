//! All metrics: one table, the places that count, and the text that Prometheus reads.
//!
//! The `metrics` facade keeps them and `metrics-exporter-prometheus` renders them (without its own server: the health
//! server has one). Where no recorder was installed, all of this costs nothing and does nothing.

use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use palisade_sandbox::layer::{Layer, Outcome};
use thiserror::Error;

use super::event::{Ended, stages};
use super::{Recorder, labels};
use crate::execute::ErrorKind;

/// What kind of number a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
    /// How often values fell into which range.
    Histogram,
}

/// Where the values of a label come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// One of these.
    Of(&'static [&'static str]),
    /// A system call of [`labels::calls`].
    Calls,
    /// A layer's name.
    Layers,
    /// A profile of the policy.
    Profiles,
    /// The program's version.
    Version,
}

/// One metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// What kind of number it is.
    pub kind: Kind,
    /// What is counted or measured.
    pub unit: &'static str,
    /// Its labels and what each can be.
    pub labels: &'static [(&'static str, Values)],
    /// What it says.
    pub help: &'static str,
}

const TASKS: &str = "palisade_tasks_total";
const STAGE: &str = "palisade_stage_seconds";
const REFUSALS: &str = "palisade_refusals_total";
const DENIALS: &str = "palisade_sandbox_denials_total";
const KILLS: &str = "palisade_kills_total";
const RESULT_BYTES: &str = "palisade_result_bytes_total";
const PRINT_BYTES: &str = "palisade_print_bytes_total";
const RESTARTS: &str = "palisade_forkserver_restarts_total";
const PROBES: &str = "palisade_probes_total";
const RUNNING: &str = "palisade_running_tasks";
const SPARES: &str = "palisade_spares";
const OFFERS: &str = "palisade_offers_open";
const EXPIRED: &str = "palisade_offers_expired_total";
const REGISTERED: &str = "palisade_registered";
const RECONNECTS: &str = "palisade_reconnects_total";
const CONNECT_FAILURES: &str = "palisade_connect_failures_total";
const LAYER: &str = "palisade_layer_enforced";
const VOID: &str = "palisade_language_layer_void";
const BUILD: &str = "palisade_build_info";

const fn metric(
    name: &'static str,
    kind: Kind,
    unit: &'static str,
    labels: &'static [(&'static str, Values)],
    help: &'static str,
) -> Metric {
    Metric { name, kind, unit, labels, help }
}

use Kind::{Counter, Gauge, Histogram};

/// All of them.
pub const TABLE: &[Metric] = &[
    metric(
        TASKS,
        Counter,
        "tasks",
        &[("outcome", Values::Of(labels::OUTCOMES)), ("profile", Values::Profiles)],
        "Tasks that are over, by how they ended",
    ),
    metric(
        STAGE,
        Histogram,
        "seconds",
        &[("stage", Values::Of(labels::STAGES))],
        "Time of each stage: analysis, wait for a child, run, reply until its last byte went to the broker",
    ),
    metric(
        REFUSALS,
        Counter,
        "tasks",
        &[("rule", Values::Of(labels::RULES))],
        "Tasks the analysis refused, by rule; a task counts once for each rule it broke",
    ),
    metric(
        DENIALS,
        Counter,
        "tasks",
        &[("syscall", Values::Calls)],
        "Tasks ended at a system call the sandbox forbids, by the call the child named",
    ),
    metric(
        KILLS,
        Counter,
        "tasks",
        &[("limit", Values::Of(labels::LIMITS))],
        "Tasks whose process was ended before their code was, by what ended it",
    ),
    metric(RESULT_BYTES, Counter, "bytes", &[], "JSON of results sent"),
    metric(PRINT_BYTES, Counter, "bytes", &[], "Text of prints sent"),
    metric(RESTARTS, Counter, "forkservers", &[], "Forkservers started after the first, recycled ones included"),
    metric(
        PROBES,
        Counter,
        "probes",
        &[("result", Values::Of(labels::PROBES))],
        "No-op tasks the health server ran because nothing else had shown that tasks run",
    ),
    metric(RUNNING, Gauge, "tasks", &[], "Slots in use, by tasks that wait for settings, run, or are being stopped"),
    metric(SPARES, Gauge, "processes", &[("profile", Values::Profiles)], "Sealed and verified children in stock"),
    metric(OFFERS, Gauge, "offers", &[], "Offers the broker may accept"),
    metric(EXPIRED, Counter, "offers", &[], "Offers nobody accepted in time"),
    metric(REGISTERED, Gauge, "0 or 1", &[], "Whether the broker has registered the runner"),
    metric(RECONNECTS, Counter, "connections", &[], "Connections to the broker after the first"),
    metric(CONNECT_FAILURES, Counter, "attempts", &[], "Attempts to connect to the broker that failed"),
    metric(
        LAYER,
        Gauge,
        "0 or 1",
        &[("layer", Values::Layers), ("profile", Values::Profiles)],
        "Whether a layer is in force for tasks; 0 also while there is no forkserver",
    ),
    metric(
        VOID,
        Gauge,
        "0 or 1",
        &[("profile", Values::Profiles)],
        "Whether the policy makes the language layer void, by a wildcard or a module that cannot be made safe, so that only the kernel's layers hold",
    ),
    metric(BUILD, Gauge, "always 1", &[("version", Values::Version)], "The program"),
];

/// Bounds of the histograms, in seconds: a task that prints "hello" takes a millisecond, one at its limit a minute.
const BUCKETS: &[f64] = &[
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
    10.0, 30.0, 60.0,
];

/// Why there are no metrics.
#[derive(Debug, Error)]
pub enum InstallError {
    /// There are no buckets, or this process has a recorder already.
    #[error("metrics cannot be kept: {0}")]
    Unusable(String),
}

/// A recorder for all of the table, every series of a closed set at zero: what is there from the beginning can be alerted
/// on.
///
/// # Errors
/// [`InstallError`].
pub fn recorder(of: &Recorder) -> Result<PrometheusRecorder, InstallError> {
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full(STAGE.to_owned()), BUCKETS)
        .map_err(|error| InstallError::Unusable(error.to_string()))?;
    let recorder = builder.build_recorder();
    metrics::with_local_recorder(&recorder, || {
        describe();
        begin(of);
    });
    Ok(recorder)
}

/// Makes [`recorder`] that of the process.
///
/// # Errors
/// [`InstallError`].
pub fn install(of: &Recorder) -> Result<PrometheusHandle, InstallError> {
    let recorder = recorder(of)?;
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|error| InstallError::Unusable(error.to_string()))?;
    Ok(handle)
}

fn describe() {
    for metric in TABLE {
        match metric.kind {
            Kind::Counter => describe_counter!(metric.name, metric.help),
            Kind::Gauge => describe_gauge!(metric.name, metric.help),
            Kind::Histogram => describe_histogram!(metric.name, metric.help),
        }
    }
}

/// Series of closed sets begin at zero.
fn begin(of: &Recorder) {
    for profile in of.profiles() {
        for outcome in labels::OUTCOMES {
            counter!(TASKS, "outcome" => *outcome, "profile" => profile.to_owned()).increment(0);
        }
    }
    for (name, label, values) in
        [(REFUSALS, "rule", labels::RULES), (KILLS, "limit", labels::LIMITS), (PROBES, "result", labels::PROBES)]
    {
        for value in values {
            counter!(name, label => *value).increment(0);
        }
    }
    for call in labels::calls() {
        counter!(DENIALS, "syscall" => call.as_str()).increment(0);
    }
    for name in [RESULT_BYTES, PRINT_BYTES, RESTARTS, EXPIRED, RECONNECTS, CONNECT_FAILURES] {
        counter!(name).increment(0);
    }
    gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
}

/// A task is over.
pub(super) fn ended(ended: &Ended, error: Option<ErrorKind>) {
    counter!(TASKS, "outcome" => ended.outcome, "profile" => ended.profile.clone()).increment(1);
    for (name, took) in stages(&ended.report) {
        stage(name, took);
    }
    for rule in &ended.report.refused_by {
        counter!(REFUSALS, "rule" => labels::closed(labels::RULES, rule)).increment(1);
    }
    if let Some(ErrorKind::Denied { syscall }) = error {
        counter!(DENIALS, "syscall" => labels::call(syscall)).increment(1);
    }
    if let Some(limit) = ended.report.killed_by {
        counter!(KILLS, "limit" => labels::closed(labels::LIMITS, limit)).increment(1);
    }
    counter!(RESULT_BYTES).increment(ended.result_bytes as u64);
    counter!(PRINT_BYTES).increment(ended.print_bytes as u64);
}

/// A stage took so long.
pub(super) fn stage(name: &'static str, took: Duration) {
    histogram!(STAGE, "stage" => name).record(took);
}

/// There is a forkserver in the place of another.
pub(crate) fn forkserver_restarted() {
    counter!(RESTARTS).increment(1);
}

/// A probe is over.
pub(super) fn probed(ok: bool) {
    let result = if ok { "ok" } else { "failed" };
    counter!(PROBES, "result" => result).increment(1);
}

/// What is asked for rather than told, at the moment of rendering, of one profile.
#[derive(Debug, Clone, Default)]
pub struct Stock {
    /// The profile.
    pub profile: String,
    /// Sealed children in stock, a count.
    pub spares: usize,
    /// What became of each layer; empty while there is no forkserver.
    pub layers: Vec<Outcome>,
    /// Whether the language layer is void.
    pub language_layer_void: bool,
}

/// The text for Prometheus, with everything as it is now.
pub fn render(handle: &PrometheusHandle, of: &Recorder, stock: &[Stock]) -> String {
    let vitals = of.vitals();
    set(RUNNING, vitals.busy());
    set(OFFERS, vitals.offers());
    set(REGISTERED, usize::from(vitals.is_registered()));
    counter!(EXPIRED).absolute(vitals.offers_expired());
    counter!(RECONNECTS).absolute(vitals.reconnects());
    counter!(CONNECT_FAILURES).absolute(vitals.failed_connections());
    let none = Stock::default();
    for profile in of.profiles.iter() {
        // While the runner starts or ends, there is nothing of any.
        let stock = stock.iter().find(|stock| stock.profile == *profile).unwrap_or(&none);
        gauge!(SPARES, "profile" => profile.clone()).set(number(stock.spares));
        gauge!(VOID, "profile" => profile.clone()).set(number(usize::from(stock.language_layer_void)));
        for layer in Layer::ALL {
            let held = stock.layers.iter().any(|outcome| outcome.layer == layer && outcome.state.is_held());
            let labels = [("layer", layer.name().to_owned()), ("profile", profile.clone())];
            gauge!(LAYER, &labels).set(number(usize::from(held)));
        }
    }
    handle.render()
}

fn set(name: &'static str, value: usize) {
    gauge!(name).set(number(value));
}

#[expect(clippy::cast_precision_loss, reason = "far from 2^52 of anything")]
fn number(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests;
