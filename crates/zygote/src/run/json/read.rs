//! From JSON to Python's values, for texts about which nothing is odd.

#![allow(unsafe_code, reason = "calls into CPython's API")]

use pyo3::exceptions::PyMemoryError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyString};

use super::keys::Keys;
use super::{MAX_DEPTH, layout, text};

/// Most digits of a number that surely fits into 64 bits.
const SMALL: usize = 18;

/// Why a text is not read here.
enum Stop {
    /// CPython's decoder is to say what is wrong with it, or to read it.
    Odd,
    /// There is no memory.
    Python(PyErr),
}

impl From<PyErr> for Stop {
    fn from(error: PyErr) -> Self {
        Self::Python(error)
    }
}

/// The value of a text; nothing where CPython's own decoder should be asked, which may read it all the same.
///
/// # Errors
/// There is no memory.
pub(super) fn value<'py>(py: Python<'py>, json: &[u8]) -> PyResult<Option<Bound<'py, PyAny>>> {
    let mut reader = Reader { py, json, at: 0, keys: Keys::new(), unescaped: Vec::new() };
    match reader.document() {
        Ok(value) => Ok(Some(value)),
        Err(Stop::Python(error)) if error.is_instance_of::<PyMemoryError>(py) => Err(error),
        Err(_) => Ok(None),
    }
}

struct Reader<'a, 'py> {
    py: Python<'py>,
    json: &'a [u8],
    at: usize,
    keys: Keys<'a>,
    /// The contents of a string with escapes.
    unescaped: Vec<u8>,
}

/// A container whose end has not come.
enum Open<'py> {
    /// A list; where its elements begin among those of all open lists.
    List(usize),
    /// An object, and the key whose value comes next.
    Object(Bound<'py, PyDict>, Bound<'py, PyString>),
}

/// What stands at a place where a value must be.
enum Begun<'py> {
    Value(Bound<'py, PyAny>),
    List,
    Object,
}

