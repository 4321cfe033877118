//! A slot: one place in the scope that an expression reads, such as `order.customer.name` or `nodes.合并.output`.
//!
//! Only what a slot names is looked up and converted; the rest of the variables is never touched.

use crate::error::{EvalError, EvalErrorCode as Code};
use crate::scope::Scope;
use serde_json::Value;
use std::sync::Arc;

/// Where a slot begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Root {
    /// A name at the top level.
    Name(String),
    /// `vars["name"]`.
    Variable(String),
    /// `vars` as a whole.
    Variables,
    /// `nodes.<id>`.
    Node(String),
    /// `nodes.<id>.output`, which may be large and is shared.
    Output(String),
}

/// One step into a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Field(String),
    Index(i64),
}

/// One place in the scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) root: Root,
    pub(crate) steps: Vec<Step>,
    /// Offset and length in the author's text.
    pub(crate) at: (usize, usize),
}

/// Why a slot holds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    Root,
    /// The object before this step has no such field.
    Field(usize),
    /// The list before this step is shorter.
    Index(usize),
    /// What stands before this step has no fields or elements.
    Kind(usize),
}

impl Slot {
    /// The value that the slot begins with.
    pub(crate) fn root(&self, scope: &dyn Scope) -> Option<Arc<Value>> {
        match &self.root {
            Root::Name(name) => scope.get(name),
            Root::Variable(name) => scope.variable(name),
            Root::Variables => scope.variables(),
            Root::Node(id) => scope.node(id),
            Root::Output(id) => scope.node_output(id),
        }
    }

    /// The value at the end of the steps.
    pub(crate) fn walk<'v>(&self, root: &'v Value) -> Result<&'v Value, Missing> {
        let mut value = root;
        for (n, step) in self.steps.iter().enumerate() {
            value = match (step, value) {
                (Step::Field(name), Value::Object(map)) => map.get(name).ok_or(Missing::Field(n))?,
                (Step::Index(index), Value::Array(list)) => {
                    usize::try_from(*index).ok().and_then(|index| list.get(index)).ok_or(Missing::Index(n))?
                }
                (Step::Index(_), Value::Object(_)) => return Err(Missing::Field(n)),
                _ => return Err(Missing::Kind(n)),
            };
        }
        Ok(value)
    }

    /// The value, shared where the slot is a whole variable.
    pub(crate) fn value(&self, scope: &dyn Scope) -> Result<Arc<Value>, Missing> {
        let root = self.root(scope).ok_or(Missing::Root)?;
        if self.steps.is_empty() {
            return Ok(root);
        }
        self.walk(&root).map(|value| Arc::new(value.clone()))
    }

    /// The text of the slot up to a step, as an author would write it.
    pub(crate) fn text(&self, steps: usize) -> String {
        let mut text = match &self.root {
            Root::Name(name) => name.clone(),
            Root::Variable(name) => format!("vars[{name:?}]"),
            Root::Variables => "vars".to_owned(),
            Root::Node(id) => node_text(id),
            Root::Output(id) => format!("{}.output", node_text(id)),
        };
        for step in &self.steps[..steps.min(self.steps.len())] {
            match step {
                Step::Field(name) if is_name(name) => {
                    text.push('.');
                    text.push_str(name);
                }
                Step::Field(name) => text.push_str(&format!("[{name:?}]")),
                Step::Index(index) => text.push_str(&format!("[{index}]")),
            }
        }
        text
    }

    /// The error of a slot that holds nothing; `value` is the root, for its types.
    pub(crate) fn error(&self, missing: Missing, root: Option<&Value>) -> EvalError {
        let whole = self.text(usize::MAX);
        let before = |n: usize| self.text(n);
        let step = |n: usize| match self.steps.get(n) {
            Some(Step::Field(name)) => name.clone(),
            Some(Step::Index(index)) => index.to_string(),
            None => String::new(),
        };
        match missing {
            Missing::Root => self.root_error(&whole),
            Missing::Field(n) => EvalError::new(
                Code::MissingField,
                format!(
                    "`{}` has no field `{}`; test with `has({whole})` or write `default({whole}, …)`",
                    before(n),
                    step(n)
                ),
                format!("`{}` 没有字段 `{}`，可用 `has({whole})` 判断，或写 `default({whole}, …)`", before(n), step(n)),
            ),
            Missing::Index(n) => {
                let len = self.prefix(n, root).and_then(Value::as_array).map_or(0, Vec::len);
                EvalError::new(
                    Code::Index,
                    format!("`{}` has {len} elements, so there is no `[{}]`", before(n), step(n)),
                    format!("`{}` 有 {len} 个元素，不存在 `[{}]`", before(n), step(n)),
                )
            }
            Missing::Kind(n) => {
                let kind = self.prefix(n, root).map_or("null", kind_of);
                EvalError::new(
                    Code::Type,
                    format!("`{}` is of type {kind}, so it has no `{}`", before(n), step(n)),
                    format!("`{}` 的类型是 {kind}，没有 `{}`", before(n), step(n)),
                )
            }
        }
        .at(self.at)
    }

    fn prefix<'v>(&self, steps: usize, root: Option<&'v Value>) -> Option<&'v Value> {
        let head = Self { steps: self.steps[..steps].to_vec(), ..self.clone() };
        root.and_then(|root| head.walk(root).ok())
    }

    fn root_error(&self, whole: &str) -> EvalError {
        let (en, zh) = match &self.root {
            Root::Node(id) | Root::Output(id) => (
                format!("no node `{id}` has run yet; test with `has({whole})`"),
                format!("节点 `{id}` 尚未运行，可用 `has({whole})` 判断"),
            ),
            Root::Name(name) | Root::Variable(name) => (
                format!(
                    "there is no variable `{name}`; set it before, test with `has({whole})`, or write `default({whole}, …)`"
                ),
                format!("变量 `{name}` 不存在，请先设置，或用 `has({whole})` 判断，或写 `default({whole}, …)`"),
            ),
            Root::Variables => ("variables are not available here".to_owned(), "此处不能使用变量".to_owned()),
        };
        EvalError::new(Code::UnknownName, en, zh)
    }
}

fn node_text(id: &str) -> String {
    if is_name(id) { format!("nodes.{id}") } else { format!("nodes[{id:?}]") }
}

/// The type of a JSON value in the words of CEL.
pub(crate) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "double",
        Value::Number(_) => "int",
        Value::String(_) => "string",
        Value::Array(_) => "list",
        Value::Object(_) => "map",
    }
}

/// Whether a text can stand bare after a dot.
pub(crate) fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(crate::lex::starts_name) && chars.all(crate::lex::continues_name)
}
