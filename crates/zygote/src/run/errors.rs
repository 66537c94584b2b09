//! From an exception that left user code to the failure that is reported.
//!
//! Exceptions are the user's objects: their methods may raise, lie or loop. What they say is read once, by C functions
//! where there is one, and bounded; the library's `traceback` is never asked, since it imports names it finds.

#![allow(unsafe_code, reason = "walks tracebacks by CPython's C structures")]

use palisade_channel::message::{Failure, NodeMode, Raised, TraceFrame};
use pyo3::exceptions::{PyKeyboardInterrupt, PySyntaxError, PySystemExit};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTraceback};

use super::format::TextViolation;
use super::guard::SecurityViolation;
use super::{compile, output, text};

/// Bytes of a message, and of a description.
const MAX_TEXT: usize = 64 << 10;
/// Frames that are reported; an endless recursion has a thousand.
const MAX_FRAMES: usize = 50;
/// Frames that are looked at: user code can make longer chains.
const MAX_WALK: usize = 100_000;

/// What is reported for `error`, which came while item `item` was at work.
pub(super) fn failure(py: Python<'_>, error: &PyErr, mode: NodeMode, item: Option<u64>) -> Failure {
    let value = error.value(py);
    if value.is_exact_instance_of::<SecurityViolation>() {
        return Failure::Import { text: said(value.as_any()) };
    }
    if value.is_exact_instance_of::<TextViolation>() {
        return Failure::Text { text: said(value.as_any()) };
    }
    if error.is_instance_of::<PySystemExit>(py) {
        let code = value.getattr("code").map_or_else(|_| "None".to_owned(), |code| said(&code));
        return Failure::Exit { code, description: description(value.as_any()) };
    }
    let message = if error.is_instance_of::<PyKeyboardInterrupt>(py) { String::new() } else { said(value.as_any()) };
    let class = error.get_type(py).name().map_or_else(|_| "Exception".to_owned(), |name| text::lossy(&name));
    let frames = error.traceback(py).map(|innermost| user_frames(&innermost, mode)).unwrap_or_default();
    let line = frames.last().map(|frame| frame.line).or_else(|| line_of_compiler(py, error, mode));
    Failure::Raised(Raised { class, message, description: description(value.as_any()), line, item, frames })
}

/// `str()` of it, or what Python's own tracebacks say when that fails.
fn said(value: &Bound<'_, PyAny>) -> String {
    let mut said = value.str().map_or_else(|_| "<exception str() failed>".to_owned(), |text| text::lossy(&text));
    text::bound(&mut said, MAX_TEXT);
    said
}

/// The exception's own `description` when that is a text, else what was written to `sys.stderr`.
fn description(value: &Bound<'_, PyAny>) -> String {
    let own = value.getattr("description").ok().and_then(|own| own.cast_into::<PyString>().ok());
    let own = own.map(|own| text::lossy(&own)).filter(|own| !own.is_empty());
    let mut description = own.unwrap_or_else(output::stderr_text);
    text::bound(&mut description, MAX_TEXT);
    description
}

/// Where the compiler found a `SyntaxError` in the user's text.
fn line_of_compiler(py: Python<'_>, error: &PyErr, mode: NodeMode) -> Option<u64> {
    if !error.is_instance_of::<PySyntaxError>(py) {
        return None;
    }
    let value = error.value(py);
    let file = value.getattr("filename").ok()?;
    let is_users = file.cast::<PyString>().is_ok_and(|file| file.to_str().is_ok_and(|f| f == compile::filename(mode)));
    is_users.then(|| value.getattr("lineno").ok()?.extract().ok())?
}

/// The frames of user code, innermost last.
fn user_frames(outermost: &Bound<'_, PyTraceback>, mode: NodeMode) -> Vec<TraceFrame> {
    let py = outermost.py();
    let mut frames = Vec::new();
    let mut next = outermost.as_ptr().cast::<ffi::PyTracebackObject>();
    for _ in 0..MAX_WALK {
        if next.is_null() {
            break;
        }
        // SAFETY: `next` is a traceback, kept alive by the one before it and so by `outermost`; nothing between here and
        // the last use of its fields runs Python code. `PyFrame_GetCode` gives a new reference, never null.
        let (code, line) = unsafe {
            let code = ffi::PyFrame_GetCode((*next).tb_frame);
            let line = ffi::PyCode_Addr2Line(code, (*next).tb_lasti);
            next = (*next).tb_next;
            (Bound::from_owned_ptr(py, code.cast()), line)
        };
        if let Some(frame) = user_frame(&code, line, mode) {
            if frames.len() == MAX_FRAMES {
                frames.remove(0);
            }
            frames.push(frame);
        }
    }
    frames
}

fn user_frame(code: &Bound<'_, PyAny>, line: i32, mode: NodeMode) -> Option<TraceFrame> {
    let text = |name: &str| Some(text::lossy(code.getattr(name).ok()?.cast::<PyString>().ok()?));
    if text("co_filename")? != compile::filename(mode) {
        return None;
    }
    let mut function = text("co_name")?;
    text::bound(&mut function, 1000);
    Some(TraceFrame { line: u64::try_from(line).ok().filter(|&line| line > 0)?, function })
}
