//! The dictionary for libFuzzer: words of the policy, and what Python is made of.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::rules;

/// Keywords, soft ones too, and what attribute access hides in.
const PYTHON: [&str; 77] = [
    "and",
    "as",
    "assert",
    "async ",
    "await ",
    "break",
    "case ",
    "class ",
    "continue",
    "def ",
    "del ",
    "elif ",
    "else",
    "except ",
    "except*",
    "finally",
    "for ",
    "from ",
    "global ",
    "if ",
    "import ",
    "in ",
    "is ",
    "lambda ",
    "match ",
    "nonlocal ",
    "not ",
    "or ",
    "pass",
    "raise ",
    "return ",
    "try:",
    "type ",
    "while ",
    "with ",
    "yield ",
    "None",
    "True",
    "False",
    "__debug__",
    "super()",
    "print(",
    "self",
    "**",
    "//",
    ":=",
    "->",
    "...",
    "!r",
    "!s",
    "{{",
    "}}",
    "{0.",
    "{0[",
    "f'",
    "f\"\"\"",
    "rb'",
    "t'",
    "\\x5f",
    "\\137",
    "\\u005f",
    "\\N{LOW LINE}",
    "\\\\\n",
    "\x0c",
    "\r\n",
    "\u{feff}",
    "# coding: utf-7\n",
    "from __future__ import annotations\n",
    ".join((",
    "[::-1]",
    "%s",
    ".decode()",
    ".replace(",
    "_item",
    "_items",
    "_query",
    "json",
];

/// Letters that Python takes for others, and white space that it may or may not.
const ODD: [&str; 10] = ["ｃ", "ｏ", "𝐛", "＿", "ſ", "ª", "\u{a0}", "\u{2028}", "\u{200b}", "\u{ad}"];

/// The text of the file: one quoted word a line.
pub fn text() -> String {
    let words = rules::words();
    let mut all: BTreeSet<&str> = PYTHON.into_iter().chain(ODD).collect();
    for list in [&words.names, &words.attributes, &words.keywords, &words.texts, &words.methods] {
        all.extend(list.iter().map(String::as_str));
    }
    let mut text = String::from(
        "# Made by `cargo run -p palisade-fuzzing --bin fuzz-dictionary`: the policy's words, and Python's.\n",
    );
    for word in all {
        let _ = writeln!(text, "\"{}\"", quoted(word));
    }
    text
}

/// libFuzzer knows `\\`, `\"` and `\xAB`.
fn quoted(word: &str) -> String {
    let mut text = String::new();
    for byte in word.bytes() {
        match byte {
            b'\\' | b'"' => {
                text.push('\\');
                text.push(char::from(byte));
            }
            b' '..=b'~' => text.push(char::from(byte)),
            other => {
                let _ = write!(text, "\\x{other:02X}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{quoted, text};

    #[test]
    fn the_committed_file_is_what_the_policy_says_now() {
        let committed = include_str!("../../../fuzz/dictionary.txt");
        assert!(
            committed == text(),
            "fuzz/dictionary.txt is old: cargo run -p palisade-fuzzing --bin fuzz-dictionary > fuzz/dictionary.txt"
        );
    }

    #[test]
    fn words_are_quoted_as_libfuzzer_reads_them() {
        assert_eq!(quoted("a\\\"\n"), r#"a\\\"\x0A"#);
        assert_eq!(quoted("ｃ"), r"\xEF\xBD\x83");
    }
}
