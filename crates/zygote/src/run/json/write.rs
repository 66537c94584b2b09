//! From Python's values to JSON: the steps of CPython's C encoder, without its recursion.

#![allow(unsafe_code, reason = "calls into CPython's API")]

use std::ffi::c_int;

use pyo3::exceptions::{PyRecursionError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::string::PyStringData;
use pyo3::types::{PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

use super::collector::Paused;
use super::place::Step;
use super::{MAX_DEPTH, NotFinite, Place, ResultError, Style, WriteError, layout};

/// Characters of a string between two looks at the limit.
const STRIDE: usize = 4096;

/// Writes values one after another into one buffer.
pub(in crate::run) struct Writer {
    style: Style,
    limit: usize,
    bytes: Vec<u8>,
}

/// A container that is being written. It is looked at anew for each element: the `__str__` of an element is user code, and
/// may change it.
enum Open<'py> {
    Dict {
        dict: Bound<'py, PyDict>,
        next: ffi::Py_ssize_t,
        key: Option<Bound<'py, PyAny>>,
    },
    /// Of a subclass of dict, and what its `items` gave.
    Pairs {
        of: Bound<'py, PyAny>,
        pairs: Bound<'py, PyList>,
        next: usize,
        key: Option<Bound<'py, PyAny>>,
    },
    List {
        of: Bound<'py, PyAny>,
        list: Bound<'py, PyList>,
        next: usize,
    },
    Tuple {
        of: Bound<'py, PyAny>,
        tuple: Bound<'py, PyTuple>,
        next: usize,
    },
}

/// Why there is nothing more to write.
enum Stop {
    Write(WriteError),
    NotFinite(f64),
}

impl From<PyErr> for Stop {
    fn from(error: PyErr) -> Self {
        Self::Write(WriteError::Python(error))
    }
}

impl From<WriteError> for Stop {
    fn from(error: WriteError) -> Self {
        Self::Write(error)
    }
}

impl Writer {
    pub(super) fn new(style: Style, limit: usize) -> Self {
        Self { style, limit, bytes: Vec::new() }
    }

    /// What was written: UTF-8, cut anywhere after a [`WriteError::TooLong`].
    pub(in crate::run) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Text that is JSON already.
    ///
    /// # Errors
    /// [`WriteError::TooLong`].
    pub(in crate::run) fn raw(&mut self, json: &[u8]) -> Result<(), WriteError> {
        let room = self.limit.saturating_sub(self.bytes.len());
        self.bytes.extend_from_slice(&json[..json.len().min(room)]);
        if json.len() > room { Err(WriteError::TooLong) } else { Ok(()) }
    }

    /// Any value.
    ///
    /// # Errors
    /// What Python's encoder, or a method of the value, raises; [`WriteError::TooLong`].
    pub(in crate::run) fn value(&mut self, value: &Bound<'_, PyAny>) -> Result<(), WriteError> {
        Ok(self.result(value, Place::Whole)?)
    }

    /// Any value, which is this part of a task's result.
    ///
    /// # Errors
    /// As [`value`](Self::value), and for a number that JSON has not, where that is.
    pub(in crate::run) fn result(&mut self, value: &Bound<'_, PyAny>, place: Place) -> Result<(), ResultError> {
        let mut open = Vec::new();
        self.walk(value, &mut open).map_err(|stop| match stop {
            Stop::Write(error) => ResultError::Write(error),
            Stop::NotFinite(number) => {
                let steps: Vec<_> = open.iter().map(|container| self.step(container)).collect();
                ResultError::NotFinite(NotFinite::new(number, place, &steps))
            }
        })
    }

    fn walk<'py>(&mut self, value: &Bound<'py, PyAny>, open: &mut Vec<Open<'py>>) -> Result<(), Stop> {
        let mut paused = Paused::new(value.py());
        // The addresses of what is open, side by side, so that a cycle is found quickly.
        let mut path: Vec<*mut ffi::PyObject> = Vec::new();
        if let Some(container) = self.begin(value, &path, &mut paused)? {
            path.push(container.address());
            open.push(container);
        }
        while let Some(container) = open.last_mut() {
            let is_first = container.is_untouched();
            let Some(element) = container.next(value.py())? else {
                let end: &[u8] = if container.has_keys() { b"}" } else { b"]" };
                self.raw(end)?;
                open.pop();
                path.pop();
                continue;
            };
            if !is_first {
                self.raw(if self.style == Style::Spaced { b", " } else { b"," })?;
            }
            if let Some(key) = container.key() {
                self.key(key)?;
                self.raw(if self.style == Style::Spaced { b": " } else { b":" })?;
            }
            if let Some(container) = self.begin(&element, &path, &mut paused)? {
                if path.len() == MAX_DEPTH {
                    let message = "maximum recursion depth exceeded while encoding a JSON object";
                    return Err(PyRecursionError::new_err(message).into());
                }
                path.push(container.address());
                open.push(container);
            }
        }
        Ok(())
    }

    /// Writes a value, or the beginning of one that has elements. In the order in which the encoder looks at its type.
    fn begin<'py>(
        &mut self,
        value: &Bound<'py, PyAny>,
        path: &[*mut ffi::PyObject],
        paused: &mut Paused<'_>,
    ) -> Result<Option<Open<'py>>, Stop> {
        let py = value.py();
        if value.is_none() {
            self.raw(b"null")?;
        } else if let Some(flag) = flag(value) {
            self.raw(flag)?;
        } else if let Ok(text) = value.cast::<PyString>() {
            self.text(text)?;
        } else if let Ok(number) = value.cast::<PyInt>() {
            self.int(number)?;
        } else if let Ok(number) = value.cast::<PyFloat>() {
            let number = number.value();
            match self.style {
                Style::Compact if !number.is_finite() => return Err(Stop::NotFinite(number)),
                Style::CompactNulls if !number.is_finite() => self.raw(b"null")?,
                _ => self.float(number)?,
            }
        } else if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
            let of = value.clone();
            let sequence = if let Ok(list) = value.cast_exact::<PyList>() {
                Open::List { of, list: list.clone(), next: 0 }
            } else if let Ok(tuple) = value.cast_exact::<PyTuple>() {
                Open::Tuple { of, tuple: tuple.clone(), next: 0 }
            } else {
                let list = paused.lifted(|| sequence(value))?.cast_into().map_err(PyErr::from)?;
                Open::List { of, list, next: 0 }
            };
            if sequence.is_empty() {
                self.raw(b"[]")?;
                return Ok(None);
            }
            not_within(value, path)?;
            self.raw(b"[")?;
            return Ok(Some(sequence));
        } else if let Ok(dict) = value.cast::<PyDict>() {
            if dict.is_empty() {
                self.raw(b"{}")?;
                return Ok(None);
            }
            not_within(value, path)?;
            self.raw(b"{")?;
            return Ok(Some(if let Ok(dict) = value.cast_exact::<PyDict>() {
                Open::Dict { dict: dict.clone(), next: 0, key: None }
            } else {
                // SAFETY: a live object; the result is a new reference or null with an error set. It calls `items`.
                let pairs = paused
                    .lifted(|| unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyMapping_Items(value.as_ptr())) })?;
                Open::Pairs { of: value.clone(), pairs: pairs.cast_into().map_err(PyErr::from)?, next: 0, key: None }
            }));
        } else {
            let text = paused.lifted(|| py.get_type::<PyString>().call1((value,)))?;
            self.text(text.cast::<PyString>().map_err(PyErr::from)?)?;
        }
        Ok(None)
    }

    fn key(&mut self, key: &Bound<'_, PyAny>) -> Result<(), Stop> {
        if let Ok(text) = key.cast::<PyString>() {
            return Ok(self.text(text)?);
        }
        self.raw(b"\"")?;
        if let Ok(number) = key.cast::<PyFloat>() {
            // NaN too: as a text it can stand in JSON, and does so in what n8n's own runner sends.
            self.float(number.value())?;
        } else if key.is_none() {
            self.raw(b"null")?;
        } else if let Some(flag) = flag(key) {
            self.raw(flag)?;
        } else if let Ok(number) = key.cast::<PyInt>() {
            self.int(number)?;
        } else {
            return Err(wrong_key(key).into());
        }
        Ok(self.raw(b"\"")?)
    }

    fn int(&mut self, number: &Bound<'_, PyInt>) -> Result<(), WriteError> {
        let mut overflow: c_int = 0;
        // SAFETY: an int, and a place for a C int.
        let small = unsafe { ffi::PyLong_AsLongLongAndOverflow(number.as_ptr(), &raw mut overflow) };
        if overflow == 0 {
            return self.raw(itoa::Buffer::new().format(small).as_bytes());
        }
        // The digits as int's own type writes them, whatever a subclass says; with Python's limit, and its own error.
        // SAFETY: the slot of a static type that nobody can write to, called with an int; a new reference or null with an error.
        let digits = unsafe {
            let Some(repr) = ffi::PyLong_Type.tp_repr else {
                return Err(PyValueError::new_err("int has no text").into());
            };
            Bound::from_owned_ptr_or_err(number.py(), repr(number.as_ptr()))?
        };
        self.raw(digits.cast::<PyString>().map_err(PyErr::from)?.to_str()?.as_bytes())
    }

    fn float(&mut self, number: f64) -> Result<(), WriteError> {
        if !number.is_finite() {
            return self.raw(named(number));
        }
        layout::push_float(&mut self.bytes, number);
        self.within_limit()
    }

    /// Cuts what is written at the limit.
    fn within_limit(&mut self) -> Result<(), WriteError> {
        if self.bytes.len() > self.limit {
            self.bytes.truncate(self.limit);
            return Err(WriteError::TooLong);
        }
        Ok(())
    }

    fn text(&mut self, text: &Bound<'_, PyString>) -> Result<(), WriteError> {
        self.raw(b"\"")?;
        // SAFETY: the contents of a str never change, and `text` keeps them; nothing below runs Python code.
        match unsafe { text.data()? } {
            PyStringData::Ucs1(units) => self.latin1(units)?,
            PyStringData::Ucs2(units) => self.units(units)?,
            PyStringData::Ucs4(units) => self.units(units)?,
        }
        self.raw(b"\"")
    }

    fn latin1(&mut self, mut units: &[u8]) -> Result<(), WriteError> {
        loop {
            let (plain, rest) = units.split_at(layout::plain_ascii(units));
            self.raw(plain)?;
            let Some((&unit, rest)) = rest.split_first() else { return Ok(()) };
            layout::push_character(&mut self.bytes, unit.into());
            self.within_limit()?;
            units = rest;
        }
    }

    fn units<U: Copy + Into<u32>>(&mut self, units: &[U]) -> Result<(), WriteError> {
        for some in units.chunks(STRIDE) {
            for &unit in some {
                layout::push_character(&mut self.bytes, unit.into());
            }
            self.within_limit()?;
        }
        Ok(())
    }

    /// Which element of a container is being written.
    fn step(&self, container: &Open<'_>) -> Step {
        match container {
            Open::List { next, .. } | Open::Tuple { next, .. } => Step::Index(next.saturating_sub(1)),
            Open::Dict { .. } | Open::Pairs { .. } => {
                let mut writer = Self::new(self.style, 1000);
                // Its beginning, where it is long.
                let _: Option<Result<(), Stop>> = container.key().map(|key| writer.key(key));
                Step::Key(String::from_utf8_lossy(&writer.bytes).into_owned())
            }
        }
    }
}

