//! Syntax errors in `CPython`'s words.
//!
//! n8n's users know these texts, search for them and find them explained. The place is the parser's; the words
//! follow `CPython` where the cause is certain and are its plain `invalid syntax` elsewhere.

use rustpython_ast::token::{Token, TokenKind};
use rustpython_parser::{InterpolatedStringErrorType, LexicalErrorType, ParseErrorType};
use text_size::Ranged;

use crate::lines::Lines;
use crate::verdict::ParseError;

/// The parser's own words are kept up to this many characters: some quote the source.
const DETAIL: usize = 300;

/// The error of a text that the tokenizer refused.
pub(crate) fn tokenizer(source: &str, error: &rustpython_parser::ParseError) -> ParseError {
    let lines = Lines::new(source);
    let message = words(source, &lines, error);
    place(&lines, error.location.start().to_usize(), message, error)
}

/// Whether the tokenizer only missed something at the end of the text.
pub(crate) fn is_end_of_text(error: &rustpython_parser::ParseError) -> bool {
    matches!(error.error, ParseErrorType::Lexical(LexicalErrorType::Eof))
}

/// The one error to report of all that the parser found in a text that the tokenizer took. In `CPython` a bracket
/// that does not match, or never closes, wins over what the parser stumbles upon before it.
pub(crate) fn parser<'a>(
    source: &str,
    first: &rustpython_parser::ParseError,
    tokens: impl IntoIterator<Item = &'a Token>,
) -> ParseError {
    let lines = Lines::new(source);
    match unbalanced(source, &lines, tokens) {
        Some((at, message)) => place(&lines, at, Some(message), first),
        None => place(&lines, first.location.start().to_usize(), words(source, &lines, first), first),
    }
}

fn place(lines: &Lines<'_>, at: usize, message: Option<String>, error: &rustpython_parser::ParseError) -> ParseError {
    let mut detail = error.error.to_string();
    if let Some((end, _)) = detail.char_indices().nth(DETAIL) {
        detail.truncate(end);
        detail.push('…');
    }
    ParseError {
        line: lines.line(at),
        column: lines.column(at),
        message: message.unwrap_or_else(|| "invalid syntax".to_owned()),
        detail,
    }
}

/// An error at one character.
pub(crate) fn at(source: &str, offset: usize, message: String) -> ParseError {
    let lines = Lines::new(source);
    ParseError { line: lines.line(offset), column: lines.column(offset), message, detail: String::new() }
}

fn words(source: &str, lines: &Lines<'_>, error: &rustpython_parser::ParseError) -> Option<String> {
    let start = error.location.start().to_usize();
    match &error.error {
        ParseErrorType::Lexical(error) => lexical(source, lines, start, error),
        ParseErrorType::UnexpectedIndentation => Some("unexpected indent".to_owned()),
        ParseErrorType::FStringError(error) => Some(interpolated("f-string", error)),
        ParseErrorType::TStringError(error) => Some(interpolated("t-string", error)),
        ParseErrorType::OtherError(text) => indented_block(source, lines, start, text),
        ParseErrorType::PositionalAfterKeywordArgument => {
            Some("positional argument follows keyword argument".to_owned())
        }
        ParseErrorType::NonDefaultParamAfterDefaultParam => {
            Some("parameter without a default follows parameter with a default".to_owned())
        }
        ParseErrorType::DuplicateKeywordArgumentError(name) if name.len() <= DETAIL => {
            Some(format!("keyword argument repeated: {name}"))
        }
        _ => None,
    }
}

/// "Expected an indented block after `if` statement", in `CPython`'s words and with the line of the statement: the
/// last one before the error that is not blank.
fn indented_block(source: &str, lines: &Lines<'_>, at: usize, text: &str) -> Option<String> {
    let clause = text.strip_prefix("Expected an indented block after ")?.replace('`', "'");
    let before = source.get(..at)?.trim_end();
    Some(format!("expected an indented block after {clause} on line {}", lines.line(before.len().saturating_sub(1))))
}

