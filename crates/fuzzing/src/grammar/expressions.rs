//! Expressions.

use super::{Place, Writer};

const BINARY: [&str; 22] = [
    " + ", " - ", " * ", " @ ", " / ", " % ", " ** ", " << ", " >> ", " | ", " ^ ", " & ", " // ", " and ", " or ",
    " < ", " == ", " is not ", " not in ", " in ", " >= ", "\\\n is ",
];

const ATOMS: [&str; 12] =
    ["1", "None", "...", "True", "0x1f", "1_0.5e3", "2j", "b'y'", "()", "[]", "{}", "99999999999999999999999"];

impl Writer<'_, '_> {
    pub(super) fn expression(&mut self) {
        self.nesting += 1;
        self.nested();
        self.nesting -= 1;
    }

    fn nested(&mut self) {
        if self.is_full() {
            return self.atom();
        }
        self.deeper(|writer| match writer.choices.below(22) {
            0..=4 => writer.atom(),
            5 => {
                writer.primary();
                writer.push(".");
                writer.word(Place::Attribute);
            }
            6 => writer.call(),
            7 => {
                writer.primary();
                writer.push("[");
                writer.slice();
                writer.push("]");
            }
            8 | 9 => {
                writer.push("(");
                writer.expression();
                let operator = writer.choices.pick(&BINARY);
                writer.push(operator);
                writer.primary();
                writer.push(")");
            }
            10 => {
                let operator = writer.choices.pick(&["not ", "-", "+", "~"]);
                writer.push("(");
                writer.push(operator);
                writer.primary();
                writer.push(")");
            }
            11 => {
                writer.push("(");
                writer.expression();
                writer.push(" if ");
                writer.expression();
                writer.push(" else ");
                writer.expression();
                writer.push(")");
            }
            12 => writer.lambda(),
            13 => writer.narrow(Self::comprehension),
            14 => writer.display(),
            15 if !writer.around.is_narrow => {
                writer.push("(");
                writer.word(Place::Name);
                writer.push(" := ");
                writer.expression();
                writer.push(")");
            }
            16 => writer.f_string(),
            17 => writer.text(),
            18 if writer.around.async_code && !writer.around.is_narrow => {
                writer.push("(await ");
                writer.primary();
                writer.push(")");
            }
            19 => writer.method_taken(),
            _ => writer.folded(),
        });
    }

    /// What may stand in front of a dot.
    fn primary(&mut self) {
        self.push("(");
        self.expression();
        self.push(")");
    }

    fn atom(&mut self) {
        if self.choices.once_in(3) {
            let atom = self.choices.pick(&ATOMS);
            self.push(atom);
        } else {
            self.word(Place::Name);
        }
    }

    fn slice(&mut self) {
        match self.choices.below(4) {
            0 => self.expression(),
            1 => {
                self.expression();
                self.push(":");
                self.expression();
            }
            2 => {
                self.push("::");
                self.expression();
            }
            _ => {
                self.push("*");
                self.primary();
                self.push(", ");
                self.expression();
            }
        }
    }

    fn call(&mut self) {
        if self.choices.once_in(4) {
            // The methods that may be called and not taken.
            let count = self.words.methods.len();
            let method = self.words.methods[self.choices.below(count)].as_str();
            self.primary();
            self.push(".");
            self.push(method);
        } else {
            self.primary();
        }
        self.push("(");
        self.arguments();
        self.push(")");
    }

    fn method_taken(&mut self) {
        // In a list, as what is around might call it.
        self.push("[");
        self.primary();
        self.push(".");
        if self.plants() {
            self.plant(&self.words.methods, "taken");
        } else {
            self.push("upper");
        }
        self.push("]");
    }

    pub(super) fn arguments(&mut self) {
        self.list(0, 3, ", ", Self::expression);
        if self.choices.once_in(3) {
            self.push(", *");
            self.fix_comma("*");
            self.primary();
        }
        if self.choices.once_in(2) {
            self.push(", ");
            self.fix_comma("");
            if self.plants() {
                self.plant(&self.words.keywords, "keyword");
            } else {
                self.fresh("k");
            }
            self.push("=");
            self.expression();
        }
    }

    /// A comma right behind an opening bracket is one too many.
    fn fix_comma(&mut self, tail: &str) {
        let end = format!("(, {tail}");
        if self.out.ends_with(&end) {
            self.out.truncate(self.out.len() - end.len() + 1);
            self.push(tail);
        }
    }

    fn lambda(&mut self) {
        self.push("(lambda ");
        if self.choices.once_in(2) {
            self.word(Place::Name);
            self.push("=");
            self.expression();
        }
        self.push(": ");
        self.expression();
        self.push(")");
    }

    fn comprehension(&mut self) {
        let (open, close) = self.choices.pick(&[("[", "]"), ("{", "}"), ("(", ")"), ("{x: ", "}")]);
        self.push(open);
        self.expression();
        let clauses = 1 + self.choices.below(2);
        for _ in 0..clauses {
            self.push(" for ");
            self.target();
            self.push(" in ");
            self.primary();
            if self.choices.once_in(2) {
                self.push(" if ");
                self.primary();
            }
        }
        self.push(close);
    }

    fn display(&mut self) {
        match self.choices.below(4) {
            0 => {
                self.push("[");
                self.list(0, 3, ", ", Self::expression);
                self.push("]");
            }
            1 => {
                self.push("(");
                self.list(1, 3, ", ", Self::expression);
                self.push(",)");
            }
            2 => {
                self.push("{");
                self.list(1, 2, ", ", Self::expression);
                self.push("}");
            }
            _ => {
                self.push("{");
                self.list(0, 2, ", ", |writer| {
                    writer.expression();
                    writer.push(": ");
                    writer.expression();
                });
                if self.choices.once_in(3) {
                    self.push(", **");
                    if self.out.ends_with("{, **") {
                        self.out.truncate(self.out.len() - 4);
                        self.push("**");
                    }
                    self.primary();
                }
                self.push("}");
            }
        }
    }

    /// What may be assigned to.
    pub(super) fn target(&mut self) {
        if self.is_full() {
            return self.word(Place::Name);
        }
        self.deeper(|writer| match writer.choices.below(6) {
            0..=2 => writer.word(Place::Name),
            3 => {
                writer.primary();
                writer.push(".");
                writer.word(Place::Attribute);
            }
            4 => {
                writer.primary();
                writer.push("[");
                writer.slice();
                writer.push("]");
            }
            _ => {
                writer.push("[");
                writer.target();
                writer.push(", *");
                writer.target();
                writer.push("]");
            }
        });
    }
}
