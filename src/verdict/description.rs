//! What is told of an exception besides its text: n8n's `description` and further fields of its error.

use palisade_channel::message::{NodeMode, Raised, SyntaxFailure};
use serde_json::{Map, Value};

use super::source::{Shown, Source};
use super::traceback::traceback;

/// The code that failed and how it was run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Code<'a> {
    /// The user's text.
    pub(crate) text: &'a str,
    /// Once for all items, or once for each.
    pub(crate) mode: NodeMode,
}

/// Bytes of a class in the first line, which a child of ours keeps shorter.
const MAX_CLASS: usize = 1000;

/// A description, and the fields `lineNumber`, `itemIndex` and `stack`; `column`, too, of what the compiler refused.
pub(super) fn of_exception(raised: &Raised, code: Code<'_>) -> (String, Map<String, Value>) {
    let source = Source::new(code.text);
    let stack = traceback(raised, code.mode, &source);
    let description = match &raised.description {
        // Its author has said what is to be read there.
        Some(own) => own.clone(),
        None => composed(raised, &stack, &source),
    };
    let column = raised.line.zip(raised.span).and_then(|(line, span)| source.column(line, span.start));
    let mut fields = fields([("lineNumber", raised.line), ("column", column), ("itemIndex", raised.item)]);
    fields.insert("stack".to_owned(), stack.into());
    (description, fields)
}

fn composed(raised: &Raised, stack: &str, source: &Source<'_>) -> String {
    let mut parts = vec![summary(raised, source)];
    // A traceback of one line says what the summary says, but for what the compiler points at.
    let has_more = raised.frames.len() > 1 || !raised.notes.is_empty() || !raised.related.is_empty();
    if has_more {
        parts.push(stack.to_owned());
    }
    let written = raised.stderr.trim_end();
    if !written.is_empty() {
        parts.push(format!("Standard error:\n{written}"));
    }
    parts.join("\n\n")
}

/// Class, line, and the line itself; of the compiler's errors also the place in it.
fn summary(raised: &Raised, source: &Source<'_>) -> String {
    let class = &raised.class[..raised.class.floor_char_boundary(MAX_CLASS)];
    let Some(line) = raised.line else { return class.to_owned() };
    if let Some(span) = raised.span {
        let column = |offset| source.column(line, offset);
        return place(class, line, column(span.start), span.end.and_then(column), source);
    }
    match source.line(line, None) {
        Some(Shown { text, .. }) => format!("{class}, line {line}: {text}"),
        None => format!("{class}, line {line}"),
    }
}

/// What is told of code that is no Python: the line, and a caret below what is wrong.
pub(super) fn of_syntax(failure: &SyntaxFailure, code: &str) -> Option<String> {
    Some(place(&failure.class, failure.line?, failure.column, failure.end_column, &Source::new(code)))
}

fn place(class: &str, line: u64, column: Option<u64>, end: Option<u64>, source: &Source<'_>) -> String {
    let at = column.map_or_else(String::new, |column| format!(", column {column}"));
    let shown = match column {
        Some(column) => source.columns(line, column, end),
        None => source.line(line, None),
    };
    let Some(Shown { text, carets }) = shown else { return format!("{class}, line {line}{at}") };
    let carets = carets.map_or_else(String::new, |carets| format!("\n    {carets}"));
    format!("{class}, line {line}{at}:\n    {text}{carets}")
}

/// Those of the fields that have a value.
pub(super) fn fields<const N: usize>(fields: [(&str, Option<u64>); N]) -> Map<String, Value> {
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into()))).collect()
}
