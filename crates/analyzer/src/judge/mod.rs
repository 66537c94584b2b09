//! The rules, applied to a syntax tree.
//!
//! The walk follows the field order of `CPython`'s own tree, an outer node before its children: that is the order
//! users see. Every node kind is matched by name and nothing is skipped by default, so that a position a new
//! grammar adds is a compile error here and not a gap.

mod expressions;
mod imports;
mod patterns;
mod private;
mod statements;
mod texts;
mod words;

use std::cell::OnceCell;
use std::collections::HashSet;

use rustpython_ast::ModModule;
use text_size::{Ranged, TextRange};

use crate::fold::Folder;
use crate::lines::Lines;
use crate::rules::Rules;
use crate::text;
use crate::verdict::{Bound, BoundExceeded, Rule, Verdict, Violation};

use private::Imported;
use words::Words;

/// The walk's own bound on depth. The bounds on tokens keep well below it for every text that parses; should one
/// be found that does not, it is refused instead of overflowing the stack.
const DEPTH: u32 = 16 * 1024;

/// Walks `module` and reports what the rules forbid. `folding` is how many bytes texts may be folded to.
pub(crate) fn judge(source: &str, module: &ModModule, rules: &Rules, folding: usize) -> Verdict {
    let mut imported = Imported::new();
    if rules.private_module_names {
        private::collect(&module.body, &mut imported);
    }
    let mut judge = Judge {
        rules,
        names: Words::new(&rules.blocked_names),
        attributes: Words::new(&rules.blocked_attributes),
        format_methods: Words::new(&rules.format_methods),
        source,
        lines: OnceCell::new(),
        report: Report::new(rules),
        reported_modules: HashSet::new(),
        imported,
        annotations_are_texts: imports::keeps_annotations_as_texts(&module.body),
        folder: Folder::new(folding),
        folded: None,
        depth: 0,
        too_deep_at: None,
    };
    judge.body(&module.body);
    if judge.folder.is_exhausted {
        return Verdict::Exceeded(BoundExceeded { bound: Bound::Folding, limit: folding, found: folding + 1, line: 1 });
    }
    match judge.too_deep_at {
        Some(line) => {
            let (limit, found) = (DEPTH as usize, DEPTH as usize + 1);
            Verdict::Exceeded(BoundExceeded { bound: Bound::Depth, limit, found, line })
        }
        None => match judge.report.finish() {
            violations if violations.is_empty() => Verdict::Clean,
            violations => Verdict::Refused(violations),
        },
    }
}

/// The state of one walk.
struct Judge<'a> {
    rules: &'a Rules,
    names: Words<'a>,
    attributes: Words<'a>,
    format_methods: Words<'a>,
    source: &'a str,
    /// Made with the first violation.
    lines: OnceCell<Lines<'a>>,
    report: Report,
    /// Top-level modules reported already.
    reported_modules: HashSet<String>,
    /// Names bound by imports.
    imported: Imported<'a>,
    /// Whether annotations are kept as texts (`from __future__ import annotations`).
    annotations_are_texts: bool,
    folder: Folder,
    /// The outermost expression that was folded last; what it is made of is not folded again.
    folded: Option<TextRange>,
    depth: u32,
    too_deep_at: Option<u32>,
}

