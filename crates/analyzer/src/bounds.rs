//! Bounds that hold before anything recurses.
//!
//! Two nets. [`openers`] is crude and is what safety rests on: it counts, in the raw text, everything that can
//! make the parser recurse, whatever the text may mean. It must not depend on where strings and comments are:
//! when the parser recovers from an error inside an f-string it may take code for text and text for code.
//! [`depth`] reads tokens and is exact for valid code; it refuses, with a line, what `CPython` would refuse too
//! or what would make the syntax tree deep, before any of it is parsed.

use rustpython_ast::token::TokenKind;
use rustpython_parser::{Mode, ParseError, lexer};

use crate::lines::Lines;
use crate::rules::Limits;
use crate::verdict::{Bound, BoundExceeded};

/// Stack that one opener can cost the parser, measured (see `tests/exhaustion.rs`, which holds it to account) and
/// rounded up: the dearest found, an f-string in an f-string, takes 3.4 KiB.
pub(crate) const STACK_PER_OPENER: usize = 4096;

/// The most openers that are ever parsed. A megabyte of ordinary Python has some 43 000.
pub const MAX_OPENERS: usize = 128 * 1024;

/// Errors after which the tokenizer is stopped.
const LEXER_ERRORS: usize = 100;

/// Words that open a recursion. Counted as letters, wherever they stand: cheaper than finding word
/// boundaries, and never too few.
const WORDS: [&[u8]; 11] =
    [b"not", b"lambda", b"await", b"async", b"yield", b"else", b"if", b"or", b"and", b"in", b"is"];

/// What the start of an f-string counts: nested ones cost the parser time by the square of their number, too.
const NESTING_STRING: usize = 4;

/// How many characters and words of `source` can make a parser recurse.
pub(crate) fn openers(source: &str) -> usize {
    let bytes = source.as_bytes();
    let mut count = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        count += match byte {
            b'(' | b'[' | b'{' | b'+' | b'-' | b'~' | b'*' | b'/' | b'%' | b'@' | b'|' | b'^' | b'&' | b'<' | b'>'
            | b'=' | b'!' => 1,
            b'n' | b'l' | b'a' | b'y' | b'e' | b'i' | b'o' => {
                let standing_alone = at == 0 || !is_word(bytes[at - 1]);
                usize::from(standing_alone && WORDS.iter().any(|word| starts_word(&bytes[at..], word)))
            }
            b'\'' | b'"' if is_nesting_prefix(&bytes[..at]) => NESTING_STRING,
            _ => 0,
        };
    }
    count
}

/// Whether `before` ends in the prefix of an f-string or t-string, and not in a longer word.
fn is_nesting_prefix(before: &[u8]) -> bool {
    // Three letters are enough to tell: no prefix has so many.
    let tail = &before[before.len().saturating_sub(3)..];
    let letters = &tail[tail.iter().rposition(|&byte| !is_word(byte)).map_or(0, |at| at + 1)..];
    matches!(letters.len(), 1 | 2) && letters.iter().any(|letter| matches!(letter, b'f' | b'F' | b't' | b'T'))
}

fn starts_word(text: &[u8], word: &[u8]) -> bool {
    text.starts_with(word) && text.get(word.len()).is_none_or(|&next| !is_word(next))
}

// A digit is no word character here: `1if x else 2` is Python, and so is `0or x`. Nor is anything beyond ASCII:
// what is no letter there ends a word.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

/// Checks nesting and chains on the token level. Returns the first error of the tokenizer, if any: such a text
/// need not reach the parser.
pub(crate) fn depth(source: &str, limits: &Limits) -> Result<Option<ParseError>, BoundExceeded> {
    let mut state = Nesting::new(limits);
    let mut tokens = lexer::lex(source, Mode::Module);
    let (mut ordinal, mut errors) = (0, 0);
    loop {
        let kind = tokens.next_token();
        if kind == TokenKind::EndOfFile {
            break;
        }
        if let Err((bound, limit)) = state.token(kind) {
            return Err(BoundExceeded {
                bound,
                limit: limit as usize,
                found: limit as usize + 1,
                line: line_of_token(source, ordinal, kind),
            });
        }
        ordinal += 1;
        if kind == TokenKind::Unknown {
            // The lexer keeps every error; a text of nothing else need not be read to its end.
            errors += 1;
            if errors == LEXER_ERRORS {
                break;
            }
        }
    }
    Ok(tokens.finish().into_iter().next().map(ParseError::from))
}

