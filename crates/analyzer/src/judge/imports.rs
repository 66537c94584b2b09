//! Imports, by statement and by call.

use rustpython_ast::{Alias, Expr, ExprCall, StmtImport, StmtImportFrom};
use text_size::Ranged;

use super::{Judge, is_mangled};
use crate::stdlib::is_stdlib;
use crate::text;
use crate::verdict::Rule;

impl<'a> Judge<'a> {
    pub(super) fn import(&mut self, node: &'a StmtImport) {
        for Alias { name, asname, range: _, node_index: _ } in &node.names {
            self.module(node, name);
            self.module_parts(node, name);
            if let Some(asname) = asname {
                self.name(node, asname);
            }
            let top_level = name.split('.').next().unwrap_or_default();
            self.imported.insert(asname.as_ref().map_or(top_level, |asname| asname.as_str()));
        }
    }

    pub(super) fn import_from(&mut self, node: &'a StmtImportFrom) {
        if node.level > 0 {
            self.add(node, Rule::RelativeImport, || text::RELATIVE_IMPORT.to_owned());
        } else if let Some(module) = &node.module {
            self.module(node, module);
        }
        if let Some(module) = &node.module {
            self.module_parts(node, module);
        }
        for Alias { name, asname, range: _, node_index: _ } in &node.names {
            self.taken(node, name);
            if let Some(asname) = asname {
                self.name(node, asname);
            }
        }
    }

    /// `from m import name` reads the attribute `name` of `m`, and binds it as a name.
    fn taken(&mut self, node: &'a StmtImportFrom, name: &str) {
        if self.is_blocked_name(name) {
            self.add(node, Rule::Name, || text::name(name));
        } else if self.is_blocked_attribute(name) {
            self.add(node, Rule::Attribute, || text::attribute(name));
        } else if is_mangled(name) {
            self.add(node, Rule::MangledAttribute, || text::MANGLED.to_owned());
        } else if self.is_private(name)
            && let Some(module) = &node.module
        {
            self.add(node, Rule::PrivateModuleName, || text::private_module_name(name, module));
        }
    }

    /// The parts of a dotted name are attributes of one another; the first becomes a name.
    fn module_parts(&mut self, node: &impl Ranged, module: &str) {
        for (position, part) in module.split('.').enumerate() {
            if self.is_blocked_name(part) {
                self.add(node, Rule::Name, || text::name(part));
            } else if position > 0 && self.is_blocked_attribute(part) {
                self.add(node, Rule::Attribute, || text::attribute(part));
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
            [Expr::StringLiteral(module), ..] => {
                let module = module.value.to_str();
                if module.starts_with('.') {
                    self.add(call, Rule::RelativeImport, || text::RELATIVE_IMPORT.to_owned());
                } else {
                    self.module(call, module);
                }
            }
            _ => self.add(call, Rule::DynamicImport, || text::DYNAMIC_IMPORT.to_owned()),
        }
    }

    fn module(&mut self, node: &impl Ranged, module: &str) {
        let rules = self.rules;
        let top_level = module.split('.').next().unwrap_or_default();
        let stdlib = is_stdlib(top_level);
        let allowed = if stdlib { &rules.stdlib } else { &rules.external };
        if allowed.permits(top_level) || self.reported_modules.contains(top_level) {
            return;
        }
        self.reported_modules.insert(top_level.to_owned());
        if stdlib {
            self.add(node, Rule::StdlibImport, || text::stdlib_import(module, allowed));
        } else {
            self.add(node, Rule::ExternalImport, || text::external_import(module, allowed));
        }
    }
}
