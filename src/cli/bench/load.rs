//! `palisade bench --load`: many slow tasks at a time, then many tiny ones in a row at full rate, in one runner. What is lost,
//! what turns slower, what grows.

use std::time::Duration;

use serde_json::{Value, json};

use super::spread::{Spread, rounded};
use super::stand::{Cpu, Stand};
use super::workload::Workload;
use super::{Failure, host};
use crate::config::TaskConfig;
use crate::interpreter::Interpreter;

/// Slow tasks at a time, and in all for each of those.
const SLOW_AT_ONCE: usize = 100;
const SLOW_ROUNDS: usize = 3;

/// Tiny tasks at a time.
const TINY_AT_ONCE: usize = 20;

/// Tasks of a row that are held against each other: its first and its last.
const PART: usize = 1000;

/// What a runner may hold more after the row than after its first part, in MiB: caches fill up, allocators keep what was used.
const MOST_GROWTH: f64 = 16.0;

/// The p99 of the last part in those of the first, and what a machine may add to it, in milliseconds.
const MOST_SLOWER: f64 = 2.0;
const NOISE: f64 = 20.0;
/// So many tasks are needed to say what their p99 is.
const ENOUGH_FOR_P99: usize = 500;

/// All that was measured. Nothing was lost, or there would be none: a task without its right answer ends the benchmark.
pub(super) struct Load {
    slow: Series,
    tiny: Series,
    first: Spread,
    last: Spread,
    /// MiB of this process, broker and benchmark included, and of the forkserver: after the first part, and at the end.
    memory: Option<[(f64, f64); 2]>,
    /// Acceptances that the runner turned down.
    rejections: u64,
    /// Offers that nobody took in time.
    expired: u64,
}

struct Series {
    in_flight: usize,
    latency: Spread,
    wall: Duration,
    cpu: Option<Cpu>,
}

impl Series {
    fn rate(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "far from 2^52 tasks")]
        let tasks = self.latency.count as f64;
        tasks / self.wall.as_secs_f64()
    }

    fn json(&self) -> Value {
        let cpu = self.cpu.map(|cpu| {
            json!({"supervisor": rounded(cpu.supervisor), "children": rounded(cpu.children), "bench": rounded(cpu.bench)})
        });
        json!({"in_flight": self.in_flight, "tasks_per_second": rounded(self.rate()), "ms": self.latency.json(), "cpu_ms": cpu})
    }
}

/// Puts one runner under load.
pub(super) async fn run(config: &TaskConfig, interpreter: &Interpreter, tasks: usize) -> Result<Load, Failure> {
    let slow = Workload::slow();
    let mut stand = Stand::start(config, interpreter, slow.modules, SLOW_AT_ONCE).await?;
    let slow = series(&mut stand, &slow, SLOW_AT_ONCE, SLOW_AT_ONCE * SLOW_ROUNDS).await?.0;

    let tiny = Workload::tiny();
    let part = PART.min(tasks.div_ceil(4));
    let before = stand.local.misses();
    let (_, first) = series(&mut stand, &tiny, TINY_AT_ONCE, part).await?;
    let settled = memory(&stand);
    let (tiny, rest) = series(&mut stand, &tiny, TINY_AT_ONCE, tasks).await?;
    let last = &rest[rest.len().saturating_sub(part)..];
    let after = stand.local.misses();
    let load = Load {
        slow,
        tiny,
        first: Spread::of(&first),
        last: Spread::of(last),
        memory: settled.zip(memory(&stand)).map(|(first, last)| [(first[0], last[0]), (first[1], last[1])]),
        expired: after.0 - before.0,
        rejections: after.1,
    };
    stand.local.stop().await;
    Ok(load)
}

async fn series(
    stand: &mut Stand,
    workload: &Workload,
    in_flight: usize,
    tasks: usize,
) -> Result<(Series, Vec<Duration>), String> {
    let meter = stand.meter();
    let times = stand.at_once(workload, in_flight, tasks).await?;
    let (cpu, wall) = meter.read(stand, tasks);
    Ok((Series { in_flight, latency: Spread::of(&times), wall, cpu }, times))
}

