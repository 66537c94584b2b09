//! All workloads, each beside its bare floor; and what a table of them cannot show: start, memory, load, growth.

use std::time::{Duration, Instant};

use palisade_policy::Allow;

use super::floor::bare_forks;
use super::served::Served;
use super::spread::Spread;
use super::stand::{Cpu, Stand};
use super::workload::{Workload, long_code};
use super::{Failure, right};
use crate::config::{TaskConfig, Variables};
use crate::interpreter::Interpreter;
use crate::logging::one_line;

const MIB: usize = 1 << 20;

/// Modules that a default installation of n8n's users is likely to allow, in the order in which they are added.
const MODULES: [&str; 24] = [
    "json",
    "re",
    "datetime",
    "collections",
    "math",
    "itertools",
    "functools",
    "statistics",
    "random",
    "string",
    "base64",
    "hashlib",
    "hmac",
    "uuid",
    "urllib",
    "csv",
    "decimal",
    "fractions",
    "textwrap",
    "html",
    "difflib",
    "zoneinfo",
    "typing",
    "dataclasses",
];

/// The name of the row that only some interpreters have, a spare in stock.
pub(super) const SCIENCE: &str = "tiny, numpy and pandas, in stock";

/// All that was measured.
pub(super) struct Suite {
    pub(super) rows: Vec<Row>,
    /// Tiny tasks with so many in flight.
    pub(super) saturated: Vec<Load>,
    /// All of a burst, at n8n's five at a time.
    pub(super) burst: Burst,
    pub(super) start: Starts,
    /// PSS in MiB of all processes at rest, and how many there are.
    pub(super) idle: (Option<f64>, usize),
    pub(super) large: Large,
    pub(super) growth: Vec<Growth>,
    pub(super) layers: Vec<String>,
}

/// One workload, one task at a time.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) floor: Spread,
    pub(super) ours: Spread,
    /// Milliseconds of CPU for each task.
    pub(super) cpu: Option<Cpu>,
}

impl Row {
    pub(super) fn ratio(&self) -> f64 {
        self.ours.p50 / self.floor.p50
    }
}

pub(super) struct Load {
    pub(super) in_flight: usize,
    pub(super) rate: f64,
    pub(super) latency: Spread,
    pub(super) cpu: Option<Cpu>,
}

/// From before the program is started.
pub(super) struct Starts {
    /// To the broker's knowledge of it.
    pub(super) registered: Spread,
    /// To its first offer.
    pub(super) offered: Spread,
}

pub(super) struct Burst {
    pub(super) tasks: usize,
    pub(super) wall: Duration,
}

/// A task whose items are larger than everything else: how long, and how much of it the supervisor held at a time.
pub(super) struct Large {
    pub(super) mib: usize,
    pub(super) took: Duration,
    pub(super) floor: Duration,
    /// Peak memory of the supervisor by the size of the payload.
    pub(super) peak: Option<f64>,
}

/// How the time of a task grows with one thing.
pub(super) struct Growth {
    pub(super) with: &'static str,
    pub(super) unit: &'static str,
    /// That thing, and the median in milliseconds.
    pub(super) points: Vec<(usize, f64)>,
}

/// What everything is measured with.
pub(super) struct Bench<'a> {
    pub(super) config: &'a TaskConfig,
    pub(super) vars: &'a Variables,
    pub(super) interpreter: &'a Interpreter,
    /// Tasks of the longest series.
    pub(super) tasks: usize,
}

