//! Bounds that hold before anything recurses.
//!
//! Two nets. [`openers`] is crude and is what safety rests on: it counts, in the raw text, everything that can
//! make the parser recurse, whatever the text may mean. It must not depend on where strings and comments are:
//! when the parser recovers from an error inside an f-string it may take code for text and text for code.
//! [`depth`] reads tokens and is exact for valid code; it refuses, with a line, what `CPython` would refuse too
//! or what would make the syntax tree deep, before any of it is parsed.

use rustpython_ast::token::{Token, TokenKind};
use rustpython_parser::{Mode, ParseError, lexer};
use text_size::Ranged;

use crate::lines::Lines;
use crate::rules::Limits;
use crate::verdict::{Bound, BoundExceeded};

/// Stack that one opener can cost the parser, measured (see `tests/exhaustion.rs`, which holds it to account) and
/// rounded up: the dearest found, an f-string in an f-string, takes 3.4 KiB.
pub(crate) const STACK_PER_OPENER: usize = 4096;

/// The most openers that are ever parsed. A megabyte of ordinary Python has some 43 000.
pub const MAX_OPENERS: usize = 128 * 1024;

/// A text with so few openers is parsed before its tokens are looked at, as it can touch no more than 8 MiB of stack.
/// Some 45 KB of ordinary Python have as many.
pub(crate) const FEW_OPENERS: usize = 2048;

/// Errors after which the tokenizer is stopped.
const LEXER_ERRORS: usize = 100;

/// Words that open a recursion. Counted as letters, wherever they stand: a comment or text that holds them is
/// counted too, which is never too few.
const WORDS: [&[u8]; 11] =
    [b"not", b"lambda", b"await", b"async", b"yield", b"else", b"if", b"or", b"and", b"in", b"is"];

/// What the start of an f-string counts: nested ones cost the parser time by the square of their number, too.
const NESTING_STRING: usize = 4;

/// What a byte is to [`openers`].
#[derive(Clone, Copy)]
enum Class {
    Opener,
    // A digit is no letter here: `1if x else 2` is Python, and so is `0or x`. Nor is anything beyond ASCII: what is
    // no letter there ends a word.
    Letter,
    Other,
}

/// By byte: this runs over every text, before anything else does.
const CLASSES: [Class; 256] = {
    let mut classes = [Class::Other; 256];
    let mut byte = 0;
    while byte < 128 {
        classes[byte as usize] = match byte {
            b'(' | b'[' | b'{' | b'+' | b'-' | b'~' | b'*' | b'/' | b'%' | b'@' | b'|' | b'^' | b'&' | b'<' | b'>'
            | b'=' | b'!' => Class::Opener,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => Class::Letter,
            _ => Class::Other,
        };
        byte += 1u8;
    }
    classes
};

/// How many characters and words of `source` can make a parser recurse.
pub(crate) fn openers(source: &str) -> usize {
    let bytes = source.as_bytes();
    let (mut count, mut at) = (0, 0);
    while let Some(&byte) = bytes.get(at) {
        match CLASSES[usize::from(byte)] {
            Class::Other => {}
            Class::Opener => count += 1,
            Class::Letter => {
                let rest = &bytes[at..];
                let length = rest.iter().position(|&byte| !matches!(CLASSES[usize::from(byte)], Class::Letter));
                let word = &rest[..length.unwrap_or(rest.len())];
                count += usize::from(matches!(word.len(), 2..=6) && WORDS.contains(&word));
                if opens_nesting_string(word, rest.get(word.len())) {
                    count += NESTING_STRING;
                }
                at += word.len() - 1;
            }
        }
        at += 1;
    }
    count
}

