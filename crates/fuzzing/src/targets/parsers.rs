//! Three parsers: what ours takes for Python is the same Python to `CPython`, or none.
//!
//! The older parser is asked where `CPython` refuses: two of three must then read the text alike. It is known to be wrong
//! about much of newer Python, so where `CPython` agrees with ours it is not asked.

use palisade_analyzer::Verdict;

use super::{judged, source};
use crate::cpython::{Question, ask};
use crate::{facts, rules};

/// Names in a text that only the older parser of the two others reads may differ in these ways, which are its defects:
/// found by this target, and no concern of ours as `CPython` refuses the text.
const LONGEST_FOR_SECOND: usize = 4096;

/// Parses the input with all.
///
/// # Panics
/// When ours reads something else than `CPython`; when it takes a text that `CPython` refuses and whose names the second
/// opinion reads otherwise.
pub fn body(input: &[u8]) {
    let source = source(input);
    // With its bounds: they are what keeps parsers from overflowing.
    if judged(&source, &rules::bounds_only()) != Verdict::Clean {
        return;
    }
    let Some(ours) = facts::ours(&source) else { return };
    let theirs = ask(Question::Facts, &source);
    if theirs != ["refused"] {
        let only_ours: Vec<_> = ours.iter().filter(|fact| !theirs.contains(fact)).collect();
        let only_theirs: Vec<_> = theirs.iter().filter(|fact| !ours.contains(fact)).collect();
        assert!(ours == theirs, "only ours: {only_ours:?}\nonly CPython: {only_theirs:?}\n{source}");
    } else if source.len() <= LONGEST_FOR_SECOND
        && let Some(second) = facts::second(&source)
    {
        assert!(facts::names(&ours) == second, "ours: {ours:?}\nsecond opinion: {second:?}\n{source}");
    }
}
