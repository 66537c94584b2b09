//! The text of Python strings, which may hold lone surrogates and may be of a subclass that lies.

#![allow(unsafe_code, reason = "calls into CPython's API")]

use std::borrow::Cow;

use pyo3::exceptions::PyMemoryError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

/// The contents as UTF-8 in which a lone surrogate has the three bytes it would have if it were a character.
///
/// # Errors
/// No memory.
pub(super) fn generalised_utf8<'a>(text: &'a Bound<'_, PyString>) -> PyResult<Cow<'a, [u8]>> {
    if let Ok(valid) = text.to_str() {
        return Ok(Cow::Borrowed(valid.as_bytes()));
    }
    // SAFETY: `text` is a str and both names are NUL-terminated; the result is a new reference or null with an error set.
    let encoded = unsafe {
        Bound::from_owned_ptr_or_err(
            text.py(),
            ffi::PyUnicode_AsEncodedString(text.as_ptr(), c"utf-8".as_ptr(), c"surrogatepass".as_ptr()),
        )?
    };
    Ok(Cow::Owned(encoded.cast_into::<PyBytes>()?.as_bytes().to_vec()))
}

/// The contents, each lone surrogate replaced by U+FFFD.
///
/// # Errors
/// No memory: what cannot be read is not to be taken for an empty text.
pub(crate) fn lossy(text: &Bound<'_, PyString>) -> PyResult<String> {
    if let Ok(valid) = text.to_str() {
        return copied(valid);
    }
    let bytes = generalised_utf8(text)?;
    let mut clean = String::new();
    clean.try_reserve(bytes.len()).map_err(|_| PyMemoryError::new_err(()))?;
    for chunk in bytes.utf8_chunks() {
        clean.push_str(chunk.valid());
        // A surrogate's three bytes are reported one by one; the first stands for all.
        if chunk.invalid().first() == Some(&0xED) {
            clean.push(char::REPLACEMENT_CHARACTER);
        }
    }
    Ok(clean)
}

/// As [`lossy`], for what is told of an error: where there is no memory for it, so it is said.
pub(crate) fn told(text: &Bound<'_, PyString>) -> String {
    lossy(text).unwrap_or_else(|_| UNTOLD.to_owned())
}

/// What stands for a text that there is no memory for.
const UNTOLD: &str = "<no memory is left for this text>";

/// A copy whose allocation may fail: a task may have come to its limit.
fn copied(text: &str) -> PyResult<String> {
    let mut copy = String::new();
    copy.try_reserve_exact(text.len()).map_err(|_| PyMemoryError::new_err(()))?;
    copy.push_str(text);
    Ok(copy)
}

/// A str with these contents, of UTF-8 that may hold surrogates as [`generalised_utf8`] writes them.
///
/// # Errors
/// `UnicodeDecodeError` where it is no such text; no memory.
pub(super) fn from_generalised_utf8<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyString>> {
    let length = ffi::Py_ssize_t::try_from(bytes.len())?;
    // SAFETY: pointer and length are those of one slice; the result is a new reference or null with an error set.
    let text = unsafe {
        Bound::from_owned_ptr_or_err(
            py,
            ffi::PyUnicode_DecodeUTF8(bytes.as_ptr().cast(), length, c"surrogatepass".as_ptr()),
        )?
    };
    Ok(text.cast_into::<PyString>()?)
}

/// The beginning of the contents, as [`told`] and [`bound`] have it; no more of a long text is copied.
pub(crate) fn bounded(text: &Bound<'_, PyString>, limit: usize) -> String {
    let mut bounded = match text.to_str() {
        Ok(valid) if valid.len() > limit => {
            let kept = prefix(valid, limit);
            return format!("{kept}… [{} more bytes]", valid.len() - kept.len());
        }
        Ok(valid) => valid.to_owned(),
        // One character more than can be kept, so that what is cut says so.
        Err(_) => start(text, limit.saturating_add(1)).as_ref().map_or_else(|| UNTOLD.to_owned(), told),
    };
    bound(&mut bounded, limit);
    bounded
}

/// The first characters of a text.
fn start<'py>(text: &Bound<'py, PyString>, characters: usize) -> Option<Bound<'py, PyString>> {
    let end = ffi::Py_ssize_t::try_from(characters).unwrap_or(ffi::Py_ssize_t::MAX);
    // SAFETY: a str; the result is a new reference, or null with an error set, which is taken here.
    let start = unsafe { Bound::from_owned_ptr_or_err(text.py(), ffi::PyUnicode_Substring(text.as_ptr(), 0, end)) };
    start.ok()?.cast_into().ok()
}

/// `text` cut to at most `limit` bytes, between characters.
pub(super) fn prefix(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}

/// Cuts a text that is longer than `limit` bytes and says so at its end.
pub(super) fn bound(text: &mut String, limit: usize) {
    if text.len() > limit {
        let omitted = text.len() - prefix(text, limit).len();
        text.truncate(text.len() - omitted);
        text.extend(["… [", &omitted.to_string(), " more bytes]"]);
    }
}
