//! What exceptions say of themselves, cut to what there is room for.

use pyo3::exceptions::PyBaseException;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString, PyTuple};

use crate::run::text;

/// Bytes of a name.
const MAX_NAME: usize = 200;
/// Notes of one exception, and bytes of one.
const MAX_NOTES: usize = 16;
const MAX_NOTE: usize = 4 << 10;

/// Bytes that are left for what is told.
pub(super) struct Room(usize);

impl Room {
    pub(super) fn new(bytes: usize) -> Self {
        Self(bytes)
    }

    /// A text, cut at `limit` bytes and at what is left.
    pub(super) fn fit(&mut self, mut text: String, limit: usize) -> String {
        text::bound(&mut text, limit.min(self.0));
        self.0 = self.0.saturating_sub(text.len());
        text
    }

    /// How much of a text that may have `limit` bytes there is room for.
    fn of(&self, limit: usize) -> usize {
        limit.min(self.0)
    }
}

/// `str()` of it, or what Python's own tracebacks say when that fails.
pub(super) fn said(value: &Bound<'_, PyAny>, limit: usize) -> String {
    value.str().map_or_else(|_| "<exception str() failed>".to_owned(), |said| text::bounded(&said, limit))
}

/// [`said`], as far as there is room.
pub(super) fn fitting(value: &Bound<'_, PyAny>, limit: usize, room: &mut Room) -> String {
    let said = said(value, room.of(limit));
    room.fit(said, usize::MAX)
}

/// The name of its class.
pub(super) fn class(value: &Bound<'_, PyBaseException>, room: &mut Room) -> String {
    let name = value.get_type().name().map_or_else(|_| "Exception".to_owned(), |name| text::bounded(&name, MAX_NAME));
    room.fit(name, usize::MAX)
}

/// A name of the user's.
pub(super) fn name(name: &Bound<'_, PyString>, room: &mut Room) -> String {
    room.fit(text::bounded(name, MAX_NAME), usize::MAX)
}

/// What was added to it by `add_note`.
pub(super) fn notes(value: &Bound<'_, PyBaseException>, room: &mut Room) -> Vec<String> {
    let Ok(notes) = value.getattr("__notes__") else { return Vec::new() };
    // Anybody can put anything there. It is read by C functions, one by one, as it may change while it says its texts.
    let note = |index: usize| match (notes.cast::<PyList>(), notes.cast::<PyTuple>()) {
        (Ok(list), _) => list.get_item(index).ok(),
        (_, Ok(tuple)) => tuple.get_item(index).ok(),
        _ => None,
    };
    let mut told = Vec::new();
    while let Some(note) = note(told.len()) {
        if told.len() == MAX_NOTES || room.0 == 0 {
            told.push("… [more notes]".to_owned());
            break;
        }
        told.push(fitting(&note, MAX_NOTE, room));
    }
    told
}
