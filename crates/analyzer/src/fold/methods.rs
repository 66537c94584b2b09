//! Calls that make a text of constants.

use std::fmt::Write as _;

use super::value::{PRODUCT, Value};

/// `receiver.method(arguments)`.
pub(super) fn method(receiver: Value, method: &str, arguments: &[Value]) -> Option<Value> {
    let text = match (receiver, method, arguments) {
        (Value::Text(separator), "join", [Value::Tuple(parts)]) => joined(&separator, parts)?,
        (Value::Text(separator), "join", [Value::Text(letters)]) => {
            let parts: Vec<Value> = letters.chars().map(|letter| Value::Text(letter.into())).collect();
            joined(&separator, &parts)?
        }
        (Value::Bytes(bytes), "decode", _) => String::from_utf8(bytes).ok()?,
        (Value::Text(text), "encode", []) => return Some(Value::Bytes(text.into_bytes())),
        (Value::Text(text), "replace", [Value::Text(old), Value::Text(new)]) => {
            if text.len().saturating_add(1).saturating_mul(new.len().max(1)) > PRODUCT {
                return None;
            }
            text.replace(old.as_str(), new)
        }
        (Value::Text(text), "format", arguments) => formatted(&text, arguments)?,
        (Value::Text(text), "lower" | "casefold", []) => text.to_lowercase(),
        (Value::Text(text), "upper", []) => text.to_uppercase(),
        (Value::Text(text), "strip", []) => text.trim().to_owned(),
        (Value::Text(text), "lstrip", []) => text.trim_start().to_owned(),
        (Value::Text(text), "rstrip", []) => text.trim_end().to_owned(),
        (Value::Text(text), "strip", [Value::Text(letters)]) => {
            text.trim_matches(|letter| letters.contains(letter)).to_owned()
        }
        (Value::Text(text), "removeprefix", [Value::Text(prefix)]) => {
            text.strip_prefix(prefix.as_str()).unwrap_or(&text).to_owned()
        }
        (Value::Text(text), "removesuffix", [Value::Text(suffix)]) => {
            text.strip_suffix(suffix.as_str()).unwrap_or(&text).to_owned()
        }
        _ => return None,
    };
    Some(Value::Text(text))
}

/// A built-in function under its own name.
pub(super) fn function(name: &str, arguments: &[Value]) -> Option<Value> {
    match (name, arguments) {
        ("chr", [code]) => Some(Value::Text(char::from_u32(u32::try_from(code.int()?).ok()?)?.into())),
        ("str", [value]) => value.plain().map(Value::Text),
        ("bytes", [Value::Tuple(codes)]) => {
            let byte = |code: &Value| u8::try_from(code.int()?).ok();
            codes.iter().map(byte).collect::<Option<Vec<u8>>>().map(Value::Bytes)
        }
        _ => None,
    }
}

fn joined(separator: &str, parts: &[Value]) -> Option<String> {
    let mut text = String::new();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            text.push_str(separator);
        }
        let Value::Text(part) = part else { return None };
        text.push_str(part);
        if text.len() > PRODUCT {
            return None;
        }
    }
    Some(text)
}

/// Templates of `{}` and `{0}` only.
fn formatted(template: &str, arguments: &[Value]) -> Option<String> {
    let (mut text, mut rest, mut next) = (String::new(), template, 0);
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            text.push_str(brace);
            rest = after;
            continue;
        }
        let (field, after) = rest.split_once('}').filter(|_| brace == "{")?;
        let index = if field.is_empty() {
            next += 1;
            next - 1
        } else {
            field.parse().ok()?
        };
        // Writing to a String cannot fail.
        let _ = write!(text, "{}", arguments.get(index)?.plain()?);
        rest = after;
        if text.len() > PRODUCT {
            return None;
        }
    }
    text.push_str(rest);
    Some(text)
}
