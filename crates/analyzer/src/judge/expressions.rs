//! Expressions.

use rustpython_ast::{Arguments, Comprehension, Expr, ExprAttribute, ExprCall, ExprSubscript, Parameter, Parameters};
use text_size::Ranged;

use super::{Judge, is_dunder, is_mangled};
use crate::text;
use crate::verdict::Rule;

impl<'a> Judge<'a> {
    pub(super) fn maybe(&mut self, expression: Option<&'a Expr>) {
        if let Some(expression) = expression {
            self.expression(expression);
        }
    }

    pub(super) fn expressions(&mut self, expressions: &'a [Expr]) {
        for expression in expressions {
            self.expression(expression);
        }
    }

    pub(super) fn expression(&mut self, expression: &'a Expr) {
        self.nested(expression, |judge| {
            judge.folded_text(expression);
            judge.visit(expression);
        });
    }

    fn visit(&mut self, expression: &'a Expr) {
        match expression {
            Expr::BoolOp(node) => self.expressions(&node.values),
            Expr::Named(node) => {
                self.expression(&node.target);
                // The name keeps the text, whatever becomes of it in the constant around it.
                let folded = self.folded.take();
                self.expression(&node.value);
                self.folded = folded;
            }
            Expr::BinOp(node) => {
                self.expression(&node.left);
                self.expression(&node.right);
            }
            Expr::UnaryOp(node) => self.expression(&node.operand),
            Expr::Lambda(node) => {
                if let Some(parameters) = node.parameters.as_deref() {
                    self.parameters(parameters);
                }
                self.expression(&node.body);
            }
            Expr::If(node) => {
                self.expression(&node.test);
                self.expression(&node.body);
                self.expression(&node.orelse);
            }
            Expr::Dict(node) => {
                for item in &node.items {
                    self.maybe(item.key.as_ref());
                }
                for item in &node.items {
                    self.expression(&item.value);
                }
            }
            Expr::Set(node) => self.expressions(&node.elts),
            Expr::List(node) => self.expressions(&node.elts),
            Expr::Tuple(node) => self.expressions(&node.elts),
            Expr::ListComp(node) => {
                self.expression(&node.elt);
                self.generators(&node.generators);
            }
            Expr::SetComp(node) => {
                self.expression(&node.elt);
                self.generators(&node.generators);
            }
            Expr::DictComp(node) => {
                self.expression(&node.key);
                self.expression(&node.value);
                self.generators(&node.generators);
            }
            Expr::Generator(node) => {
                self.expression(&node.elt);
                self.generators(&node.generators);
            }
            Expr::Await(node) => self.expression(&node.value),
            Expr::Yield(node) => self.maybe(node.value.as_deref()),
            Expr::YieldFrom(node) => self.expression(&node.value),
            Expr::Compare(node) => {
                self.expression(&node.left);
                self.expressions(&node.comparators);
            }
            Expr::Call(node) => self.call(node),
            Expr::FString(node) => self.f_string(node),
            Expr::TString(node) => self.t_string(node),
            Expr::StringLiteral(node) => self.text(node, node.value.to_str()),
            Expr::Attribute(node) => self.attribute(node, false),
            Expr::Subscript(node) => self.subscript(node),
            Expr::Starred(node) => self.expression(&node.value),
            Expr::Name(node) => self.name(node, node, &node.id),
            Expr::Slice(node) => {
                self.maybe(node.lower.as_deref());
                self.maybe(node.upper.as_deref());
                self.maybe(node.step.as_deref());
            }
            // Bytes name nothing; what they decode to is folded.
            Expr::BytesLiteral(_)
            | Expr::NumberLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_) => {}
            Expr::IpyEscapeCommand(node) => self.not_python(node),
        }
    }

    fn generators(&mut self, generators: &'a [Comprehension]) {
        for generator in generators {
            self.expression(&generator.target);
            self.expression(&generator.iter);
            self.expressions(&generator.ifs);
        }
    }

    fn call(&mut self, call: &'a ExprCall) {
        self.dynamic_import(call);
        match &*call.func {
            // A format method may be called, only not taken.
            Expr::Attribute(method) => self.nested(method, |judge| judge.attribute(method, true)),
            function => self.expression(function),
        }
        self.arguments(&call.arguments);
    }

    pub(super) fn arguments(&mut self, arguments: &'a Arguments) {
        self.expressions(&arguments.args);
        for keyword in &arguments.keywords {
            // A keyword becomes a key of some `**kwargs`, and from there a class's namespace. The ordinary words
            // of the list (`obj=`) are what half the libraries call their first parameter.
            if let Some(name) = keyword.arg.as_ref().filter(|name| is_dunder(name))
                && (self.names.contains(name.as_str()) || self.is_blocked_attribute(name))
            {
                self.add_at(keyword, name, Rule::KeywordArgument, name, text::keyword_argument);
            }
            self.expression(&keyword.value);
        }
    }

    fn attribute(&mut self, node: &'a ExprAttribute, called: bool) {
        let (part, name) = (&node.attr, node.attr.as_str());
        if self.is_blocked_attribute(name) {
            self.add_at(node, part, Rule::Attribute, name, text::attribute);
        } else if is_mangled(name) {
            self.add_at(node, part, Rule::MangledAttribute, name, |_| text::MANGLED.to_owned());
        } else if !called && self.format_methods.contains(name) {
            self.add_at(node, part, Rule::BoundFormatMethod, name, text::bound_format_method);
        } else if self.is_private(name)
            && let Some(module) = self.path_to_private(node)
        {
            let text = |name: &str| text::private_module_name(name, &module);
            self.add_at(node, part, Rule::PrivateModuleName, name, text);
        }
        self.expression(&node.value);
    }

    fn subscript(&mut self, node: &'a ExprSubscript) {
        let container = match &*node.value {
            Expr::Name(name) => name.id.as_str(),
            Expr::Attribute(attribute) => attribute.attr.as_str(),
            _ => "",
        };
        if matches!(container, "builtins" | "__builtins__")
            && let Expr::StringLiteral(key) = &*node.slice
            && self.is_blocked_attribute(key.value.to_str())
        {
            self.add_at(node, key, Rule::Attribute, key.value.to_str(), text::attribute);
        }
        self.expression(&node.value);
        self.expression(&node.slice);
    }

    pub(super) fn parameters(&mut self, parameters: &'a Parameters) {
        let Parameters { posonlyargs, args, vararg, kwonlyargs, kwarg, range: _, node_index: _ } = parameters;
        for parameter in posonlyargs.iter().chain(args) {
            self.parameter(&parameter.parameter);
        }
        if let Some(parameter) = vararg {
            self.parameter(parameter);
        }
        for parameter in kwonlyargs {
            self.parameter(&parameter.parameter);
        }
        for parameter in kwonlyargs {
            self.maybe(parameter.default.as_deref());
        }
        if let Some(parameter) = kwarg {
            self.parameter(parameter);
        }
        for parameter in posonlyargs.iter().chain(args) {
            self.maybe(parameter.default.as_deref());
        }
    }

    fn parameter(&mut self, parameter: &'a Parameter) {
        self.declared(parameter, &parameter.name, &parameter.name, Rule::Parameter, text::parameter);
        self.annotation(parameter.annotation.as_deref());
    }

    pub(super) fn annotation(&mut self, annotation: Option<&'a Expr>) {
        // Of all that is written back as a text, only a name can be a whole word.
        if self.annotations_are_texts
            && let Some(Expr::Name(name)) = annotation
            && !self.is_blocked_name(&name.id)
        {
            self.text(name, &name.id);
        }
        self.maybe(annotation);
    }

    /// A node that Python does not have is refused as what cannot be judged.
    pub(super) fn not_python(&mut self, node: &impl Ranged) {
        self.add(node, Rule::Name, "", |_| "This is not Python.".to_owned());
    }
}
