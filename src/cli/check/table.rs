//! The table for people: at most 100 columns, unless a single word, such as a path, is longer.

use std::fmt::Write as _;

use super::report::{Check, Grade, Report};
use crate::logging::one_line;
use crate::promises::Promise;

const COLUMNS: usize = 100;
const NAME: usize = 16;
const NEEDED: usize = 12;
const RESULT: usize = 8;
const FOUND: usize = COLUMNS - NAME - NEEDED - RESULT;

/// The first column of what is promised.
const ATTACK: usize = 51;

/// Longest text of one cell, in characters: what a program of the host's said may be in it.
const LONGEST: usize = 2000;

pub(super) fn table(report: &Report, colours: bool) -> String {
    let host = &report.host;
    let mut out = format!(
        "palisade {} on {} {}, as uid {} gid {}\n\n",
        report.version, host.system, host.architecture, host.uid, host.gid
    );
    line(&mut out, "CHECK", "NEEDED", "RESULT", None, "FOUND");
    for check in &report.checks {
        row(&mut out, check, colours);
    }
    if !report.on_this_host.is_empty() {
        promised(&mut out, &report.on_this_host);
    }
    let verdict = match report.result {
        Grade::Pass => "Tasks run here, with every layer that is wanted.",
        Grade::Caution if !palisade_sandbox::SEALS => "Tasks run here WITHOUT ANY SEAL, because the operator said so.",
        Grade::Caution => "Tasks run here, sealed as required; see CAUTION for what could be better.",
        Grade::Fail => "No task runs here; see FAIL.",
    };
    let _ = writeln!(out, "\n{verdict}");
    out
}

/// What stands against each class of attack. Why a wall is not there is in its row above, or in the JSON.
fn promised(out: &mut String, promises: &[Promise]) {
    let _ = writeln!(out, "\n{:<ATTACK$}STOPPED BY", "ON THIS HOST, A TASK THAT TRIES TO");
    for promise in promises {
        let stopped = match promise.by[..] {
            [] => "NOTHING".to_owned(),
            [one] => format!("{one} alone"),
            _ => promise.by.join(", "),
        };
        let without: Vec<_> = promise.without.iter().map(|without| without.layer).collect();
        let weaker = (!without.is_empty()).then(|| format!("not here: {}", without.join(", ")));
        let mut attack = promise.attack;
        for text in std::iter::once(stopped).chain(weaker) {
            for line in wrapped(&text, COLUMNS - ATTACK, "", "") {
                let _ = writeln!(out, "{attack:<ATTACK$}{line}");
                attack = "";
            }
        }
    }
}

fn row(out: &mut String, check: &Check, colours: bool) {
    let (word, colour) = match check.result {
        Grade::Pass => ("PASS", 32),
        Grade::Caution => ("CAUTION", 33),
        Grade::Fail => ("FAIL", 31),
    };
    let mut lines = wrapped(&check.found, FOUND, "", "").into_iter();
    let first = lines.next().unwrap_or_default();
    line(out, check.name, check.needed, word, colours.then_some(colour), &first);
    let details = check.details.iter().flat_map(|detail| wrapped(detail, FOUND, "- ", "  "));
    let remedy = check.remedy.iter().flat_map(|remedy| wrapped(remedy, FOUND, "-> ", "   "));
    for rest in lines.chain(details).chain(remedy) {
        line(out, "", "", "", None, &rest);
    }
}

fn line(out: &mut String, name: &str, needed: &str, result: &str, colour: Option<u8>, found: &str) {
    let start = out.len();
    let _ = write!(out, "{name:<NAME$}{needed:<NEEDED$}");
    let _ = match colour {
        Some(colour) => write!(out, "\x1b[{colour}m{result:<RESULT$}\x1b[0m"),
        None => write!(out, "{result:<RESULT$}"),
    };
    out.push_str(found);
    out.truncate(start + out[start..].trim_end().len());
    out.push('\n');
}

/// Lines of at most `width` characters, broken at blanks. The first begins with `first`, the others with `next`.
fn wrapped(text: &str, width: usize, first: &str, next: &str) -> Vec<String> {
    let mut lines = vec![first.to_owned()];
    let mut empty = true;
    for word in one_line(text, LONGEST).split_whitespace() {
        let Some(last) = lines.last_mut() else { break };
        if !empty && last.chars().count() + 1 + word.chars().count() > width {
            lines.push(format!("{next}{word}"));
            continue;
        }
        if !empty {
            last.push(' ');
        }
        last.push_str(word);
        empty = false;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::report::{Host, REQUIRED};
    use super::*;

    fn report(checks: Vec<Check>) -> Report {
        Report::new(Host { system: "Linux 6".into(), architecture: "x86_64", uid: 0, gid: 0 }, None, checks, vec![])
    }

    #[test]
    fn rows_fit_and_nothing_is_lost() {
        let found = "word ".repeat(60) + &"/long".repeat(30);
        let remedy = "remedy ".repeat(20);
        let text = table(&report(vec![Check::fail("a_layer", found.clone(), remedy).with(["one".into()])]), false);
        for line in text.lines().filter(|line| !line.contains("/long/long")) {
            assert!(line.chars().count() <= COLUMNS && !line.ends_with(' '), "{line:?}");
        }
        assert_eq!(text.matches("word").count(), 60);
        assert_eq!(text.matches("remedy").count(), 20);
        assert!(text.contains(&"/long".repeat(30)) && text.contains("- one") && text.contains("-> remedy"));
    }

    #[test]
    fn colours_are_for_terminals_and_only_ours() {
        let checks = || vec![Check::pass("x", REQUIRED, "\u{1b}[2Jevil\nsecond")];
        let plain = table(&report(checks()), false);
        assert!(!plain.contains('\u{1b}') && plain.contains("evil\\nsecond"));
        let coloured = table(&report(checks()), true);
        assert_eq!(coloured.matches('\u{1b}').count(), 2);
        assert!(coloured.contains("\u{1b}[32mPASS    \u{1b}[0m"));
    }
}
