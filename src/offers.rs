//! The book of offers: which of the runner's free slots the broker has been told of, and until when each holds.
//!
//! Pure logic; the time is an argument.

use std::collections::HashMap;
use std::time::Duration;

use rand::RngExt;
use rand::distr::{Alphanumeric, SampleString};
use thiserror::Error;
use tokio::time::Instant;

/// What an offer is valid for at least, and the random part on top, in milliseconds.
const VALID_FOR_MS: std::ops::RangeInclusive<u64> = 5000..=5500;
/// How much longer than announced an offer is honoured: an acceptance may be on its way when it expires.
const LATENCY_ALLOWANCE: Duration = Duration::from_millis(100);

/// A free slot, announced to the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Random.
    pub id: String,
    /// From now on.
    pub valid_for: Duration,
}

/// Why an acceptance is turned down, in n8n's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Rejection {
    /// Unknown, used up, or too late.
    #[error("Offer expired - not accepted within validity window")]
    Expired,
    /// More acceptances than slots.
    #[error("No open task slots - runner already at capacity")]
    NoSlot,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing may be offered: there is no registration.
    Unregistered,
    Offering,
    /// The broker wants no more; what is open still counts.
    Drained,
    /// The runner is ending.
    Closed,
}

/// The book.
#[derive(Debug)]
pub struct OfferBook {
    capacity: usize,
    open: HashMap<String, Instant>,
    state: State,
    /// Offers that were made and not accepted in time, on connections that lived.
    expired: u64,
}

impl OfferBook {
    /// A book for a runner that works on `capacity` tasks at once.
    pub fn new(capacity: usize) -> Self {
        Self { capacity, open: HashMap::new(), state: State::Unregistered, expired: 0 }
    }

    /// The broker has registered the runner: offers start, also when they had been drained. False when they were already
    /// being made.
    pub fn registered(&mut self) -> bool {
        match self.state {
            State::Unregistered | State::Drained => {
                self.state = State::Offering;
                true
            }
            State::Offering | State::Closed => false,
        }
    }

    /// The broker wants no more offers; open ones may still be accepted.
    pub fn drain(&mut self) {
        if self.state == State::Offering {
            self.state = State::Drained;
        }
    }

    /// The connection is gone, and with it every offer.
    pub fn connection_lost(&mut self) {
        self.open.clear();
        if self.state != State::Closed {
            self.state = State::Unregistered;
        }
    }

    /// The runner is ending: no more offers, and what is open is taken back.
    pub fn close(&mut self) {
        self.open.clear();
        self.state = State::Closed;
    }

    /// Forgets expired offers, and makes as many new ones as slots are free. `busy` is the number of slots in use.
    pub fn top_up(&mut self, now: Instant, busy: usize) -> Vec<Offer> {
        let before = self.open.len();
        self.open.retain(|_, until| *until > now);
        self.expired += (before - self.open.len()) as u64;
        if self.state != State::Offering {
            return Vec::new();
        }
        let free = self.capacity.saturating_sub(busy.saturating_add(self.open.len()));
        (0..free)
            .map(|_| {
                let valid_for = Duration::from_millis(rand::rng().random_range(VALID_FOR_MS));
                let offer = Offer { id: random_id(), valid_for };
                self.open.insert(offer.id.clone(), now + valid_for + LATENCY_ALLOWANCE);
                offer
            })
            .collect()
    }

    /// Offers that may be accepted, a count.
    pub fn open(&self) -> usize {
        self.open.len()
    }

    /// Offers that nobody accepted in time, a count.
    pub fn expired(&self) -> u64 {
        self.expired
    }

    /// Whether offers are made.
    pub fn is_registered(&self) -> bool {
        matches!(self.state, State::Offering | State::Drained)
    }

    /// When the next offer expires and has to be replaced.
    pub fn next_expiry(&self) -> Option<Instant> {
        self.open.values().min().copied()
    }

