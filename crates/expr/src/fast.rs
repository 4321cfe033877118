//! The shortcut: small expressions over scalars, evaluated on the JSON values themselves.
//!
//! It handles only what goes well. Whatever is missing, of another type, too large or unusual makes it give up (`None`), and the
//! interpreter decides value or error. A property test holds both equal.

use crate::lower::{FLAG, NOW, SLOT};
use crate::scope::Scope;
use crate::slot::Slot;
use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators as op};
use serde_json::Value;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

/// An expression that the shortcut understands.
#[derive(Debug)]
pub(crate) enum Fast {
    Null,
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(String),
    Slot(usize),
    Flag(usize),
    Now,
    Not(Box<Fast>),
    And(Box<[Fast; 2]>),
    Or(Box<[Fast; 2]>),
    If(Box<[Fast; 3]>),
    Compare(Relation, Box<[Fast; 2]>),
    Compute(Operation, Box<[Fast; 2]>),
    Size(usize),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Relation {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// Longer texts are joined by the interpreter, which weighs them.
const SHORT_TEXT: usize = 64 * 1024;

/// A scalar.
#[derive(Debug, Clone)]
enum Scalar<'v> {
    Null,
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(Cow<'v, str>),
}

/// The values of one evaluation's slots.
struct Values<'s> {
    slots: &'s [Slot],
    roots: Vec<Option<Option<Arc<Value>>>>,
}

impl Fast {
    /// The shortcut of a lowered tree, where there is one.
    pub(crate) fn of(expr: &IdedExpr, types: &[(String, usize)]) -> Option<Self> {
        Some(match &expr.expr {
            Expr::Literal(LiteralValue::Null) => Self::Null,
            Expr::Literal(LiteralValue::Boolean(flag)) => Self::Bool(*flag.inner()),
            Expr::Literal(LiteralValue::Int(int)) => Self::Int(*int.inner()),
            Expr::Literal(LiteralValue::Double(double)) => Self::Double(*double.inner()),
            Expr::Literal(LiteralValue::String(text)) => Self::Text(text.inner().to_owned()),
            Expr::Ident(name) if name == NOW => Self::Now,
            Expr::Ident(name) => match (name.strip_prefix(SLOT), name.strip_prefix(FLAG)) {
                (Some(number), _) => Self::Slot(number.parse().ok()?),
                (_, Some(number)) => Self::Flag(number.parse().ok()?),
                // A variable with the name of a type; where there is none, the interpreter knows the type.
                _ => Self::Slot(types.iter().find(|(known, _)| known == name)?.1),
            },
            Expr::Call(call) => return Self::of_call(call, types),
            _ => return None,
        })
    }

    fn of_call(call: &CallExpr, types: &[(String, usize)]) -> Option<Self> {
        let name = call.func_name.as_str();
        if name == "size" {
            let of = call.target.as_deref().or(call.args.first()).map(|of| Self::of(of, types))??;
            return if let Self::Slot(number) = of { Some(Self::Size(number)) } else { None };
        }
        if call.target.is_some() {
            return None;
        }
        let mut args = call.args.iter().map(|arg| Self::of(arg, types)).collect::<Option<Vec<_>>>()?;
        match (name, args.len()) {
            ("@made", 1) => return args.pop(),
            (op::LOGICAL_NOT, 1) => return Some(Self::Not(Box::new(args.pop()?))),
            (op::CONDITIONAL, 3) => return args.try_into().ok().map(|args| Self::If(Box::new(args))),
            (_, 2) => {}
            _ => return None,
        }
        let both: Box<[Self; 2]> = Box::new(args.try_into().ok()?);
        Some(match name {
            op::LOGICAL_AND => Self::And(both),
            op::LOGICAL_OR => Self::Or(both),
            op::EQUALS => Self::Compare(Relation::Equal, both),
            op::NOT_EQUALS => Self::Compare(Relation::NotEqual, both),
            op::LESS => Self::Compare(Relation::Less, both),
            op::LESS_EQUALS => Self::Compare(Relation::LessEqual, both),
            op::GREATER => Self::Compare(Relation::Greater, both),
            op::GREATER_EQUALS => Self::Compare(Relation::GreaterEqual, both),
            "@add" => Self::Compute(Operation::Add, both),
            "@sub" => Self::Compute(Operation::Subtract, both),
            "@mul" => Self::Compute(Operation::Multiply, both),
            "@div" => Self::Compute(Operation::Divide, both),
            _ => return None,
        })
    }

