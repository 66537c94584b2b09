//! `%` with a tuple: `CPython` makes an f-string of it, and of what stands between two conversions a constant.

use rustpython_ast::{Expr, ExprBinOp, Operator};

use crate::judge::Judge;

impl<'a> Judge<'a> {
    /// Judges the constants that `'%s…' % (…,)` is compiled to. Also where `CPython` leaves it alone, for a conversion other
    /// than `%s`, `%r` and `%a`: which it takes is its own affair.
    pub(in crate::judge) fn percent(&mut self, node: &'a ExprBinOp) {
        let (Operator::Mod, Expr::StringLiteral(template), Expr::Tuple(_)) = (node.op, &*node.left, &*node.right)
        else {
            return;
        };
        pieces(template.value.to_str(), |piece| self.text(node, piece));
    }
}

/// What stands between the conversions of `template`.
fn pieces(template: &str, mut found: impl FnMut(&str)) {
    let mut piece = String::new();
    let mut rest = template;
    while let Some((text, after)) = rest.split_once('%') {
        piece.push_str(text);
        if let Some(after) = after.strip_prefix('%') {
            piece.push('%');
            rest = after;
            continue;
        }
        found(&piece);
        piece.clear();
        let spec =
            after.trim_start_matches(['-', '+', ' ', '#', '.', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
        rest = spec.get(spec.chars().next().map_or(0, char::len_utf8)..).unwrap_or_default();
    }
    piece.push_str(rest);
    found(&piece);
}

#[cfg(test)]
mod tests {
    #[test]
    fn pieces_are_what_cpython_makes_constants_of() {
        for (template, expected) in [
            ("%s__class__", &["", "__class__"][..]),
            ("a%-10.3rb%%c%a", &["a", "b%c", ""]),
            ("%", &["", ""]),
            ("%é", &["", ""]),
            ("none", &["none"]),
        ] {
            let mut found = Vec::new();
            super::pieces(template, |piece| found.push(piece.to_owned()));
            assert_eq!(found, expected, "{template}");
        }
    }
}
