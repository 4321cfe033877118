//! One evaluation by the CEL interpreter: slots are looked up once and converted when they are first read.

use crate::budget::{self, Spent};
use crate::environment::env;
use crate::error::{EvalError, EvalErrorCode as Code};
use crate::lower::{FLAG, NOW, SLOT};
use crate::program::Compiled;
use crate::scope::Scope;
use crate::slot::{Missing, Slot};
use crate::{convert, stack};
use cel::common::types::CelBool;
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use cel::{Context, ExecutionError};
use serde_json::Value;
use std::sync::{Arc, OnceLock};

/// The value of a compiled expression in a scope.
pub(crate) fn eval(program: &Compiled, scope: &dyn Scope) -> Result<Value, EvalError> {
    budget::reset();
    let reader = Reader::new(program, scope);
    stack::eval(program.depth, || {
        let mut context = Context::with_env(Arc::clone(env()));
        context.set_variable_resolver(&reader);
        let value = cel::Value::resolve_val(&program.tree, &context);
        if let Some(spent) = budget::spent() {
            return Err(spent.error());
        }
        match value {
            Ok(value) => convert::to_json(value.as_ref()),
            Err(error) => Err(reader.explain(&error)),
        }
    })
    .map_err(|error| error.within(&program.source))
}

/// What the interpreter reads names from.
struct Reader<'p> {
    slots: &'p [Slot],
    type_slots: &'p [(String, usize)],
    roots: Vec<Option<Arc<Value>>>,
    values: Vec<OnceLock<Option<Box<dyn Val>>>>,
    now: OnceLock<Option<Box<dyn Val>>>,
    now_ms: i64,
}

impl<'p> Reader<'p> {
    fn new(program: &'p Compiled, scope: &dyn Scope) -> Self {
        Self {
            slots: &program.slots,
            type_slots: &program.type_slots,
            roots: program.slots.iter().map(|slot| slot.root(scope)).collect(),
            values: program.slots.iter().map(|_| OnceLock::new()).collect(),
            now: OnceLock::new(),
            now_ms: if program.uses_now { scope.now_ms() } else { 0 },
        }
    }

    fn find(&self, number: usize) -> Result<&Value, Missing> {
        let slot = self.slots.get(number).ok_or(Missing::Root)?;
        let root = self.roots.get(number).and_then(Option::as_ref).ok_or(Missing::Root)?;
        slot.walk(root)
    }

    fn value(&self, number: usize) -> Option<&dyn Val> {
        let cell = self.values.get(number)?;
        cell.get_or_init(|| self.find(number).ok().and_then(|value| convert::to_cel(value).ok())).as_deref()
    }

    /// The error of the interpreter in the author's words.
    fn explain(&self, error: &ExecutionError) -> EvalError {
        if let ExecutionError::UndeclaredReference(name) = error {
            let number = name.strip_prefix(SLOT).and_then(|number| number.parse::<usize>().ok());
            if let Some((number, slot)) = number.and_then(|number| self.slots.get(number).map(|slot| (number, slot))) {
                let root = self.roots.get(number).and_then(Option::as_deref);
                let missing = self.find(number).err().unwrap_or(Missing::Root);
                return slot.error(missing, root);
            }
        }
        explain(error)
    }
}

impl VariableResolver for Reader<'_> {
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        if let Some(number) = name.strip_prefix(SLOT) {
            return self.value(number.parse().ok()?).map(CowVal::Borrowed);
        }
        if let Some(number) = name.strip_prefix(FLAG) {
            return Some(CowVal::owned(CelBool::from(self.find(number.parse().ok()?).is_ok())));
        }
        if name == NOW {
            return self.now.get_or_init(|| now(self.now_ms)).as_deref().map(CowVal::Borrowed);
        }
        let (_, number) = self.type_slots.iter().find(|(known, _)| known == name)?;
        self.value(*number).map(CowVal::Borrowed)
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn now(ms: i64) -> Option<Box<dyn Val>> {
    let time = chrono::DateTime::from_timestamp_millis(ms)?.fixed_offset();
    Some(Box::new(cel::common::types::CelTimestamp::from(time)))
}

