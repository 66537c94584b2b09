//! What libraries need of frames and tracebacks, given to them in another way: `python/shims.py`, and the one thing it
//! cannot do itself, as the names are about to go.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::code::{PyCode, PyCodeInput, PyCodeMethods as _};
use pyo3::types::{PyDict, PyList, PyString, PyTraceback};

use palisade_channel::message::NodeMode;

use crate::run;

/// Frames that are reported; an endless recursion has a thousand.
const MOST_FRAMES: usize = 1000;

/// Frames that are looked at: user code can make longer chains.
const MOST_WALKED: usize = 100_000;

/// Puts them in. `late` tells that modules may be imported later, by tasks.
///
/// # Errors
/// The library is not what this version knows.
pub(super) fn install(py: Python<'_>, late: bool) -> PyResult<()> {
    py.import("traceback")?;
    let scope = PyDict::new(py);
    let source = ffi::c_str!(include_str!("../../python/shims.py"));
    PyCode::compile(py, source, c"<palisade>", PyCodeInput::File)?.run(Some(&scope), None)?;
    let frames = wrap_pyfunction!(user_frames, py)?;
    let check_field = wrap_pyfunction!(run::format::check_field, py)?;
    scope.as_any().get_item("install")?.call1((frames, check_field, late))?;
    Ok(())
}

/// File, line and name of each frame of user code in a traceback, outermost first.
#[pyfunction]
fn user_frames<'py>(traceback: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
    let py = traceback.py();
    let frames = PyList::empty(py);
    let traceback = traceback.cast::<PyTraceback>()?;
    let mut next = traceback.as_ptr().cast::<ffi::PyTracebackObject>();
    for _ in 0..MOST_WALKED {
        if next.is_null() || frames.len() == MOST_FRAMES {
            break;
        }
        // SAFETY: `next` is a traceback, kept alive by the one before it and so by `traceback`; nothing between here and the
        // last use of its fields runs Python code. `PyFrame_GetCode` gives a new reference, never null.
        let (code, line): (Bound<'py, PyAny>, i32) = unsafe {
            let code = ffi::PyFrame_GetCode((*next).tb_frame);
            let line = ffi::PyCode_Addr2Line(code, (*next).tb_lasti);
            next = (*next).tb_next;
            (Bound::from_owned_ptr(py, code.cast()), line)
        };
        let file = code.getattr("co_filename")?;
        let is_users = file.cast::<PyString>().is_ok_and(|file| {
            let modes = [NodeMode::AllItems, NodeMode::EachItem];
            file.to_str().is_ok_and(|file| modes.into_iter().any(|mode| file == run::filename(mode)))
        });
        if is_users {
            frames.append((file, line, code.getattr("co_name")?))?;
        }
    }
    Ok(frames)
}
