//! Python source out of choices, with words of the policy planted at every position a word can have.
//!
//! What is planted is *effective*: it is read, bound or compiled where it stands. So code with something planted must never be
//! accepted, and code with nothing planted must be, as all its other words are harmless.

mod expressions;
mod patterns;
mod statements;
mod texts;

use crate::choices::Choices;
use crate::rules::{self, Words};

/// Nesting of generated code.
const DEPTH: u32 = 6;

/// Bytes after which nothing more is added.
const LONGEST: usize = 16 * 1024;

/// Generated code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The source.
    pub source: String,
    /// What was planted, each with the position it was planted at.
    pub planted: Vec<String>,
}

/// Makes a program out of `choices`; where `plants` is false, only of harmless words.
pub fn program(choices: &mut Choices<'_>, plants: bool) -> Program {
    let mut writer = Writer {
        choices,
        words: rules::words(),
        plants,
        out: String::new(),
        planted: Vec::new(),
        indent: 0,
        depth: 0,
        nesting: 0,
        fresh: 0,
        around: Around::default(),
        quotes: Vec::new(),
    };
    if writer.choices.once_in(8) {
        writer.out.push_str("from __future__ import annotations\n");
    }
    let count = 1 + writer.choices.below(6);
    for _ in 0..count {
        writer.statement();
    }
    Program { source: writer.out, planted: writer.planted }
}

/// Where a word stands, and so which words are refused there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A name that is read, bound, declared or deleted.
    Name,
    /// Behind a dot.
    Attribute,
}

const HARMLESS: [&str; 12] =
    ["x", "y", "item", "data", "_items", "größe", "klass", "__x", "_y", "obj_", "name", "__private"];

/// What is around the place that is written at.
#[derive(Debug, Clone, Copy, Default)]
struct Around {
    a_loop: bool,
    async_code: bool,
    /// A place that neither `:=` nor `await` may be in.
    is_narrow: bool,
}

struct Writer<'c, 'b> {
    choices: &'c mut Choices<'b>,
    words: &'static Words,
    plants: bool,
    out: String,
    planted: Vec<String>,
    indent: usize,
    depth: u32,
    /// Expressions around.
    nesting: u32,
    /// Numbers names that may be there only once.
    fresh: usize,
    around: Around,
    /// Quotes of the f-strings around, which inner ones avoid.
    quotes: Vec<&'static str>,
}

impl Writer<'_, '_> {
    fn push(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn is_full(&self) -> bool {
        self.out.len() > LONGEST || self.depth >= DEPTH || self.choices.is_empty()
    }

    /// Whether to plant here.
    fn plants(&mut self) -> bool {
        self.plants && self.choices.once_in(10)
    }

    fn planted(&mut self, word: &str, place: &str) {
        self.planted.push(format!("{word} {place}"));
    }

    /// A word for this place, harmless or planted.
    fn word(&mut self, place: Place) {
        if !self.plants() {
            let word = self.choices.pick(&HARMLESS);
            // A private name of something imported would be refused, which is another rule's matter.
            let public = if place == Place::Attribute { word.trim_start_matches('_') } else { word };
            self.push(public);
            return;
        }
        match place {
            Place::Name => self.plant(&self.words.names, "name"),
            Place::Attribute => self.plant(&self.words.attributes, "attribute"),
        }
    }

    /// Plants one of `words` as an identifier.
    fn plant(&mut self, words: &'static [String], place: &str) {
        let word = words[self.choices.below(words.len())].as_str();
        self.planted(word, place);
        self.disguised(word);
    }

    /// An identifier, perhaps in letters that Python takes for its own.
    fn disguised(&mut self, word: &str) {
        let every = self.choices.below(4);
        for (at, letter) in word.chars().enumerate() {
            let other = match letter {
                'a'..='z' => [
                    char::from_u32(0xFF41 + (u32::from(letter) - 0x61)),
                    char::from_u32(0x1D41A + (u32::from(letter) - 0x61)),
                    Some(if letter == 's' { 'ſ' } else { letter }),
                ],
                // At the start it is no letter.
                '_' if at > 0 => [Some('＿'), Some('︳'), Some('_')],
                other => [Some(other); 3],
            };
            let shown = if every > 0 && self.choices.once_in(every + 1) { self.choices.pick(&other) } else { None };
            self.out.push(shown.unwrap_or(letter));
        }
    }

    /// A word that is used once.
    fn fresh(&mut self, prefix: &str) {
        self.fresh += 1;
        let word = format!("{prefix}{}", self.fresh);
        self.push(&word);
    }

    /// What `write` writes one level deeper.
    fn deeper(&mut self, write: impl FnOnce(&mut Self)) {
        self.depth += 1;
        write(self);
        self.depth -= 1;
    }

    /// What `write` writes where neither `:=` nor `await` may be.
    fn narrow(&mut self, write: impl FnOnce(&mut Self)) {
        let was = std::mem::replace(&mut self.around.is_narrow, true);
        write(self);
        self.around.is_narrow = was;
    }

    /// Between `least` and `least + more` times, with `separator` between.
    fn list(&mut self, least: usize, more: usize, separator: &str, mut write: impl FnMut(&mut Self)) {
        let count = least + self.choices.below(more + 1);
        for index in 0..count {
            if index > 0 {
                self.push(separator);
            }
            write(self);
        }
    }
}
