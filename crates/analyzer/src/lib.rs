//! Judges Python source before it runs: source in, verdict out, no I/O.
//!
//! ```text
//! source ──▶ bounds (size, raw openers, token depth) ──▶ parser ──▶ judge ──▶ verdict
//! ```
//!
//! This layer turns away what is forbidden to write. It is hardening, not the boundary: names that are made at
//! run time are out of its reach, and the child's sealed process is what holds then. What it must do perfectly is
//! survive: it reads hostile text inside the supervisor. Hence the order above (nothing recurses before the
//! bounds are checked), the threads with a stack measured for the worst accepted text, the time limit and the
//! caught panics of [`Analyzer`].
//!
//! # The text that is judged is the text that runs
//!
//! The caller hands `CPython` exactly the `str` that was judged, with `PyCF_IGNORE_COOKIE`, so that an encoding
//! cookie is a comment to both. What two readers of Python could see differently is settled here:
//!
//! | in the text | what happens |
//! |---|---|
//! | NUL | [`Verdict::NulByte`], as `CPython` refuses it |
//! | byte order mark, control characters outside strings and comments | syntax error, as in `CPython` |
//! | form feed in front of a line | resets the indentation in both |
//! | `\r`, `\r\n` | ends a line (and a comment) in both |
//! | identifiers beyond ASCII | compared in NFKC, as `CPython` compiles them |
//! | lone surrogates | cannot be in a `str`; the caller refuses them when it decodes |
//! | syntax that only a newer `CPython` has | parsed and judged; the child's compiler refuses it |

mod bounds;
mod cache;
mod fold;
mod judge;
mod lines;
mod rules;
mod stdlib;
mod syntax;
mod text;
mod verdict;
mod worker;

use rustpython_ast::{Mod, ModModule};
use rustpython_parser::{Mode, ParseOptions};

pub use bounds::MAX_OPENERS;
pub use lines::Lines;
pub use rules::{Allow, Limits, Rules, StringRule};
pub use stdlib::{is_stdlib, stdlib_modules};
pub use verdict::{Bound, BoundExceeded, Failure, ParseError, Rule, Verdict, Violation, describe};
pub use worker::{Analyzer, Settings};

/// Judges `source`, on a thread of its own with the stack this needs, and waits for it.
///
/// For tools and tests. A server uses [`Analyzer`], which keeps its threads, remembers verdicts and bounds time.
pub fn analyze(source: &str, rules: &Rules) -> Verdict {
    worker::on_own_stack(source, rules)
}

/// A verdict, and the tree it was read from. To take a large tree apart takes a third as long as all that came before, and
/// as much stack: who asked for the verdict need not wait for it.
struct Judged {
    verdict: Verdict,
    #[allow(dead_code, reason = "it is only dropped")]
    tree: Option<ModModule>,
}

impl From<Verdict> for Judged {
    fn from(verdict: Verdict) -> Self {
        Self { verdict, tree: None }
    }
}

/// Judges `source` on the present stack, which must be [`worker::STACK`] bytes.
fn analyze_here(source: &str, rules: &Rules) -> Judged {
    judged(source, rules, fold::BUDGET).unwrap_or_else(Judged::from)
}

/// As [`analyze_here`], for a small text that is not to take long: one whose folding would gets no verdict.
fn analyze_small(source: &str, rules: &Rules) -> Option<Judged> {
    let judged = judged(source, rules, fold::SMALL_BUDGET).unwrap_or_else(Judged::from);
    let is_cut = matches!(
        judged.verdict,
        Verdict::Exceeded(BoundExceeded { bound: Bound::Folding, limit: fold::SMALL_BUDGET, .. })
    );
    (!is_cut).then_some(judged)
}

/// The verdict; as an error where there is nothing to walk through. `folding` bounds the bytes that are folded.
fn judged(source: &str, rules: &Rules, folding: usize) -> Result<Judged, Verdict> {
    let limits = &rules.limits;
    let openers = check_text(source, limits)?;
    let parse = || rustpython_parser::parse_unchecked(source, ParseOptions::from(Mode::Module));
    let mut parsed = None;
    if openers <= bounds::FEW_OPENERS {
        let attempt = parse();
        if attempt.errors().is_empty() {
            bounds::depth_of_tokens(source, attempt.tokens(), limits).map_err(Verdict::Exceeded)?;
            parsed = Some(attempt);
        }
    }
    // What has errors is told by the tokenizer, and so is how deep a text is that takes much stack to parse.
    let parsed = if let Some(parsed) = parsed {
        parsed
    } else {
        check_tokens(source, limits)?;
        parse()
    };
    if let Some(first) = parsed.errors().first() {
        return Err(Verdict::Unparsable(syntax::parser(source, first, parsed.tokens())));
    }
    let Mod::Module(module) = parsed.into_syntax() else { return Err(Verdict::Failed(Failure::Panicked)) };
    let verdict =
        if rules.allows_everything() { Verdict::Clean } else { judge::judge(source, &module, rules, folding) };
    Ok(Judged { verdict, tree: Some(module) })
}

/// What the tokenizer refuses, or has too much of.
fn check_tokens(source: &str, limits: &Limits) -> Result<(), Verdict> {
    match bounds::depth(source, limits) {
        Err(exceeded) => Err(Verdict::Exceeded(exceeded)),
        // A bracket that is never closed is met at the end of the text; the parser's tokens tell where it stands.
        Ok(Some(error)) if !syntax::is_end_of_text(&error) => {
            Err(Verdict::Unparsable(syntax::tokenizer(source, &error)))
        }
        Ok(_) => Ok(()),
    }
}

/// What is decided on the raw text. Returns its openers.
fn check_text(source: &str, limits: &Limits) -> Result<usize, Verdict> {
    let exceeded = |bound, limit, found| Err(Verdict::Exceeded(BoundExceeded { bound, limit, found, line: 1 }));
    // The parser's offsets have 32 bits.
    let code_bytes = limits.code_bytes.min(u32::MAX as usize);
    if source.len() > code_bytes {
        return exceeded(Bound::CodeBytes, code_bytes, source.len());
    }
    if source.contains('\0') {
        return Err(Verdict::NulByte);
    }
    if source.starts_with('\u{feff}') {
        // Our parser skips it, CPython does not when it is given text.
        return Err(Verdict::Unparsable(syntax::at(source, 0, syntax::non_printable('\u{feff}'))));
    }
    let openers = bounds::openers(source);
    let limit = limits.openers.min(MAX_OPENERS);
    if openers > limit {
        return exceeded(Bound::Openers, limit, openers);
    }
    Ok(openers)
}