fn memory(stand: &Stand) -> Option<[f64; 2]> {
    let own = host::rss_kib(i32::try_from(std::process::id()).ok()?)?;
    let forkserver = host::rss_kib(stand.engine.pool().forkserver()?.pid)?;
    #[expect(clippy::cast_precision_loss, reason = "far from 2^52 KiB")]
    let mib = |kib: u64| kib as f64 / 1024.0;
    Some([mib(own), mib(forkserver)])
}

impl Load {
    /// What was not as it is to be, each in one line.
    pub(super) fn failures(&self) -> Vec<String> {
        let mut failures = Vec::new();
        if self.rejections > 0 {
            failures.push(format!("the runner turned down {} of its own offers", self.rejections));
        }
        for ((before, after), what) in self.memory.into_iter().flatten().zip(["runner and broker", "forkserver"]) {
            if after - before > MOST_GROWTH {
                failures.push(format!("{what}: {before:.1} MiB became {after:.1}"));
            }
        }
        // Of fewer, it is the slowest one or two.
        if self.last.count >= ENOUGH_FOR_P99 && self.last.p99 > self.first.p99 * MOST_SLOWER + NOISE {
            failures.push(format!("p99 became {:.2} ms, from {:.2}", self.last.p99, self.first.p99));
        }
        failures
    }

    pub(super) fn json(&self) -> Value {
        let memory = self.memory.map(|parts| {
            let [own, forkserver] = parts.map(|(first, last)| json!([rounded(first), rounded(last)]));
            json!({"runner_and_broker": own, "forkserver": forkserver})
        });
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "optimised": !cfg!(debug_assertions),
            "slow": self.slow.json(),
            "row": self.tiny.json(),
            "first_ms": self.first.json(),
            "last_ms": self.last.json(),
            "memory_mib": memory,
            "rejections": self.rejections,
            "offers_expired": self.expired,
            "failures": self.failures(),
        })
    }

    pub(super) fn table(&self) -> String {
        let cpu = |series: &Series| {
            series.cpu.map_or_else(String::new, |cpu| {
                format!(
                    ", CPU ms a task: {:.2} supervisor, {:.2} forkserver and children",
                    cpu.supervisor, cpu.children
                )
            })
        };
        let rate = |series: &Series| {
            format!("  {:.0} tasks a second, {} in flight{}\n", series.rate(), series.in_flight, cpu(series))
        };
        let memory = self.memory.map_or_else(String::new, |[own, forkserver]| {
            format!(
                "memory, MiB, after the first {} and at the end: runner and broker {:.1} {:.1}, forkserver {:.1} {:.1}\n",
                self.first.count, own.0, own.1, forkserver.0, forkserver.1
            )
        });
        let failures: Vec<String> = self.failures().iter().map(|failure| format!("FAILED: {failure}\n")).collect();
        [
            if cfg!(debug_assertions) { "This is a debug build; the figures say little.\n" } else { "" },
            &format!("{:<28} {:>8} {:>8} {:>8}   count\n", "milliseconds", "p50", "p95", "p99"),
            &self.slow.latency.line("slow tasks (100 ms)"),
            &rate(&self.slow),
            &self.tiny.latency.line("tiny tasks in a row"),
            &rate(&self.tiny),
            &self.first.line("  the first"),
            &self.last.line("  the last"),
            &memory,
            &failures.concat(),
            &format!("lost: 0, turned down: {}, offers that expired: {}", self.rejections, self.expired),
        ]
        .concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grows_turns_slower_or_is_turned_down_is_told() {
        let spread = |ms| Spread::of(&vec![Duration::from_millis(ms); ENOUGH_FOR_P99]);
        let series = || Series { in_flight: 1, latency: spread(1), wall: Duration::from_secs(1), cpu: None };
        let load = |last, memory, rejections| Load {
            slow: series(),
            tiny: series(),
            first: spread(5),
            last: spread(last),
            memory: Some([(10.0, memory), (10.0, 10.0)]),
            rejections,
            expired: 0,
        };
        assert!(load(30, 20.0, 0).failures().is_empty());
        assert_eq!(load(31, 27.0, 1).failures().len(), 3);
        assert!(load(5, 10.0, 1).json()["failures"][0].as_str().is_some_and(|text| text.contains("turned down 1")));
    }
}
