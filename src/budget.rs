//! What the answers of all tasks may take of the supervisor's memory together.
//!
//! Bounds for each task are not enough: a hundred tasks may answer at the same time. Room is held from before an answer is
//! read until its last byte has been sent, so a broker that does not read counts, too.
//!
//! Why nobody waits for ever. *Prints* never wait: those without room are counted, not kept. A *result* waits while it holds
//! no room for a result, and takes all it needs at once, in the order of asking. So who holds room waits for no other task:
//! it is being read, which has a deadline, or it is being sent, and a broker that takes nothing is hung up on.
//! A wait ends with the task's time at the latest.

mod fits;

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use self::fits::{TooSmall, fits};

/// Results of this size, and prints that come in one read, are within what every task may have, so they never wait.
pub(crate) const UNCOUNTED: u64 = 256 * 1024;

/// What is counted, in bytes: a semaphore's numbers are small.
const PAGE: u64 = 4096;

/// The largest result by default; see `policy/default.toml`.
const LARGE_RESULT: u64 = 256 << 20;

/// Tasks whose largest results fit at the same time.
const LARGE_AT_ONCE: u64 = 2;

/// Prints get this part of what results get, besides.
const PRINTS_PART: u64 = 4;

/// Memory for the answers of all tasks.
#[derive(Debug)]
pub(crate) struct Budget {
    results: Arc<Semaphore>,
    prints: Arc<Semaphore>,
    bytes: u64,
}

/// Memory that an answer holds. Dropping it gives it back.
#[derive(Debug, Default)]
pub struct Room(Vec<OwnedSemaphorePermit>);

/// A result that does not fit even when there is no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NeverFits;

/// Bytes for results where nobody says how many: room for two large ones, of a size that a payload may have.
pub fn by_default(concurrency: usize, max_payload: u64) -> u64 {
    let at_once = u64::try_from(concurrency).unwrap_or(u64::MAX).clamp(1, LARGE_AT_ONCE);
    at_once * max_payload.clamp(1 << 20, LARGE_RESULT)
}

impl Budget {
    /// `bytes` for results, and a quarter of it for prints.
    pub(crate) fn new(bytes: u64) -> Self {
        let semaphore = |bytes| {
            let pages = usize::try_from(pages(bytes)).unwrap_or(usize::MAX);
            Arc::new(Semaphore::new(pages.min(Semaphore::MAX_PERMITS)))
        };
        Self { results: semaphore(bytes), prints: semaphore(bytes / PRINTS_PART), bytes }
    }

    /// Bytes for results.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Waits for room for a whole result. To be asked once for an answer; may be dropped while it waits.
    pub(crate) async fn result(&self, bytes: u64) -> Result<Room, NeverFits> {
        if bytes > self.bytes {
            return Err(NeverFits);
        }
        let taken = Arc::clone(&self.results).acquire_many_owned(permits(bytes).ok_or(NeverFits)?).await;
        // It is never closed.
        taken.map(|permit| Room(vec![permit])).map_err(|_| NeverFits)
    }

    /// Room for prints, if there is some now.
    pub(crate) fn prints(&self, bytes: u64) -> Option<Room> {
        let taken = Arc::clone(&self.prints).try_acquire_many_owned(permits(bytes)?);
        taken.ok().map(|permit| Room(vec![permit]))
    }

    /// Bytes of results that are free.
    pub(crate) fn free(&self) -> u64 {
        self.results.available_permits() as u64 * PAGE
    }
}

impl Room {
    /// Holds `other` as well.
    pub(crate) fn add(&mut self, other: Self) {
        for permit in other.0 {
            match self.0.iter_mut().find(|held| Arc::ptr_eq(held.semaphore(), permit.semaphore())) {
                Some(held) => held.merge(permit),
                None => self.0.push(permit),
            }
        }
    }
}

fn pages(bytes: u64) -> u64 {
    bytes.div_ceil(PAGE)
}

fn permits(bytes: u64) -> Option<u32> {
    u32::try_from(pages(bytes)).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    const MIB: u64 = 1 << 20;

    async fn waits<T>(future: impl Future<Output = T>) -> bool {
        timeout(Duration::from_millis(20), future).await.is_err()
    }

    #[test]
    fn the_default_follows_concurrency_and_payload() {
        assert_eq!(by_default(5, 1 << 30), 512 * MIB);
        assert_eq!(by_default(1, 1 << 30), 256 * MIB);
        assert_eq!(by_default(100, 16 * MIB), 32 * MIB);
        assert_eq!(by_default(0, 0), MIB);
    }

    #[tokio::test]
    async fn results_wait_for_each_other_in_order_and_are_given_back() {
        let budget = Budget::new(10 * MIB);
        assert_eq!(budget.result(10 * MIB + 1).await.unwrap_err(), NeverFits);
        let first = budget.result(6 * MIB).await.unwrap();
        let mut second = Box::pin(budget.result(6 * MIB));
        assert!(waits(&mut second).await);
        // A small one does not overtake it, or it would wait for ever.
        assert!(waits(budget.result(MIB)).await);
        drop(first);
        let second = second.await.unwrap();
        let third = budget.result(4 * MIB).await.unwrap();
        assert_eq!(budget.free(), 0);
        drop((second, third));
        assert_eq!(budget.free(), 10 * MIB);
    }

    #[tokio::test]
    async fn prints_do_not_wait_and_take_nothing_from_results() {
        let budget = Budget::new(8 * MIB);
        let mut held = budget.prints(MIB).unwrap();
        held.add(budget.prints(MIB).unwrap());
        assert!(budget.prints(1).is_none());
        held.add(budget.result(8 * MIB).await.unwrap());
        drop(held);
        assert!(budget.prints(2 * MIB).is_some());
        assert_eq!(budget.free(), 8 * MIB);
    }
}
