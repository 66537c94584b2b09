//! Imports, by statement and by call.

use rustpython_ast::{Alias, Expr, ExprCall, Identifier, Stmt, StmtImport, StmtImportFrom};
use text_size::Ranged;

use super::{Judge, is_mangled};
use crate::stdlib::is_stdlib;
use crate::text;
use crate::verdict::Rule;

/// Whether `from __future__ import annotations` stands where it has to: at the top.
pub(super) fn keeps_annotations_as_texts(body: &[Stmt]) -> bool {
    body.iter().any(|statement| match statement {
        Stmt::ImportFrom(node) => {
            node.module.as_deref() == Some("__future__") && node.names.iter().any(|alias| &*alias.name == "annotations")
        }
        _ => false,
    })
}

impl<'a> Judge<'a> {
    pub(super) fn import(&mut self, node: &'a StmtImport) {
        for Alias { name, asname, range: _, node_index: _ } in &node.names {
            self.module(node, name, name);
            self.module_parts(node, name);
            if let Some(asname) = asname {
                self.name(node, asname, asname);
            }
        }
    }

    pub(super) fn import_from(&mut self, node: &'a StmtImportFrom) {
        if node.level > 0 {
            self.add(node, Rule::RelativeImport, "", |_| text::RELATIVE_IMPORT.to_owned());
        } else if let Some(module) = &node.module {
            self.module(node, module, module);
        }
        if let Some(module) = &node.module {
            self.module_parts(node, module);
        }
        for Alias { name, asname, range: _, node_index: _ } in &node.names {
            self.taken(node, name);
            if let Some(asname) = asname {
                self.name(node, asname, asname);
            }
        }
    }

    /// `from m import name` reads the attribute `name` of `m`, and binds it as a name.
    fn taken(&mut self, node: &'a StmtImportFrom, name: &Identifier) {
        if self.is_blocked_name(name) {
            self.add_at(node, name, Rule::Name, name, text::name);
        } else if self.is_blocked_attribute(name) {
            self.add_at(node, name, Rule::Attribute, name, text::attribute);
        } else if is_mangled(name) {
            self.add_at(node, name, Rule::MangledAttribute, name, |_| text::MANGLED.to_owned());
        } else if self.is_private(name)
            && let Some(module) = &node.module
        {
            let text = |name: &str| text::private_module_name(name, module);
            self.add_at(node, name, Rule::PrivateModuleName, name, text);
        }
    }

    /// The parts of a dotted name are attributes of one another; the first becomes a name.
    fn module_parts(&mut self, node: &impl Ranged, module: &Identifier) {
        for (position, part) in module.split('.').enumerate() {
            if self.is_blocked_name(part) {
                self.add_at(node, module, Rule::Name, part, text::name);
            } else if position > 0 && self.is_blocked_attribute(part) {
                self.add_at(node, module, Rule::Attribute, part, text::attribute);
            }
        }
    }

    /// `__import__(…)` under its own name; under another one it is met at run time.
    pub(super) fn dynamic_import(&mut self, call: &'a ExprCall) {
        let is_import = match &*call.func {
            Expr::Name(name) => name.id.as_str() == "__import__",
            Expr::Attribute(attribute) => {
                attribute.attr.as_str() == "__import__"
                    && matches!(&*attribute.value, Expr::Name(name)
                        if matches!(name.id.as_str(), "builtins" | "__builtins__"))
            }
            _ => false,
        };
        if !is_import {
            return;
        }
        match &*call.arguments.args {
            [Expr::StringLiteral(literal), ..] => {
                let module = literal.value.to_str();
                if module.starts_with('.') {
                    self.add_at(call, literal, Rule::RelativeImport, "", |_| text::RELATIVE_IMPORT.to_owned());
                } else {
                    self.module(call, literal, module);
                }
            }
            _ => self.add(call, Rule::DynamicImport, "", |_| text::DYNAMIC_IMPORT.to_owned()),
        }
    }

    fn module(&mut self, node: &impl Ranged, part: &impl Ranged, module: &str) {
        let rules = self.rules;
        let top_level = module.split('.').next().unwrap_or_default();
        let stdlib = is_stdlib(top_level);
        let allowed = if stdlib { &rules.stdlib } else { &rules.external };
        if allowed.permits(top_level) || self.reported_modules.contains(top_level) {
            return;
        }
        self.reported_modules.insert(top_level.to_owned());
        if stdlib {
            self.add_at(node, part, Rule::StdlibImport, module, |module| text::stdlib_import(module, allowed));
        } else {
            self.add_at(node, part, Rule::ExternalImport, module, |module| text::external_import(module, allowed));
        }
    }
}