impl<'py> Open<'py> {
    fn address(&self) -> *mut ffi::PyObject {
        match self {
            Self::Dict { dict, .. } => dict.as_ptr(),
            Self::Pairs { of, .. } | Self::List { of, .. } | Self::Tuple { of, .. } => of.as_ptr(),
        }
    }

    fn has_keys(&self) -> bool {
        matches!(self, Self::Dict { .. } | Self::Pairs { .. })
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Dict { dict, .. } => dict.is_empty(),
            Self::Pairs { pairs, .. } => pairs.is_empty(),
            Self::List { list, .. } => list.is_empty(),
            Self::Tuple { tuple, .. } => tuple.is_empty(),
        }
    }

    /// Whether no element was written yet.
    fn is_untouched(&self) -> bool {
        match self {
            Self::Dict { key, .. } | Self::Pairs { key, .. } => key.is_none(),
            Self::List { next, .. } | Self::Tuple { next, .. } => *next == 0,
        }
    }

    /// The key of the element that is being written.
    fn key(&self) -> Option<&Bound<'py, PyAny>> {
        match self {
            Self::Dict { key, .. } | Self::Pairs { key, .. } => key.as_ref(),
            Self::List { .. } | Self::Tuple { .. } => None,
        }
    }

    /// The next element, of what is there now.
    fn next(&mut self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        match self {
            Self::Dict { dict, next, key } => {
                let (mut found, mut element) = (std::ptr::null_mut(), std::ptr::null_mut());
                // SAFETY: a dict, and places for a position and two borrowed references, which are owned right below, before any
                // Python code can run. The position is checked against the dict as it is now.
                let pair = unsafe {
                    let more = ffi::PyDict_Next(dict.as_ptr(), next, &raw mut found, &raw mut element);
                    (more != 0).then(|| (Bound::from_borrowed_ptr(py, found), Bound::from_borrowed_ptr(py, element)))
                };
                Ok(pair.map(|(found, element)| {
                    *key = Some(found);
                    element
                }))
            }
            Self::Pairs { pairs, next, key, .. } => {
                let Ok(pair) = pairs.get_item(*next) else { return Ok(None) };
                *next += 1;
                match pair.cast::<PyTuple>() {
                    Ok(pair) if pair.len() == 2 => {
                        *key = Some(pair.get_item(0)?);
                        pair.get_item(1).map(Some)
                    }
                    _ => Err(PyValueError::new_err("items must return 2-tuples")),
                }
            }
            Self::List { list, next, .. } => {
                if *next >= list.len() {
                    return Ok(None);
                }
                *next += 1;
                list.get_item(*next - 1).map(Some)
            }
            Self::Tuple { tuple, next, .. } => {
                if *next >= tuple.len() {
                    return Ok(None);
                }
                *next += 1;
                tuple.get_item(*next - 1).map(Some)
            }
        }
    }
}

