//! User ids for children: one for each that lives, given back only when it was reaped.

use std::sync::{Arc, Mutex, PoisonError};

/// The ids that are free.
#[derive(Debug)]
pub(crate) struct Slots(Mutex<Vec<u32>>);

/// An id while a child has it.
#[derive(Debug)]
pub(crate) struct Slot {
    id: u32,
    slots: Arc<Slots>,
}

impl Slots {
    pub(crate) fn new(first: u32, count: u32) -> Arc<Self> {
        Arc::new(Self(Mutex::new((first..first.saturating_add(count)).rev().collect())))
    }

    pub(crate) fn take(self: &Arc<Self>) -> Option<Slot> {
        let id = self.free().pop()?;
        Some(Slot { id, slots: Arc::clone(self) })
    }

    fn free(&self) -> std::sync::MutexGuard<'_, Vec<u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    pub(crate) fn id(&self) -> u32 {
        self.id
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slots.free().push(self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_live_children_have_the_same_id() {
        let slots = Slots::new(500, 2);
        let (a, b) = (slots.take().unwrap(), slots.take().unwrap());
        assert_ne!(a.id(), b.id());
        assert!(slots.take().is_none());
        let freed = a.id();
        drop(a);
        assert_eq!(slots.take().unwrap().id(), freed);
    }
}
