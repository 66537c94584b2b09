//! Texts that are made of pieces: known to the analyzer whenever they are known to whoever put them together.
//!
//! The reference is the way there: the value comes first, and an expression for it is made by undoing operations.

use palisade_analyzer::Verdict;

use super::judged;
use crate::choices::Choices;
use crate::rules;

/// Operations within operations.
const DEPTH: u32 = 4;

/// A text of which no part is refused.
const HARMLESS: &str = "item{}text";

/// Takes a text apart and judges the expression that puts it together.
///
/// # Panics
/// When the expression for a refused text is accepted, or one for a harmless text refused.
pub fn body(input: &[u8]) {
    let choices = &mut Choices::new(input);
    let words = &rules::words().texts;
    let index = choices.below(words.len() * 2 + 1);
    let (text, is_refused) = match words.get(index) {
        Some(word) => (word.clone(), true),
        None => match words.get(index.saturating_sub(words.len())) {
            Some(word) => (format!("{{0.{word}}}"), true),
            None => (HARMLESS.to_owned(), false),
        },
    };
    let expression = expression(choices, &text, DEPTH);
    let verdict = judged(&format!("x = {expression}\n"), &rules::shipped());
    if is_refused {
        assert!(matches!(verdict, Verdict::Refused(_)), "{expression} is {text:?} and {verdict:?}");
    } else {
        assert!(verdict == Verdict::Clean, "{expression} is {text:?} and {verdict:?}");
    }
}

/// An expression whose value is `text`, which is ASCII.
fn expression(choices: &mut Choices<'_>, text: &str, depth: u32) -> String {
    if depth == 0 {
        return literal(choices, text);
    }
    let (head, tail) = text.split_at(choices.below(text.len() + 1));
    let inner = |choices: &mut Choices<'_>, text: &str| expression(choices, text, depth - 1);
    match choices.below(14) {
        0 => literal(choices, text),
        1 | 2 => format!("({} + {})", inner(choices, head), inner(choices, tail)),
        3 => format!("({} {})", literal(choices, head), literal(choices, tail)),
        4 => format!("{}.join([{}, {}])", literal(choices, ""), inner(choices, head), inner(choices, tail)),
        5 => format!("('%s%s' % ({}, {}))", inner(choices, head), inner(choices, tail)),
        6 => format!("{}[::-1]", inner(choices, &text.chars().rev().collect::<String>())),
        7 => format!("{}[1:-2]", inner(choices, &format!("<{text}>>"))),
        8 => format!("b{text:?}.decode()"),
        // Once: another mark of the same kind around would go with it.
        9 if !text.contains('~') => {
            format!("{}.replace({}, '')", inner(choices, &format!("{head}~{tail}")), inner(choices, "~"))
        }
        // A text in capitals or with spaces around would lose what it begins or ends with.
        10 if text.trim() == text && !text.contains(|c: char| c.is_ascii_uppercase()) => {
            format!("{}.lower()", inner(choices, &text.to_ascii_uppercase()))
        }
        11 if text.trim() == text => format!("{}.strip()", inner(choices, &format!(" {text} "))),
        12 if !text.contains(['{', '}']) => format!("f'{head}{{{}}}'", inner(choices, tail)),
        13 => repeated(choices, text).unwrap_or_else(|| inner(choices, text)),
        _ => inner(choices, text),
    }
}

/// `'ab' * 2`, where the text is such a repetition; with the rest behind it where it begins with one.
fn repeated(choices: &mut Choices<'_>, text: &str) -> Option<String> {
    let first = text.chars().next()?;
    let rest = text.trim_start_matches(first);
    let count = text.len() - rest.len();
    Some(format!("({:?} * {count} + {})", first.to_string(), literal(choices, rest)))
}

fn literal(choices: &mut Choices<'_>, text: &str) -> String {
    let way = choices.below(4);
    let escaped: String = text
        .bytes()
        .map(|byte| match way {
            1 => format!("\\x{byte:02x}"),
            2 => format!("\\{byte:03o}"),
            3 => format!("\\U{byte:08x}"),
            _ => char::from(byte).to_string(),
        })
        .collect();
    let quote = choices.pick(&["'", "\"", "'''"]);
    format!("{quote}{escaped}{quote}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_made_in_many_ways_and_all_are_known() {
        let mut ways = std::collections::BTreeSet::new();
        for seed in 1_u64..=400 {
            let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let bytes: Vec<u8> = (0..40)
                .map(|_| {
                    state = state.rotate_left(13).wrapping_mul(5);
                    state.to_le_bytes()[3]
                })
                .collect();
            body(&bytes);
            ways.insert(expression(&mut Choices::new(&bytes), "__class__", DEPTH));
        }
        assert!(ways.len() > 100, "{}", ways.len());
    }
}