impl<'py> Reader<'_, 'py> {
    fn document(&mut self) -> Result<Bound<'py, PyAny>, Stop> {
        let mut open: Vec<Open<'py>> = Vec::new();
        let mut elements: Vec<Bound<'py, PyAny>> = Vec::new();
        loop {
            // A value begins here.
            self.skip_blanks();
            let mut value = match self.begin()? {
                Begun::Value(value) => value,
                Begun::List if self.next_is(b']') => elements_to_list(self.py, &mut elements, None)?,
                Begun::Object if self.next_is(b'}') => PyDict::new(self.py).into_any(),
                begun => {
                    if open.len() == MAX_DEPTH {
                        return Err(Stop::Odd);
                    }
                    open.push(match begun {
                        Begun::List => Open::List(elements.len()),
                        _ => Open::Object(PyDict::new(self.py), self.key()?),
                    });
                    continue;
                }
            };
            // And here it is whole, and so may be what it is in.
            loop {
                self.skip_blanks();
                match open.last_mut() {
                    None if self.at == self.json.len() => return Ok(value),
                    None => return Err(Stop::Odd),
                    Some(Open::List(from)) => {
                        elements.push(value);
                        match self.take() {
                            Some(b',') => break,
                            Some(b']') => value = elements_to_list(self.py, &mut elements, Some(*from))?,
                            _ => return Err(Stop::Odd),
                        }
                    }
                    Some(Open::Object(dict, key)) => {
                        dict.set_item(&*key, value)?;
                        match self.take() {
                            Some(b',') => {
                                self.skip_blanks();
                                *key = self.key()?;
                                break;
                            }
                            Some(b'}') => value = dict.clone().into_any(),
                            _ => return Err(Stop::Odd),
                        }
                    }
                }
                open.pop();
            }
        }
    }

    fn skip_blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.json.get(self.at) {
            self.at += 1;
        }
    }

    fn take(&mut self) -> Option<u8> {
        let byte = self.json.get(self.at).copied();
        self.at += 1;
        byte
    }

    /// Whether this is the next byte that is no blank; if so it is taken.
    fn next_is(&mut self, byte: u8) -> bool {
        self.skip_blanks();
        let is_next = self.json.get(self.at) == Some(&byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn begin(&mut self) -> Result<Begun<'py>, Stop> {
        let begun = match self.take().ok_or(Stop::Odd)? {
            b'"' => self.string()?.into_any(),
            b'{' => return Ok(Begun::Object),
            b'[' => return Ok(Begun::List),
            b't' => self.word(b"rue", PyBool::new(self.py, true).to_owned().into_any())?,
            b'f' => self.word(b"alse", PyBool::new(self.py, false).to_owned().into_any())?,
            b'n' => self.word(b"ull", self.py.None().into_bound(self.py))?,
            b'-' | b'0'..=b'9' => {
                self.at -= 1;
                self.number()?
            }
            _ => return Err(Stop::Odd),
        };
        Ok(Begun::Value(begun))
    }

    fn word(&mut self, rest: &[u8], value: Bound<'py, PyAny>) -> Result<Bound<'py, PyAny>, Stop> {
        if !self.json[self.at..].starts_with(rest) {
            return Err(Stop::Odd);
        }
        self.at += rest.len();
        Ok(value)
    }

    /// A key and its colon.
    fn key(&mut self) -> Result<Bound<'py, PyString>, Stop> {
        if self.take() != Some(b'"') {
            return Err(Stop::Odd);
        }
        let rest = &self.json[self.at..];
        let plain = &rest[..layout::plain(rest)];
        let key = if rest.get(plain.len()) == Some(&b'"') {
            self.at += plain.len() + 1;
            match self.keys.find(plain) {
                Some((_, Some(known))) => known.bind(self.py).clone(),
                Some((place, None)) => {
                    let made = text::from_generalised_utf8(self.py, plain)?;
                    self.keys.put(place, plain, made.clone().unbind());
                    made
                }
                None => text::from_generalised_utf8(self.py, plain)?,
            }
        } else {
            self.string()?
        };
        if self.next_is(b':') { Ok(key) } else { Err(Stop::Odd) }
    }

    /// A string whose first quote was taken.
    fn string(&mut self) -> Result<Bound<'py, PyString>, Stop> {
        let json = self.json;
        let mut from = self.at;
        self.unescaped.clear();
        loop {
            let end = from + layout::plain(&json[from..]);
            let some = &json[from..end];
            match json.get(end) {
                Some(b'"') => {
                    self.at = end + 1;
                    if self.unescaped.is_empty() {
                        return Ok(text::from_generalised_utf8(self.py, some)?);
                    }
                    self.unescaped.extend_from_slice(some);
                    return Ok(text::from_generalised_utf8(self.py, &self.unescaped)?);
                }
                Some(b'\\') => {
                    self.unescaped.extend_from_slice(some);
                    from = end + self.escape(end)?;
                }
                // The text ends, or has a control character.
                _ => return Err(Stop::Odd),
            }
        }
    }

    /// The character of the escape at `at`; how long the escape is.
    fn escape(&mut self, at: usize) -> Result<usize, Stop> {
        let plain = match self.json.get(at + 1) {
            Some(&plain @ (b'"' | b'\\' | b'/')) => plain,
            Some(b'b') => 0x08,
            Some(b'f') => 0x0C,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => {
                let unit = self.unit(at).ok_or(Stop::Odd)?;
                let low = (0xD800..0xDC00).contains(&unit).then(|| self.unit(at + 6)).flatten();
                if let Some(low @ 0xDC00..0xE000) = low {
                    let character = 0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
                    self.push(character);
                    return Ok(12);
                }
                self.push(unit);
                return Ok(6);
            }
            _ => return Err(Stop::Odd),
        };
        self.unescaped.push(plain);
        Ok(2)
    }

    /// The number of a `\uXXXX` at `at`.
    fn unit(&self, at: usize) -> Option<u32> {
        let [b'\\', b'u', digits @ ..] = self.json.get(at..at + 6)? else { return None };
        digits.iter().try_fold(0, |unit, &digit| Some(unit << 4 | char::from(digit).to_digit(16)?))
    }

    /// A character, or a surrogate in the three bytes it would have if it were one.
    fn push(&mut self, unit: u32) {
        if let Some(character) = char::from_u32(unit) {
            self.unescaped.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            return;
        }
        let [_, _, high, low] = unit.to_be_bytes();
        let bytes = [0xE0 | high >> 4, 0x80 | (high & 0x0F) << 2 | low >> 6, 0x80 | low & 0x3F];
        self.unescaped.extend_from_slice(&bytes);
    }

    fn number(&mut self) -> Result<Bound<'py, PyAny>, Stop> {
        let json = self.json;
        let from = self.at;
        let is_negative = json[from] == b'-';
        let first = from + usize::from(is_negative);
        let mut end = first + digits(&json[first..]);
        if end == first || (json[first] == b'0' && end > first + 1) {
            return Err(Stop::Odd);
        }
        let mut is_float = false;
        if json.get(end) == Some(&b'.') {
            let some = digits(&json[end + 1..]);
            if some == 0 {
                return Err(Stop::Odd);
            }
            (is_float, end) = (true, end + 1 + some);
        }
        if let Some(b'e' | b'E') = json.get(end) {
            let signed = end + 1 + usize::from(matches!(json.get(end + 1), Some(b'+' | b'-')));
            let some = json.get(signed..).map_or(0, digits);
            if some == 0 {
                return Err(Stop::Odd);
            }
            (is_float, end) = (true, signed + some);
        }
        self.at = end;
        if is_float {
            let text = str::from_utf8(&json[from..end]).map_err(|_| Stop::Odd)?;
            return Ok(PyFloat::new(self.py, text.parse().map_err(|_| Stop::Odd)?).into_any());
        }
        if end - first <= SMALL {
            let value = json[first..end].iter().fold(0_i64, |value, digit| value * 10 + i64::from(digit - b'0'));
            return Ok((if is_negative { -value } else { value })
                .into_pyobject(self.py)
                .map_err(PyErr::from)?
                .into_any());
        }
        let mut terminated = json[from..end].to_vec();
        terminated.push(0);
        // SAFETY: digits and a NUL; the result is a new reference or null with an error set: there are too many of them.
        let value = unsafe {
            let value = ffi::PyLong_FromString(terminated.as_ptr().cast(), std::ptr::null_mut(), 10);
            Bound::from_owned_ptr_or_err(self.py, value)?
        };
        Ok(value)
    }
}

fn digits(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// A list of the elements from there on, or an empty one.
fn elements_to_list<'py>(
    py: Python<'py>,
    elements: &mut Vec<Bound<'py, PyAny>>,
    from: Option<usize>,
) -> PyResult<Bound<'py, PyAny>> {
    let from = from.unwrap_or(elements.len());
    let length = ffi::Py_ssize_t::try_from(elements.len() - from)?;
    // SAFETY: a new list of so many places, each of which gets an object of its own before anybody sees it.
    unsafe {
        let list = Bound::from_owned_ptr_or_err(py, ffi::PyList_New(length))?;
        for (place, element) in (0..).zip(elements.drain(from..)) {
            ffi::PyList_SET_ITEM(list.as_ptr(), place, element.into_ptr());
        }
        Ok(list)
    }
}