fn lexical(source: &str, lines: &Lines<'_>, start: usize, error: &LexicalErrorType) -> Option<String> {
    match error {
        LexicalErrorType::UnclosedStringError => {
            let rest = source.get(start..)?.trim_start_matches(|c: char| c.is_ascii_alphabetic());
            let triple = rest.starts_with("\"\"\"") || rest.starts_with("'''");
            Some(unterminated(source, lines, start, triple, "string"))
        }
        LexicalErrorType::FStringError(InterpolatedStringErrorType::UnterminatedString) => {
            Some(unterminated(source, lines, start, false, "f-string"))
        }
        LexicalErrorType::FStringError(InterpolatedStringErrorType::UnterminatedTripleQuotedString) => {
            Some(unterminated(source, lines, start, true, "f-string"))
        }
        LexicalErrorType::FStringError(error) => Some(interpolated("f-string", error)),
        LexicalErrorType::TStringError(error) => Some(interpolated("t-string", error)),
        LexicalErrorType::LineContinuationError => {
            Some("unexpected character after line continuation character".to_owned())
        }
        LexicalErrorType::IndentationError => Some("unindent does not match any outer indentation level".to_owned()),
        LexicalErrorType::Eof => Some("unexpected EOF while parsing".to_owned()),
        LexicalErrorType::UnrecognizedToken { tok } => unrecognized(*tok),
        LexicalErrorType::OtherError(text) if text.contains("Invalid decimal integer") => Some(
            "leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers"
                .to_owned(),
        ),
        _ => None,
    }
}

fn unrecognized(character: char) -> Option<String> {
    match character {
        '\u{20}'..='\u{7e}' => None,
        c if c.is_control() || c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{ad}') => {
            Some(non_printable(c))
        }
        c => Some(format!("invalid character '{c}' (U+{:04X})", u32::from(c))),
    }
}

/// What `CPython` says to a character that is neither text nor white space to it.
pub(crate) fn non_printable(character: char) -> String {
    format!("invalid non-printable character U+{:04X}", u32::from(character))
}

fn unterminated(source: &str, lines: &Lines<'_>, start: usize, triple: bool, kind: &str) -> String {
    // A triple-quoted one runs to the end of the text; a line end there starts no further line.
    let (quotes, end) = if triple { ("triple-quoted ", source.len().saturating_sub(1)) } else { ("", start) };
    format!("unterminated {quotes}{kind} literal (detected at line {})", lines.line(end))
}

fn interpolated(kind: &str, error: &InterpolatedStringErrorType) -> String {
    match error {
        InterpolatedStringErrorType::UnclosedLbrace => format!("{kind}: expecting '}}'"),
        InterpolatedStringErrorType::SingleRbrace => format!("{kind}: single '}}' is not allowed"),
        InterpolatedStringErrorType::LambdaWithoutParentheses => {
            format!("{kind}: lambda expressions are not allowed without parentheses")
        }
        other => format!("{kind}: {other}"),
    }
}

/// The first bracket that does not match, or else the innermost that never closes.
fn unbalanced<'a>(
    source: &str,
    lines: &Lines<'_>,
    tokens: impl IntoIterator<Item = &'a Token>,
) -> Option<(usize, String)> {
    let mut open: Vec<(usize, char)> = Vec::new();
    for token in tokens {
        let at = token.range().start().to_usize();
        let closing = match token.kind() {
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => {
                open.push((at, source.get(at..)?.chars().next()?));
                continue;
            }
            TokenKind::Rpar => ')',
            TokenKind::Rsqb => ']',
            TokenKind::Rbrace => '}',
            _ => continue,
        };
        match open.pop() {
            None => return Some((at, format!("unmatched '{closing}'"))),
            Some((_, opening)) if matches!((opening, closing), ('(', ')') | ('[', ']') | ('{', '}')) => {}
            Some((start, opening)) => {
                let text = format!("closing parenthesis '{closing}' does not match opening parenthesis '{opening}'");
                let place = lines.line(start);
                let text = if place == lines.line(at) { text } else { format!("{text} on line {place}") };
                return Some((at, text));
            }
        }
    }
    open.pop().map(|(at, opening)| (at, format!("'{opening}' was never closed")))
}
