//! An alarm: an audit hook that ends the process at events which no task can legitimately raise.
//!
//! What stops those is elsewhere; this tells that it was got past. The process ends at once: an exception could be caught, and
//! probed for. Hooks cannot be removed from Python. Native code can disarm this one.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::child;

static EVENTS: PyOnceLock<Vec<Vec<u8>>> = PyOnceLock::new();

/// Whether user code runs: what the runner does before is its own business.
static ARMED: AtomicBool = AtomicBool::new(false);

unsafe extern "C" {
    /// Of `cpython/sysmodule.h`; not among pyo3's.
    fn PySys_AddAuditHook(
        hook: unsafe extern "C" fn(*const c_char, *mut ffi::PyObject, *mut c_void) -> c_int,
        data: *mut c_void,
    ) -> c_int;
}

/// Modules that start processes. Who may use one of them may raise the events of all.
const STARTERS: [&str; 4] = ["os", "posix", "pty", "subprocess"];

/// Stretches it across these events; a name with a dot or an underscore at its end stands for all that begin with it. Events of
/// modules that user code may import are left out: it raises them by right. Nothing happens before [`arm`].
///
/// # Errors
/// Another hook refuses, or it is there already.
pub(super) fn stretch(py: Python<'_>, events: &[String], allowed: &[String]) -> PyResult<()> {
    let starts = allowed.iter().any(|module| STARTERS.contains(&module.as_str()));
    let by_right = |event: &&String| {
        let module = event.split('.').next().unwrap_or(event);
        // What is dangerous of `sys` is not handed out with it.
        module != "sys" && (allowed.iter().any(|name| name == module) || (starts && STARTERS.contains(&module)))
    };
    let events: Vec<_> =
        events.iter().filter(|event| !by_right(event)).map(|event| event.clone().into_bytes()).collect();
    if events.is_empty() {
        return Ok(());
    }
    EVENTS.set(py, events).map_err(|_| PyRuntimeError::new_err("the tripwire is stretched already"))?;
    // SAFETY: a function that lives as long as the process, and no data.
    if unsafe { PySys_AddAuditHook(hook, ptr::null_mut()) } != 0 {
        return Err(PyErr::fetch(py));
    }
    Ok(())
}

/// From now on an event ends this process.
pub(crate) fn arm() {
    ARMED.store(true, Ordering::Relaxed);
}

/// Called at every audit event, with the GIL but without any certainty about the interpreter's state: it reads two statics, and
/// returns or ends the process.
unsafe extern "C" fn hook(event: *const c_char, _: *mut ffi::PyObject, _: *mut c_void) -> c_int {
    if !ARMED.load(Ordering::Relaxed) || event.is_null() {
        return 0;
    }
    // SAFETY: the interpreter passes a C string that outlives the call; it holds the GIL meanwhile.
    let (event, py) = unsafe { (CStr::from_ptr(event).to_bytes(), Python::assume_attached()) };
    let Some(events) = EVENTS.get(py) else { return 0 };
    let is_begun = |known: &Vec<u8>| matches!(known.last(), Some(b'.' | b'_')) && !known.ends_with(b"__");
    let is_hit = events.iter().any(|known| known == event || (is_begun(known) && event.starts_with(known)));
    if is_hit {
        child::end_at_tripwire(event);
    }
    0
}
