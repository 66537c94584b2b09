//! JSON both ways, equal to Python's own to the last digit.
//!
//! Values of the exact built-in types are written here. For anything else CPython's own C encoder is asked, with the
//! fallback to `str()` that n8n's runner has, and so are values nested deeper than a native stack should follow: cycles and
//! exhausted recursion are then found, and worded, by it.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

use super::text;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Containers written natively; deeper ones are CPython's.
const MAX_NATIVE_DEPTH: usize = 64;

/// CPython's own functions, captured before user code could replace them in their modules.
pub(super) struct Codec {
    decode: Py<PyAny>,
    make_encoder: Py<PyAny>,
    encode_text: Py<PyAny>,
    to_text: Py<PyAny>,
}

/// How JSON is laid out, and whether what JSON lacks is let through.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// For machines: no blanks, and NaN is an error.
    Compact,
    /// For people: `", "` and `": "`, and NaN is `NaN`.
    Spaced,
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

impl Codec {
    /// # Errors
    /// The standard library's `json` is not what it should be.
    pub(super) fn capture(py: Python<'_>) -> PyResult<Self> {
        let native = py.import("_json")?;
        Ok(Self {
            decode: py.import("json")?.getattr("JSONDecoder")?.call0()?.getattr("decode")?.unbind(),
            make_encoder: native.getattr("make_encoder")?.unbind(),
            encode_text: native.getattr("encode_basestring")?.unbind(),
            to_text: py.get_type::<PyString>().into_any().unbind(),
        })
    }

    /// The value of a JSON text.
    ///
    /// # Errors
    /// It is no JSON, or nested too deep.
    pub(super) fn read<'py>(&self, py: Python<'py>, json: &[u8]) -> PyResult<Bound<'py, PyAny>> {
        self.decode.bind(py).call1((text::from_generalised_utf8(py, json)?,))
    }

    /// A writer that stops at `limit` bytes.
    pub(super) fn writer(&self, style: Style, limit: usize) -> Writer<'_> {
        Writer { codec: self, style, limit, bytes: Vec::new() }
    }
}

/// Writes values one after another into one buffer.
pub(super) struct Writer<'c> {
    codec: &'c Codec,
    style: Style,
    limit: usize,
    bytes: Vec<u8>,
}

