//! Texts to values, by Python's rules where n8n's own runner has them from Python.

/// Python's `int()`: blanks around, a sign, and single `_` between digits.
pub(super) fn integer(text: &str) -> Option<i128> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix(['+', '-']) {
        Some(digits) => (text.starts_with('-'), digits),
        None => (false, text),
    };
    let digits = without_underscores(digits)?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let value: i128 = digits.parse().ok()?;
    Some(if negative { -value } else { value })
}

/// Python's `float()`.
pub(super) fn float(text: &str) -> Option<f64> {
    without_underscores(text.trim())?.parse().ok()
}

/// `true` in any case is true; everything else is false.
pub(super) fn flag(text: &str) -> bool {
    text.trim().eq_ignore_ascii_case("true")
}

/// Entries between commas, trimmed, without empty ones.
pub(super) fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(ToOwned::to_owned).collect()
}

/// A URI with `***` in place of user and password.
pub(super) fn without_user(uri: &str) -> String {
    let start = uri.find("://").map_or(0, |at| at + "://".len());
    let end = uri[start..].find(['/', '?', '#']).map_or(uri.len(), |at| start + at);
    match uri[start..end].rfind('@') {
        Some(at) => format!("{}***{}", &uri[..start], &uri[start + at..]),
        None => uri.to_owned(),
    }
}

/// `text` without `_`, if each of them stands between two digits.
fn without_underscores(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let is_digit = |index: Option<usize>| index.and_then(|i| bytes.get(i)).is_some_and(u8::is_ascii_digit);
    for (index, byte) in bytes.iter().enumerate() {
        if *byte == b'_' && !(is_digit(index.checked_sub(1)) && is_digit(Some(index + 1))) {
            return None;
        }
    }
    Some(text.replace('_', ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_pythons() {
        for (text, value) in [
            ("5", Some(5)),
            (" 5\n", Some(5)),
            ("+1_000", Some(1000)),
            ("-07", Some(-7)),
            ("0", Some(0)),
            ("", None),
            ("-", None),
            ("1.0", None),
            ("1__0", None),
            ("_1", None),
            ("1_", None),
            ("- 1", None),
            ("--1", None),
            ("0x1", None),
            ("1e3", None),
        ] {
            assert_eq!(integer(text), value, "{text:?}");
        }
    }

    #[test]
    fn floats_and_flags_are_pythons() {
        assert_eq!(float(" 0.5 "), Some(0.5));
        assert_eq!(float("1_0e-1"), Some(1.0));
        assert_eq!(float("half"), None);
        assert_eq!(float(""), None);
        assert!(flag(" TRUE ") && flag("true"));
        assert!(!flag("1") && !flag("yes") && !flag(""));
    }

    #[test]
    fn users_of_uris_are_not_shown() {
        for (uri, shown) in [
            ("http://user:p@ss@broker:1/x@y", "http://***@broker:1/x@y"),
            ("user:pw@broker:1", "***@broker:1"),
            ("http://broker:1/a@b", "http://broker:1/a@b"),
            ("ftp://@", "ftp://***@"),
            ("://\u{fc}@\u{fc}", "://***@\u{fc}"),
            ("", ""),
        ] {
            assert_eq!(without_user(uri), shown);
        }
    }
}