    /// The value, or nothing where the interpreter must decide.
    pub(crate) fn eval(&self, slots: &[Slot], scope: &dyn Scope) -> Option<Arc<Value>> {
        match self {
            Self::Slot(number) => slots.get(*number)?.value(scope).ok(),
            Self::Now => Some(Arc::new(Value::String(crate::functions::time::rfc3339_ms(scope.now_ms())))),
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::Double(_) | Self::Text(_) => {
                scalar_to_json(&self.constant()?)
            }
            _ => {
                let mut values = Values { slots, roots: vec![None; slots.len()] };
                self.prepare(&mut values, scope);
                scalar_to_json(&self.scalar(&values)?)
            }
        }
    }

    /// Looks up the roots of the slots that are named: each once.
    fn prepare(&self, values: &mut Values<'_>, scope: &dyn Scope) {
        match self {
            Self::Slot(number) | Self::Flag(number) | Self::Size(number) => values.fetch(*number, scope),
            Self::Not(inner) => inner.prepare(values, scope),
            Self::And(both) | Self::Or(both) | Self::Compare(_, both) | Self::Compute(_, both) => {
                both.iter().for_each(|part| part.prepare(values, scope))
            }
            Self::If(three) => three.iter().for_each(|part| part.prepare(values, scope)),
            _ => {}
        }
    }

    fn constant(&self) -> Option<Scalar<'_>> {
        Some(match self {
            Self::Null => Scalar::Null,
            Self::Bool(flag) => Scalar::Bool(*flag),
            Self::Int(int) => Scalar::Int(*int),
            Self::Double(double) => Scalar::Double(*double),
            Self::Text(text) => Scalar::Text(Cow::Borrowed(text)),
            _ => return None,
        })
    }

    fn scalar<'v>(&'v self, values: &'v Values<'_>) -> Option<Scalar<'v>> {
        Some(match self {
            Self::Slot(number) => scalar_of(values.get(*number)?)?,
            Self::Flag(number) => Scalar::Bool(values.get(*number).is_some()),
            Self::Size(number) => Scalar::Int(size_of(values.get(*number)?)?),
            Self::Not(inner) => Scalar::Bool(!inner.truth(values)?),
            Self::And(both) => Scalar::Bool(both[0].truth(values)? && both[1].truth(values)?),
            Self::Or(both) => Scalar::Bool(both[0].truth(values)? || both[1].truth(values)?),
            Self::If(three) => {
                return if three[0].truth(values)? { three[1].scalar(values) } else { three[2].scalar(values) };
            }
            Self::Compare(relation, both) => {
                Scalar::Bool(relation.holds(&both[0].scalar(values)?, &both[1].scalar(values)?)?)
            }
            Self::Compute(operation, both) => operation.apply(&both[0].scalar(values)?, &both[1].scalar(values)?)?,
            Self::Now => return None,
            _ => return self.constant(),
        })
    }

    fn truth(&self, values: &Values<'_>) -> Option<bool> {
        match self.scalar(values)? {
            Scalar::Bool(flag) => Some(flag),
            _ => None,
        }
    }
}

impl Values<'_> {
    fn fetch(&mut self, number: usize, scope: &dyn Scope) {
        if let (Some(root), Some(slot)) = (self.roots.get_mut(number), self.slots.get(number)) {
            root.get_or_insert_with(|| slot.root(scope));
        }
    }

    fn get(&self, number: usize) -> Option<&Value> {
        let root = self.roots.get(number)?.as_ref()?.as_ref()?;
        self.slots.get(number)?.walk(root).ok()
    }
}

impl Relation {
    fn holds(self, a: &Scalar<'_>, b: &Scalar<'_>) -> Option<bool> {
        match self {
            Self::Equal => equal(a, b),
            Self::NotEqual => equal(a, b).map(|equal| !equal),
            Self::Less => order(a, b).map(Ordering::is_lt),
            Self::LessEqual => order(a, b).map(Ordering::is_le),
            Self::Greater => order(a, b).map(Ordering::is_gt),
            Self::GreaterEqual => order(a, b).map(Ordering::is_ge),
        }
    }
}

