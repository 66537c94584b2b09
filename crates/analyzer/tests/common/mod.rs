//! The rules as shipped, and short ways to ask for a verdict.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test without its rules is no test")]

use palisade_analyzer::{Rules, Verdict, analyze};

/// The shipped rules with allow lists in n8n's notation.
pub(crate) fn rules(stdlib: &str, external: &str) -> Rules {
    let allow = |list| palisade_policy::Allow::parse("TEST", list).unwrap();
    palisade_policy::Policy::load(allow(stdlib), allow(external), None).unwrap().rules()
}

/// The rules most tests judge by.
pub(crate) fn usual() -> Rules {
    rules("json,re", "numpy")
}

/// The report on `source`, one text a violation; empty when it is clean.
#[track_caller]
pub(crate) fn report(source: &str, rules: &Rules) -> Vec<String> {
    match analyze(source, rules) {
        Verdict::Clean => Vec::new(),
        Verdict::Refused(violations) => violations.iter().map(ToString::to_string).collect(),
        other => panic!("{source:?}: {other:?}"),
    }
}

#[track_caller]
pub(crate) fn assert_report(source: &str, expected: &[&str]) {
    assert_eq!(report(source, &usual()), expected, "{source}");
}

#[track_caller]
pub(crate) fn assert_clean(source: &str) {
    assert_report(source, &[]);
}

#[track_caller]
pub(crate) fn assert_refused(source: &str) {
    assert!(!report(source, &usual()).is_empty(), "accepted: {source}");
}

/// The common ending of most texts.
pub(crate) fn because(head: &str) -> String {
    format!("{head}, because it can be used to bypass security restrictions.")
}