/// Whether a word is the prefix of an f-string or t-string.
fn opens_nesting_string(word: &[u8], next: Option<&u8>) -> bool {
    matches!(word.len(), 1 | 2)
        && matches!(next, Some(b'\'' | b'"'))
        && word.iter().any(|letter| matches!(letter, b'f' | b'F' | b't' | b'T'))
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
        if let Err(excess) = state.token(kind) {
            return Err(excess.on(line_of_token(source, ordinal, kind)));
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

/// [`depth`], with the tokens that the parser kept of a text without errors. They are those of the tokenizer.
pub(crate) fn depth_of_tokens(source: &str, tokens: &[Token], limits: &Limits) -> Result<(), BoundExceeded> {
    let mut state = Nesting::new(limits);
    for token in tokens {
        let place = |excess: Excess| excess.on(Lines::new(source).line(token.range().start().to_usize()));
        state.token(token.kind()).map_err(place)?;
    }
    Ok(())
}

/// A bound that is exceeded, and its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Excess(Bound, u32);

impl Excess {
    fn on(self, line: u32) -> BoundExceeded {
        let Self(bound, limit) = self;
        BoundExceeded { bound, limit: limit as usize, found: limit as usize + 1, line }
    }
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

    fn token(&mut self, kind: TokenKind) -> Result<(), Excess> {
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
                    return Err(Excess(Bound::Indents, self.limits.indents));
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

    fn link(&mut self) -> Result<(), Excess> {
        if let Some(chain) = self.chains.last_mut() {
            *chain += 1;
            self.depth += 1;
            if *chain > self.limits.chain {
                return Err(Excess(Bound::Chain, self.limits.chain));
            }
        }
        if self.depth > self.limits.depth {
            return Err(Excess(Bound::Depth, self.limits.depth));
        }
        Ok(())
    }

    fn open(&mut self) -> Result<(), Excess> {
        self.chains.push(0);
        if self.chains.len() > self.limits.brackets as usize + 1 {
            return Err(Excess(Bound::Brackets, self.limits.brackets));
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

    fn branch(&mut self, next: impl Fn(u32) -> u32) -> Result<(), Excess> {
        if let Some(count) = self.branches.last_mut() {
            *count = next(*count);
            if *count > self.limits.chain {
                return Err(Excess(Bound::Chain, self.limits.chain));
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

#[cfg(test)]
mod tests {
    use rustpython_parser::{ParseOptions, parse_unchecked};

    use super::*;

    /// Texts without errors, for which either way to read tokens has to come to the same end.
    const TEXTS: &[&str] = &[
        "",
        "x = 1",
        "((((x))))",
        "x = [\n 1, # a\n -2,\n f(3)[4].a.b.c,\n]\n",
        "if a:\n if b:\n  if c:\n   d\n elif e:\n  f\n# g\nelif h:\n  i\n",
        "if a: b\nelif c: d\nelif e: f\nif g: h\nelif i: j\n",
        "x = f'{a + b:{c}} {d - -e!r}'",
        "t'{g + -h}'",
        "match x:\n case [a, *_] if a - b: pass\n case _: pass\n",
        "type X[T] = a.b.c\nlambda: not a ** -b\n",
        "x = (a\n\n# b\n - c\n)\ny = a if b else c if d else e\n",
        "async def f():\n await a.b; await c.d\n",
    ];

    #[test]
    fn tokens_of_the_tokenizer_and_of_the_parser_are_as_deep() {
        for text in TEXTS {
            let parsed = parse_unchecked(text, ParseOptions::from(Mode::Module));
            assert_eq!(parsed.errors(), [], "{text}");
            for bound in 0..6 {
                let tight = Limits { brackets: bound, ..Limits::default() };
                let others = [
                    Limits { indents: bound, ..Limits::default() },
                    Limits { chain: bound, ..Limits::default() },
                    Limits { depth: bound, ..Limits::default() },
                ];
                for limits in [tight].iter().chain(&others) {
                    let before = depth(text, limits).map(|error| assert!(error.is_none(), "{error:?}"));
                    assert_eq!(before, depth_of_tokens(text, parsed.tokens(), limits), "{limits:?}\n{text}");
                }
            }
        }
    }

    #[test]
    fn openers_are_counted_wherever_they_stand() {
        for (text, count) in [
            ("", 0),
            ("x = 1", 1),
            ("not a", 1),
            ("nota knot", 0),
            ("1if x else 2", 2),
            ("0or x", 1),
            ("éor x", 1),
            ("f'a' F\"\" rb'' tr''", 12),
            ("off'a' x_f''", 0),
            ("if'a'", 5),
            ("# ((", 2),
            ("'not'", 1),
            ("lambda", 1),
            ("a", 0),
            ("f", 0),
        ] {
            assert_eq!(openers(text), count, "{text}");
        }
    }
}
