//! Templates: what `str.format` would read of them, the analyzer sees in them.

use palisade_analyzer::Verdict;

use super::judged;
use crate::choices::Choices;
use crate::cpython::{Question, ask};
use crate::rules;

const PIECES: [&str; 24] = [
    "{", "}", "{0", "{x", ".", "[", "]", ":", "!r", "!", "{{", "}}", "'", "\"", " ", "a", "0", "é", "\n", "{:{", "}}",
    "].", "!é:", ".a[b",
];

/// Puts a template together and holds the analyzer's reading against `CPython`'s.
///
/// # Panics
/// When `CPython` reads a refused name out of a template that is accepted as a text.
pub fn body(input: &[u8]) {
    let template = template(&mut Choices::new(input));
    let read = ask(Question::Fields, &template);
    let verdict = judged(&format!("x = {}\n", literal(&template)), &rules::shipped());
    let words = &rules::words().texts;
    let refused: Vec<_> = read.iter().filter(|name| words.binary_search(name).is_ok()).collect();
    assert!(
        refused.is_empty() || matches!(verdict, Verdict::Refused(_)),
        "{template:?} reads {refused:?} and is {verdict:?}"
    );
}

fn template(choices: &mut Choices<'_>) -> String {
    let words = &rules::words().texts;
    let mut template = String::new();
    while !choices.is_empty() && template.len() < 400 {
        if choices.once_in(4) {
            template.push_str(&words[choices.below(words.len())]);
        } else {
            template.push_str(choices.pick(&PIECES));
        }
    }
    template
}

/// A literal that spells out each character by its number.
fn literal(text: &str) -> String {
    let escaped = text.chars().fold(String::new(), |text, letter| format!("{text}\\U{:08x}", u32::from(letter)));
    format!("'{escaped}'")
}
