//! The suite's figures: a table for a terminal, JSON, and the page of the documentation.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;
use std::thread::available_parallelism;

use palisade_sandbox::probe;
use serde_json::{Value, json};

use super::plot::{Line, bars, lines};
use super::spread::rounded;
use super::stand::Cpu;
use super::suite::{Growth, SCIENCE, Suite};
use super::workload::{BACK_TO_BACK, IN_STOCK};
use crate::interpreter::Interpreter;

/// What stands in front of the figures, written by hand.
const PREFACE: &str = include_str!("performance_preface.md");

/// One aim, what was measured of it, and whether it is met.
struct Aim {
    what: String,
    wanted: &'static str,
    measured: String,
    met: bool,
}

impl Suite {
    fn aims(&self) -> Vec<Aim> {
        let row = |name: &str| self.rows.iter().find(|row| row.name == name);
        let mut aims = Vec::new();
        let mut aim = |what: &str, wanted: &'static str, measured: Option<(String, bool)>| {
            let (measured, met) = measured.unwrap_or_else(|| ("not measured".to_owned(), false));
            aims.push(Aim { what: what.to_owned(), wanted, measured, met });
        };
        let ms = |value: f64, most: f64| (format!("{value:.2} ms"), value <= most);
        for name in [IN_STOCK, BACK_TO_BACK] {
            aim(&format!("{name}, p50"), "0.6 ms", row(name).map(|row| ms(row.ours.p50, 0.6)));
            aim(&format!("{name}, p99"), "3 ms", row(name).map(|row| ms(row.ours.p99, 3.0)));
        }
        if let Some(science) = row(SCIENCE) {
            aim("tiny task with numpy and pandas loaded, p50", "2 ms", Some(ms(science.ours.p50, 2.0)));
        }
        let most = self.saturated.iter().find(|load| load.in_flight == 20);
        for (when, cpu) in [
            ("back to back", row(BACK_TO_BACK).and_then(|row| row.cpu)),
            ("20 in flight", most.and_then(|load| load.cpu)),
        ] {
            aim(&format!("CPU of a tiny task, the runner's own, {when}"), "1.5 ms", cpu.map(|cpu| ms(cpu.own(), 1.5)));
        }
        aim(
            "tasks a second, 20 in flight",
            "1 000",
            most.map(|load| (format!("{:.0}", load.rate), load.rate >= 1000.0)),
        );
        let wall = self.burst.wall.as_secs_f64() * 1000.0;
        aim("burst of 200", "300 ms", Some((format!("{wall:.0} ms"), wall < 300.0)));
        aim("echo 1 MiB, p50", "20 ms", row("echo 1 MiB").map(|row| ms(row.ours.p50, 20.0)));
        aim("echo 20 MiB, p50", "400 ms", row("echo 20 MiB").map(|row| ms(row.ours.p50, 400.0)));
        let peak = self.large.peak.map(|peak| (format!("{peak:.2} of it"), peak < 2.5));
        aim("supervisor's memory for an echo of 200 MiB", "2.5 of the payload", peak);
        aim("start to registered, p50", "60 ms", Some(ms(self.start.registered.p50, 60.0)));
        aim("PSS at rest", "25 MiB", self.idle.0.map(|mib| (format!("{mib:.1} MiB"), mib <= 25.0)));
        let small = self.rows.iter().filter(|row| !row.name.starts_with("echo 20"));
        let worst = small.max_by(|a, b| a.ratio().total_cmp(&b.ratio()));
        let ratio = worst.map(|row| (format!("{:.2} ({})", row.ratio(), row.name), row.ratio() <= 2.0));
        aim("times the bare fork, at most", "2", ratio);
        aims
    }
}

fn cpu_json(cpu: &Cpu) -> Value {
    let [supervisor, children, bench] = [cpu.supervisor, cpu.children, cpu.bench].map(rounded);
    json!({"supervisor": supervisor, "children": children, "bench": bench})
}

/// Three cells of a table: supervisor, forkserver and children, broker and benchmark.
fn cpu_cells(cpu: Option<Cpu>) -> String {
    cpu.map_or_else(
        || "– | – | –".to_owned(),
        |cpu| format!("{:.2} | {:.2} | {:.2}", cpu.supervisor, cpu.children, cpu.bench),
    )
}