fn flag(value: &Bound<'_, PyAny>) -> Option<&'static [u8]> {
    // SAFETY: the two objects live as long as the interpreter.
    let (yes, no) = unsafe { (ffi::Py_True(), ffi::Py_False()) };
    match value.as_ptr() {
        flag if flag == yes => Some(b"true"),
        flag if flag == no => Some(b"false"),
        _ => None,
    }
}

/// What Python's own encoder writes for what JSON has not.
fn named(number: f64) -> &'static [u8] {
    if number.is_nan() {
        b"NaN"
    } else if number > 0.0 {
        b"Infinity"
    } else {
        b"-Infinity"
    }
}

/// What the `__iter__` of a subclass of list or tuple gives, as a list.
fn sequence<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let why = c"_iterencode_list needs a sequence";
    // SAFETY: a live object and a terminated text; the result is a new reference or null with an error set.
    unsafe { Bound::from_owned_ptr_or_err(value.py(), ffi::PySequence_Fast(value.as_ptr(), why.as_ptr())) }
}

fn not_within(value: &Bound<'_, PyAny>, path: &[*mut ffi::PyObject]) -> PyResult<()> {
    if path.contains(&value.as_ptr()) {
        return Err(PyValueError::new_err("Circular reference detected"));
    }
    Ok(())
}

fn wrong_key(key: &Bound<'_, PyAny>) -> PyErr {
    // SAFETY: a format with one string of C, which is the name of a live type. The error that is set is taken at once.
    unsafe {
        ffi::PyErr_Format(
            ffi::PyExc_TypeError,
            c"keys must be str, int, float, bool or None, not %.100s".as_ptr(),
            (*ffi::Py_TYPE(key.as_ptr())).tp_name,
        );
    }
    PyErr::fetch(key.py())
}
