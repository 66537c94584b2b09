//! Texts that are known before the code runs, though no literal spells them out.
//!
//! `'_' * 2 + 'class' + '_' * 2` is one constant once `CPython` has compiled it, and `'%s' % 'x'`,
//! `''.join(['a', 'b'])`, `f"{'a'}b"`, `b'a'.decode()` and `'ba'[::-1]` are as good as one. Texts made from data
//! are out of reach of any static reading; the child's own guards are there for those.

use rustpython_ast::{
    Expr, ExprBinOp, ExprCall, ExprSubscript, FStringPart, InterpolatedStringElement, Number, Operator, UnaryOp,
};
use text_size::{Ranged, TextRange};

/// Texts grow no longer than this by repetition, padding or joining; plain `+` is bounded by the source.
const PRODUCT: usize = 64 * 1024;

/// Bytes that all folding of one source may produce: a chain of joins must not cost more than reading it.
pub(crate) const BUDGET: usize = 16 * 1024 * 1024;

/// A constant.
enum Value {
    Text(String),
    Bytes(Vec<u8>),
    Int(i64),
}

/// The folding of one source.
pub(crate) struct Folder {
    budget: usize,
    /// A part that is no constant: whatever encloses it is none either.
    obstacle: Option<TextRange>,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self { budget: BUDGET, obstacle: None }
    }

    /// The text that `expression`, which is no plain literal itself, is known to make.
    pub(crate) fn text(&mut self, expression: &Expr) -> Option<String> {
        let foldable = matches!(expression, Expr::BinOp(_) | Expr::Call(_) | Expr::Subscript(_) | Expr::FString(_));
        if !foldable || self.obstacle.is_some_and(|obstacle| expression.range().contains_range(obstacle)) {
            return None;
        }
        match self.value(expression)? {
            Value::Text(text) => Some(text),
            Value::Bytes(_) | Value::Int(_) => None,
        }
    }

    fn value(&mut self, expression: &Expr) -> Option<Value> {
        let value = self.attempt(expression);
        let inside = |obstacle| expression.range().contains_range(obstacle);
        if value.is_none() && !self.obstacle.is_some_and(inside) {
            self.obstacle = Some(expression.range());
        }
        value
    }

    fn attempt(&mut self, expression: &Expr) -> Option<Value> {
        let value = match expression {
            Expr::StringLiteral(literal) => Some(Value::Text(literal.value.to_str().to_owned())),
            Expr::BytesLiteral(literal) => Some(Value::Bytes(literal.value.bytes().collect())),
            Expr::NumberLiteral(literal) => match &literal.value {
                Number::Int(int) => int.as_i64().map(Value::Int),
                Number::Float(_) | Number::Complex { .. } => None,
            },
            Expr::UnaryOp(unary) if unary.op == UnaryOp::USub => match self.value(&unary.operand)? {
                Value::Int(int) => int.checked_neg().map(Value::Int),
                Value::Text(_) | Value::Bytes(_) => return None,
            },
            Expr::BinOp(binary) => return self.binary(binary),
            Expr::Call(call) => return self.call(call),
            Expr::Subscript(subscript) => return self.subscript(subscript),
            Expr::FString(_) => return self.interpolated(expression),
            _ => None,
        };
        self.charge(value?)
    }

    fn charge(&mut self, value: Value) -> Option<Value> {
        let size = match &value {
            Value::Text(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
            Value::Int(_) => 0,
        };
        self.budget = self.budget.checked_sub(size)?;
        Some(value)
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
            // The right side of `%` may be a tuple, which is no value of its own.
            value = if binary.op == Operator::Mod {
                self.percent(value, part)?
            } else {
                let right = self.value(part)?;
                combine(value, binary.op, right)?
            };
        }
        self.charge(value)
    }

    /// `'%s%s' % ('a', 'b')`, as far as it is made of `%s` and `%%`.
    fn percent(&mut self, template: Value, arguments: &Expr) -> Option<Value> {
        let Value::Text(template) = template else { return None };
        let arguments: Vec<Value> = match arguments {
            Expr::Tuple(tuple) => tuple.elts.iter().map(|element| self.value(element)).collect::<Option<_>>()?,
            single => vec![self.value(single)?],
        };
        let mut arguments = arguments.into_iter();
        let mut text = String::new();
        let mut pieces = template.split('%');
        text.push_str(pieces.next()?);
        while let Some(piece) = pieces.next() {
            if piece.is_empty() {
                text.push('%');
                text.push_str(pieces.next()?);
            } else {
                text.push_str(&plain(arguments.next()?)?);
                text.push_str(piece.strip_prefix('s')?);
            }
            if text.len() > PRODUCT {
                return None;
            }
        }
        Some(Value::Text(text))
    }

    fn call(&mut self, call: &ExprCall) -> Option<Value> {
        let Expr::Attribute(method) = &*call.func else { return None };
        let receiver = self.value(&method.value)?;
        let (positional, keywords) = (&call.arguments.args, &call.arguments.keywords);
        let value = match (method.attr.as_str(), receiver) {
            ("join", Value::Text(separator)) if keywords.is_empty() => {
                let elements = match &**positional {
                    [Expr::List(list)] => &list.elts,
                    [Expr::Tuple(tuple)] => &tuple.elts,
                    _ => return None,
                };
                let mut text = String::new();
                for (index, element) in elements.iter().enumerate() {
                    if index > 0 {
                        text.push_str(&separator);
                    }
                    let Value::Text(part) = self.value(element)? else { return None };
                    text.push_str(&part);
                    if text.len() > PRODUCT {
                        return None;
                    }
                }
                Value::Text(text)
            }
            ("decode", Value::Bytes(bytes)) => Value::Text(String::from_utf8(bytes).ok()?),
            ("replace", Value::Text(text)) if keywords.is_empty() => {
                let [old, new] = &**positional else { return None };
                let (Value::Text(old), Value::Text(new)) = (self.value(old)?, self.value(new)?) else { return None };
                if text.len().saturating_add(1).saturating_mul(new.len().max(1)) > PRODUCT {
                    return None;
                }
                Value::Text(text.replace(&old, &new))
            }
            ("lower" | "casefold", Value::Text(text)) if positional.is_empty() => Value::Text(text.to_lowercase()),
            ("strip", Value::Text(text)) if positional.is_empty() => Value::Text(text.trim().to_owned()),
            _ => return None,
        };
        self.charge(value)
    }

    fn subscript(&mut self, subscript: &ExprSubscript) -> Option<Value> {
        let Value::Text(text) = self.value(&subscript.value)? else { return None };
        let Expr::Slice(slice) = &*subscript.slice else { return None };
        let characters: Vec<char> = text.chars().collect();
        let mut bound = |part: &Option<Box<Expr>>| match part {
            None => Some(None),
            Some(expression) => match self.value(expression)? {
                Value::Int(int) => Some(Some(int)),
                Value::Text(_) | Value::Bytes(_) => None,
            },
        };
        let (lower, upper, step) = (bound(&slice.lower)?, bound(&slice.upper)?, bound(&slice.step)?);
        self.charge(Value::Text(sliced(&characters, lower, upper, step.unwrap_or(1))?))
    }

    /// An f-string whose fields are all constants without conversion or format spec.
    fn interpolated(&mut self, expression: &Expr) -> Option<Value> {
        let Expr::FString(string) = expression else { return None };
        let mut text = String::new();
        for part in string.value.as_slice() {
            let FStringPart::FString(part) = part else {
                if let FStringPart::Literal(literal) = part {
                    text.push_str(literal);
                }
                continue;
            };
            for element in &part.elements {
                match element {
                    InterpolatedStringElement::Literal(literal) => text.push_str(literal),
                    InterpolatedStringElement::Interpolation(field) => {
                        if field.format_spec.is_some() || field.debug_text.is_some() {
                            return None;
                        }
                        text.push_str(&plain(self.value(&field.expression)?)?);
                    }
                }
            }
        }
        self.charge(Value::Text(text))
    }
}

