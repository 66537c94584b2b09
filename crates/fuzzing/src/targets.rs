//! The bodies of the fuzz targets. Each takes a fuzzer's bytes and panics when something that must hold does not.

pub mod analyze;
pub mod analyze_grammar;
pub mod bypass;
pub mod channel;
pub mod format_template;
pub mod frame;
pub mod offers;
pub mod parsers;
pub mod strings;

use palisade_analyzer::{Failure, Rules, Verdict};

/// A target.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, which is that of its seeds' folder.
    pub name: &'static str,
    /// What it does with an input.
    pub body: fn(&[u8]),
}

/// All of them.
pub const ALL: [Target; 9] = [
    Target { name: "analyze", body: analyze::body },
    Target { name: "analyze_grammar", body: analyze_grammar::body },
    Target { name: "bypass", body: bypass::body },
    Target { name: "channel", body: channel::body },
    Target { name: "format_template", body: format_template::body },
    Target { name: "frame", body: frame::body },
    Target { name: "offers", body: offers::body },
    Target { name: "parsers", body: parsers::body },
    Target { name: "strings", body: strings::body },
];

/// The verdict on `source`, of which one kind is a finding whatever the source is.
fn judged(source: &str, rules: &Rules) -> Verdict {
    let verdict = palisade_analyzer::analyze(source, rules);
    assert!(!matches!(verdict, Verdict::Failed(Failure::Panicked | Failure::TimedOut)), "{verdict:?}\n{source}");
    verdict
}

/// The source an input stands for: text, or, behind a NUL, which no accepted text has, choices for the grammar.
fn source(input: &[u8]) -> String {
    match input.split_first() {
        Some((0, choices)) => crate::grammar::program(&mut crate::choices::Choices::new(choices), true).source,
        _ => String::from_utf8_lossy(input).into_owned(),
    }
}
