//! Constants, and what operators make of them.

use rustpython_ast::{Expr, Number, Operator, UnaryOp};

/// Texts grow no longer than this by repetition, padding or joining; plain `+` is bounded by the source. `CPython` folds
/// no repetition beyond 4096 characters.
pub(super) const PRODUCT: usize = 64 * 1024;

/// A constant.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Text(String),
    Bytes(Vec<u8>),
    Int(i128),
    Bool(bool),
    Tuple(Vec<Value>),
    /// One that no text is made of, such as a float: only whether it is true.
    Other(bool),
}

impl Value {
    /// The value of a literal without parts.
    pub(super) fn literal(expression: &Expr) -> Option<Self> {
        Some(match expression {
            Expr::StringLiteral(literal) => Self::Text(literal.value.to_str().to_owned()),
            Expr::BytesLiteral(literal) => Self::Bytes(literal.value.bytes().collect()),
            Expr::BooleanLiteral(literal) => Self::Bool(literal.value),
            Expr::NoneLiteral(_) => Self::Other(false),
            Expr::EllipsisLiteral(_) => Self::Other(true),
            Expr::NumberLiteral(literal) => match &literal.value {
                Number::Int(int) => Self::Int(int.as_i64().map(i128::from).or_else(|| int.as_u64().map(i128::from))?),
                Number::Float(float) => Self::Other(*float != 0.0),
                Number::Complex { real, imag } => Self::Other(*real != 0.0 || *imag != 0.0),
            },
            _ => return None,
        })
    }

    /// What it costs to have it, in bytes.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
            Self::Int(_) | Self::Bool(_) | Self::Other(_) => 0,
            Self::Tuple(values) => values.iter().map(|value| value.size() + size_of::<Self>()).sum(),
        }
    }

    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Text(text) => !text.is_empty(),
            Self::Bytes(bytes) => !bytes.is_empty(),
            Self::Int(int) => *int != 0,
            Self::Bool(truth) | Self::Other(truth) => *truth,
            Self::Tuple(values) => !values.is_empty(),
        }
    }

    /// As an integer, which a boolean is, too.
    pub(super) fn int(&self) -> Option<i128> {
        match self {
            Self::Int(int) => Some(*int),
            Self::Bool(truth) => Some(i128::from(*truth)),
            Self::Text(_) | Self::Bytes(_) | Self::Tuple(_) | Self::Other(_) => None,
        }
    }

    /// `str()` of it.
    pub(super) fn plain(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Int(int) => Some(int.to_string()),
            Self::Bool(true) => Some("True".to_owned()),
            Self::Bool(false) => Some("False".to_owned()),
            Self::Bytes(_) | Self::Tuple(_) | Self::Other(_) => None,
        }
    }
}

pub(super) fn unary(op: UnaryOp, value: &Value) -> Option<Value> {
    Some(match op {
        UnaryOp::Not => Value::Bool(!value.is_true()),
        UnaryOp::UAdd => Value::Int(value.int()?),
        UnaryOp::USub => Value::Int(value.int()?.checked_neg()?),
        UnaryOp::Invert => Value::Int(!value.int()?),
    })
}

pub(super) fn binary(left: Value, op: Operator, right: Value) -> Option<Value> {
    if let (Some(left), Some(right)) = (left.int(), right.int()) {
        return integers(left, op, right).map(Value::Int);
    }
    match (op, left, right) {
        (Operator::Add, Value::Text(mut left), Value::Text(right)) => {
            left.push_str(&right);
            Some(Value::Text(left))
        }
        (Operator::Add, Value::Bytes(mut left), Value::Bytes(right)) => {
            left.extend(right);
            Some(Value::Bytes(left))
        }
        (Operator::Add, Value::Tuple(mut left), Value::Tuple(right)) => {
            left.extend(right);
            Some(Value::Tuple(left))
        }
        (Operator::Mult, repeated, times) if times.int().is_some() => repeat(repeated, times.int()?),
        (Operator::Mult, times, repeated) if times.int().is_some() => repeat(repeated, times.int()?),
        _ => None,
    }
}

