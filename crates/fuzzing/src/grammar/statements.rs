//! Statements.

use super::{Around, Place, Writer};

/// Modules that are not allowed: of the standard library, and not.
const FORBIDDEN: [&str; 6] = ["os", "sys", "subprocess.popen", "requests", "builtins", "ｏs"];

impl Writer<'_, '_> {
    fn line(&mut self, text: &str) {
        for _ in 0..self.indent {
            self.out.push(' ');
        }
        self.push(text);
    }

    fn body(&mut self) {
        self.push("\n");
        self.indent += 1;
        self.deeper(|writer| {
            let count = 1 + writer.choices.below(3);
            for _ in 0..count {
                writer.statement();
            }
        });
        self.indent -= 1;
    }

    /// A line of a compound statement, and its body.
    fn clause(&mut self, head: &str, write: impl FnOnce(&mut Self)) {
        self.line(head);
        write(self);
        self.push(":");
        self.body();
    }

    pub(super) fn statement(&mut self) {
        let noise = self.choices.below(24);
        if noise == 23 {
            self.push("\u{c}# a comment: __class__\n\r\n");
        }
        if self.is_full() {
            return self.line("pass\n");
        }
        match self.choices.below(24) {
            0..=3 => {
                self.line("");
                self.expression();
                self.push("\n");
            }
            4 | 5 => {
                self.line("");
                self.target();
                self.push(" = ");
                self.expression();
                self.push("\n");
            }
            6 => self.assignment_of_other_kinds(),
            7 => self.deletion(),
            8 | 9 => self.import(),
            10 | 11 => self.function(),
            12 => self.class(),
            13 => self.loop_statement(),
            14 => {
                self.clause("if ", Self::expression);
                self.clause("elif ", Self::expression);
                self.clause("else", |_| {});
            }
            15 => self.with(),
            16 | 17 => self.matching(),
            18 => self.trying(),
            19 => self.declaration(),
            20 => self.alias(),
            21 => {
                self.line("raise ");
                self.expression();
                self.push(" from ");
                self.expression();
                self.push("\n");
            }
            22 => {
                self.line("assert ");
                self.expression();
                self.push(", ");
                self.expression();
                self.push("; ");
                self.push(if self.around.a_loop { "break\n" } else { "pass\n" });
            }
            _ => {
                self.line("return ");
                self.expression();
                self.push("\n");
            }
        }
    }

    fn assignment_of_other_kinds(&mut self) {
        self.line("");
        if self.choices.once_in(2) {
            self.word(Place::Name);
            let operator = self.choices.pick(&[" += ", " @= ", " //= ", " |= "]);
            self.push(operator);
            self.expression();
        } else {
            self.word(Place::Name);
            self.push(": ");
            self.narrow(Self::expression);
            if self.choices.once_in(2) {
                self.push(" = ");
                self.expression();
            }
        }
        self.push("\n");
    }

    fn deletion(&mut self) {
        self.line("del ");
        self.word(Place::Name);
        self.push(", x.");
        self.word(Place::Attribute);
        self.push("\n");
    }

    fn import(&mut self) {
        self.line("");
        if self.plants() {
            let module = self.choices.pick(&FORBIDDEN);
            self.planted(module, "module");
            let form = self.choices.below(3);
            if form == 0 {
                self.push(&format!("import json, {module} as m\n"));
            } else if form == 1 {
                self.push(&format!("from {module} import *\n").replace('*', "path"));
            } else {
                self.push("from . import x\n");
            }
            return;
        }
        if self.choices.once_in(2) {
            let module = self.choices.pick(&["json", "re", "numpy", "numpy.linalg"]);
            self.push(&format!("import {module} as "));
            self.word(Place::Name);
        } else {
            let module = self.choices.pick(&["json", "re", "numpy"]);
            self.push(&format!("from {module} import "));
            // A private name would be refused, which is another rule's matter.
            if self.plants() {
                self.plant(&self.words.texts, "imported");
            } else {
                self.push("loads");
            }
            self.push(" as ");
            self.word(Place::Name);
        }
        self.push("\n");
    }

