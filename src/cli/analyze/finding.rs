//! What is said of a script, in a form that all outputs print.

use palisade_analyzer::{Bound, Lines, Rule, Verdict, Violation};
use palisade_policy::Policy;

use crate::remedy::{self, Remedy};

/// A script, and what is to be said of it.
pub(super) struct Judged {
    /// Its name as given.
    pub(super) name: String,
    /// Its text; empty where it could not be read.
    pub(super) source: String,
    pub(super) findings: Vec<Finding>,
}

/// Something that keeps a script from running.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    /// What kind: a rule of the analyzer, or why there is no judgement.
    pub(super) rule: &'static str,
    /// Whether a rule was broken; otherwise the script cannot be judged.
    pub(super) is_refusal: bool,
    pub(super) message: String,
    pub(super) place: Option<Place>,
    pub(super) remedy: Remedy,
}

/// Where in the script, lines and characters counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: u32,
    /// First character and, as the end, the one behind the last; nothing where only the line is known.
    pub(super) columns: Option<(u32, u32)>,
    /// The line of the end.
    pub(super) end_line: u32,
}

impl Place {
    fn line(line: u32) -> Self {
        Self { line, columns: None, end_line: line }
    }
}

impl Finding {
    /// A script that could not even be read.
    pub(super) fn unreadable(error: String) -> Self {
        Self { rule: "unreadable", is_refusal: false, message: error, place: None, remedy: Remedy::default() }
    }

    fn unjudged(rule: &'static str, message: String, place: Place) -> Self {
        Self { rule, is_refusal: false, message, place: Some(place), remedy: Remedy::default() }
    }
}

/// What `verdict` says of `source`.
pub(super) fn findings(source: &str, verdict: &Verdict, policy: &Policy) -> Vec<Finding> {
    match verdict {
        Verdict::Clean => Vec::new(),
        Verdict::Refused(violations) => {
            let lines = Lines::new(source);
            violations.iter().map(|violation| refused(&lines, violation, policy)).collect()
        }
        Verdict::Unparsable(error) => {
            let columns = Some((error.column, error.column.saturating_add(1)));
            let message = if error.detail.is_empty() || error.message != "invalid syntax" {
                error.message.clone()
            } else {
                format!("{} ({})", error.message, error.detail)
            };
            vec![Finding::unjudged("syntax_error", message, Place { columns, ..Place::line(error.line) })]
        }
        Verdict::NulByte => {
            let at = source.find('\0').unwrap_or_default();
            let lines = Lines::new(source);
            let column = lines.column(at);
            let place = Place { columns: Some((column, column.saturating_add(1))), ..Place::line(lines.line(at)) };
            vec![Finding::unjudged("nul_byte", "source code string cannot contain null bytes".to_owned(), place)]
        }
        Verdict::Exceeded(exceeded) => {
            let allow = (exceeded.bound == Bound::CodeBytes).then(|| "limits.code_bytes of the policy".to_owned());
            let finding = Finding::unjudged("limit", exceeded.to_string(), Place::line(exceeded.line));
            vec![Finding { remedy: Remedy { reason: None, allow }, ..finding }]
        }
        Verdict::Failed(failure) => {
            vec![Finding { place: None, ..Finding::unjudged("analysis_failed", failure.to_string(), Place::line(1)) }]
        }
    }
}

fn refused(lines: &Lines<'_>, violation: &Violation, policy: &Policy) -> Finding {
    let (start, end) = (violation.range.start as usize, violation.range.end as usize);
    let columns = Some((lines.column(start), lines.column(end)));
    // n8n counts a violation by the line of its expression; its own place may be further down.
    let place = Place { line: lines.line(start), columns, end_line: lines.line(end) };
    Finding {
        rule: violation.rule.as_str(),
        is_refusal: true,
        message: violation.text.clone(),
        place: (violation.rule != Rule::ReportCut).then_some(place),
        remedy: remedy::of(violation, policy),
    }
}

#[cfg(test)]
mod tests {
    use palisade_analyzer::analyze;
    use palisade_policy::Allow;

    use super::*;

    fn find(source: &str) -> Vec<Finding> {
        let policy = Policy::load(Allow::none(), Allow::none(), None).unwrap();
        findings(source, &analyze(source, &policy.rules()), &policy)
    }

    fn place(line: u32, start: u32, end: u32) -> Place {
        Place { line, columns: Some((start, end)), end_line: line }
    }

    #[test]
    fn findings_have_places_whatever_they_are() {
        assert_eq!(find("x = 1\nreturn x"), []);
        let found = find("x = 1\nimport os\ny = 'é' + x.__class__");
        assert_eq!(found.iter().filter_map(|one| one.place).collect::<Vec<_>>(), [place(2, 8, 10), place(3, 13, 22)]);
        assert!(found[0].message.starts_with("Import of standard library module 'os' is disallowed."), "{found:?}");
        assert!(found.iter().all(|one| one.is_refusal));
        let found = find("(x\n.\n__class__)");
        assert_eq!(found[0].place, Some(place(3, 1, 10)));
        let syntax = &find("\n\nif x\n")[0];
        assert_eq!((syntax.rule, syntax.is_refusal, syntax.place.unwrap().line), ("syntax_error", false, 3));
        let nul = &find("a\nb\0\n")[0];
        assert_eq!((nul.rule, nul.place), ("nul_byte", Some(place(2, 2, 3))));
        let deep = &find(&format!("\n{}", "(".repeat(100_000)))[0];
        assert_eq!((deep.rule, deep.place), ("limit", Some(Place::line(2))));
    }

    #[test]
    fn a_report_that_is_cut_says_so() {
        let found = find(&"x.obj\n".repeat(3000));
        let last = found.last().unwrap();
        assert_eq!((last.rule, last.place), ("report_cut", None));
    }
}
