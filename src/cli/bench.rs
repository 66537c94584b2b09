//! `palisade bench`: what a tiny task costs here, next to a bare fork of the same interpreter that does the same work.
//!
//! Everything is as in production: embedded broker, WebSocket, analyzer, children that are sealed and verified. Each task
//! has a code of its own, so that no verdict comes from the analyzer's cache. `--suite` measures everything that
//! `docs/performance.md` shows, and writes it.

mod floor;
mod host;
mod load;
mod page;
mod plot;
mod served;
mod spread;
mod stand;
mod suite;
mod workload;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use tokio::sync::mpsc;
use tracing::level_filters::LevelFilter;

use super::startup::{self, CannotRun};
use super::{AllowArgs, BenchArgs, USAGE};
use crate::config::TaskConfig;
use crate::embedded::TaskOutcome;
use crate::execute::Report;
use crate::interpreter::Interpreter;
use crate::logging::{self, Look, Target, one_line};
use crate::session::Observed;
use floor::bare_forks;
use spread::{Spread, rounded};
use stand::Stand;
use workload::Workload;

/// The runner's default.
const CONCURRENCY: usize = 5;

const FAILED: u8 = 1;
const NOT_SEALED: u8 = 3;

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
        Ok(text) => {
            super::print_line(&text);
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

fn bench(args: &BenchArgs) -> Result<String, Failure> {
    let vars = startup::environment();
    let config =
        startup::task_config(&vars, &AllowArgs::default()).map_err(|error| Failure::Usage(error.to_string()))?;
    let because = |what: &'static str| move |error: std::io::Error| format!("{what}: {error}");
    startup::harden().map_err(because("the memory of the process cannot be protected"))?;
    let runtime = startup::runtime().map_err(because("the event loop could not be started"))?;
    let interpreter = startup::interpreter(&config, &vars).map_err(CannotRun::from)?.interpreter;
    let text = if args.suite {
        let bench = suite::Bench { config: &config, vars: &vars, interpreter: &interpreter, tasks: args.tasks };
        let suite = runtime.block_on(bench.run())?;
        if let Some(folder) = &args.write {
            page::write(&suite, &interpreter, folder)
                .map_err(|error| Failure::Usage(format!("{}: {error}", folder.display())))?;
        }
        if args.json { page::json(&suite).to_string() } else { page::table(&suite) }
    } else if args.load {
        let load = runtime.block_on(load::run(&config, &interpreter, args.tasks))?;
        let text = if args.json { load.json().to_string() } else { load.table() };
        if !load.failures().is_empty() {
            super::print_line(&text);
            return Err(Failure::Internal(load.failures().join("; ")));
        }
        text
    } else {
        let figures = runtime.block_on(measure(&config, &interpreter, args.tasks))?;
        if args.json { figures.json().to_string() } else { figures.table() }
    };
    runtime.shutdown_background();
    Ok(text)
}

async fn measure(config: &TaskConfig, interpreter: &Interpreter, tasks: usize) -> Result<Figures, Failure> {
    let mut stand = Stand::start(config, interpreter, &[], CONCURRENCY).await?;
    let tiny = Workload::tiny();
    // The floor before and after what it is compared with, so that a machine that changes its pace changes both.
    let mut floor = bare_forks(&interpreter.path, &tiny, tasks.div_ceil(2))?;
    let (spaced, _) = one_by_one(&mut stand, 0..tasks, true).await?;
    let (back_to_back, layers) = one_by_one(&mut stand, tasks..2 * tasks, false).await?;
    floor.extend(bare_forks(&interpreter.path, &tiny, tasks / 2)?);
    let mut throughput = Vec::new();
    for at_once in [1, CONCURRENCY] {
        stand.engine.pool().filled().await;
        let started = Instant::now();
        stand.at_once(&tiny, at_once, tasks).await?;
        #[expect(clippy::cast_precision_loss, reason = "far from 2^52 tasks")]
        throughput.push((at_once, tasks as f64 / started.elapsed().as_secs_f64()));
    }
    stand.local.stop().await;
    Ok(Figures { floor: Spread::of(&floor), spaced, back_to_back, throughput, layers })
}

/// Runs tasks one after the other, each when the stock is full again if it is `spaced`; tells what held for them, too.
async fn one_by_one(
    stand: &mut Stand,
    numbers: std::ops::Range<usize>,
    spaced: bool,
) -> Result<(Series, Vec<String>), String> {
    let (tiny, mut times, mut reports) = (Workload::tiny(), Vec::new(), Vec::new());
    for number in numbers {
        if spaced {
            stand.engine.pool().filled().await;
        }
        let (took, report) = stand.task(&tiny, &tiny.settings(number)?).await?;
        times.push(took);
        reports.push(report);
    }
    let series = Series::of(&times, &reports);
    Ok((series, reports.pop().map(|report| report.layers).unwrap_or_default()))
}

fn right(workload: &Workload, outcome: &TaskOutcome) -> Result<(), String> {
    match &outcome.verdict {
        Ok(result) if workload.is_result(result) && outcome.prints.len() == workload.prints => Ok(()),
        Ok(result) => Err(format!(
            "a task of {:?} was answered {} and {} prints",
            workload.name,
            one_line(result.get(), 200),
            outcome.prints.len()
        )),
        Err(error) => Err(format!("a task of {:?} was answered {error:?}", workload.name)),
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
