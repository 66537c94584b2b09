//! Private names of imported modules: the usual way from an ordinary module to `os`, `sys` and `builtins`.

use std::collections::HashMap;

use rustpython_ast::{Expr, ExprAttribute, Stmt};

use super::{Judge, is_dunder};

/// What `typing.NamedTuple` and `collections.namedtuple` give every class, and document.
const OF_NAMED_TUPLES: [&str; 5] = ["_asdict", "_field_defaults", "_fields", "_make", "_replace"];

/// What `os` documents under such a name. It ends the task, and no more.
const DOCUMENTED: &str = "_exit";

/// Whether a name is bound to a module for certain, or to what may be one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// By `import a` or `import a.b as c`.
    Module,
    /// By `from a import b`, where b may be a module, a class or anything else.
    Perhaps,
}

/// All names that imports bind, wherever in the text: a function runs later than it is read.
pub(super) type Imported<'a> = HashMap<&'a str, Bound>;

/// Collects what the statements of `body` import, and those inside of them.
pub(super) fn collect<'a>(body: &'a [Stmt], imported: &mut Imported<'a>) {
    for statement in body {
        match statement {
            Stmt::Import(node) => {
                for alias in &node.names {
                    let top_level = alias.name.split('.').next().unwrap_or_default();
                    let name = alias.asname.as_ref().map_or(top_level, |name| name.as_str());
                    imported.insert(name, Bound::Module);
                }
            }
            Stmt::ImportFrom(node) => {
                for alias in &node.names {
                    let name = alias.asname.as_ref().unwrap_or(&alias.name);
                    imported.entry(name).or_insert(Bound::Perhaps);
                }
            }
            Stmt::FunctionDef(node) => collect(&node.body, imported),
            Stmt::ClassDef(node) => collect(&node.body, imported),
            Stmt::For(node) => {
                collect(&node.body, imported);
                collect(&node.orelse, imported);
            }
            Stmt::While(node) => {
                collect(&node.body, imported);
                collect(&node.orelse, imported);
            }
            Stmt::If(node) => {
                collect(&node.body, imported);
                for clause in &node.elif_else_clauses {
                    collect(&clause.body, imported);
                }
            }
            Stmt::With(node) => collect(&node.body, imported),
            Stmt::Match(node) => {
                for case in &node.cases {
                    collect(&case.body, imported);
                }
            }
            Stmt::Try(node) => {
                collect(&node.body, imported);
                for handler in &node.handlers {
                    let rustpython_ast::ExceptHandler::ExceptHandler(handler) = handler;
                    collect(&handler.body, imported);
                }
                collect(&node.orelse, imported);
                collect(&node.finalbody, imported);
            }
            Stmt::Return(_)
            | Stmt::Delete(_)
            | Stmt::TypeAlias(_)
            | Stmt::Assign(_)
            | Stmt::AugAssign(_)
            | Stmt::AnnAssign(_)
            | Stmt::Raise(_)
            | Stmt::Assert(_)
            | Stmt::Global(_)
            | Stmt::Nonlocal(_)
            | Stmt::Expr(_)
            | Stmt::Pass(_)
            | Stmt::Break(_)
            | Stmt::Continue(_)
            | Stmt::IpyEscapeCommand(_) => {}
        }
    }
}

impl Judge<'_> {
    /// A private name as modules have them: `_name`, not `__name__`.
    pub(super) fn is_private(&self, name: &str) -> bool {
        self.rules.private_module_names && name.starts_with('_') && name != "_" && !is_dunder(name)
    }

    /// The dotted path of what `node` takes a private name from, where that begins with an imported name.
    pub(super) fn path_to_private(&self, node: &ExprAttribute) -> Option<String> {
        let (mut path, mut expression) = (Vec::new(), &*node.value);
        while let Expr::Attribute(part) = expression {
            path.push(part.attr.as_str());
            expression = &part.value;
        }
        let Expr::Name(first) = expression else { return None };
        let bound = *self.imported.get(first.id.as_str())?;
        // Further on there are classes, and some have such names to be used.
        let name = node.attr.as_str();
        if name == DOCUMENTED {
            return None;
        }
        let for_use = name.ends_with('_') || OF_NAMED_TUPLES.contains(&name);
        if for_use && (bound == Bound::Perhaps || !path.is_empty()) {
            return None;
        }
        path.push(first.id.as_str());
        path.reverse();
        Some(path.join("."))
    }
}
