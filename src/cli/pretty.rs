//! JSON for people: broken into lines and indented, and otherwise untouched. Going through values would change long
//! integers and refuse lone surrogates.

use crate::logging::printable;

const INDENT: &str = "  ";
/// Deeper than this, lines are indented no further: a million brackets must not become a million times a million blanks.
const DEEPEST: usize = 50;

/// Breaks `json`, which must be valid JSON, into lines. Control characters, which strings may hold from 0x7f on, are
/// escaped, so that a result cannot run a terminal.
pub(super) fn pretty(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let mut depth: usize = 0;
    let mut rest = json;
    while let Some(c) = rest.chars().next() {
        let (token, tail) = rest.split_at(if c == '"' { string_len(rest) } else { c.len_utf8() });
        rest = tail;
        match c {
            '"' => out.push_str(&escape(token)),
            '[' | '{' => {
                out.push(c);
                let after = rest.trim_start();
                if after.starts_with([']', '}']) {
                    out.push_str(&after[..1]);
                    rest = &after[1..];
                } else {
                    depth += 1;
                    line(&mut out, depth);
                }
            }
            ']' | '}' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => out.push(c),
        }
    }
    out
}

fn line(out: &mut String, depth: usize) {
    out.push('\n');
    for _ in 0..depth.min(DEEPEST) {
        out.push_str(INDENT);
    }
}

/// Bytes of the string literal at the front of `json`.
fn string_len(json: &str) -> usize {
    let mut escaped = false;
    for (index, byte) in json.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return index + 1,
            _ => {}
        }
    }
    json.len()
}

/// A string literal without characters that act on a terminal. JSON has its own way to write them.
/// JSON without characters that act on a terminal; in valid JSON they can stand in strings only.
pub(super) fn escape(literal: &str) -> String {
    if printable(literal) == literal {
        return literal.to_owned();
    }
    literal
        .chars()
        .map(|c| {
            let alone = c.to_string();
            if printable(&alone) == alone { alone } else { format!("\\u{:04x}", u32::from(c)) }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_broken_into_lines_and_not_changed() {
        let json = r#"[{"a":1, "b" : [ ] ,"c":{},"d":"[\"{,:\\"},12345678901234567890123,1e400,"\ud800"]"#;
        let expected = "[\n  {\n    \"a\": 1,\n    \"b\": [],\n    \"c\": {},\n    \"d\": \"[\\\"{,:\\\\\"\n  },\n  \
                        12345678901234567890123,\n  1e400,\n  \"\\ud800\"\n]";
        assert_eq!(pretty(json), expected);
        assert_eq!(pretty("null"), "null");
    }

    #[test]
    fn nothing_in_it_runs_a_terminal() {
        assert_eq!(pretty("\"\u{9b}2J\u{202e}é\""), "\"\\u009b2J\\u202eé\"");
    }

    #[test]
    fn depth_costs_no_more_than_length() {
        let json = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(pretty(&json).len() < json.len() * 2 * (DEEPEST + 1));
    }
}
