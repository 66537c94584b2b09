//! The table of what each layer stops alone, for a terminal and for docs/escape-report.md.
//!
//! Both are made of the headers. A run fails where a header is not what was measured, so what is written after one is what
//! was measured.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::attempt::{Attempt, CLASSES, Code, Layer};

/// Layers that a runner has which is an ordinary user in a container that lets it make no namespaces.
const EVERYWHERE: [Layer; 7] = [
    Layer::Analyzer,
    Layer::Interpreter,
    Layer::Landlock,
    Layer::Seccomp,
    Layer::Rlimits,
    Layer::Capabilities,
    Layer::Supervisor,
];

/// Where the committed report is.
pub(crate) fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/escape-report.md")
}

/// Classes in the order of the threat model, each with its attempts; without those that have none.
fn by_class(attempts: &[Attempt]) -> impl Iterator<Item = (&'static str, Vec<&Attempt>)> {
    let of = |class: &str| attempts.iter().filter(|attempt| attempt.class == class).collect::<Vec<_>>();
    CLASSES.into_iter().map(of_class(of)).filter(|(_, attempts)| !attempts.is_empty())
}

fn of_class<'a>(of: impl Fn(&str) -> Vec<&'a Attempt>) -> impl Fn(&'static str) -> (&'static str, Vec<&'a Attempt>) {
    move |class| (class, of(class))
}

/// Rows of class, number of attempts, and numbers stopped by each layer.
fn rows(attempts: &[Attempt]) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = by_class(attempts).map(|(class, attempts)| row(class, &attempts)).collect();
    rows.push(row("all", &attempts.iter().collect::<Vec<_>>()));
    rows
}

fn row(name: &str, attempts: &[&Attempt]) -> Vec<String> {
    let mut row = vec![name.to_owned(), attempts.len().to_string()];
    for layer in Layer::ALL {
        let stopped = attempts.iter().filter(|attempt| attempt.layers.contains(&layer)).count();
        row.push(if stopped == 0 { String::new() } else { stopped.to_string() });
    }
    row
}

fn heads() -> Vec<String> {
    ["class", "attempts"].into_iter().chain(Layer::ALL.map(Layer::name)).map(ToOwned::to_owned).collect()
}

/// For a terminal; the last column is how many escaped a configuration with all layers.
pub(crate) fn table(attempts: &[Attempt], escaped: &BTreeSet<String>, skipped: usize) -> String {
    let mut rows = rows(attempts);
    let names: Vec<String> = rows.iter().map(|row| row[0].clone()).collect();
    for (row, name) in rows.iter_mut().zip(&names) {
        let of_row = |attempt: &&Attempt| name == "all" || attempt.class == *name;
        let count = attempts.iter().filter(of_row).filter(|attempt| escaped.contains(&attempt.id)).count();
        row.push(count.to_string());
    }
    let mut heads = heads();
    heads.push("ESCAPED".into());
    rows.insert(0, heads);
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let mut text = String::from("Stopped by each layer alone:\n");
    for row in &rows {
        for (column, cell) in row.iter().enumerate() {
            let width = width(column);
            let _ = if column == 0 { write!(text, "{cell:<width$}") } else { write!(text, "  {cell:>width$}") };
        }
        text.push('\n');
    }
    let _ = writeln!(text, "attempts skipped on this host: {skipped}");
    text
}

/// The whole report.
pub(crate) fn markdown(attempts: &[Attempt]) -> String {
    let mut text = String::from(INTRODUCTION);
    let _ = writeln!(text, "\n## Stopped by one layer only\n");
    for attempt in attempts.iter().filter(|attempt| attempt.single.is_some()) {
        let reason = attempt.single.as_deref().unwrap_or_default();
        let layer = attempt.layers.first().map_or("none", |layer| layer.name());
        let _ = writeln!(text, "- `{}` ({layer}): {}. {}", attempt.id, attempt.technique, sentence(reason));
    }
    let _ = writeln!(text, "\n{POOR}\n");
    for attempt in attempts.iter().filter(|attempt| attempt.single.is_none()) {
        let left: Vec<_> = attempt.layers.iter().filter(|layer| EVERYWHERE.contains(layer)).collect();
        if left.len() < 2 {
            let layer = left.first().map_or("none", |layer| layer.name());
            let _ = writeln!(text, "- `{}` ({layer}): {}", attempt.id, attempt.technique);
        }
    }
    let _ = writeln!(text, "\n## By class and layer\n");
    let heads = heads();
    let _ = writeln!(text, "| {} |", heads.join(" | "));
    let _ = writeln!(text, "|---|{}", "---:|".repeat(heads.len() - 1));
    for row in rows(attempts) {
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    let _ = writeln!(text, "\n## Every attempt");
    for (class, attempts) in by_class(attempts) {
        let _ = writeln!(text, "\n### {class}\n\n| attempt | technique | stopped alone by |\n|---|---|---|");
        for attempt in attempts {
            let advisory = attempt.advisory.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
            let _ = writeln!(
                text,
                "| `{}` | {}{advisory} | {}{} |",
                attempt.id,
                attempt.technique.replace('|', "\\|"),
                crate::attempt::join(&attempt.layers),
                remarks(attempt)
            );
        }
    }
    text
}

fn remarks(attempt: &Attempt) -> String {
    let mut remarks = Vec::new();
    if let Some(reason) = &attempt.control {
        remarks.push(format!("cannot succeed without layers either: {reason}"));
    }
    if let Some((major, minor, abi)) = attempt.kernel {
        remarks.push(format!("from Linux {major}.{minor}, Landlock ABI {abi}"));
    }
    if attempt.interpreter_gap {
        remarks.push("the interpreter ought to hold it, too".to_owned());
    }
    if let Code::Native { tier } = &attempt.code
        && tier != "strict"
    {
        remarks.push(format!("tier {tier}"));
    }
    let remarks = remarks.join("; ").replace('|', "\\|");
    if remarks.is_empty() { remarks } else { format!(" ({remarks})") }
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", chars.as_str().trim_end_matches('.'))
}

const INTRODUCTION: &str = "# What stops which escape

Written by `PALISADE_WRITE_REPORT=1 cargo test --test escape`; do not edit. [The suite](../tests/escape/README.md) runs every
attempt with all layers, where none may escape, with no layer, where each that can work at all must be seen to escape, with
each layer alone, and with each layer taken away. Code of the class *user* starts as ordinary user code; all other code is
assumed to have the interpreter in its hand already, so that analyzer and interpreter count for nothing.

*Stopped alone by* is measured: with that layer on, and every other one off that can be switched off, it did not escape.
`capabilities` (given up before Python starts, with no_new_privs) and `supervisor` (bounds, watch and kill) are always on. What
they stop would fail without any other layer; there another layer counts if the attempt failed in another way with it.
`identity`, a user id for each task, needs a runner that is root; `namespaces` need a host that lets an ordinary user make them.
";

const POOR: &str = "A runner that is an ordinary user and cannot make namespaces, as in a stock container, has one layer against these, too:";