struct Nesting<'a> {
    limits: &'a Limits,
    /// Length of the chain in each open bracket, the statement itself first.
    chains: Vec<u32>,
    /// Sum of `chains`.
    depth: u32,
    /// `elif` clauses seen at each indentation level.
    branches: Vec<u32>,
    at_line_start: bool,
}

impl<'a> Nesting<'a> {
    fn new(limits: &'a Limits) -> Self {
        Self { limits, chains: vec![0], depth: 0, branches: vec![0], at_line_start: true }
    }

    fn token(&mut self, kind: TokenKind) -> Result<(), (Bound, u32)> {
        let at_line_start = std::mem::replace(
            &mut self.at_line_start,
            matches!(
                kind,
                TokenKind::Newline
                    | TokenKind::Indent
                    | TokenKind::Dedent
                    | TokenKind::Comment
                    | TokenKind::NonLogicalNewline
            ) && self.chains.len() == 1,
        );
        match kind {
            TokenKind::Lpar | TokenKind::Lsqb => {
                self.link()?;
                self.open()?;
            }
            TokenKind::Lbrace => self.open()?,
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => self.close(),
            TokenKind::Comma | TokenKind::Semi | TokenKind::Newline => self.reset(),
            TokenKind::Indent => {
                self.branches.push(0);
                if self.branches.len() > self.limits.indents as usize + 1 {
                    return Err((Bound::Indents, self.limits.indents));
                }
            }
            TokenKind::Dedent => {
                self.branches.pop();
                if self.branches.is_empty() {
                    self.branches.push(0);
                }
            }
            TokenKind::If if at_line_start => self.branch(|_| 0)?,
            TokenKind::Elif => self.branch(|count| count + 1)?,
            TokenKind::Dot
            | TokenKind::Plus
            | TokenKind::Minus
            | TokenKind::Tilde
            | TokenKind::Star
            | TokenKind::DoubleStar
            | TokenKind::Slash
            | TokenKind::DoubleSlash
            | TokenKind::Percent
            | TokenKind::At
            | TokenKind::Vbar
            | TokenKind::Amper
            | TokenKind::CircumFlex
            | TokenKind::LeftShift
            | TokenKind::RightShift
            | TokenKind::Not
            | TokenKind::Lambda
            | TokenKind::Await
            | TokenKind::Yield
            | TokenKind::Async
            | TokenKind::If
            | TokenKind::ColonEqual => self.link()?,
            _ => {}
        }
        Ok(())
    }

    fn link(&mut self) -> Result<(), (Bound, u32)> {
        if let Some(chain) = self.chains.last_mut() {
            *chain += 1;
            self.depth += 1;
            if *chain > self.limits.chain {
                return Err((Bound::Chain, self.limits.chain));
            }
        }
        if self.depth > self.limits.depth {
            return Err((Bound::Depth, self.limits.depth));
        }
        Ok(())
    }

    fn open(&mut self) -> Result<(), (Bound, u32)> {
        self.chains.push(0);
        if self.chains.len() > self.limits.brackets as usize + 1 {
            return Err((Bound::Brackets, self.limits.brackets));
        }
        Ok(())
    }

    fn close(&mut self) {
        if self.chains.len() > 1
            && let Some(chain) = self.chains.pop()
        {
            self.depth -= chain;
        }
    }

    fn reset(&mut self) {
        if let Some(chain) = self.chains.last_mut() {
            self.depth -= std::mem::take(chain);
        }
    }

    fn branch(&mut self, next: impl Fn(u32) -> u32) -> Result<(), (Bound, u32)> {
        if let Some(count) = self.branches.last_mut() {
            *count = next(*count);
            if *count > self.limits.chain {
                return Err((Bound::Chain, self.limits.chain));
            }
        }
        Ok(())
    }
}

/// The line of a token that the lexer does not tell the place of: the shortest prefix of the text in which that
/// token appears ends in it. Twenty passes over a text that is refused, and only then.
fn line_of_token(source: &str, ordinal: usize, kind: TokenKind) -> u32 {
    let appears = |end: usize| {
        let mut tokens = lexer::lex(&source[..end], Mode::Module);
        for _ in 0..ordinal {
            if tokens.next_token() == TokenKind::EndOfFile {
                return false;
            }
        }
        tokens.next_token() == kind
    };
    let (mut without, mut with) = (0, source.len());
    while with - without > 1 {
        let middle = source.floor_char_boundary(without.midpoint(with));
        if middle == without {
            break;
        }
        if appears(middle) {
            with = middle;
        } else {
            without = middle;
        }
    }
    Lines::new(source).line(with.saturating_sub(1))
}