impl Writer<'_> {
    /// What was written: UTF-8, cut anywhere after a [`WriteError::TooLong`].
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Text that is JSON already.
    ///
    /// # Errors
    /// [`WriteError::TooLong`].
    pub(super) fn raw(&mut self, json: &[u8]) -> Result<(), WriteError> {
        let room = self.limit.saturating_sub(self.bytes.len());
        self.bytes.extend_from_slice(&json[..json.len().min(room)]);
        if json.len() > room { Err(WriteError::TooLong) } else { Ok(()) }
    }

    /// Any value.
    ///
    /// # Errors
    /// What Python's encoder, or a method of the value, raises; [`WriteError::TooLong`].
    pub(super) fn value(&mut self, value: &Bound<'_, PyAny>) -> Result<(), WriteError> {
        self.nested(value, 0)
    }

    fn nested(&mut self, value: &Bound<'_, PyAny>, depth: usize) -> Result<(), WriteError> {
        if value.is_none() {
            self.raw(b"null")
        } else if let Ok(text) = value.cast_exact::<PyString>() {
            self.text(text)
        } else if let Ok(flag) = value.cast_exact::<PyBool>() {
            self.raw(if flag.is_true() { b"true" } else { b"false" })
        } else if let Ok(number) = value.cast_exact::<PyInt>() {
            self.int(number)
        } else if let Ok(number) = value.cast_exact::<PyFloat>() {
            self.float(number)
        } else if depth >= MAX_NATIVE_DEPTH {
            self.by_python(value)
        } else if let Ok(dict) = value.cast_exact::<PyDict>() {
            self.dict(dict, depth)
        } else if let Ok(list) = value.cast_exact::<PyList>() {
            self.list(list, depth)
        } else if let Ok(tuple) = value.cast_exact::<PyTuple>() {
            self.tuple(tuple, depth)
        } else {
            self.by_python(value)
        }
    }

    fn dict(&mut self, dict: &Bound<'_, PyDict>, depth: usize) -> Result<(), WriteError> {
        // A copy: the `str()` of a value further down is user code and may change the dict.
        let items = dict.items();
        self.raw(b"{")?;
        for (index, item) in items.iter().enumerate() {
            let item = item.cast::<PyTuple>().map_err(PyErr::from)?;
            if index > 0 {
                self.separator()?;
            }
            self.key(&item.get_item(0)?, dict)?;
            self.raw(if self.style == Style::Spaced { b": " } else { b":" })?;
            self.nested(&item.get_item(1)?, depth + 1)?;
        }
        self.raw(b"}")
    }

    fn key(&mut self, key: &Bound<'_, PyAny>, dict: &Bound<'_, PyDict>) -> Result<(), WriteError> {
        if let Ok(text) = key.cast::<PyString>() {
            return self.text(text);
        }
        let exact = key.is_none()
            || key.is_exact_instance_of::<PyBool>()
            || key.is_exact_instance_of::<PyInt>()
            || key.is_exact_instance_of::<PyFloat>();
        if exact {
            self.raw(b"\"")?;
            self.nested(key, MAX_NATIVE_DEPTH)?;
            return self.raw(b"\"");
        }
        // Either an error, which Python words, or a subclass, which it writes as a key.
        let single = PyDict::new(dict.py());
        single.set_item(key, dict.py().None())?;
        let object = self.encoded(single.as_any())?;
        let key = object.strip_prefix(b"{").and_then(|rest| rest.strip_suffix(b"null}"));
        let key = key.map(<[u8]>::trim_ascii_end).and_then(|rest| rest.strip_suffix(b":"));
        let key = key.ok_or_else(|| PyValueError::new_err("a key that cannot be written as JSON"))?;
        self.raw(key)
    }

    fn list(&mut self, list: &Bound<'_, PyList>, depth: usize) -> Result<(), WriteError> {
        self.raw(b"[")?;
        let mut index = 0;
        // By index and asking for the length each time: user code below may change the list.
        while index < list.len() {
            if index > 0 {
                self.separator()?;
            }
            let Ok(element) = list.get_item(index) else { break };
            self.nested(&element, depth + 1)?;
            index += 1;
        }
        self.raw(b"]")
    }

    fn tuple(&mut self, tuple: &Bound<'_, PyTuple>, depth: usize) -> Result<(), WriteError> {
        self.raw(b"[")?;
        for (index, element) in tuple.iter().enumerate() {
            if index > 0 {
                self.separator()?;
            }
            self.nested(&element, depth + 1)?;
        }
        self.raw(b"]")
    }

    fn separator(&mut self) -> Result<(), WriteError> {
        self.raw(if self.style == Style::Spaced { b", " } else { b"," })
    }

    fn int(&mut self, number: &Bound<'_, PyInt>) -> Result<(), WriteError> {
        if let Ok(small) = number.extract::<i64>() {
            return self.raw(small.to_string().as_bytes());
        }
        let digits = number.str()?; // Python's limit on digits, and its own error.
        self.raw(digits.to_str()?.as_bytes())
    }

    fn float(&mut self, number: &Bound<'_, PyFloat>) -> Result<(), WriteError> {
        let value = number.value();
        if value.is_finite() {
            let shortest = number.repr()?;
            return self.raw(shortest.to_str()?.as_bytes());
        }
        let (json, python): (&[u8], _) = match value {
            f64::INFINITY => (b"Infinity", "inf"),
            f64::NEG_INFINITY => (b"-Infinity", "-inf"),
            _ => (b"NaN", "nan"),
        };
        if self.style == Style::Spaced {
            return self.raw(json);
        }
        Err(PyValueError::new_err(format!("Out of range float values are not JSON compliant: {python}")).into())
    }

    fn text(&mut self, contents: &Bound<'_, PyString>) -> Result<(), WriteError> {
        let bytes = text::generalised_utf8(contents)?;
        self.raw(b"\"")?;
        let mut plain = 0;
        for (at, &byte) in bytes.iter().enumerate() {
            let escape: &[u8] = match byte {
                b'"' => br#"\""#,
                b'\\' => br"\\",
                b'\n' => br"\n",
                b'\r' => br"\r",
                b'\t' => br"\t",
                0x08 => br"\b",
                0x0C => br"\f",
                0..0x20 => &[b'\\', b'u', b'0', b'0', b'0' + (byte >> 4), HEX[usize::from(byte & 15)]],
                _ => continue,
            };
            self.well_formed(&bytes[plain..at])?;
            self.raw(escape)?;
            plain = at + 1;
        }
        self.well_formed(&bytes[plain..])?;
        self.raw(b"\"")
    }

    /// Text that needs no escapes but those of lone surrogates.
    fn well_formed(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        if std::str::from_utf8(bytes).is_ok() {
            return self.raw(bytes);
        }
        let mut rest = bytes;
        while let Some(at) = rest.windows(3).position(|three| three[0] == 0xED && three[1] >= 0xA0) {
            self.raw(&rest[..at])?;
            let unit = 0xD000 | (u16::from(rest[at + 1] & 0x3F) << 6) | u16::from(rest[at + 2] & 0x3F);
            self.raw(format!("\\u{unit:04x}").as_bytes())?;
            rest = &rest[at + 3..];
        }
        self.raw(rest)
    }

    fn by_python(&mut self, value: &Bound<'_, PyAny>) -> Result<(), WriteError> {
        let json = self.encoded(value)?;
        self.well_formed(&json)
    }

    fn encoded(&self, value: &Bound<'_, PyAny>) -> Result<Vec<u8>, WriteError> {
        let py = value.py();
        let spaced = self.style == Style::Spaced;
        let (colon, comma) = if spaced { (": ", ", ") } else { (":", ",") };
        let encoder = self.codec.make_encoder.bind(py).call1((
            PyDict::new(py), // containers on the way, by which cycles are found
            &self.codec.to_text,
            &self.codec.encode_text,
            py.None(), // no indentation
            colon,
            comma,
            false, // keys in their own order
            false, // and none skipped
            spaced,
        ))?;
        let mut json = Vec::new();
        for chunk in encoder.call1((value, 0))?.try_iter()? {
            let chunk = chunk?;
            json.extend_from_slice(&text::generalised_utf8(chunk.cast::<PyString>().map_err(PyErr::from)?)?);
            if json.len() > self.limit {
                return Err(WriteError::TooLong);
            }
        }
        Ok(json)
    }
}
