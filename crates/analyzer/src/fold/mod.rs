//! Texts that are known before the code runs, though no literal spells them out.
//!
//! `'_' * 2 + 'class' + '_' * 2` is one constant once `CPython` has compiled it: operators on numbers, texts, bytes and
//! tuples, and items of them. All that 3.13 makes one is folded here; the exceptions are integers beyond 127 bits
//! on the way to a text. `'%s' % 'x'`, `''.join(['a', 'b'])`, `f"{'a'}b"`, `b'a'.decode()`, `'ba'[::-1]`, `chr(97)` and the
//! like are no constants to `CPython` but as good as one, and folded, too. Texts made from data are out of reach of any
//! static reading; the child's own guards are there for those.

mod methods;
mod percent;
mod value;

use rustpython_ast::{
    BoolOp, ConversionFlag, Expr, ExprBinOp, ExprBoolOp, ExprCall, ExprFString, ExprSubscript, FStringPart,
    InterpolatedElement, InterpolatedStringElement, Operator,
};
use text_size::{Ranged, TextRange};

use value::{Slice, Value};

/// Bytes that all folding of one source may produce: a chain of joins must not cost more than reading it. What needs more
/// is refused, as what is not folded is not judged.
pub(crate) const BUDGET: usize = 16 * 1024 * 1024;

/// The same where nobody is to wait long. What needs more is judged elsewhere.
pub(crate) const SMALL_BUDGET: usize = 128 * 1024;

/// What looking at one expression costs, in bytes of the budget.
const VISIT: usize = 8;

/// The folding of one source.
pub(crate) struct Folder {
    budget: usize,
    /// Whether the budget was not enough.
    pub(crate) is_exhausted: bool,
    /// A part that is no constant: whatever encloses it is none either.
    obstacle: Option<TextRange>,
}

impl Folder {
    pub(crate) fn new(budget: usize) -> Self {
        Self { budget, is_exhausted: false, obstacle: None }
    }

    /// The text that `expression`, which is no plain literal itself, is known to make.
    pub(crate) fn text(&mut self, expression: &Expr) -> Option<String> {
        let foldable = matches!(
            expression,
            Expr::BinOp(_) | Expr::Call(_) | Expr::Subscript(_) | Expr::FString(_) | Expr::BoolOp(_) | Expr::If(_)
        );
        if !foldable || self.obstacle.is_some_and(|obstacle| expression.range().contains_range(obstacle)) {
            return None;
        }
        match self.value(expression)? {
            Value::Text(text) => Some(text),
            Value::Bytes(_) | Value::Int(_) | Value::Bool(_) | Value::Tuple(_) | Value::Other(_) => None,
        }
    }

    /// The texts that a `%` with a tuple on its right leaves between its fields, which are constants of their own.
    pub(crate) fn between_fields(expression: &Expr) -> Vec<String> {
        let Expr::BinOp(ExprBinOp { left, op: Operator::Mod, right, .. }) = expression else { return Vec::new() };
        let (Expr::StringLiteral(template), Expr::Tuple(arguments)) = (&**left, &**right) else { return Vec::new() };
        if arguments.elts.iter().any(Expr::is_starred_expr) {
            return Vec::new();
        }
        percent::between(template.value.to_str(), arguments.len()).unwrap_or_default()
    }

    fn value(&mut self, expression: &Expr) -> Option<Value> {
        let value = if self.charge(VISIT) { self.attempt(expression) } else { None };
        if let Some(value) = value {
            return self.charge(value.size()).then_some(value);
        }
        let inside = |obstacle| expression.range().contains_range(obstacle);
        if !self.obstacle.is_some_and(inside) {
            self.obstacle = Some(expression.range());
        }
        None
    }

    fn values(&mut self, expressions: &[Expr]) -> Option<Vec<Value>> {
        expressions.iter().map(|expression| self.value(expression)).collect()
    }

    fn attempt(&mut self, expression: &Expr) -> Option<Value> {
        match expression {
            Expr::UnaryOp(unary) => value::unary(unary.op, &self.value(&unary.operand)?),
            Expr::BinOp(binary) => self.binary(binary),
            Expr::BoolOp(both) => self.bool_op(both),
            Expr::If(choice) => {
                let taken = if self.value(&choice.test)?.is_true() { &choice.body } else { &choice.orelse };
                self.value(taken)
            }
            Expr::Named(named) => self.value(&named.value),
            // A list is no constant, and its items are.
            Expr::Tuple(tuple) => self.values(&tuple.elts).map(Value::Tuple),
            Expr::List(list) => self.values(&list.elts).map(Value::Tuple),
            Expr::Call(call) => self.call(call),
            Expr::Subscript(subscript) => self.subscript(subscript),
            Expr::FString(string) => self.interpolated(string),
            other => Value::literal(other),
        }
    }

