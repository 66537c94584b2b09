//! Patterns of `match`.

use super::{Place, Writer};

impl Writer<'_, '_> {
    pub(super) fn pattern(&mut self) {
        if self.is_full() {
            return self.push("_");
        }
        self.deeper(|writer| match writer.choices.below(8) {
            0 => writer.push("None"),
            1 => {
                writer.push("x.");
                writer.word(Place::Attribute);
            }
            2 => {
                writer.push("[");
                writer.pattern();
                writer.push(", *");
                writer.capture();
                writer.push("]");
            }
            3 => {
                writer.push("{'k': ");
                writer.pattern();
                writer.push(", **");
                writer.capture();
                writer.push("}");
            }
            4 => {
                writer.push("(1 | 'b') as ");
                writer.capture();
            }
            5 => writer.class_pattern(),
            6 => writer.push("(-1 | 2.5 | 'text')"),
            _ => {
                writer.push("(");
                writer.pattern();
                writer.push(", 1)");
            }
        });
    }

    /// A name that may be bound once in a pattern.
    fn capture(&mut self) {
        if self.plants() {
            self.plant(&self.words.names, "capture");
        } else {
            self.fresh("c");
        }
    }

    fn class_pattern(&mut self) {
        self.push("x(");
        if self.plants() {
            self.planted("pattern", "positional");
            self.push("1, ");
        }
        if self.plants() {
            self.plant(&self.words.texts, "pattern");
        } else {
            self.fresh("a");
        }
        self.push("=");
        self.pattern();
        self.push(")");
    }
}
