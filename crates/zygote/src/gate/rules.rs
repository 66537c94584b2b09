//! The policy's names, and whether something that code names is among them. The same rules as the analyzer's, on what was
//! compiled instead of what was written.

use std::collections::HashSet;

use palisade_channel::control::{Names, Texts};

use super::walk::Use;

/// Names are quoted up to this many characters in a refusal.
const QUOTED: usize = 200;

/// What user code may not name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules {
    names: HashSet<String>,
    attributes: HashSet<String>,
    dunders_are_names: bool,
    private_module_names: bool,
    texts: Texts,
}

/// Why something is refused: the rule, and the text for the user.
pub(super) type Refusal = String;

impl Rules {
    pub(crate) fn new(names: &Names) -> Self {
        Self {
            names: names.blocked_names.iter().cloned().collect(),
            attributes: names.blocked_attributes.iter().cloned().collect(),
            dunders_are_names: names.dunders_are_names,
            private_module_names: names.private_module_names,
            texts: names.texts,
        }
    }

    /// Names that a template reaches and must not; `None` where it reaches none of those.
    pub(crate) fn template(&self, template: &str) -> Option<String> {
        let mut first = None;
        palisade_template::fields(template, &mut |name| self.keep_refused(name, &mut first));
        first
    }

    /// As [`Rules::template`], for the expression of one field.
    pub(crate) fn field(&self, expression: &str) -> Option<String> {
        let mut first = None;
        palisade_template::field(expression, &mut |name| self.keep_refused(name, &mut first));
        first
    }

    fn keep_refused(&self, name: &str, first: &mut Option<String>) {
        if first.is_none() && (self.attributes.contains(name) || self.names.contains(name)) {
            *first = Some(string_pattern(name));
        }
    }

    /// Why this may not be; `classes` are those around it, whose names mangle private names.
    pub(super) fn refuses(&self, what: Use<'_>, classes: &[String]) -> Option<Refusal> {
        match what {
            Use::Name(name) => self.name(name, classes),
            Use::Attribute(name) => self.attribute(name, classes),
            Use::Keyword(name) => (is_dunder(name) && (self.names.contains(name) || self.attributes.contains(name)))
                .then(|| because(&format!("Keyword argument named '{}'", clip(name)))),
            Use::Pattern(name) if self.attributes.contains(name) || self.names.contains(name) => {
                Some(because(&format!("Match pattern extracting attribute '{}'", clip(name))))
            }
            Use::Pattern(name) => is_mangled(name).then(|| MANGLED.to_owned()),
            Use::PositionalPattern => Some("Positional match patterns are disallowed for security reasons.".to_owned()),
            Use::Text(text) => self.text(text),
            Use::Module(module) => self.module(module),
            Use::Imported(name) => self.imported(name),
            Use::Import => Some("An import past the import guard is disallowed.".to_owned()),
        }
    }

    fn is_blocked_name(&self, name: &str) -> bool {
        self.names.contains(name)
            || (self.dunders_are_names && is_dunder(name) && name != "__import__" && self.attributes.contains(name))
    }

    fn name(&self, name: &str, classes: &[String]) -> Option<Refusal> {
        let written = unmangled(name, classes);
        let blocked = self.is_blocked_name(name) || written.is_some_and(|written| self.is_blocked_name(written));
        blocked.then(|| because(&format!("Access to name '{}'", clip(written.unwrap_or(name)))))
    }

    fn attribute(&self, name: &str, classes: &[String]) -> Option<Refusal> {
        let written = unmangled(name, classes);
        if self.attributes.contains(name) || written.is_some_and(|written| self.attributes.contains(written)) {
            Some(attribute(written.unwrap_or(name)))
        } else {
            (is_mangled(name) && written.is_none()).then(|| MANGLED.to_owned())
        }
    }

    fn text(&self, text: &str) -> Option<Refusal> {
        if self.texts == Texts::Off {
            return None;
        }
        if self.refuses_whole(text) {
            let name = self.names.contains(text);
            return Some(if name { because(&format!("Access to name '{}'", clip(text))) } else { attribute(text) });
        }
        self.template(text)
    }

    /// Whether a text is a blocked name, and not only has one in it.
    pub(super) fn refuses_whole(&self, text: &str) -> bool {
        (self.texts == Texts::All || (self.texts == Texts::Dunders && is_dunder(text)))
            && (self.names.contains(text) || self.attributes.contains(text))
    }

    fn module(&self, module: &str) -> Option<Refusal> {
        module.split('.').enumerate().find_map(|(position, part)| {
            if self.is_blocked_name(part) {
                Some(because(&format!("Access to name '{}'", clip(part))))
            } else {
                (position > 0 && self.attributes.contains(part)).then(|| attribute(part))
            }
        })
    }

    fn imported(&self, name: &str) -> Option<Refusal> {
        if self.is_blocked_name(name) {
            Some(because(&format!("Access to name '{}'", clip(name))))
        } else if self.attributes.contains(name) {
            Some(attribute(name))
        } else if is_mangled(name) {
            Some(MANGLED.to_owned())
        } else {
            let private = name.starts_with('_') && name != "_" && !is_dunder(name);
            (self.private_module_names && private)
                .then(|| because(&format!("Access to private name '{}' of a module", clip(name))))
        }
    }
}

const MANGLED: &str =
    "Access to name-mangled attributes (pattern: _ClassName__attr) is disallowed for security reasons.";

fn because(what: &str) -> String {
    format!("{what} is disallowed, because it can be used to bypass security restrictions.")
}

fn attribute(name: &str) -> String {
    because(&format!("Access to attribute '{}'", clip(name)))
}

fn string_pattern(name: &str) -> String {
    because(&format!("String pattern accessing '{}'", clip(name)))
}

fn clip(name: &str) -> String {
    name.chars().take(QUOTED).collect()
}

pub(crate) fn is_dunder(name: &str) -> bool {
    name.len() > 4 && name.starts_with("__") && name.ends_with("__")
}

fn is_mangled(name: &str) -> bool {
    name.starts_with('_') && name.find("__").is_some_and(|at| at > 0)
}

/// What was written where one of these classes mangled it: `__x` for `_Class__x`.
fn unmangled<'a>(name: &'a str, classes: &[String]) -> Option<&'a str> {
    let behind = name.strip_prefix('_')?;
    classes.iter().find_map(|class| {
        let written = behind.strip_prefix(class.as_str())?;
        (!class.is_empty() && written.starts_with("__") && !written.ends_with("__")).then_some(written)
    })
}
