//! Patterns of `match`: they read attributes without a dot.

use rustpython_ast::{Pattern, PatternMatchClass};

use super::{Judge, is_mangled};
use crate::text;
use crate::verdict::Rule;

impl<'a> Judge<'a> {
    pub(super) fn pattern(&mut self, pattern: &'a Pattern) {
        self.nested(pattern, |judge| judge.visit_pattern(pattern));
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        match pattern {
            Pattern::MatchValue(node) => self.expression(&node.value),
            Pattern::MatchSingleton(_) => {}
            Pattern::MatchSequence(node) => self.patterns(&node.patterns),
            Pattern::MatchOr(node) => self.patterns(&node.patterns),
            Pattern::MatchMapping(node) => {
                if let Some(rest) = &node.rest {
                    self.name(node, rest, rest);
                }
                self.expressions(&node.keys);
                self.patterns(&node.patterns);
            }
            Pattern::MatchClass(node) => self.class_pattern(node),
            Pattern::MatchStar(node) => {
                if let Some(name) = &node.name {
                    self.name(node, name, name);
                }
            }
            Pattern::MatchAs(node) => {
                if let Some(name) = &node.name {
                    self.name(node, name, name);
                }
                if let Some(pattern) = node.pattern.as_deref() {
                    self.pattern(pattern);
                }
            }
        }
    }

    fn patterns(&mut self, patterns: &'a [Pattern]) {
        for pattern in patterns {
            self.pattern(pattern);
        }
    }

    fn class_pattern(&mut self, node: &'a PatternMatchClass) {
        // Which attributes positional parts read is the matched class's own say (`__match_args__`).
        if !node.arguments.patterns.is_empty() {
            self.add_at(node, &node.arguments, Rule::PositionalPattern, "", |_| text::POSITIONAL_PATTERN.to_owned());
        }
        for keyword in &node.arguments.keywords {
            let (part, name) = (&keyword.attr, keyword.attr.as_str());
            if self.is_blocked_attribute(name) || self.names.contains(name) {
                self.add_at(node, part, Rule::PatternAttribute, name, text::pattern_attribute);
            } else if is_mangled(name) {
                self.add_at(node, part, Rule::MangledAttribute, name, |_| text::MANGLED.to_owned());
            } else if self.format_methods.contains(name) {
                self.add_at(node, part, Rule::BoundFormatMethod, name, text::bound_format_method);
            }
        }
        self.expression(&node.cls);
        self.patterns(&node.arguments.patterns);
        for keyword in &node.arguments.keywords {
            self.pattern(&keyword.pattern);
        }
    }
}
