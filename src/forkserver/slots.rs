//! What each live child has for itself, by number: a user id, a scratch folder. One for each that lives, given back only when it
//! was reaped and its folder is empty.

use std::sync::{Arc, Mutex, PoisonError};

use palisade_sandbox::plan::{JailPlan, SealPlan, SlotUids};

/// The numbers that are free.
#[derive(Debug)]
pub(crate) struct Slots {
    free: Mutex<Vec<u32>>,
    first_uid: Option<u32>,
    count: usize,
}

/// A number while a child has it.
#[derive(Debug)]
pub(crate) struct Slot {
    number: u32,
    slots: Arc<Slots>,
}

impl Slots {
    /// As many as planned; none where children have nothing for themselves.
    pub(crate) fn planned(jail: &JailPlan, seal: &SealPlan) -> Option<Arc<Self>> {
        match (jail.slot_uids, &seal.scratch) {
            (Some(SlotUids { first, count }), _) => Some(Self::new(Some(first), count)),
            (None, Some(scratch)) => Some(Self::new(None, scratch.folders)),
            (None, None) => None,
        }
    }

    fn new(first_uid: Option<u32>, count: u32) -> Arc<Self> {
        let free: Vec<u32> = (0..count).rev().collect();
        Arc::new(Self { count: free.len(), free: Mutex::new(free), first_uid })
    }

    /// How many there are, free or not.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// One that is free and for which `usable` holds.
    pub(crate) fn take(self: &Arc<Self>, usable: impl Fn(u32) -> bool) -> Option<Slot> {
        let mut free = self.free();
        let at = free.iter().rposition(|number| usable(*number))?;
        let number = free.remove(at);
        Some(Slot { number, slots: Arc::clone(self) })
    }

    fn free(&self) -> std::sync::MutexGuard<'_, Vec<u32>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// The number, which is its scratch folder's too.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// The user id, where children have ids of their own.
    pub(crate) fn uid(&self) -> Option<u32> {
        self.slots.first_uid.map(|first| first.saturating_add(self.number))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slots.free().push(self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_live_children_have_the_same_slot() {
        let slots = Slots::new(Some(500), 2);
        let (a, b) = (slots.take(|_| true).unwrap(), slots.take(|_| true).unwrap());
        assert_eq!((a.uid(), b.uid()), (Some(500), Some(501)));
        assert!(slots.take(|_| true).is_none());
        let freed = a.number();
        drop(a);
        assert_eq!(slots.take(|_| true).unwrap().number(), freed);
    }

    #[test]
    fn a_slot_that_is_of_no_use_is_left_alone() {
        let slots = Slots::new(None, 2);
        let taken = slots.take(|number| number != 0).unwrap();
        assert_eq!((taken.number(), taken.uid()), (1, None));
        assert!(slots.take(|number| number != 0).is_none());
        assert_eq!(slots.take(|_| true).unwrap().number(), 0);
    }
}
