//! `palisade bench`: what a tiny task costs here, next to a bare fork of the same interpreter that does the same work.
//!
//! Everything is as in production: embedded broker, WebSocket, analyzer, children that are sealed and verified. Each task
//! has a code of its own, so that no verdict comes from the analyzer's cache.

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;
use tracing::level_filters::LevelFilter;

use super::local::Local;
use super::startup::{self, CannotRun};
use super::{AllowArgs, BenchArgs, USAGE};
use crate::config::{TaskConfig, Variables};
use crate::embedded::TaskOutcome;
use crate::engine::Engine;
use crate::execute::Report;
use crate::logging::{self, Look, Target, one_line};
use crate::session::Observed;

const FLOOR: &str = include_str!("bench_floor.py");

/// The runner's default.
const CONCURRENCY: usize = 5;

/// Tasks before the first that counts.
const WARM_UP: usize = 20;

const FAILED: u8 = 1;
const NOT_SEALED: u8 = 3;

const ITEMS: &str = r#"[{"json":{"n":20},"pairedItem":{"item":0}}]"#;

/// The text of a tiny task; the number makes it another one each time.
fn code(number: usize) -> String {
    format!("# {number}\nn = _items[0]['json']['n']\nreturn [{{'json': {{'sum': sum(range(n + 1))}}}}]")
}

const RESULT: &str = r#"[{"json":{"sum":210}}]"#;

enum Failure {
    Usage(String),
    CannotRun(CannotRun),
    Internal(String),
}

impl From<CannotRun> for Failure {
    fn from(error: CannotRun) -> Self {
        Self::CannotRun(error)
    }
}

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Self::Internal(text)
    }
}

pub(super) fn main(args: &BenchArgs) -> ExitCode {
    let _log = logging::init(Target::Stderr, LevelFilter::WARN, Look::NoColour);
    let (text, code) = match bench(args) {
        Ok(figures) => {
            super::print_line(&if args.json { figures.json().to_string() } else { figures.table() });
            return ExitCode::SUCCESS;
        }
        Err(Failure::Usage(text)) => (text, USAGE),
        Err(Failure::CannotRun(error)) => (error.to_string(), NOT_SEALED),
        Err(Failure::Internal(text)) => (text, FAILED),
    };
    eprintln!("palisade: {}", one_line(&text, 2000));
    ExitCode::from(code)
}

/// All that was measured.
struct Figures {
    floor: Spread,
    /// Tasks that find a spare in stock, as those of a node that is run now and then.
    spaced: Series,
    /// Tasks that come as soon as the one before is done, faster than spares are made.
    back_to_back: Series,
    /// Tasks in flight, and how many were done in a second.
    throughput: Vec<(usize, f64)>,
    layers: Vec<String>,
}

/// One series of tasks.
struct Series {
    /// From settings frame to done frame.
    whole: Spread,
    stages: Vec<(&'static str, Spread)>,
}

impl Series {
    fn of(times: &[Duration], reports: &[Report]) -> Self {
        let stage = |name: &'static str| {
            let took = |report: &Report| report.stages.iter().find(|(stage, _)| *stage == name).map(|(_, took)| *took);
            (name, Spread::of(&reports.iter().filter_map(took).collect::<Vec<_>>()))
        };
        Self { whole: Spread::of(times), stages: ["analyze", "wait", "run"].map(stage).into() }
    }

    fn json(&self, floor: &Spread) -> Value {
        let stages: Map<_, _> =
            self.stages.iter().map(|(stage, spread)| ((*stage).to_owned(), spread.json())).collect();
        json!({"ms": self.whole.json(), "ratio": rounded(self.ratio(floor)), "stages_ms": stages})
    }

    fn lines(&self, what: &str) -> String {
        let stages = self.stages.iter().map(|(stage, spread)| spread.line(&format!("  of which {stage}")));
        self.whole.line(what) + &stages.collect::<String>()
    }

    fn ratio(&self, floor: &Spread) -> f64 {
        self.whole.p50 / floor.p50
    }
}

/// Percentiles of one series, in milliseconds.
struct Spread {
    count: usize,
    p50: f64,
    p95: f64,
    p99: f64,
}