impl Bench<'_> {
    pub(super) async fn run(&self) -> Result<Suite, Failure> {
        let (mut rows, mut layers) = (Vec::new(), Vec::new());
        for workload in Workload::all() {
            progress(&workload.name);
            let (row, held) = self.row(&workload).await?;
            rows.push(row);
            layers = held;
        }
        rows.extend(self.science().await?);
        let mut saturated = Vec::new();
        for in_flight in [1, 5, 20] {
            progress(&format!("{in_flight} in flight"));
            saturated.push(self.load(in_flight, self.tasks * 3).await?);
        }
        progress("burst");
        let burst = self.burst(200).await?;
        progress("start and memory");
        let (start, idle) = self.start_and_rest().await?;
        progress("large items");
        let large = self.large(200).await?;
        progress("growth");
        let growth = self.growth().await?;
        Ok(Suite { rows, saturated, burst, start, idle, large, growth, layers })
    }

    async fn stand(&self, modules: &[&str], concurrency: usize) -> Result<Stand, Failure> {
        Stand::start(self.config, self.interpreter, modules, concurrency).await
    }

    /// A tiny task where numpy and pandas are loaded, if the interpreter has them.
    async fn science(&self) -> Result<Option<Row>, Failure> {
        const PACKAGES: [&str; 2] = ["numpy", "pandas"];
        progress("numpy and pandas");
        let workload = Workload { name: SCIENCE.into(), modules: &PACKAGES, ..Workload::tiny_in_stock() };
        if let Err(why) = bare_forks(&self.interpreter.path, &workload, 1) {
            progress(&format!("without them: {}", one_line(&why, 200)));
            return Ok(None);
        }
        let mut config = self.config.clone();
        config.external_allow =
            Allow::parse("bench", &PACKAGES.join(",")).map_err(|error| Failure::Internal(error.to_string()))?;
        let stand = Stand::start(&config, self.interpreter, &[], 5).await?;
        let failed = stand.engine.pool().forkserver().is_none_or(|forkserver| !forkserver.failed_modules.is_empty());
        if failed {
            return Err(Failure::Internal("numpy and pandas are there, but the forkserver could not load them".into()));
        }
        Ok(Some(self.row_of(stand, &workload).await?.0))
    }

    async fn row(&self, workload: &Workload) -> Result<(Row, Vec<String>), Failure> {
        self.row_of(self.stand(workload.modules, 5).await?, workload).await
    }

    async fn row_of(&self, mut stand: Stand, workload: &Workload) -> Result<(Row, Vec<String>), Failure> {
        let tasks = (self.tasks * workload.percent / 100).max(2);
        // Before and after what it is compared with, so that a machine that changes its pace changes both.
        let mut floor = bare_forks(&self.interpreter.path, workload, tasks.div_ceil(2))?;
        let meter = stand.meter();
        let (times, layers) = stand.one_by_one(workload, (0..tasks).map(|number| workload.settings(number))).await?;
        let (cpu, _) = meter.read(&stand, tasks);
        floor.extend(bare_forks(&self.interpreter.path, workload, tasks.div_ceil(2))?);
        stand.local.stop().await;
        let row = Row { name: workload.name.clone(), floor: Spread::of(&floor), ours: Spread::of(&times), cpu };
        Ok((row, layers))
    }

    /// Tiny tasks, so many at a time.
    async fn load(&self, in_flight: usize, tasks: usize) -> Result<Load, Failure> {
        let mut stand = self.stand(&[], in_flight).await?;
        stand.engine.pool().filled().await;
        let meter = stand.meter();
        let times = stand.at_once(&Workload::tiny(), in_flight, tasks).await?;
        let (cpu, wall) = meter.read(&stand, tasks);
        stand.local.stop().await;
        Ok(Load { in_flight, rate: count(tasks) / wall.as_secs_f64(), latency: Spread::of(&times), cpu })
    }

    async fn burst(&self, tasks: usize) -> Result<Burst, Failure> {
        let mut stand = self.stand(&[], 5).await?;
        stand.engine.pool().filled().await;
        let started = Instant::now();
        stand.at_once(&Workload::tiny(), tasks, tasks).await?;
        let wall = started.elapsed();
        stand.local.stop().await;
        Ok(Burst { tasks, wall })
    }

    async fn start_and_rest(&self) -> Result<(Starts, (Option<f64>, usize)), Failure> {
        let (mut registered, mut offered, mut idle) = (Vec::new(), Vec::new(), (None, 0));
        for _ in 0..10 {
            let served = Served::start(self.vars, &[], true).await?;
            registered.push(served.registered_in);
            offered.push(served.offered_in);
            if idle.1 == 0 {
                let (kib, processes) = served.idle().await;
                idle = (kib.map(mib), processes);
            }
        }
        Ok((Starts { registered: Spread::of(&registered), offered: Spread::of(&offered) }, idle))
    }

    async fn large(&self, size: usize) -> Result<Large, Failure> {
        let workload = Workload::echo(size, 1);
        let floor = bare_forks(&self.interpreter.path, &workload, 1)?;
        let settings = [("N8N_RUNNERS_TASK_TIMEOUT", "300"), ("N8N_RUNNERS_MAX_PAYLOAD", "1073741824")];
        let served = Served::start(self.vars, &settings, false).await?;
        let outcome = served.task(&workload.settings(0)?).await?;
        right(&workload, &outcome)?;
        let peak = served.peak_kib().map(|kib| mib(kib) / count(size));
        Ok(Large { mib: size, took: outcome.elapsed, floor: floor[0], peak })
    }

    async fn growth(&self) -> Result<Vec<Growth>, Failure> {
        let tasks = (self.tasks / 10).max(3);
        let mut stand = self.stand(&[], 5).await?;
        let mut payload = Vec::new();
        for bytes in [1 << 10, 16 << 10, 64 << 10, 256 << 10, MIB, 4 * MIB, 16 * MIB] {
            let workload = Workload::echo_bytes(bytes, 100);
            let tasks = if bytes > MIB { 3 } else { tasks };
            let (times, _) = stand.one_by_one(&workload, (0..tasks).map(|number| workload.settings(number))).await?;
            payload.push((bytes >> 10, Spread::of(&times).p50));
        }
        let mut items = Vec::new();
        for number_of_items in [1, 10, 100, 1_000, 10_000] {
            let workload = Workload::items(number_of_items, 100);
            let (times, _) = stand.one_by_one(&workload, (0..tasks).map(|number| workload.settings(number))).await?;
            items.push((number_of_items, Spread::of(&times).p50));
        }
        let mut code = Vec::new();
        let tiny = Workload::tiny();
        for lines in [1, 10, 100, 1_000, 10_000] {
            let settings = (0..tasks).map(|number| tiny.settings_of(&long_code(lines, number)));
            let (times, _) = stand.one_by_one(&tiny, settings).await?;
            code.push((lines, Spread::of(&times).p50));
        }
        stand.local.stop().await;
        let mut modules = Vec::new();
        for allowed in [0, 4, 8, 16, 24] {
            let mut stand = self.stand(&MODULES[..allowed], 5).await?;
            let (times, _) = stand.one_by_one(&tiny, (0..tasks * 3).map(|number| tiny.settings(number))).await?;
            stand.local.stop().await;
            modules.push((allowed, Spread::of(&times).p50));
        }
        let mut concurrency = Vec::new();
        for in_flight in [1, 5, 20, 50, 100] {
            let load = self.load(in_flight, self.tasks.max(in_flight * 2)).await?;
            concurrency.push((in_flight, load.latency.p50));
        }
        let growth = |with, unit, points| Growth { with, unit, points };
        Ok(vec![
            growth("payload, both ways", "KiB", payload),
            growth("items", "items", items),
            growth("length of the code", "lines", code),
            growth("allowed modules", "modules", modules),
            growth("tasks in flight", "tasks", concurrency),
        ])
    }
}

fn progress(what: &str) {
    eprintln!("palisade: measuring: {what}");
}

#[expect(clippy::cast_precision_loss, reason = "far from 2^52")]
fn count(number: usize) -> f64 {
    number as f64
}

#[expect(clippy::cast_precision_loss, reason = "far from 2^52")]
fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}
