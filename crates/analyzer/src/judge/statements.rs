//! Statements.

use rustpython_ast::{
    ElifElseClause, ExceptHandler, Expr, Stmt, StmtClassDef, StmtFunctionDef, StmtTry, TypeParam, TypeParams,
};

use super::Judge;
use crate::text;
use crate::verdict::Rule;

impl<'a> Judge<'a> {
    pub(super) fn body(&mut self, body: &'a [Stmt]) {
        for statement in body {
            self.nested(statement, |judge| judge.statement(statement));
        }
    }

    fn statement(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(function) => self.function(function),
            Stmt::ClassDef(class) => self.class(class),
            Stmt::Return(node) => self.maybe(node.value.as_deref()),
            Stmt::Delete(node) => self.expressions(&node.targets),
            Stmt::TypeAlias(node) => {
                self.expression(&node.name);
                self.type_params(node.type_params.as_deref());
                self.expression(&node.value);
            }
            Stmt::Assign(node) => {
                self.expressions(&node.targets);
                self.expression(&node.value);
            }
            Stmt::AugAssign(node) => {
                self.expression(&node.target);
                self.expression(&node.value);
            }
            Stmt::AnnAssign(node) => {
                self.expression(&node.target);
                self.annotation(Some(&node.annotation));
                self.maybe(node.value.as_deref());
            }
            Stmt::For(node) => {
                self.expression(&node.target);
                self.expression(&node.iter);
                self.body(&node.body);
                self.body(&node.orelse);
            }
            Stmt::While(node) => {
                self.expression(&node.test);
                self.body(&node.body);
                self.body(&node.orelse);
            }
            Stmt::If(node) => {
                self.expression(&node.test);
                self.body(&node.body);
                for ElifElseClause { test, body, range: _, node_index: _ } in &node.elif_else_clauses {
                    self.maybe(test.as_ref());
                    self.body(body);
                }
            }
            Stmt::With(node) => {
                for item in &node.items {
                    self.expression(&item.context_expr);
                    self.maybe(item.optional_vars.as_deref());
                }
                self.body(&node.body);
            }
            Stmt::Match(node) => {
                self.expression(&node.subject);
                for case in &node.cases {
                    self.pattern(&case.pattern);
                    self.maybe(case.guard.as_deref());
                    self.body(&case.body);
                }
            }
            Stmt::Raise(node) => {
                self.maybe(node.exc.as_deref());
                self.maybe(node.cause.as_deref());
            }
            Stmt::Try(node) => self.try_statement(node),
            Stmt::Assert(node) => {
                self.expression(&node.test);
                self.maybe(node.msg.as_deref());
            }
            Stmt::Import(node) => self.import(node),
            Stmt::ImportFrom(node) => self.import_from(node),
            Stmt::Global(node) => {
                for name in &node.names {
                    self.declared(node, name, name, Rule::Global, text::global);
                }
            }
            Stmt::Nonlocal(node) => {
                for name in &node.names {
                    self.name(node, name, name);
                }
            }
            Stmt::Expr(node) => {
                if let Expr::StringLiteral(literal) = &*node.value {
                    self.docstring(literal, literal.value.to_str());
                }
                self.expression(&node.value);
            }
            Stmt::Pass(_) | Stmt::Break(_) | Stmt::Continue(_) => {}
            // The parser makes these in a mode that is not used; Python has no such statement.
            Stmt::IpyEscapeCommand(node) => self.not_python(node),
        }
    }

    fn function(&mut self, function: &'a StmtFunctionDef) {
        // The statement begins with its decorators; Python counts it from `def`.
        self.declared(&function.name, &function.name, &function.name, Rule::Function, text::function);
        self.parameters(&function.parameters);
        self.body(&function.body);
        for decorator in &function.decorator_list {
            self.expression(&decorator.expression);
        }
        self.annotation(function.returns.as_deref());
        self.type_params(function.type_params.as_deref());
    }

    fn class(&mut self, class: &'a StmtClassDef) {
        self.declared(&class.name, &class.name, &class.name, Rule::Class, text::class);
        if let Some(arguments) = class.arguments.as_deref() {
            self.arguments(arguments);
        }
        self.body(&class.body);
        for decorator in &class.decorator_list {
            self.expression(&decorator.expression);
        }
        self.type_params(class.type_params.as_deref());
    }

    fn try_statement(&mut self, node: &'a StmtTry) {
        self.body(&node.body);
        for ExceptHandler::ExceptHandler(handler) in &node.handlers {
            if let Some(name) = &handler.name {
                self.name(handler, name, name);
            }
            self.maybe(handler.type_.as_deref());
            self.body(&handler.body);
        }
        self.body(&node.orelse);
        self.body(&node.finalbody);
    }

    fn type_params(&mut self, params: Option<&'a TypeParams>) {
        for param in params.into_iter().flat_map(|params| &params.type_params) {
            match param {
                TypeParam::TypeVar(node) => {
                    self.name(node, &node.name, &node.name);
                    self.maybe(node.bound.as_deref());
                    self.maybe(node.default.as_deref());
                }
                TypeParam::TypeVarTuple(node) => {
                    self.name(node, &node.name, &node.name);
                    self.maybe(node.default.as_deref());
                }
                TypeParam::ParamSpec(node) => {
                    self.name(node, &node.name, &node.name);
                    self.maybe(node.default.as_deref());
                }
            }
        }
    }
}