fn integers(left: i128, op: Operator, right: i128) -> Option<i128> {
    match op {
        Operator::Add => left.checked_add(right),
        Operator::Sub => left.checked_sub(right),
        Operator::Mult => left.checked_mul(right),
        // Rounded down, not towards zero.
        Operator::FloorDiv => {
            let inexact = left.checked_rem(right)? != 0 && (left < 0) != (right < 0);
            Some(left.checked_div(right)? - i128::from(inexact))
        }
        Operator::Mod => {
            let rest = left.checked_rem(right)?;
            Some(if rest != 0 && (rest < 0) != (right < 0) { rest + right } else { rest })
        }
        Operator::Pow => left.checked_pow(u32::try_from(right).ok()?),
        Operator::LShift => left.checked_mul(1_i128.checked_shl(u32::try_from(right).ok()?).filter(|one| *one > 0)?),
        Operator::RShift => Some(left >> u32::try_from(right).ok()?.min(127)),
        Operator::BitOr => Some(left | right),
        Operator::BitXor => Some(left ^ right),
        Operator::BitAnd => Some(left & right),
        Operator::Div | Operator::MatMult => None,
    }
}

fn repeat(value: Value, times: i128) -> Option<Value> {
    let times = usize::try_from(times.max(0)).ok()?;
    if value.size().saturating_mul(times) > PRODUCT {
        return None;
    }
    match value {
        Value::Text(text) => Some(Value::Text(text.repeat(times))),
        Value::Bytes(bytes) => Some(Value::Bytes(bytes.repeat(times))),
        Value::Tuple(values) => {
            let all = std::iter::repeat_n(values, times).flatten();
            Some(Value::Tuple(all.collect()))
        }
        Value::Int(_) | Value::Bool(_) | Value::Other(_) => None,
    }
}

/// `value[index]`.
pub(super) fn item(value: &Value, index: i128) -> Option<Value> {
    let at = |length: usize| {
        let length = i128::try_from(length).ok()?;
        usize::try_from(if index < 0 { index.checked_add(length)? } else { index }).ok()
    };
    match value {
        Value::Text(text) => {
            let character = text.chars().nth(at(text.chars().count())?)?;
            Some(Value::Text(character.into()))
        }
        Value::Bytes(bytes) => bytes.get(at(bytes.len())?).map(|byte| Value::Int(i128::from(*byte))),
        Value::Tuple(values) => values.get(at(values.len())?).cloned(),
        Value::Int(_) | Value::Bool(_) | Value::Other(_) => None,
    }
}

/// The parts of `[lower:upper:step]`; nothing is a part that is left out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slice {
    pub(super) lower: Option<i128>,
    pub(super) upper: Option<i128>,
    pub(super) step: Option<i128>,
}

impl Slice {
    pub(super) fn of(self, value: &Value) -> Option<Value> {
        match value {
            Value::Text(text) => {
                let characters: Vec<char> = text.chars().collect();
                Some(Value::Text(self.picked(&characters)?.into_iter().collect()))
            }
            Value::Bytes(bytes) => self.picked(bytes).map(Value::Bytes),
            Value::Tuple(values) => self.picked(values).map(Value::Tuple),
            Value::Int(_) | Value::Bool(_) | Value::Other(_) => None,
        }
    }

    fn picked<T: Clone>(self, all: &[T]) -> Option<Vec<T>> {
        let step = self.step.unwrap_or(1);
        if step == 0 {
            return None;
        }
        let length = i128::try_from(all.len()).ok()?;
        let (first, last) = if step < 0 { (-1, length - 1) } else { (0, length) };
        let clamp = |bound: Option<i128>, default: i128| match bound {
            None => default,
            Some(bound) => (if bound < 0 { bound.saturating_add(length) } else { bound }).clamp(first, last),
        };
        let (mut at, end) = if step < 0 {
            (clamp(self.lower, last), clamp(self.upper, first))
        } else {
            (clamp(self.lower, first), clamp(self.upper, last))
        };
        let mut picked = Vec::new();
        while if step < 0 { at > end } else { at < end } {
            picked.push(all.get(usize::try_from(at).ok()?)?.clone());
            at = at.saturating_add(step);
        }
        Some(picked)
    }
}