    /// Uses up an offer.
    ///
    /// # Errors
    /// The [`Rejection`] to answer with.
    pub fn accept(&mut self, offer_id: &str, now: Instant, busy: usize) -> Result<(), Rejection> {
        match self.open.get(offer_id) {
            Some(until) if *until > now => {}
            _ => return Err(Rejection::Expired),
        }
        if busy >= self.capacity {
            return Err(Rejection::NoSlot);
        }
        self.open.remove(offer_id);
        Ok(())
    }
}

/// A new id, as n8n's runners make them: 22 characters out of 62.
pub fn random_id() -> String {
    Alphanumeric.sample_string(&mut rand::rng(), 22)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registered(capacity: usize) -> OfferBook {
        let mut book = OfferBook::new(capacity);
        assert!(book.registered());
        book
    }

    #[test]
    fn offers_fill_the_free_slots_and_no_more() {
        let now = Instant::now();
        let mut book = registered(5);
        let offers = book.top_up(now, 2);
        assert_eq!(offers.len(), 3);
        assert!(offers.iter().all(|o| (5000..=5500).contains(&o.valid_for.as_millis()) && o.id.len() == 22));
        assert!(book.top_up(now, 2).is_empty());
        assert_eq!(book.top_up(now, 0).len(), 2);
        assert!(book.top_up(now, usize::MAX).is_empty());
    }

    #[test]
    fn nothing_is_offered_without_a_registration_or_after_the_end() {
        let now = Instant::now();
        let mut book = OfferBook::new(5);
        assert!(book.top_up(now, 0).is_empty());
        book.registered();
        assert_eq!(book.top_up(now, 0).len(), 5);
        book.connection_lost();
        assert!(book.top_up(now, 0).is_empty());
        assert!(book.registered());
        assert_eq!(book.top_up(now, 0).len(), 5, "offers of a lost connection do not count");
        book.close();
        assert!(!book.registered());
        book.connection_lost();
        assert!(!book.registered());
        assert!(book.top_up(now, 0).is_empty());
    }

    #[test]
    fn an_offer_holds_a_little_longer_than_it_says_and_is_then_replaced() {
        let now = Instant::now();
        let mut book = registered(1);
        let offer = book.top_up(now, 0).remove(0);
        let last = now + offer.valid_for + LATENCY_ALLOWANCE;
        assert_eq!(book.next_expiry(), Some(last));
        assert!(book.top_up(last - Duration::from_millis(1), 0).is_empty());
        let next = book.top_up(last, 0);
        assert_eq!(next.len(), 1);
        assert_ne!(next[0].id, offer.id);
        assert_eq!((book.open(), book.expired()), (1, 1));
        assert_eq!(book.accept(&offer.id, last, 0), Err(Rejection::Expired));
        assert_eq!(book.accept(&next[0].id, last, 0), Ok(()));
    }

    #[test]
    fn an_offer_is_used_once() {
        let now = Instant::now();
        let mut book = registered(2);
        let offers = book.top_up(now, 0);
        assert_eq!(book.accept("none", now, 0), Err(Rejection::Expired));
        assert_eq!(book.accept(&offers[0].id, now, 2), Err(Rejection::NoSlot));
        assert_eq!(book.accept(&offers[0].id, now, 0), Ok(()));
        assert_eq!(book.accept(&offers[0].id, now, 0), Err(Rejection::Expired));
    }

    #[test]
    fn draining_keeps_open_offers_and_registration_ends_it() {
        let now = Instant::now();
        let mut book = registered(2);
        let offers = book.top_up(now, 0);
        book.drain();
        assert_eq!(book.accept(&offers[0].id, now, 0), Ok(()));
        assert!(book.top_up(now, 0).is_empty());
        assert!(book.registered());
        assert!(!book.registered(), "a second registration is nothing new");
        assert_eq!(book.top_up(now, 0).len(), 1);
    }

    #[test]
    fn no_concurrency_means_no_offers() {
        let mut book = registered(0);
        assert!(book.top_up(Instant::now(), 0).is_empty());
        assert_eq!(book.next_expiry(), None);
    }
}
