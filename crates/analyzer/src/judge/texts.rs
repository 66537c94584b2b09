//! String constants, as literals, as parts of f-strings, and folded.

use rustpython_ast::{
    Expr, ExprFString, ExprTString, FStringPart, InterpolatedElement, InterpolatedStringElement,
    InterpolatedStringElements,
};
use text_size::{Ranged, TextRange};

use super::{Judge, is_dunder};
use crate::fold::Folder;
use crate::rules::StringRule;
use crate::text;
use crate::verdict::Rule;

/// The literal pieces between two replacement fields, which are one constant to Python.
#[derive(Default)]
struct Piece {
    text: String,
    at: Option<TextRange>,
}

impl Piece {
    fn push(&mut self, node: &impl Ranged, text: &str) {
        self.text.push_str(text);
        self.at.get_or_insert_with(|| node.range());
    }
}

impl<'a> Judge<'a> {
    /// Judges one string constant.
    pub(super) fn text(&mut self, node: &impl Ranged, constant: &str) {
        if self.rules.strings == StringRule::Off {
            return;
        }
        self.whole(node, constant);
        palisade_template::fields(constant, &mut |name| {
            if self.is_blocked_attribute(name) || self.names.contains(name) {
                self.add(node, Rule::StringPattern, name, text::string_pattern);
            }
        });
        self.dotted(node, constant);
    }

    /// Judges a text that stands as a statement. CPython takes the indentation off where it is a docstring (3.13 on), and
    /// what is left is a constant as any other.
    pub(super) fn docstring(&mut self, node: &impl Ranged, constant: &str) {
        let cleaned = constant.trim_start_matches([' ', '\t']);
        if self.rules.strings != StringRule::Off && cleaned.len() != constant.len() {
            self.whole(node, cleaned);
        }
    }

    /// Judges a text that is one word.
    fn whole(&mut self, node: &impl Ranged, constant: &str) {
        if self.rules.strings != StringRule::All && !is_dunder(constant) {
            return;
        }
        if self.names.contains(constant) {
            self.add(node, Rule::StringConstant, constant, text::name);
        } else if self.is_blocked_attribute(constant) {
            self.add(node, Rule::StringConstant, constant, text::attribute);
        }
    }

    /// Names between dots, as `operator.attrgetter('a.b')` takes them, and late evaluation. Words that are no dunders are
    /// left alone here: `t.obj` is as likely a column of a table.
    fn dotted(&mut self, node: &impl Ranged, constant: &str) {
        // Braces are those of a template, which is read as one.
        if !constant.contains('.') || !constant.contains("__") || constant.contains(['{', '}']) {
            return;
        }
        for part in constant.split('.').filter(|part| is_dunder(part)) {
            if self.names.contains(part) {
                self.add(node, Rule::StringConstant, part, text::name);
            } else if self.is_blocked_attribute(part) {
                self.add(node, Rule::StringConstant, part, text::attribute);
            }
        }
    }

    /// Judges the text an expression is known to make, if it is the outermost that makes one.
    pub(super) fn folded_text(&mut self, expression: &'a Expr) {
        let inside = |folded: TextRange| folded.contains_range(expression.range());
        if self.rules.strings == StringRule::Off || self.folded.is_some_and(inside) {
            return;
        }
        for piece in Folder::between_fields(expression) {
            self.text(expression, &piece);
        }
        if let Some(constant) = self.folder.text(expression) {
            self.folded = Some(expression.range());
            // A constant of one piece is judged as that piece.
            if !matches!(expression, Expr::FString(string) if is_plain(string)) {
                self.text(expression, &constant);
            }
        }
    }

    pub(super) fn f_string(&mut self, node: &'a ExprFString) {
        let mut piece = Piece::default();
        for part in node.value.as_slice() {
            match part {
                FStringPart::Literal(literal) => piece.push(literal, literal),
                FStringPart::FString(string) => self.elements(&string.elements, &mut piece),
            }
        }
        self.flush(&mut piece);
    }

    pub(super) fn t_string(&mut self, node: &'a ExprTString) {
        let mut piece = Piece::default();
        for string in node.value.as_slice() {
            self.elements(&string.elements, &mut piece);
        }
        self.flush(&mut piece);
    }

    fn elements(&mut self, elements: &'a InterpolatedStringElements, piece: &mut Piece) {
        for element in elements {
            match element {
                InterpolatedStringElement::Literal(literal) => piece.push(literal, literal),
                InterpolatedStringElement::Interpolation(field) => {
                    self.nested(field, |judge| judge.field(field, piece));
                }
            }
        }
    }

    fn field(&mut self, field: &'a InterpolatedElement, piece: &mut Piece) {
        if let Some(debug) = &field.debug_text {
            // `{x=}` puts its own source into the text.
            let range = field.expression.range();
            let shown = self.source.get(range.start().to_usize()..range.end().to_usize()).unwrap_or_default();
            piece.push(field, &debug.leading);
            piece.push(field, shown);
            piece.push(field, &debug.trailing);
        }
        self.flush(piece);
        self.expression(&field.expression);
        if let Some(spec) = field.format_spec.as_deref() {
            let mut piece = Piece::default();
            self.elements(&spec.elements, &mut piece);
            self.flush(&mut piece);
        }
    }

    fn flush(&mut self, piece: &mut Piece) {
        let Piece { text, at } = std::mem::take(piece);
        if let Some(at) = at {
            self.text(&at, &text);
        }
    }
}

/// Whether an f-string has no replacement field.
fn is_plain(string: &ExprFString) -> bool {
    string.value.as_slice().iter().all(|part| match part {
        FStringPart::Literal(_) => true,
        FStringPart::FString(string) => string.elements.interpolations().next().is_none(),
    })
}
