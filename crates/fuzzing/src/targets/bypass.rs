//! The oracle: what the analyzer accepts, `CPython` compiles to code that holds nothing refused.

use palisade_analyzer::Verdict;

use super::{judged, source};
use crate::cpython::{Question, ask};
use crate::rules;

/// Judges the input and, where it is accepted, has it compiled.
///
/// # Panics
/// When the compiled code holds what is refused, or the interpreter did not survive what the analyzer let through.
pub fn body(input: &[u8]) {
    let source = source(input);
    if judged(&source, &rules::shipped()) != Verdict::Clean {
        return;
    }
    let found = ask(Question::Bypass, &source);
    assert!(found.is_empty(), "accepted, and compiled to {found:?}\n{source}");
}