pub(super) fn json(suite: &Suite) -> Value {
    let rows: Vec<Value> = suite
        .rows
        .iter()
        .map(|row| {
            json!({"workload": row.name, "floor_ms": row.floor.json(), "ms": row.ours.json(), "ratio": rounded(row.ratio()),
                "cpu_ms": row.cpu.as_ref().map(cpu_json)})
        })
        .collect();
    let loads: Vec<Value> = suite
        .saturated
        .iter()
        .map(|load| {
            json!({"in_flight": load.in_flight, "tasks_per_second": rounded(load.rate), "ms": load.latency.json(),
                "cpu_ms": load.cpu.as_ref().map(cpu_json)})
        })
        .collect();
    let growth: Vec<Value> = suite
        .growth
        .iter()
        .map(|Growth { with, unit, points }| json!({"with": with, "unit": unit, "points": points}))
        .collect();
    let aims: Vec<Value> = suite
        .aims()
        .into_iter()
        .map(|aim| json!({"what": aim.what, "aim": aim.wanted, "measured": aim.measured, "met": aim.met}))
        .collect();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "optimised": !cfg!(debug_assertions),
        "workloads": rows,
        "load": loads,
        "burst": {"tasks": suite.burst.tasks, "ms": rounded(suite.burst.wall.as_secs_f64() * 1000.0)},
        "start_ms": {"registered": suite.start.registered.json(), "first_offer": suite.start.offered.json()},
        "idle": {"pss_mib": suite.idle.0.map(rounded), "processes": suite.idle.1},
        "large": {"mib": suite.large.mib, "ms": rounded(suite.large.took.as_secs_f64() * 1000.0),
            "floor_ms": rounded(suite.large.floor.as_secs_f64() * 1000.0), "peak_of_payload": suite.large.peak.map(rounded)},
        "growth": growth,
        "aims": aims,
        "layers": suite.layers,
    })
}

/// All figures as Markdown, which is readable as it is.
pub(super) fn table(suite: &Suite) -> String {
    let mut page = String::new();
    // Writing to a String cannot fail.
    let mut put = |text: String| {
        let _ = writeln!(page, "{text}");
    };
    put("| one task at a time, ms | p50 | p95 | p99 | bare fork p50 | ratio | CPU: supervisor | forkserver, children | bench | tasks |".into());
    put("|---|---|---|---|---|---|---|---|---|---|".into());
    for row in &suite.rows {
        let cpu = cpu_cells(row.cpu);
        let (ours, floor) = (&row.ours, &row.floor);
        put(format!(
            "| {} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {cpu} | {} |",
            row.name,
            ours.p50,
            ours.p95,
            ours.p99,
            floor.p50,
            row.ratio(),
            ours.count
        ));
    }
    put("\n| tiny tasks in flight | tasks/s | p50 ms | p95 | p99 | CPU: supervisor | forkserver, children | bench |"
        .into());
    put("|---|---|---|---|---|---|---|---|".into());
    for load in &suite.saturated {
        let cpu = cpu_cells(load.cpu);
        let latency = &load.latency;
        put(format!(
            "| {} | {:.0} | {:.2} | {:.2} | {:.2} | {cpu} |",
            load.in_flight, load.rate, latency.p50, latency.p95, latency.p99
        ));
    }
    let large = &suite.large;
    let (registered, offered) = (&suite.start.registered, &suite.start.offered);
    put(format!(
        "\nFrom start to registered {:.0} ms (p95 {:.0}), to the first offer {:.0} ms (p95 {:.0}).",
        registered.p50, registered.p95, offered.p50, offered.p95
    ));
    put(format!(
        "\nAn echo of {} MiB took {:.2} s; the bare fork {:.2} s. {} processes at rest.",
        large.mib,
        large.took.as_secs_f64(),
        large.floor.as_secs_f64(),
        suite.idle.1
    ));
    put("\n| aim | at most (tasks a second: at least) | measured | |".into());
    put("|---|---|---|---|".into());
    for Aim { what, wanted, measured, met } in suite.aims() {
        put(format!("| {what} | {wanted} | {measured} | {} |", if met { "met" } else { "**missed**" }));
    }
    put("\n| growth: p50 in ms with | | | | | | | |".into());
    put("|---|---|---|---|---|---|---|---|".into());
    for Growth { with, unit, points } in &suite.growth {
        let cells: Vec<String> = points.iter().map(|(x, y)| format!("{x}: {y:.2}")).collect();
        put(format!("| {with} ({unit}) | {} |", cells.join(" | ")));
    }
    put(format!("\nLayers: {}.", suite.layers.join(", ")));
    if cfg!(debug_assertions) {
        put("This is a debug build; the figures say little.".into());
    }
    page
}

/// Writes the page and its plots.
///
/// # Errors
/// The file system's.
pub(super) fn write(suite: &Suite, interpreter: &Interpreter, folder: &Path) -> io::Result<()> {
    let cores = available_parallelism().map_or(0, std::num::NonZero::get);
    let (major, minor, patch) = interpreter.version;
    let host = format!(
        "Measured on {}, {}, {cores} cores, CPython {major}.{minor}.{patch}, Palisade {}{}.",
        probe::kernel(),
        std::env::consts::ARCH,
        env!("CARGO_PKG_VERSION"),
        if cfg!(debug_assertions) { " (a debug build)" } else { "" }
    );
    let page = format!(
        "{PREFACE}\n## Figures\n\n{host}\n\n![Workloads beside their bare floor](performance-workloads.svg)\n\n{}\n\
         ![Growth](performance-growth.svg)\n",
        table(suite)
    );
    let rows: Vec<_> = suite.rows.iter().map(|row| (row.name.as_str(), row.floor.p50, row.ours.p50)).collect();
    let plots: Vec<_> =
        suite.growth.iter().map(|Growth { with, unit, points }| Line { title: with, unit, points }).collect();
    fs::write(folder.join("performance.md"), page)?;
    fs::write(folder.join("performance-workloads.svg"), bars(&rows))?;
    fs::write(folder.join("performance-growth.svg"), lines(&plots))
}
