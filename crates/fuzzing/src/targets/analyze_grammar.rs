//! Generated Python: refused when something was planted that takes effect, and only then.

use palisade_analyzer::Verdict;

use super::judged;
use crate::choices::Choices;
use crate::grammar::{Program, program};
use crate::rules;

/// Makes a program with words planted, and one of harmless words, and judges both.
///
/// # Panics
/// When one with something planted is accepted, or a harmless one refused.
pub fn body(input: &[u8]) {
    let rules = rules::shipped();
    for plants in [true, false] {
        let Program { source, planted } = program(&mut Choices::new(input), plants);
        let verdict = judged(&source, &rules);
        if planted.is_empty() {
            assert!(!matches!(verdict, Verdict::Refused(_)), "harmless, and refused: {verdict:?}\n{source}");
        } else {
            assert!(verdict != Verdict::Clean, "accepted with {planted:?}\n{source}");
        }
        assert!(!matches!(verdict, Verdict::Unparsable(_)), "the grammar makes no Python: {verdict:?}\n{source}");
    }
}
