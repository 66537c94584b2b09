//! Just enough JSON: fields of an object as raw slices, and strings that may hold lone surrogates.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The raw values of the named fields of a JSON object; all other fields are skipped. Of a field that is there twice the
/// last counts, as in Python and JavaScript.
///
/// # Errors
/// When `json` is not JSON, or no object.
pub fn fields<'a, const N: usize>(
    json: &'a str,
    names: [&str; N],
) -> Result<[Option<&'a RawValue>; N], serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let found = deserializer.deserialize_map(Fields { names })?;
    deserializer.end()?;
    Ok(found)
}

struct Fields<'n, const N: usize> {
    names: [&'n str; N],
}

impl<'de, const N: usize> Visitor<'de> for Fields<'_, N> {
    type Value = [Option<&'de RawValue>; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = [None; N];
        while let Some(index) = map.next_key_seed(Name { names: &self.names })? {
            let value = map.next_value::<&'de RawValue>()?;
            if let Some(place) = index.and_then(|index| found.get_mut(index)) {
                *place = Some(value);
            }
        }
        Ok(found)
    }
}

/// Finds a key among the names. By its bytes: a key that holds a lone surrogate is no `str`, but no error either.
struct Name<'n> {
    names: &'n [&'n str],
}

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = Option<usize>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_bytes(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_bytes<E>(self, key: &[u8]) -> Result<Self::Value, E> {
        Ok(self.names.iter().position(|name| name.as_bytes() == key))
    }
}

/// A JSON string in WTF-8: UTF-8, but for lone surrogates.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Text(Vec<u8>);

/// Half of a surrogate pair that stands alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LoneSurrogate {
    /// Where, counted in code points.
    pub(super) position: usize,
    /// Which.
    pub(super) unit: u16,
}

impl Text {
    /// The text with every lone surrogate replaced.
    pub(super) fn lossy(self) -> String {
        match String::from_utf8(self.0) {
            Ok(text) => text,
            Err(error) => {
                let mut text = String::new();
                for chunk in error.as_bytes().utf8_chunks() {
                    text.push_str(chunk.valid());
                    // A lone surrogate is three invalid bytes, of which 0xED is the first.
                    if chunk.invalid().first() == Some(&0xED) {
                        text.push(char::REPLACEMENT_CHARACTER);
                    }
                }
                text
            }
        }
    }

    /// The text, or its first lone surrogate.
    pub(super) fn strict(self) -> Result<String, LoneSurrogate> {
        String::from_utf8(self.0).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            let bytes = error.as_bytes();
            let position = bytes[..at].iter().filter(|byte| **byte & 0xC0 != 0x80).count();
            let low = |offset: usize| u16::from(bytes.get(at + offset).copied().unwrap_or_default() & 0x3F);
            LoneSurrogate { position, unit: 0xD000 | (low(1) << 6) | low(2) }
        })
    }
}

/// The string a raw value holds, if it is one.
pub(super) fn string(raw: &RawValue) -> Option<Text> {
    struct Bytes;
    impl Visitor<'_> for Bytes {
        type Value = Text;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }
        fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Text, E> {
            Ok(Text(bytes.to_vec()))
        }
    }
    // serde_json takes a list for bytes, too.
    if !raw.get().starts_with('"') {
        return None;
    }
    serde_json::Deserializer::from_str(raw.get()).deserialize_bytes(Bytes).ok()
}

/// A value as Python would put it into a log line: strings bare, nothing and `null` as `None`, the rest as raw JSON.
pub(super) fn display(raw: Option<&RawValue>) -> String {
    match raw {
        None => "None".to_owned(),
        Some(raw) if raw.get() == "null" => "None".to_owned(),
        Some(raw) => string(raw).map_or_else(|| raw.get().to_owned(), Text::lossy),
    }
}

/// Why `json` is no object, in n8n's words where it has any.
pub(super) fn describe_error(json: &str, error: &serde_json::Error) -> String {
    let trimmed = json.trim_start_matches([' ', '\t', '\r', '\n']);
    if serde_json::from_str::<&RawValue>(json).is_ok() {
        let python_type = match trimmed.as_bytes().first() {
            Some(b'[') => "list",
            Some(b'"') => "str",
            Some(b't' | b'f') => "bool",
            Some(b'n') => "NoneType",
            Some(_) if trimmed.contains(['.', 'e', 'E']) => "float",
            _ => "int",
        };
        return format!("'{python_type}' object has no attribute 'get'");
    }
    if trimmed.starts_with(['{', '[', '"']) {
        return error.to_string();
    }
    let skipped = &json[..json.len() - trimmed.len()];
    let line = skipped.matches('\n').count() + 1;
    let column = skipped.len() - skipped.rfind('\n').map_or(0, |newline| newline + 1) + 1;
    format!("Expecting value: line {line} column {column} (char {})", skipped.len())
}
