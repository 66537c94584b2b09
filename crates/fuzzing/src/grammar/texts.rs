//! Texts: literals, f-strings, and expressions that make a text known before they run.

use super::Writer;

/// How a text is taken apart and put together again.
const FOLDS: usize = 9;

impl Writer<'_, '_> {
    /// A text literal: harmless, a refused word, or a template that reads one.
    pub(super) fn text(&mut self) {
        if let Some(text) = self.planted_text() {
            self.literal(&text);
        } else {
            let text = self.choices.pick(&["", "text", "a {} b", "{0!r:>{1}}", "{{x}}", "{0[key].value}", "%s"]);
            self.literal(text);
        }
    }

    fn planted_text(&mut self) -> Option<String> {
        if !self.plants() {
            return None;
        }
        let count = self.words.texts.len();
        let word = self.words.texts[self.choices.below(count)].as_str();
        let text = match self.choices.below(8) {
            0..=2 => word.to_owned(),
            3 => format!("{{0.{word}}}"),
            4 => format!("a {{x[{word}]}}"),
            5 => format!("{{0.a[b].{word}!r:>10}} {{"),
            6 => format!("{{:{{x.{word}}}}}"),
            _ => format!("{{{{{{0.{word}}}}}}}"),
        };
        self.planted(&text, "text");
        Some(text)
    }

    /// A literal of `text`, whose quotes and letters may be written in other ways.
    fn literal(&mut self, text: &str) {
        let quote = self.quote();
        self.push(quote);
        let escapes = self.choices.once_in(3);
        for letter in text.chars() {
            let way = if escapes { self.choices.below(5) } else { 0 };
            let code = u32::from(letter);
            match way {
                1 => self.push(&format!("\\x{code:02x}")),
                2 => self.push(&format!("\\{code:03o}")),
                3 => self.push(&format!("\\U{code:08x}")),
                4 if quote.len() == 1 => self.push(&format!("\\\n{letter}")),
                _ => self.out.push(letter),
            }
        }
        self.push(quote);
    }

    /// Quotes that are not in use around here: what every version of Python takes.
    fn quote(&mut self) -> &'static str {
        let free: Vec<&'static str> =
            ["'", "\"", "'''", "\"\"\""].into_iter().filter(|quote| !self.quotes.contains(quote)).collect();
        if free.is_empty() { "'" } else { self.choices.pick(&free) }
    }

    /// An expression that is known to make a text, which no literal in it spells out.
    pub(super) fn folded(&mut self) {
        // As a part of something larger it may be an operand, or dead: `'a' if 'b' else (…)` is 'a', and no text in it is ever
        // made.
        let is_whole = self.nesting == 1;
        let Some(text) = is_whole.then(|| self.planted_text()).flatten() else {
            self.push("('a' 'b' + 'c' * 2)");
            return;
        };
        // A piece must not be refused by itself for this to be worth it, nor end inside of a letter.
        let middle = text.len() / 2;
        let (head, tail) = text.split_at(middle);
        match self.choices.below(FOLDS) {
            0 => self.push(&format!("({head:?} + {tail:?})")),
            1 => self.push(&format!("({head:?} {tail:?})")),
            2 => self.push(&format!("''.join([{head:?}, {tail:?}])")),
            3 => self.push(&format!("('%s%s' % ({head:?}, {tail:?}))")),
            4 => {
                let reversed: String = text.chars().rev().collect();
                self.push(&format!("{reversed:?}[::-1]"));
            }
            5 => self.push(&format!("b{text:?}.decode()")),
            6 => self.push(&format!("({head:?} + {tail:?} * 1)")),
            7 if !text.contains(['{', '}']) => self.push(&format!("f\"\"\"{{{head:?}}}{tail}\"\"\"")),
            _ => self.push(&format!("({:?}).replace('~', '')", format!("{head}~{tail}"))),
        }
    }

    /// An f-string with code in its fields and their specs.
    pub(super) fn f_string(&mut self) {
        // Inner ones need other quotes before 3.12, and are enough work as they are.
        if self.quotes.len() >= 2 {
            return self.push("z");
        }
        let quote = if self.quotes.is_empty() { "\"\"\"" } else { "'''" };
        self.push("f");
        self.push(quote);
        self.quotes.push(quote);
        let fields = 1 + self.choices.below(2);
        for _ in 0..fields {
            let piece = self.choices.pick(&["", "a ", "{{", "}} "]);
            self.push(piece);
            self.push("{(");
            self.expression();
            self.push(")");
            let tail = self.choices.pick(&["", "=", "!r", ":>10", ":{(", "!s:{("]);
            self.push(tail);
            if tail.ends_with("{(") {
                self.expression();
                self.push(")}");
            }
            self.push("}");
        }
        self.quotes.pop();
        self.push(quote);
    }
}