    fn function(&mut self) {
        if self.choices.once_in(3) {
            self.line("@");
            self.expression();
            self.push("\n");
        }
        let was = self.around;
        let is_async = self.choices.once_in(3);
        self.line(if is_async { "async def " } else { "def " });
        self.word(Place::Name);
        self.narrow(|writer| {
            if writer.choices.once_in(3) {
                writer.type_params();
            }
            writer.push("(");
            writer.parameters();
            writer.push(")");
            if writer.choices.once_in(3) {
                writer.push(" -> ");
                writer.expression();
            }
        });
        self.push(":");
        self.around = Around { async_code: is_async, ..Around::default() };
        if self.choices.once_in(4) {
            self.push("\n");
            self.indent += 1;
            self.line("");
            self.text();
            self.push("\n");
            self.indent -= 1;
            self.out.pop();
        }
        self.body();
        self.around = was;
    }

    fn parameters(&mut self) {
        if self.choices.once_in(2) {
            self.parameter();
            self.push(", /, ");
        }
        self.parameter();
        self.push(": ");
        self.expression();
        self.push(" = ");
        self.expression();
        if self.choices.once_in(2) {
            self.push(", *");
            self.parameter();
            self.push(", ");
            self.parameter();
            self.push("=");
            self.expression();
            self.push(", **");
            self.parameter();
        }
    }

    fn parameter(&mut self) {
        if self.plants() {
            self.plant(&self.words.names, "parameter");
        } else {
            self.fresh("p");
        }
    }

    fn type_params(&mut self) {
        self.push("[");
        self.parameter();
        self.push(": ");
        self.expression();
        self.push(", *");
        self.parameter();
        self.push(", **");
        self.parameter();
        if self.choices.once_in(2) {
            self.push(" = ");
            self.expression();
        }
        self.push("]");
    }

    fn class(&mut self) {
        if self.choices.once_in(3) {
            self.line("@");
            self.expression();
            self.push("\n");
        }
        self.line("class ");
        self.word(Place::Name);
        self.narrow(|writer| {
            if writer.choices.once_in(3) {
                writer.type_params();
            }
            writer.push("(");
            writer.arguments();
            writer.push(")");
        });
        self.push(":");
        let was = self.around;
        self.around = Around::default();
        self.body();
        self.around = was;
    }

    fn loop_statement(&mut self) {
        let was = std::mem::replace(&mut self.around.a_loop, true);
        if self.choices.once_in(2) {
            self.clause("while ", Self::expression);
        } else {
            let head = if self.around.async_code { "async for " } else { "for " };
            self.clause(head, |writer| {
                writer.target();
                writer.push(" in ");
                writer.expression();
            });
        }
        self.around.a_loop = was;
        self.clause("else", |_| {});
    }

    fn with(&mut self) {
        let head = if self.around.async_code { "async with " } else { "with " };
        self.clause(head, |writer| {
            writer.expression();
            writer.push(" as ");
            writer.target();
            writer.push(", ");
            writer.expression();
        });
    }

    fn matching(&mut self) {
        self.line("match ");
        self.expression();
        self.push(":\n");
        self.indent += 1;
        self.clause("case ", |writer| {
            writer.pattern();
            writer.push(" if ");
            writer.expression();
        });
        self.clause("case ", Self::pattern);
        self.indent -= 1;
    }

    fn trying(&mut self) {
        self.clause("try", |_| {});
        let star = self.choices.pick(&["except ", "except* "]);
        self.clause(star, |writer| {
            writer.expression();
            writer.push(" as ");
            writer.word(Place::Name);
        });
        self.clause("else", |_| {});
        self.clause("finally", |_| {});
    }

    fn declaration(&mut self) {
        self.line("def outer():\n");
        self.indent += 1;
        self.line("");
        let at = self.out.len();
        self.word(Place::Name);
        let word = self.out[at..].to_owned();
        self.push(" = 1\n");
        self.line("def inner():\n");
        self.indent += 1;
        self.line(&format!("nonlocal {word}\n"));
        self.indent -= 1;
        self.line("def other():\n");
        self.indent += 1;
        self.line("global ");
        self.word(Place::Name);
        self.push(", g\n");
        self.indent -= 2;
    }

    fn alias(&mut self) {
        self.line("type ");
        self.word(Place::Name);
        self.narrow(|writer| {
            if writer.choices.once_in(2) {
                writer.type_params();
            }
            writer.push(" = ");
            writer.expression();
        });
        self.push("\n");
    }
}
