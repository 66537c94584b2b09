//! What the health server knows of the runner without asking its event loop.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The runner's state, in numbers that any thread may read. Each stands alone, so the order of updates does not matter.
#[derive(Debug)]
pub struct Vitals {
    since: Instant,
    registered: AtomicBool,
    stopping: AtomicBool,
    /// Slots in use, a count.
    busy: AtomicUsize,
    /// Offers the broker may accept, a count.
    offers: AtomicUsize,
    offers_expired: AtomicU64,
    connections: AtomicU64,
    failed_connections: AtomicU64,
    /// When a task or a probe of each profile last went through, in milliseconds after `since`, plus one; 0 for never.
    proven: Box<[AtomicU64]>,
}

impl Vitals {
    /// Of a runner with so many profiles.
    pub(super) fn new(profiles: usize) -> Self {
        Self {
            since: Instant::now(),
            registered: AtomicBool::default(),
            stopping: AtomicBool::default(),
            busy: AtomicUsize::default(),
            offers: AtomicUsize::default(),
            offers_expired: AtomicU64::default(),
            connections: AtomicU64::default(),
            failed_connections: AtomicU64::default(),
            proven: (0..profiles).map(|_| AtomicU64::default()).collect(),
        }
    }

    /// How long the runner has been there.
    pub fn age(&self) -> Duration {
        self.since.elapsed()
    }

    /// Whether the broker has registered the runner, which then makes offers.
    pub fn is_registered(&self) -> bool {
        self.registered.load(Ordering::Relaxed)
    }

    /// Whether it has been told to stop.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Slots in use.
    pub fn busy(&self) -> usize {
        self.busy.load(Ordering::Relaxed)
    }

    /// Offers the broker may accept.
    pub fn offers(&self) -> usize {
        self.offers.load(Ordering::Relaxed)
    }

    /// Offers that nobody accepted in time.
    pub fn offers_expired(&self) -> u64 {
        self.offers_expired.load(Ordering::Relaxed)
    }

    /// Connections to the broker after the first.
    pub fn reconnects(&self) -> u64 {
        self.connections.load(Ordering::Relaxed).saturating_sub(1)
    }

    /// Attempts to connect that failed.
    pub fn failed_connections(&self) -> u64 {
        self.failed_connections.load(Ordering::Relaxed)
    }

    /// How long ago something of this profile went through the whole path; none if nothing ever did.
    pub(super) fn proven_ago(&self, profile: usize) -> Option<Duration> {
        let at = Duration::from_millis(self.proven.get(profile)?.load(Ordering::Relaxed).checked_sub(1)?);
        Some(self.age().saturating_sub(at))
    }

    /// Something of this profile went through the whole path: analyzer, pool, child, verdict.
    pub(super) fn prove(&self, profile: usize) {
        let now = u64::try_from(self.age().as_millis()).unwrap_or(u64::MAX);
        if let Some(proven) = self.proven.get(profile) {
            proven.store(now.saturating_add(1), Ordering::Relaxed);
        }
    }

    pub(super) fn set_registered(&self, registered: bool) {
        self.registered.store(registered, Ordering::Relaxed);
    }

    pub(super) fn set_stopping(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    pub(super) fn set_slots(&self, busy: usize, offers: usize, expired: u64) {
        self.busy.store(busy, Ordering::Relaxed);
        self.offers.store(offers, Ordering::Relaxed);
        self.offers_expired.store(expired, Ordering::Relaxed);
    }

    pub(super) fn count_connection(&self, failed: bool) {
        let counter = if failed { &self.failed_connections } else { &self.connections };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}