impl Judge<'_> {
    /// Runs `walk` one level deeper, unless that is too deep.
    fn nested(&mut self, node: &impl Ranged, walk: impl FnOnce(&mut Self)) {
        if self.too_deep_at.is_some() {
            return;
        }
        if self.depth == DEPTH {
            self.too_deep_at = Some(self.line(node));
            return;
        }
        self.depth += 1;
        walk(self);
        self.depth -= 1;
    }

    fn line(&self, node: &impl Ranged) -> u32 {
        self.lines.get_or_init(|| Lines::new(self.source)).line(node.range().start().to_usize())
    }

    /// Reports a node for what `subject` is in it.
    fn add(&mut self, node: &impl Ranged, rule: Rule, subject: &str, text: impl FnOnce(&str) -> String) {
        self.add_at(node, node, rule, subject, text);
    }

    /// Reports a node, for a part of it.
    fn add_at(
        &mut self,
        node: &impl Ranged,
        part: &impl Ranged,
        rule: Rule,
        subject: &str,
        text: impl FnOnce(&str) -> String,
    ) {
        if self.report.is_full() {
            self.report.more += 1;
        } else {
            let (line, range) = (self.line(node), part.range());
            let (text, subject) = (text(subject), text::clip(subject).into_owned());
            let range = range.start().to_u32()..range.end().to_u32();
            self.report.push(Violation { line, text, rule, subject, range });
        }
    }

    /// A blocked name, wherever a name can stand without being an expression.
    fn name(&mut self, node: &impl Ranged, part: &impl Ranged, name: &str) {
        self.declared(node, part, name, Rule::Name, text::name);
    }

    /// A name that something is declared under.
    fn declared(
        &mut self,
        node: &impl Ranged,
        part: &impl Ranged,
        name: &str,
        rule: Rule,
        text: impl FnOnce(&str) -> String,
    ) {
        if self.is_blocked_name(name) {
            self.add_at(node, part, rule, name, text);
        }
    }

    fn is_blocked_name(&self, name: &str) -> bool {
        self.names.contains(name)
            || (self.rules.dunders_are_names
                && is_dunder(name)
                // The built-in of this name is there for everyone, guarded.
                && name != "__import__"
                && self.attributes.contains(name))
    }

    fn is_blocked_attribute(&self, name: &str) -> bool {
        self.attributes.contains(name)
    }
}

/// `__name__`, but not `__private`.
fn is_dunder(name: &str) -> bool {
    name.len() > 4 && name.starts_with("__") && name.ends_with("__")
}

/// `_Class__attr`: what `__attr` is called outside its class.
fn is_mangled(name: &str) -> bool {
    name.starts_with('_') && name.find("__").is_some_and(|at| at > 0)
}

/// The violations, bounded in number and size: the text of a refusal goes through the broker and into a log.
struct Report {
    violations: Vec<Violation>,
    bytes: usize,
    max_violations: usize,
    max_bytes: usize,
    /// Violations that were only counted.
    more: usize,
}

impl Report {
    fn new(rules: &Rules) -> Self {
        // At least one is listed whatever the limits say: a refusal without a reason would look like a pass.
        let max_violations = rules.limits.violations.max(1);
        Self { violations: Vec::new(), bytes: 0, max_violations, max_bytes: rules.limits.report_bytes, more: 0 }
    }

    fn is_full(&self) -> bool {
        self.violations.len() >= self.max_violations || (self.bytes >= self.max_bytes && !self.violations.is_empty())
    }

    fn push(&mut self, violation: Violation) {
        self.bytes += violation.text.len();
        self.violations.push(violation);
    }

    fn finish(mut self) -> Vec<Violation> {
        if self.more > 0
            && let Some(last) = self.violations.last()
        {
            let (line, range) = (last.line, last.range.clone());
            let (text, subject) = (text::report_cut(self.more), String::new());
            self.violations.push(Violation { line, text, rule: Rule::ReportCut, subject, range });
        }
        self.violations
    }
}

#[cfg(test)]
mod tests {
    use super::{is_dunder, is_mangled};

    #[test]
    fn mangled_means_a_class_name_before_the_two_underscores() {
        for name in ["_Foo__bar", "_a__b", "_a__"] {
            assert!(is_mangled(name), "{name}");
        }
        for name in ["__init__", "__x", "___x", "_x", "a__b", "_", "__", "__a__b"] {
            assert!(!is_mangled(name), "{name}");
        }
    }

    #[test]
    fn dunder_means_both_ends() {
        assert!(is_dunder("__class__"));
        for name in ["____", "__x", "x__", "_x_", "obj"] {
            assert!(!is_dunder(name), "{name}");
        }
    }
}
