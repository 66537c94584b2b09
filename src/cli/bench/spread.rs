//! Percentiles.

use std::time::Duration;

use serde_json::{Value, json};

/// Percentiles of one series, in milliseconds.
#[derive(Debug, Clone)]
pub(super) struct Spread {
    pub(super) count: usize,
    pub(super) p50: f64,
    pub(super) p95: f64,
    pub(super) p99: f64,
}

impl Spread {
    pub(super) fn of(series: &[Duration]) -> Self {
        let mut sorted = series.to_vec();
        sorted.sort_unstable();
        let at = |percent: usize| {
            // The nearest rank.
            let rank = (sorted.len() * percent).div_ceil(100).max(1) - 1;
            sorted.get(rank).map_or(0.0, |took| took.as_secs_f64() * 1000.0)
        };
        Self { count: sorted.len(), p50: at(50), p95: at(95), p99: at(99) }
    }

    pub(super) fn json(&self) -> Value {
        let [p50, p95, p99] = [self.p50, self.p95, self.p99].map(rounded);
        json!({"count": self.count, "p50": p50, "p95": p95, "p99": p99})
    }

    pub(super) fn line(&self, what: &str) -> String {
        let Self { count, p50, p95, p99 } = self;
        format!("{what:<28} {p50:>8.3} {p95:>8.3} {p99:>8.3}   {count}\n")
    }
}

pub(super) fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
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
