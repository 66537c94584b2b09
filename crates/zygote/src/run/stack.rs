//! A stack with nothing of the runner on it.
//!
//! The forkserver is called by Python code, so its children are: without this, the frames of that code lie below the user's,
//! and a generator of his reaches them by asking for who called it.

#![allow(unsafe_code, reason = "calls into CPython's API")]

use pyo3::ffi;
use pyo3::prelude::*;

/// Does `work` in a thread state of its own, whose first frame is the first that `work` makes.
///
/// # Errors
/// No memory.
pub(super) fn on_empty<R>(_py: Python<'_>, work: impl FnOnce() -> R) -> PyResult<R> {
    // SAFETY: attached to the interpreter.
    let state = unsafe { ffi::PyThreadState_New(ffi::PyInterpreterState_Get()) };
    if state.is_null() {
        return Err(pyo3::exceptions::PyMemoryError::new_err(()));
    }
    // SAFETY: a live state of this interpreter that no thread has. It takes over what the one before has attached to, so that
    // tokens of being attached stay true.
    let before = unsafe { ffi::PyThreadState_Swap(state) };
    let _back = Back(before);
    Ok(work())
}

/// Goes back to the state before, also when there is a panic. The other one is left as it is: to clear it would run
/// destructors, which are the user's, and a child has one task.
struct Back(*mut ffi::PyThreadState);

impl Drop for Back {
    fn drop(&mut self) {
        // SAFETY: this is the state that was swapped for another, in this thread, which still has that other one.
        unsafe { ffi::PyThreadState_Swap(self.0) };
    }
}