fn combine(left: Value, op: Operator, right: Value) -> Option<Value> {
    match (op, left, right) {
        (Operator::Add, Value::Text(mut left), Value::Text(right)) => {
            left.push_str(&right);
            Some(Value::Text(left))
        }
        (Operator::Add, Value::Bytes(mut left), Value::Bytes(right)) => {
            left.extend(right);
            Some(Value::Bytes(left))
        }
        (Operator::Add, Value::Int(left), Value::Int(right)) => left.checked_add(right).map(Value::Int),
        (Operator::Sub, Value::Int(left), Value::Int(right)) => left.checked_sub(right).map(Value::Int),
        (Operator::Mult, Value::Int(left), Value::Int(right)) => left.checked_mul(right).map(Value::Int),
        (Operator::Mult, Value::Text(text), Value::Int(times))
        | (Operator::Mult, Value::Int(times), Value::Text(text)) => {
            let times = usize::try_from(times).unwrap_or(0);
            (text.len().saturating_mul(times) <= PRODUCT).then(|| Value::Text(text.repeat(times)))
        }
        (Operator::Mult, Value::Bytes(bytes), Value::Int(times))
        | (Operator::Mult, Value::Int(times), Value::Bytes(bytes)) => {
            let times = usize::try_from(times).unwrap_or(0);
            (bytes.len().saturating_mul(times) <= PRODUCT).then(|| Value::Bytes(bytes.repeat(times)))
        }
        _ => None,
    }
}

/// `str()` of a value.
fn plain(value: Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text),
        Value::Int(int) => Some(int.to_string()),
        Value::Bytes(_) => None,
    }
}

/// `text[lower:upper:step]`.
fn sliced(text: &[char], lower: Option<i64>, upper: Option<i64>, step: i64) -> Option<String> {
    let length = i64::try_from(text.len()).ok()?;
    let (first, last) = if step < 0 { (-1, length - 1) } else { (0, length) };
    let clamp = |bound: Option<i64>, default: i64| match bound {
        None => default,
        Some(bound) => (if bound < 0 { bound.saturating_add(length) } else { bound }).clamp(first, last),
    };
    let (mut at, end) =
        if step < 0 { (clamp(lower, last), clamp(upper, first)) } else { (clamp(lower, first), clamp(upper, last)) };
    if step == 0 {
        return None;
    }
    let mut result = String::new();
    while if step < 0 { at > end } else { at < end } {
        result.push(*text.get(usize::try_from(at).ok()?)?);
        at = at.saturating_add(step);
    }
    Some(result)
}
