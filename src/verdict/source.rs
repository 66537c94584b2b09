//! Lines of the user's code, as errors show them.

use palisade_analyzer::Lines;
use palisade_channel::message::Span;

/// Characters of a line that are shown.
const MAX_LINE: usize = 200;

/// The user's code, by lines as CPython counts them.
pub(super) struct Source<'a>(Lines<'a>);

/// A line without the blanks around it, cut where it is long, and what to put below it.
pub(super) struct Shown {
    pub(super) text: String,
    /// Blanks and carets that point at a part of it; none where that is all of it, or not shown.
    pub(super) carets: Option<String>,
}

impl<'a> Source<'a> {
    pub(super) fn new(code: &'a str) -> Self {
        Self(Lines::new(code))
    }

    /// A line, from 1; nothing where it is blank, or there is none.
    pub(super) fn line(&self, number: u64, span: Option<Span>) -> Option<Shown> {
        let line = self.whole(number);
        let blank = line.len() - line.trim_start_matches(is_blank).len();
        let text = line.trim_matches(is_blank);
        if text.is_empty() {
            return None;
        }
        let carets = span.and_then(|Span { start, end }| {
            let end = end.map_or(line.len(), |end| end as usize);
            let (start, end) = ((start as usize).checked_sub(blank)?, end.checked_sub(blank)?.min(text.len()));
            // Numbers that fit no character of the line are not ours.
            let (before, part) = (text.get(..start)?, text.get(start..end)?);
            carets(before.chars().count(), part.chars().count(), text.chars().count())
        });
        Some(Shown { text: cut(text), carets })
    }

    /// A line with carets from one column up to another, both from 1 and in characters.
    pub(super) fn columns(&self, number: u64, from: u64, to: Option<u64>) -> Option<Shown> {
        let line = self.whole(number);
        let blank = line.chars().take_while(|&c| is_blank(c)).count();
        let text = line.trim_matches(is_blank);
        if text.is_empty() {
            return None;
        }
        let start = usize::try_from(from).ok()?.checked_sub(blank + 1);
        let length =
            to.and_then(|to| to.checked_sub(from)).map_or(1, |length| usize::try_from(length).unwrap_or(1).max(1));
        // One behind the end of a line is where something is missing.
        let shown = text.chars().count();
        let carets =
            start.filter(|&start| start <= shown).and_then(|start| carets(start, length.min(shown + 1 - start), 0));
        Some(Shown { text: cut(text), carets })
    }

    fn whole(&self, number: u64) -> &'a str {
        u32::try_from(number).map_or("", |number| self.0.text(number))
    }

    /// The column of the byte at `offset` in a line, from 1 and in characters.
    pub(super) fn column(&self, number: u64, offset: u32) -> Option<u64> {
        let before = self.whole(number).get(..offset as usize)?;
        Some(before.chars().count() as u64 + 1)
    }
}

/// What CPython's tokenizer takes for blanks.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\x0c')
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_LINE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// `count` carets behind `before` blanks; nothing where they would be below all of a line, or where it is cut.
fn carets(before: usize, count: usize, whole: usize) -> Option<String> {
    let is_shown = count > 0 && count != whole && before < MAX_LINE;
    is_shown.then(|| " ".repeat(before) + &"^".repeat(count.min(MAX_LINE - before)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn below(code: &str, line: u64, start: u32, end: Option<u32>) -> Option<(String, Option<String>)> {
        let shown = Source::new(code).line(line, Some(Span { start, end }))?;
        Some((shown.text, shown.carets))
    }

    #[test]
    fn carets_are_below_the_part() {
        let code = "x = 1\n  é = a['b']['c']\r\n\x0c  y";
        assert_eq!(below(code, 2, 7, Some(13)), Some(("é = a['b']['c']".into(), Some("    ^^^^^^".into()))));
        // It goes on in another line.
        assert_eq!(below(code, 2, 7, None).unwrap().1.unwrap(), "    ^^^^^^^^^^^");
        // All of it.
        assert_eq!(below(code, 1, 0, Some(5)), Some(("x = 1".into(), None)));
        assert_eq!(below(code, 3, 3, Some(4)), Some(("y".into(), None)));
    }

    #[test]
    fn numbers_that_fit_nothing_do_no_harm() {
        let code = "  é = 1\n\n";
        for (start, end) in
            [(0, Some(1)), (3, Some(4)), (5, Some(4)), (99, None), (u32::MAX, Some(u32::MAX)), (0, None)]
        {
            assert_eq!(below(code, 1, start, end), Some(("é = 1".into(), None)), "{start} {end:?}");
        }
        let source = Source::new(code);
        for line in [0, 2, 3, 4, u64::from(u32::MAX), u64::MAX] {
            assert!(source.line(line, None).is_none(), "{line}");
            assert!(source.columns(line, 1, None).is_none(), "{line}");
        }
        for (from, to) in [(0, None), (1, Some(9)), (9, None), (u64::MAX, Some(u64::MAX)), (0, Some(0))] {
            assert!(source.columns(1, from, to).unwrap().carets.is_none(), "{from} {to:?}");
        }
        assert_eq!(source.columns(1, 3, Some(u64::MAX)).unwrap().carets.unwrap(), "^^^^^^");
        assert_eq!(source.column(1, 4), Some(4));
        assert_eq!((source.column(1, 3), source.column(9, 1)), (None, None));
    }

    #[test]
    fn a_long_line_is_cut() {
        let code = "é".repeat(1000);
        let shown = Source::new(&code).line(1, Some(Span { start: 2, end: None })).unwrap();
        assert_eq!((shown.text.chars().count(), shown.carets.unwrap().chars().count()), (201, 200));
        let shown = Source::new(&code).columns(1, 900, None).unwrap();
        assert_eq!((shown.text.chars().count(), shown.carets), (201, None));
    }
}
