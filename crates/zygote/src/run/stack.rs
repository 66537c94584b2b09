//! A stack with nothing of the runner on it.
//!
//! The forkserver is called by Python code, so its children are: without this, the frames of that code lie below the user's,
//! and a generator of his reaches them by asking for who called it.

#![allow(unsafe_code, reason = "calls into CPython's API")]

use pyo3::ffi;
use pyo3::prelude::*;

use super::task::Whose;

/// Does `work` in a thread state of its own, whose first frame is the first that `work` makes.
///
/// # Errors
/// No memory.
pub(super) fn on_empty<R>(_py: Python<'_>, whose: Whose, work: impl FnOnce() -> R) -> PyResult<R> {
    // SAFETY: attached to the interpreter.
    let state = unsafe { ffi::PyThreadState_New(ffi::PyInterpreterState_Get()) };
    if state.is_null() {
        return Err(pyo3::exceptions::PyMemoryError::new_err(()));
    }
    // SAFETY: a live state of this interpreter that no thread has. It takes over what the one before has attached to, so that
    // tokens of being attached stay true.
    let before = unsafe { ffi::PyThreadState_Swap(state) };
    let back = Back(before);
    let done = work();
    drop(back);
    // In a forkserver that kept it, each child would begin with getting rid of it. To clear it after user code would run
    // destructors, which are the user's, and a child has one task.
    if whose == Whose::Ours {
        // SAFETY: made above, with no thread to run in, and nobody keeps it; attached by the state from before.
        unsafe {
            ffi::PyThreadState_Clear(state);
            ffi::PyThreadState_Delete(state);
        }
    }
    Ok(done)
}

/// Goes back to the state before, also when there is a panic.
struct Back(*mut ffi::PyThreadState);

impl Drop for Back {
    fn drop(&mut self) {
        // SAFETY: this is the state that was swapped for another, in this thread, which still has that other one.
        unsafe { ffi::PyThreadState_Swap(self.0) };
    }
}
