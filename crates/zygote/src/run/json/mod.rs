//! JSON both ways, equal to Python's own to the last digit.
//!
//! * `read` makes Python's values of a JSON text. Whatever is odd about a text, CPython's own decoder is asked, so that what is
//!   accepted, and the words of an error, are CPython's.
//! * `write` is what CPython's C encoder does with `default=str`, step by step: it calls no method of a value but the three that
//!   the encoder calls, `__str__` of what JSON has not, `__iter__` of subclasses of list and tuple, `items` of those of dict.
//! * `layout` is text of numbers and strings; `place` says where a value is that JSON has not.

mod collector;
mod keys;
mod layout;
mod place;
mod read;
mod write;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

pub(super) use place::{NotFinite, Place};
pub(super) use write::Writer;

use super::text;

/// Containers in one another, both ways: where CPython 3.13 gives up, or a little before. No native stack is used up by them,
/// so the number holds for every version.
const MAX_DEPTH: usize = 9_990;

/// Bytes of JSON that make enough objects to keep the collector from.
const MANY: usize = 64 << 10;

/// CPython's own functions, captured before user code could replace them in their modules.
pub(super) struct Codec {
    decode: Py<PyAny>,
    freeze: Py<PyAny>,
}

/// How JSON is laid out, and what becomes of NaN and infinities, which it has not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// For machines: no blanks, and NaN is an error.
    Compact,
    /// For machines: no blanks, and NaN is `null`.
    CompactNulls,
    /// For people: `", "` and `": "`, and NaN is `NaN`.
    Spaced,
    /// Python's own JSON without blanks, for tests that hold it against CPython.
    #[cfg(feature = "inline")]
    Lenient,
}

/// Why a value did not become JSON.
pub(super) enum WriteError {
    /// Python says so.
    Python(PyErr),
    /// There is more than the limit; what was written is its beginning.
    TooLong,
}

impl From<PyErr> for WriteError {
    fn from(error: PyErr) -> Self {
        Self::Python(error)
    }
}

/// Why a result did not become JSON.
pub(super) enum ResultError {
    /// As for every value.
    Write(WriteError),
    /// A number is in it that JSON has not.
    NotFinite(NotFinite),
}

impl From<WriteError> for ResultError {
    fn from(error: WriteError) -> Self {
        Self::Write(error)
    }
}

impl From<PyErr> for ResultError {
    fn from(error: PyErr) -> Self {
        Self::Write(WriteError::Python(error))
    }
}

impl From<ResultError> for WriteError {
    fn from(error: ResultError) -> Self {
        match error {
            ResultError::Write(error) => error,
            ResultError::NotFinite(number) => Self::Python(PyValueError::new_err(number.message())),
        }
    }
}

impl Codec {
    /// # Errors
    /// The standard library's `json` is not what it should be.
    pub(super) fn capture(py: Python<'_>) -> PyResult<Self> {
        Ok(Self {
            decode: py.import("json")?.getattr("JSONDecoder")?.call0()?.getattr("decode")?.unbind(),
            freeze: py.import("gc")?.getattr("freeze")?.unbind(),
        })
    }

    /// The value of a JSON text.
    ///
    /// # Errors
    /// It is no JSON, or nested too deep; no memory.
    pub(super) fn read<'py>(&self, py: Python<'py>, json: &[u8]) -> PyResult<Bound<'py, PyAny>> {
        let _paused = collector::Paused::new(py);
        match read::value(py, json)? {
            Some(value) => Ok(value),
            None => self.decode.bind(py).call1((text::from_generalised_utf8(py, json)?,)),
        }
    }

    /// Turns the collector on for user code, after reading so many bytes. The forkserver has it off, so that it does not touch
    /// the pages its children share.
    ///
    /// What was read is put where the collector does not look: it has no cycles, and there may be a million objects of it, which
    /// user code would otherwise wait for several times. Not so after the few bytes of a warm-up: in the forkserver, hardening and
    /// reseeding are still to find every object there is by asking the collector.
    ///
    /// # Errors
    /// None that is known of.
    pub(super) fn let_collect(&self, py: Python<'_>, read: usize) -> PyResult<()> {
        if read >= MANY {
            self.freeze.bind(py).call0()?;
        }
        collector::enable(py);
        Ok(())
    }

    /// A writer that stops at `limit` bytes.
    #[allow(clippy::unused_self, reason = "who writes has been prepared")]
    pub(super) fn writer(&self, style: Style, limit: usize) -> Writer {
        Writer::new(style, limit)
    }
}
