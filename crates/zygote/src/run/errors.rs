//! From an exception that left user code to the failure that is reported.
//!
//! Exceptions are the user's objects: their methods may raise, lie or loop. What they say is read once, by C functions
//! where there is one, and bounded; the library's `traceback` is never asked, since it imports names it finds.

mod frames;
mod related;
mod said;

use palisade_channel::message::{Failure, NodeMode, Raised, Span};
use pyo3::exceptions::{PyKeyboardInterrupt, PySyntaxError, PySystemExit};
use pyo3::prelude::*;
use pyo3::types::PyString;

use self::said::{Room, said};
use super::format::TextViolation;
use super::guard::SecurityViolation;
use super::{output, text};

/// Bytes of a message, and of a description or what stands for it.
const MAX_TEXT: usize = 64 << 10;
/// Bytes of the text of an exit, whose code is told besides.
const MAX_TEXT_OF_EXIT: usize = 4 << 10;
/// Bytes of everything else together: what is told stays below what a supervisor reads, whatever JSON makes of it.
const MAX_BESIDES: usize = 24 << 10;

/// What is reported for `error`, which came while item `item` was at work.
pub(super) fn failure(py: Python<'_>, error: &PyErr, mode: NodeMode, item: Option<u64>) -> Failure {
    let value = error.value(py);
    if value.is_exact_instance_of::<SecurityViolation>() {
        return Failure::Import { text: said(value.as_any(), MAX_TEXT) };
    }
    if value.is_exact_instance_of::<TextViolation>() {
        return Failure::Text { text: said(value.as_any(), MAX_TEXT) };
    }
    if error.is_instance_of::<PySystemExit>(py) {
        let code = value.getattr("code").map_or_else(|_| "None".to_owned(), |code| said(&code, MAX_TEXT));
        return Failure::Exit {
            code,
            raised: Box::new(raised(py, error, mode, item, said(value.as_any(), MAX_TEXT_OF_EXIT))),
        };
    }
    let has_no_text = error.is_instance_of::<PyKeyboardInterrupt>(py);
    let message = if has_no_text { String::new() } else { said(value.as_any(), MAX_TEXT) };
    Failure::Raised(raised(py, error, mode, item, message))
}

fn raised(py: Python<'_>, error: &PyErr, mode: NodeMode, item: Option<u64>, message: String) -> Raised {
    let value = error.value(py);
    let room = &mut Room::new(MAX_BESIDES);
    let class = said::class(value, room);
    let frames = frames::of(value, mode, frames::OF_THE_ERROR, room);
    let compiler = if frames.is_empty() { place_of_compiler(py, error, mode) } else { None };
    let notes = said::notes(value, room);
    let (related, more_related) = related::of(value, mode, room);
    let description = own_description(value.as_any());
    // Last: what the exception's own methods write there counts, too.
    let stderr = if description.is_some() { String::new() } else { output::stderr_text() };
    Raised {
        class,
        message,
        description,
        stderr,
        line: frames.last().map(|frame| frame.line).or(compiler.map(|(line, _)| line)),
        item,
        frames,
        span: compiler.and_then(|(_, span)| span),
        notes,
        related,
        more_related,
    }
}

/// The exception's own `description` when that is a text, and not empty.
fn own_description(value: &Bound<'_, PyAny>) -> Option<String> {
    let own = value.getattr("description").ok()?.cast_into::<PyString>().ok()?;
    Some(text::bounded(&own, MAX_TEXT)).filter(|own| !own.is_empty())
}

/// Where the compiler found a `SyntaxError` in the user's text, once that was parsed.
fn place_of_compiler(py: Python<'_>, error: &PyErr, mode: NodeMode) -> Option<(u64, Option<Span>)> {
    if !error.is_instance_of::<PySyntaxError>(py) {
        return None;
    }
    let value = error.value(py);
    let file = value.getattr("filename").ok()?;
    if !file.cast::<PyString>().is_ok_and(|file| file.to_str().is_ok_and(|file| file == mode.file_name())) {
        return None;
    }
    let number = |name: &str| value.getattr(name).ok()?.extract::<u32>().ok().filter(|&number| number > 0);
    let line = number("lineno")?;
    // The compiler counts bytes, unlike the parser.
    let end = number("end_offset").filter(|_| number("end_lineno") == Some(line)).map(|end| end - 1);
    let span = number("offset").map(|start| Span { start: start - 1, end });
    Some((u64::from(line), span))
}
