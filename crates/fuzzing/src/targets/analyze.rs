//! Any bytes: the analyzer survives, answers the same twice, and is not moved by comments and blank lines.

use palisade_analyzer::{Rule, Verdict};

use super::{judged, source};
use crate::rules;

/// Judges the input four times.
///
/// # Panics
/// When the verdicts differ in more than line numbers.
pub fn body(input: &[u8]) {
    let rules = rules::shipped();
    let source = source(input);
    let verdict = judged(&source, &rules);
    assert_eq!(verdict, judged(&source, &rules), "another verdict on the same text\n{source}");
    // What is not Python may become Python by more lines, and what is too large may not become larger.
    if !matches!(verdict, Verdict::Clean | Verdict::Refused(_)) {
        return;
    }
    let longer = format!("\n# __class__\n{source}\n\n# __dict__\n");
    let shifted = judged(&longer, &rules);
    if matches!(shifted, Verdict::Exceeded(_)) {
        return;
    }
    assert_eq!(found(&verdict, 0), found(&shifted, 2), "a comment changed the verdict\n{source}");
}

/// What was found, without the lines that were put in front.
fn found(verdict: &Verdict, lines_in_front: u32) -> Option<Vec<(u32, &str, Rule)>> {
    match verdict {
        Verdict::Clean => Some(Vec::new()),
        Verdict::Refused(violations) => Some(
            violations.iter().map(|it| (it.line.saturating_sub(lines_in_front), it.text.as_str(), it.rule)).collect(),
        ),
        _ => None,
    }
}