impl Spread {
    fn of(series: &[Duration]) -> Self {
        let mut sorted = series.to_vec();
        sorted.sort_unstable();
        let at = |percent: usize| {
            // The nearest rank.
            let rank = (sorted.len() * percent).div_ceil(100).max(1) - 1;
            sorted.get(rank).map_or(0.0, |took| took.as_secs_f64() * 1000.0)
        };
        Self { count: sorted.len(), p50: at(50), p95: at(95), p99: at(99) }
    }

    fn json(&self) -> Value {
        let [p50, p95, p99] = [self.p50, self.p95, self.p99].map(rounded);
        json!({"count": self.count, "p50": p50, "p95": p95, "p99": p99})
    }

    fn line(&self, what: &str) -> String {
        let Self { count, p50, p95, p99 } = self;
        format!("{what:<28} {p50:>8.3} {p95:>8.3} {p99:>8.3}   {count}\n")
    }
}

fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

fn bench(args: &BenchArgs) -> Result<Figures, Failure> {
    let vars = startup::environment();
    let config =
        startup::task_config(&vars, &AllowArgs::default()).map_err(|error| Failure::Usage(error.to_string()))?;
    let because = |what: &'static str| move |error: std::io::Error| format!("{what}: {error}");
    startup::harden().map_err(because("the memory of the process cannot be protected"))?;
    let runtime = startup::runtime().map_err(because("the event loop could not be started"))?;
    let figures = runtime.block_on(measure(&config, &vars, args.tasks))?;
    runtime.shutdown_background();
    Ok(figures)
}

async fn measure(config: &TaskConfig, vars: &Variables, tasks: usize) -> Result<Figures, Failure> {
    let policies = startup::policies(config, None).map_err(CannotRun::from)?;
    let policies = policies.only(&policies.default_profile().name).map_err(CannotRun::from)?;
    let interpreter = startup::interpreter(config, vars).map_err(CannotRun::from)?.interpreter;
    let engine = Engine::start(config, &policies, &interpreter, CONCURRENCY).await.map_err(CannotRun::from)?;
    let (local, told) = Local::start(Arc::clone(&engine), CONCURRENCY).await?;
    let mut bench = Bench { local, told, number: 0 };
    bench.one_by_one(WARM_UP, &engine, false).await?;

    // The floor before and after what it is compared with, so that a machine that changes its pace changes both.
    let mut floor = bare_forks(&interpreter.path, tasks.div_ceil(2))?;
    let (spaced, _) = bench.one_by_one(tasks, &engine, true).await?;
    let (back_to_back, layers) = bench.one_by_one(tasks, &engine, false).await?;
    floor.extend(bare_forks(&interpreter.path, tasks / 2)?);
    let mut throughput = Vec::new();
    for at_once in [1, CONCURRENCY] {
        engine.pool().filled().await;
        throughput.push((at_once, bench.at_once(at_once, tasks).await?));
    }
    bench.local.stop().await;

    Ok(Figures { floor: Spread::of(&floor), spaced, back_to_back, throughput, layers })
}

struct Bench {
    local: Local,
    told: mpsc::Receiver<Observed>,
    number: usize,
}

impl Bench {
    fn settings(&mut self) -> Result<Box<RawValue>, String> {
        self.number += 1;
        let text = |error: serde_json::Error| error.to_string();
        let items = RawValue::from_string(ITEMS.to_owned()).map_err(text)?;
        let settings =
            json!({"code": code(self.number), "nodeMode": "runOnceForAllItems", "items": items, "nodeName": "bench"});
        to_raw_value(&settings).map_err(text)
    }

    /// Runs tasks one after the other, each when the stock is full again if it is `spaced`; tells what held for them, too.
    async fn one_by_one(
        &mut self,
        tasks: usize,
        engine: &Engine,
        spaced: bool,
    ) -> Result<(Series, Vec<String>), String> {
        let (mut times, mut reports) = (Vec::new(), Vec::new());
        for _ in 0..tasks {
            if spaced {
                engine.pool().filled().await;
            }
            let settings = self.settings()?;
            let outcome = self.local.task(&settings).await?;
            right(&outcome)?;
            times.push(outcome.elapsed);
            reports.push(sealed(&mut self.told)?);
        }
        let series = Series::of(&times, &reports);
        Ok((series, reports.pop().map(|report| report.layers).unwrap_or_default()))
    }