    /// Takes from the budget.
    fn charge(&mut self, size: usize) -> bool {
        match self.budget.checked_sub(size) {
            Some(rest) => self.budget = rest,
            None => self.is_exhausted = true,
        }
        !self.is_exhausted
    }

    fn binary(&mut self, binary: &ExprBinOp) -> Option<Value> {
        // The chain of one operator leans to the left and may be long: walked, not recursed into.
        let mut parts = vec![&*binary.right];
        let mut left = &*binary.left;
        if binary.op == Operator::Add {
            while let Expr::BinOp(ExprBinOp { left: further, op: Operator::Add, right, .. }) = left {
                parts.push(right);
                left = further;
            }
        }
        let mut value = self.value(left)?;
        for part in parts.into_iter().rev() {
            let right = self.value(part)?;
            value = match (value, right) {
                (Value::Text(template), Value::Tuple(arguments)) if binary.op == Operator::Mod => {
                    Value::Text(percent::format(&template, &arguments)?)
                }
                (Value::Text(template), argument) if binary.op == Operator::Mod => {
                    Value::Text(percent::format(&template, &[argument])?)
                }
                (value, right) => value::binary(value, binary.op, right)?,
            };
        }
        Some(value)
    }

    fn bool_op(&mut self, both: &ExprBoolOp) -> Option<Value> {
        let mut last = None;
        for part in &both.values {
            let value = self.value(part)?;
            let decided = value.is_true() == (both.op == BoolOp::Or);
            last = Some(value);
            if decided {
                break;
            }
        }
        last
    }

    fn call(&mut self, call: &ExprCall) -> Option<Value> {
        let (arguments, keywords) = (&call.arguments.args, &call.arguments.keywords);
        match &*call.func {
            Expr::Name(name) if matches!(name.id.as_str(), "chr" | "str" | "bytes") && keywords.is_empty() => {
                methods::function(&name.id, &self.values(arguments)?)
            }
            Expr::Attribute(attribute) => {
                let receiver = self.value(&attribute.value)?;
                // How bytes are decoded makes no difference to the names that matter.
                if !keywords.is_empty() && attribute.attr.as_str() != "decode" {
                    return None;
                }
                methods::method(receiver, &attribute.attr, &self.values(arguments)?)
            }
            _ => None,
        }
    }

    fn subscript(&mut self, subscript: &ExprSubscript) -> Option<Value> {
        let value = self.value(&subscript.value)?;
        let Expr::Slice(slice) = &*subscript.slice else {
            return value::item(&value, self.value(&subscript.slice)?.int()?);
        };
        let mut bound = |part: &Option<Box<Expr>>| match part.as_deref() {
            None | Some(Expr::NoneLiteral(_)) => Some(None),
            Some(expression) => self.value(expression)?.int().map(Some),
        };
        let slice = Slice { lower: bound(&slice.lower)?, upper: bound(&slice.upper)?, step: bound(&slice.step)? };
        slice.of(&value)
    }

    /// An f-string whose fields are all constants without format spec.
    fn interpolated(&mut self, string: &ExprFString) -> Option<Value> {
        let mut text = String::new();
        for part in string.value.as_slice() {
            match part {
                FStringPart::Literal(literal) => text.push_str(literal),
                FStringPart::FString(part) => {
                    for element in &part.elements {
                        match element {
                            InterpolatedStringElement::Literal(literal) => text.push_str(literal),
                            InterpolatedStringElement::Interpolation(field) => text.push_str(&self.field(field)?),
                        }
                    }
                }
            }
        }
        Some(Value::Text(text))
    }

    fn field(&mut self, field: &InterpolatedElement) -> Option<String> {
        let is_plain = field.format_spec.is_none()
            && field.debug_text.is_none()
            && matches!(field.conversion, ConversionFlag::None | ConversionFlag::Str);
        if is_plain { self.value(&field.expression)?.plain() } else { None }
    }
}
