//! How long to wait after a connection that failed.

use std::time::Duration;

use rand::RngExt;

/// Waits between connections that failed: short at first, longer each time, never the same for two runners.
#[derive(Debug)]
pub struct Backoff {
    ceiling: Duration,
}

impl Backoff {
    const FIRST: Duration = Duration::from_millis(100);
    const LAST: Duration = Duration::from_secs(5);

    /// As if nothing had failed yet.
    pub fn new() -> Self {
        Self { ceiling: Self::FIRST }
    }

    /// How long to wait now: between half and all of a ceiling that doubles with every call.
    pub fn next_delay(&mut self) -> Duration {
        let ceiling = self.ceiling;
        self.ceiling = (ceiling * 2).min(Self::LAST);
        ceiling.mul_f64(rand::rng().random_range(0.5..=1.0))
    }

    /// After a success.
    pub fn reset(&mut self) {
        *self = Self::new();
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_five_seconds_and_start_short_again() {
        let mut backoff = Backoff::new();
        for ceiling in [100, 200, 400, 800, 1600, 3200, 5000, 5000] {
            let delay = backoff.next_delay().as_millis();
            assert!((ceiling / 2..=ceiling).contains(&delay), "{delay} of {ceiling}");
        }
        backoff.reset();
        assert!(backoff.next_delay() <= Backoff::FIRST);
    }
}