impl Operation {
    fn apply(self, a: &Scalar<'_>, b: &Scalar<'_>) -> Option<Scalar<'static>> {
        Some(match (a, b) {
            (Scalar::Int(a), Scalar::Int(b)) => Scalar::Int(match self {
                Self::Add => a.checked_add(*b),
                Self::Subtract => a.checked_sub(*b),
                Self::Multiply => a.checked_mul(*b),
                Self::Divide => a.checked_div(*b),
            }?),
            (Scalar::Double(a), Scalar::Double(b)) => self.doubles(*a, *b),
            (Scalar::Int(a), Scalar::Double(b)) => self.doubles(*a as f64, *b),
            (Scalar::Double(a), Scalar::Int(b)) => self.doubles(*a, *b as f64),
            (Scalar::Text(a), Scalar::Text(b)) if matches!(self, Self::Add) && a.len() + b.len() <= SHORT_TEXT => {
                Scalar::Text(Cow::Owned([a.as_ref(), b.as_ref()].concat()))
            }
            _ => return None,
        })
    }

    fn doubles(self, a: f64, b: f64) -> Scalar<'static> {
        Scalar::Double(match self {
            Self::Add => a + b,
            Self::Subtract => a - b,
            Self::Multiply => a * b,
            Self::Divide => a / b,
        })
    }
}

fn equal(a: &Scalar<'_>, b: &Scalar<'_>) -> Option<bool> {
    Some(match (a, b) {
        (Scalar::Null, Scalar::Null) => true,
        (Scalar::Bool(a), Scalar::Bool(b)) => a == b,
        (Scalar::Text(a), Scalar::Text(b)) => a == b,
        (Scalar::Int(_) | Scalar::Double(_), Scalar::Int(_) | Scalar::Double(_)) => order(a, b)?.is_eq(),
        _ => false,
    })
}

/// The order of two numbers or two texts.
fn order(a: &Scalar<'_>, b: &Scalar<'_>) -> Option<Ordering> {
    match (a, b) {
        (Scalar::Int(a), Scalar::Int(b)) => Some(a.cmp(b)),
        (Scalar::Double(a), Scalar::Double(b)) => a.partial_cmp(b),
        (Scalar::Int(a), Scalar::Double(b)) => exact(*a)?.partial_cmp(b),
        (Scalar::Double(a), Scalar::Int(b)) => a.partial_cmp(&exact(*b)?),
        (Scalar::Text(a), Scalar::Text(b)) => Some(a.as_bytes().cmp(b.as_bytes())),
        _ => None,
    }
}

/// A whole number as a double, where that is exact.
fn exact(int: i64) -> Option<f64> {
    (int.unsigned_abs() <= 1 << 53).then_some(int as f64)
}

fn scalar_of(value: &Value) -> Option<Scalar<'_>> {
    Some(match value {
        Value::Null => Scalar::Null,
        Value::Bool(flag) => Scalar::Bool(*flag),
        Value::String(text) => Scalar::Text(Cow::Borrowed(text)),
        Value::Number(number) => match number.as_i64() {
            Some(int) => Scalar::Int(int),
            None if number.is_f64() => Scalar::Double(number.as_f64()?),
            None => return None,
        },
        Value::Array(_) | Value::Object(_) => return None,
    })
}

fn size_of(value: &Value) -> Option<i64> {
    match value {
        Value::Array(list) => i64::try_from(list.len()).ok(),
        Value::Object(map) => i64::try_from(map.len()).ok(),
        Value::String(text) => i64::try_from(text.chars().count()).ok(),
        _ => None,
    }
}

fn scalar_to_json(scalar: &Scalar<'_>) -> Option<Arc<Value>> {
    Some(Arc::new(match scalar {
        Scalar::Null => Value::Null,
        Scalar::Bool(flag) => Value::Bool(*flag),
        Scalar::Int(int) => Value::from(*int),
        Scalar::Double(double) => crate::convert::double_to_json(*double).ok()?,
        Scalar::Text(text) => Value::String(text.clone().into_owned()),
    }))
}
