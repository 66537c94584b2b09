//! Keys that came before: items have the same few, so each is made, and hashed, once.

use pyo3::Py;
use pyo3::types::PyString;

/// Places for keys. Two that share one take turns, which costs time and nothing else.
const PLACES: usize = 1024;
/// Longer keys are not remembered.
const LONGEST: usize = 64;

/// Keys of one JSON text, by what stands between their quotes.
pub(super) struct Keys<'a> {
    places: Vec<Option<(&'a [u8], Py<PyString>)>>,
}

impl<'a> Keys<'a> {
    pub(super) fn new() -> Self {
        Self { places: Vec::new() }
    }

    /// The place of a key, and what was put there when it was this one. Nothing for keys that are too long.
    pub(super) fn find(&mut self, key: &[u8]) -> Option<(usize, Option<&Py<PyString>>)> {
        let place = place(key)?;
        if self.places.is_empty() {
            self.places.resize_with(PLACES, || None);
        }
        let found = self.places[place].as_ref().filter(|(known, _)| *known == key).map(|(_, text)| text);
        Some((place, found))
    }

    pub(super) fn put(&mut self, place: usize, key: &'a [u8], text: Py<PyString>) {
        self.places[place] = Some((key, text));
    }
}

/// By length, beginning and end: names differ there.
fn place(key: &[u8]) -> Option<usize> {
    if key.len() > LONGEST {
        return None;
    }
    let word = |bytes: &[u8]| bytes.iter().rev().fold(0_u64, |word, &byte| word << 8 | u64::from(byte));
    let first = match key.first_chunk::<8>() {
        Some(first) => u64::from_le_bytes(*first),
        None => word(key),
    };
    let last = key.last_chunk::<8>().map_or(0, |last| u64::from_le_bytes(*last));
    let mixed = (first ^ last.rotate_left(23) ^ key.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    usize::try_from(mixed >> 54).ok()
}

const _: () = assert!(PLACES == 1 << (64 - 54));
