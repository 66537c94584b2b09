//! The book of offers, against a plain list of them: never more tasks than slots, no offer honoured twice or too late.

use std::time::Duration;

use palisade::offers::{OfferBook, Rejection};
use tokio::time::Instant;

use crate::choices::Choices;

/// How long after its announced end an offer may still be honoured; the book says so in its own words.
const ALLOWANCE: Duration = Duration::from_millis(100);

/// Plays events, with the time as one of them.
///
/// # Panics
/// When the book does what the list does not.
pub fn body(input: &[u8]) {
    let choices = &mut Choices::new(input);
    let mut play = Play {
        capacity: choices.below(6),
        now: Instant::now(),
        open: Vec::new(),
        gone: Vec::new(),
        busy: 0,
        expired: 0,
        is_offering: false,
        is_registered: false,
        is_closed: false,
    };
    let mut book = OfferBook::new(play.capacity);
    for _ in 0..400 {
        if choices.is_empty() {
            return;
        }
        play.event(choices, &mut book);
        assert!(play.busy <= play.capacity, "{} tasks in {} slots", play.busy, play.capacity);
        assert_eq!((book.open(), book.expired()), (play.open.len(), play.expired));
        assert_eq!(book.is_registered(), play.is_registered);
        assert_eq!(book.next_expiry(), play.open.iter().map(|(_, until)| *until).min());
    }
}

/// What must be so.
struct Play {
    capacity: usize,
    now: Instant,
    /// In the order they were made, so that an input always chooses the same one.
    open: Vec<(String, Instant)>,
    /// Offers that must not be honoured any more.
    gone: Vec<String>,
    busy: usize,
    expired: u64,
    is_offering: bool,
    is_registered: bool,
    is_closed: bool,
}

impl Play {
    fn event(&mut self, choices: &mut Choices<'_>, book: &mut OfferBook) {
        match choices.below(16) {
            0..=3 => self.top_up(book),
            4..=7 => self.accept(choices, book),
            8 | 9 => self.busy = self.busy.saturating_sub(1),
            10 => {
                self.now +=
                    Duration::from_millis(choices.pick(&[1, 99, 100, 4999, 5000, 5100, 5499, 5600, 86_400_000]));
            }
            11 => self.now += Duration::from_millis(u64::from(choices.byte())),
            12 | 13 => {
                let is_news = !self.is_closed && !self.is_offering;
                assert_eq!(book.registered(), is_news);
                if !self.is_closed {
                    (self.is_offering, self.is_registered) = (true, true);
                }
            }
            14 => {
                book.drain();
                self.is_offering = false;
            }
            _ if choices.once_in(8) => {
                book.close();
                self.gone.extend(self.open.drain(..).map(|(id, _)| id));
                (self.is_offering, self.is_registered, self.is_closed) = (false, false, true);
            }
            _ => {
                book.connection_lost();
                self.gone.extend(self.open.drain(..).map(|(id, _)| id));
                (self.is_offering, self.is_registered) = (false, false);
            }
        }
    }

    fn top_up(&mut self, book: &mut OfferBook) {
        let offers = book.top_up(self.now, self.busy);
        let (open, late) =
            std::mem::take(&mut self.open).into_iter().partition::<Vec<_>, _>(|(_, until)| *until > self.now);
        self.open = open;
        self.expired += late.len() as u64;
        self.gone.extend(late.into_iter().map(|(id, _)| id));
        let free = if self.is_offering { self.capacity.saturating_sub(self.busy + self.open.len()) } else { 0 };
        assert_eq!(offers.len(), free, "offers for free slots");
        for offer in offers {
            let until = self.now + offer.valid_for + ALLOWANCE;
            assert!(!self.gone.contains(&offer.id) && self.open.iter().all(|(id, _)| *id != offer.id), "an id twice");
            self.open.push((offer.id, until));
        }
    }

    fn accept(&mut self, choices: &mut Choices<'_>, book: &mut OfferBook) {
        let mut ids: Vec<String> = self.open.iter().map(|(id, _)| id).chain(&self.gone).cloned().collect();
        ids.push("none".to_owned());
        let id = ids[choices.below(ids.len())].clone();
        let place = self.open.iter().position(|(open, until)| *open == id && *until > self.now);
        let expected = match place {
            Some(_) if self.busy < self.capacity => Ok(()),
            Some(_) => Err(Rejection::NoSlot),
            _ => Err(Rejection::Expired),
        };
        assert_eq!(book.accept(&id, self.now, self.busy), expected);
        if let (Some(place), Ok(())) = (place, expected) {
            self.open.remove(place);
            self.gone.push(id);
            self.busy += 1;
        }
    }
}
