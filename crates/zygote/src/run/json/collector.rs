//! Python's collector of cycles, kept away from loops that make or walk a million objects and leave no cycle.

#![allow(unsafe_code, reason = "calls into CPython's API")]

use std::marker::PhantomData;

use pyo3::ffi;
use pyo3::prelude::*;

/// Off while this lives; then as it was.
pub(super) struct Paused<'py> {
    was_on: bool,
    attached: PhantomData<Python<'py>>,
}

impl<'py> Paused<'py> {
    pub(super) fn new(_: Python<'py>) -> Self {
        // SAFETY: attached to the interpreter.
        let was_on = unsafe { ffi::PyGC_Disable() } == 1;
        Self { was_on, attached: PhantomData }
    }

    /// Runs what may be user code as if there were no pause: what it does to the collector stays so.
    pub(super) fn lifted<T>(&mut self, user_code: impl FnOnce() -> T) -> T {
        if self.was_on {
            // SAFETY: attached to the interpreter.
            unsafe { ffi::PyGC_Enable() };
        }
        let outcome = user_code();
        // SAFETY: attached to the interpreter.
        self.was_on = unsafe { ffi::PyGC_Disable() } == 1;
        outcome
    }
}

impl Drop for Paused<'_> {
    fn drop(&mut self) {
        if self.was_on {
            // SAFETY: attached to the interpreter: the lifetime is that of a `Python`.
            unsafe { ffi::PyGC_Enable() };
        }
    }
}

/// Turns it on.
pub(super) fn enable(_: Python<'_>) {
    // SAFETY: attached to the interpreter.
    unsafe { ffi::PyGC_Enable() };
}