    /// How many tasks a second are done, with so many in flight.
    async fn at_once(&mut self, at_once: usize, tasks: usize) -> Result<f64, String> {
        let settings: Vec<_> = (0..tasks).map(|_| self.settings()).collect::<Result<_, _>>()?;
        let local = &self.local;
        let started = Instant::now();
        let mut running = stream::iter(settings.iter().map(|settings| local.task(settings))).buffer_unordered(at_once);
        while let Some(outcome) = running.next().await {
            right(&outcome?)?;
            sealed(&mut self.told)?;
        }
        #[expect(clippy::cast_precision_loss, reason = "far from 2^52 tasks")]
        let done = tasks as f64;
        Ok(done / started.elapsed().as_secs_f64())
    }
}

fn right(outcome: &TaskOutcome) -> Result<(), String> {
    match &outcome.verdict {
        Ok(result) if result.get() == RESULT => Ok(()),
        other => Err(format!("a task was answered {other:?}")),
    }
}

/// The report of a task, which has to have run in a child that was verified.
fn sealed(told: &mut mpsc::Receiver<Observed>) -> Result<Report, String> {
    let report = told.try_recv().map(|observed| observed.report).unwrap_or_default();
    if report.child_pid.is_none() || report.layers.is_empty() {
        return Err("a task ran in a child of which no layer was verified; its figures would mean nothing".into());
    }
    Ok(report)
}

/// The same work in forks of the interpreter alone.
fn bare_forks(interpreter: &Path, times: usize) -> Result<Vec<Duration>, String> {
    let output = Command::new(interpreter)
        .args(["-I", "-c", FLOOR, &times.to_string(), &code(0), ITEMS])
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("the bare interpreter could not be started: {error}"))?;
    if !output.status.success() {
        return Err(format!("the bare floor failed: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let times: Result<Vec<Duration>, _> = text.lines().map(|line| line.parse().map(Duration::from_nanos)).collect();
    times.map_err(|error| format!("the bare floor printed no number: {error}"))
}

impl Figures {
    fn json(&self) -> Value {
        let throughput: Map<_, _> =
            self.throughput.iter().map(|(at_once, rate)| (at_once.to_string(), json!(rounded(*rate)))).collect();
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "optimised": !cfg!(debug_assertions),
            "floor_ms": self.floor.json(),
            "spaced": self.spaced.json(&self.floor),
            "back_to_back": self.back_to_back.json(&self.floor),
            "tasks_per_second": throughput,
            "layers": self.layers,
        })
    }

    fn table(&self) -> String {
        let warning = if cfg!(debug_assertions) { "This is a debug build; the figures say little.\n" } else { "" };
        let ratios = [&self.spaced, &self.back_to_back].map(|series| series.ratio(&self.floor));
        let rates: Vec<String> = self
            .throughput
            .iter()
            .map(|(at_once, rate)| format!("tasks a second, {at_once} in flight: {rate:.0}\n"))
            .collect();
        [
            warning,
            &format!("{:<28} {:>8} {:>8} {:>8}   count\n", "milliseconds", "p50", "p95", "p99"),
            &self.floor.line("bare fork, same work"),
            &self.spaced.lines("tiny task, spare in stock"),
            &self.back_to_back.lines("tiny task, back to back"),
            &format!("medians, times the bare fork: {:.2} in stock, {:.2} back to back\n", ratios[0], ratios[1]),
            &rates.concat(),
            "layers: ",
            &self.layers.join(" "),
        ]
        .concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_nearest_rank() {
        let series: Vec<Duration> = (1..=200).rev().map(Duration::from_millis).collect();
        assert_eq!(Spread::of(&series).json(), json!({"count": 200, "p50": 100.0, "p95": 190.0, "p99": 198.0}));
        let one = Spread::of(&[Duration::from_millis(7)]);
        assert_eq!(one.json(), json!({"count": 1, "p50": 7.0, "p95": 7.0, "p99": 7.0}));
        assert_eq!(Spread::of(&[]).json(), json!({"count": 0, "p50": 0.0, "p95": 0.0, "p99": 0.0}));
    }
}
