//! `'…' % …`, as far as it is made of texts.

use super::value::{PRODUCT, Value};

/// One piece of a template.
enum Piece<'a> {
    Text(&'a str),
    Field(Field),
}

/// `%-10.3s`.
struct Field {
    left: bool,
    width: usize,
    precision: Option<usize>,
    conversion: char,
}

/// Makes the text; nothing where an argument is missing, left over, or of a kind that is not read here.
pub(super) fn format(template: &str, arguments: &[Value]) -> Option<String> {
    let mut arguments = arguments.iter();
    let mut text = String::new();
    for piece in pieces(template)? {
        match piece {
            Piece::Text(piece) => text.push_str(piece),
            Piece::Field(field) => text.push_str(&field.filled(arguments.next()?)?),
        }
        if text.len() > PRODUCT {
            return None;
        }
    }
    arguments.next().is_none().then_some(text)
}

/// The texts between the fields, which become constants of their own where the arguments stand in a tuple of as many as
/// there are fields, and all fields are of a kind that `CPython` turns into an f-string.
pub(super) fn between(template: &str, arguments: usize) -> Option<Vec<String>> {
    let (mut texts, mut fields) = (vec![String::new()], 0);
    for piece in pieces(template)? {
        match piece {
            Piece::Text(piece) => texts.last_mut()?.push_str(piece),
            Piece::Field(field) if matches!(field.conversion, 's' | 'r' | 'a') => {
                fields += 1;
                texts.push(String::new());
            }
            Piece::Field(_) => return None,
        }
    }
    (fields > 0 && fields == arguments).then_some(texts)
}

fn pieces(template: &str) -> Option<Vec<Piece<'_>>> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some(at) = rest.find('%') {
        pieces.push(Piece::Text(&rest[..at]));
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            pieces.push(Piece::Text("%"));
            rest = after;
        } else {
            let (field, after) = field(rest)?;
            pieces.push(Piece::Field(field));
            rest = after;
        }
    }
    pieces.push(Piece::Text(rest));
    Some(pieces)
}

fn field(text: &str) -> Option<(Field, &str)> {
    let after_flags = text.trim_start_matches(['-', '+', ' ', '#', '0']);
    let left = text[..text.len() - after_flags.len()].contains('-');
    let (width, rest) = number(after_flags)?;
    let (precision, rest) = match rest.strip_prefix('.') {
        Some(rest) => {
            let (precision, rest) = number(rest)?;
            (Some(precision), rest)
        }
        None => (None, rest),
    };
    let conversion = rest.chars().next()?;
    Some((Field { left, width, precision, conversion }, &rest[conversion.len_utf8()..]))
}

/// A number at the beginning, 0 where there is none.
fn number(text: &str) -> Option<(usize, &str)> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = &text[..text.len() - rest.len()];
    let number = if digits.is_empty() { 0 } else { digits.parse().ok().filter(|number| *number <= PRODUCT)? };
    Some((number, rest))
}

impl Field {
    fn filled(&self, argument: &Value) -> Option<String> {
        let text = match (self.conversion, argument) {
            ('s', value) => value.plain()?,
            ('c', Value::Text(text)) if text.chars().count() == 1 => text.clone(),
            ('c', Value::Int(code)) => char::from_u32(u32::try_from(*code).ok()?)?.into(),
            ('d' | 'i' | 'u', value) => value.int()?.to_string(),
            _ => return None,
        };
        let cut: String = match self.precision {
            Some(precision) if self.conversion == 's' => text.chars().take(precision).collect(),
            _ => text,
        };
        let blanks = " ".repeat(self.width.saturating_sub(cut.chars().count()));
        Some(if self.left { cut + &blanks } else { blanks + &cut })
    }
}