/// The browser has no calendar: `now()` alone is written by the shortcut, but nothing can be computed with it.
#[cfg(target_arch = "wasm32")]
fn now(_ms: i64) -> Option<Box<dyn Val>> {
    None
}

/// An error of the interpreter that is not about a slot.
fn explain(error: &ExecutionError) -> EvalError {
    use ExecutionError as E;
    match error {
        E::UndeclaredReference(name) => EvalError::new(
            Code::Unsupported,
            format!("`{name}` is not available here"),
            format!("`{name}` 在此处不可用"),
        ),
        E::NoSuchKey(key) => EvalError::new(
            Code::MissingField,
            format!("there is no field `{key}`; test with `has(…)` or write `default(…, …)`"),
            format!("字段 `{key}` 不存在，可用 `has(…)` 判断，或写 `default(…, …)`"),
        ),
        E::DivisionByZero(_) | E::RemainderByZero(_) => {
            EvalError::new(Code::DivisionByZero, "a division by zero", "除数为零")
        }
        E::Overflow(..) => EvalError::new(
            Code::Overflow,
            "a number is too large for a 64-bit integer; use double(…)",
            "数值超出 64 位整数范围，请使用 double(…)",
        ),
        E::IndexOutOfBounds(index) => EvalError::new(
            Code::Index,
            format!("the list has no element {}", short(index)),
            format!("列表没有第 {} 个元素", short(index)),
        ),
        E::NoSuchOverload(overload) => no_overload(overload.function(), &overload.argument_types().join(", ")),
        E::UnsupportedBinaryOperator(operator, left, right) => {
            let name = match *operator {
                "add" => "+",
                "sub" => "-",
                "mul" => "*",
                "div" => "/",
                "rem" => "%",
                other => other,
            };
            no_overload(name, &format!("{}, {}", left.type_of(), right.type_of()))
        }
        E::UnexpectedType { got, want } => EvalError::new(
            Code::Type,
            format!("a value of type {got} stands where {want} is needed"),
            format!("此处需要 {want}，而不是 {got}"),
        ),
        E::FunctionError { function, message } => EvalError::new(
            Code::InvalidArgument,
            format!("`{function}`: {message}"),
            format!("`{function}`：{message}"),
        ),
        E::DuplicateKey(key) => EvalError::new(
            Code::InvalidArgument,
            format!("the key {} stands twice in a map", short(key)),
            format!("映射中键 {} 重复", short(key)),
        ),
        E::InternalError(message) => EvalError::new(Code::Internal, message.clone(), message.clone()),
        other => {
            let message: String = other.to_string().chars().take(200).collect();
            EvalError::new(Code::Type, message.clone(), message)
        }
    }
}

fn no_overload(function: &str, types: &str) -> EvalError {
    let name = match function {
        "@in" => "in",
        "_[_]" => "[ ]",
        other => other.trim_matches('_'),
    };
    let advice = if types.contains("null_type") {
        "a value is null here; test it first"
    } else {
        "convert one of them with int(…), double(…) or string(…)"
    };
    let advice_zh = if types.contains("null_type") {
        "其中一个值为 null，请先判断"
    } else {
        "请用 int(…)、double(…) 或 string(…) 转换"
    };
    EvalError::new(
        Code::Type,
        format!("`{name}` does not go with {types}: {advice}"),
        format!("`{name}` 不能用于 {types}：{advice_zh}"),
    )
}

fn short(value: &cel::Value) -> String {
    format!("{value:?}").chars().take(60).collect()
}

impl From<Spent> for EvalError {
    fn from(spent: Spent) -> Self {
        spent.error()
    }
}
