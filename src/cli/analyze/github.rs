//! Workflow commands, which GitHub Actions shows beside the lines of a change.

use std::fmt::Write as _;

use super::finding::Judged;

pub(super) fn print(judged: &[Judged]) -> String {
    let mut text = String::new();
    for Judged { name, findings, .. } in judged {
        for finding in findings {
            // Writing to a String cannot fail.
            let _ = write!(text, "::error file={}", property(name));
            if let Some(place) = finding.place {
                let _ = write!(text, ",line={},endLine={}", place.line, place.end_line);
                if let Some((start, end)) = place.columns
                    && place.line == place.end_line
                {
                    let _ = write!(text, ",col={start},endColumn={end}");
                }
            }
            let mut message = finding.message.clone();
            if let Some(reason) = &finding.remedy.reason {
                let _ = write!(message, "\nReason: {reason}");
            }
            if let Some(allow) = &finding.remedy.allow {
                let _ = write!(message, "\nAllowed by: {allow}");
            }
            let _ = writeln!(text, ",title={}::{}", property(finding.rule), data(&message));
        }
    }
    text
}

/// Text after the colons. What would end the command is escaped, and other control characters have no place in a log.
fn data(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '%' => escaped.push_str("%25"),
            '\r' => escaped.push_str("%0D"),
            '\n' => escaped.push_str("%0A"),
            c if c.is_control() => escaped.extend(c.escape_default()),
            c => escaped.push(c),
        }
    }
    escaped
}

/// The value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_command_early() {
        assert_eq!(property("a,b:c%\n::error\x1b[0m"), "a%2Cb%3Ac%25%0A%3A%3Aerror\\u{1b}[0m");
        assert_eq!(data("50% of a: b, c\r\n"), "50%25 of a: b, c%0D%0A");
    }
}
