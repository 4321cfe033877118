//! A compiled expression.

use crate::error::{EvalError, EvalErrorCode, ExprError};
use crate::fast::Fast;
use crate::scope::Scope;
use crate::slot::{Root, Slot, Step};
use crate::{compile, eval};
use cel::IdedExpr;
use serde_json::Value;
use std::sync::Arc;

/// One compiled expression. Cheap to clone, shared between threads, evaluated any number of times.
#[derive(Clone)]
pub struct Program(Arc<Compiled>);

/// What a compilation gives.
pub(crate) struct Compiled {
    pub(crate) source: String,
    pub(crate) tree: IdedExpr,
    /// Depth of the tree, which decides how much stack an evaluation needs.
    pub(crate) depth: usize,
    pub(crate) fast: Option<Fast>,
    pub(crate) slots: Vec<Slot>,
    pub(crate) type_slots: Vec<(String, usize)>,
    pub(crate) references: Vec<String>,
    pub(crate) functions: Vec<String>,
    pub(crate) uses_now: bool,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Program").field(&self.0.source).finish()
    }
}

impl PartialEq for Program {
    fn eq(&self, other: &Self) -> bool {
        self.0.source == other.0.source
    }
}

impl Program {
    /// Compiles an expression, written without `${}`.
    ///
    /// # Errors
    /// The first mistake in the text: what it is, where, and where possible what to write instead.
    pub fn compile(source: &str) -> Result<Self, ExprError> {
        compile::compile(source).map(|compiled| Self(Arc::new(compiled)))
    }

    /// The author's text.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// The root names that the expression reads, as the author spells them, each once: variables (also those of `vars["x"]`),
    /// `nodes`, `input`, `secrets`… A computed `vars[…]` is `vars`. Names bound by comprehensions are not among them.
    pub fn references(&self) -> &[String] {
        &self.0.references
    }

    /// The functions that the expression calls.
    pub fn functions(&self) -> &[String] {
        &self.0.functions
    }

    /// The ids of the nodes that the expression reads by name (`nodes.x`, `nodes["x"]`), with their place in the text.
    pub fn nodes(&self) -> impl Iterator<Item = (&str, (usize, usize))> {
        self.0.slots.iter().filter_map(|slot| match &slot.root {
            Root::Node(id) | Root::Output(id) => Some((id.as_str(), slot.at)),
            _ => None,
        })
    }

    /// The names of the secrets that the expression reads, with their place in the text.
    pub fn secrets(&self) -> impl Iterator<Item = (&str, (usize, usize))> {
        self.0.slots.iter().filter_map(|slot| match (&slot.root, slot.steps.first()) {
            (Root::Name(root), Some(Step::Field(name))) if root == "secrets" => Some((name.as_str(), slot.at)),
            _ => None,
        })
    }

    /// The root names with their places in the text, one entry for each place that is read.
    pub fn places(&self) -> impl Iterator<Item = (&str, (usize, usize))> {
        self.0
            .slots
            .iter()
            .enumerate()
            .filter(|(number, _)| !self.0.type_slots.iter().any(|(_, slot)| slot == number))
            .map(|(_, slot)| {
                let name = match &slot.root {
                    Root::Name(name) | Root::Variable(name) => name.as_str(),
                    Root::Variables => "vars",
                    Root::Node(_) | Root::Output(_) => "nodes",
                };
                (name, slot.at)
            })
    }

    /// Whether the value depends on the time (`now()`).
    pub fn uses_now(&self) -> bool {
        self.0.uses_now
    }

    /// The value of the expression in a scope.
    ///
    /// # Errors
    /// Missing names and fields, types that do not go together, limits.
    pub fn eval(&self, scope: &dyn Scope) -> Result<Value, EvalError> {
        self.eval_shared(scope).map(|value| Arc::try_unwrap(value).unwrap_or_else(|shared| (*shared).clone()))
    }

    /// The value, shared where the expression is one whole variable.
    ///
    /// # Errors
    /// As [`Program::eval`].
    pub fn eval_shared(&self, scope: &dyn Scope) -> Result<Arc<Value>, EvalError> {
        if let Some(value) = self.0.fast.as_ref().and_then(|fast| fast.eval(&self.0.slots, scope)) {
            return Ok(value);
        }
        eval::eval(&self.0, scope).map(Arc::new)
    }

    /// The value without the shortcut for small expressions: what the tests compare the shortcut with.
    #[doc(hidden)]
    pub fn eval_reference(&self, scope: &dyn Scope) -> Result<Value, EvalError> {
        eval::eval(&self.0, scope)
    }

    /// Whether the shortcut may be taken.
    #[doc(hidden)]
    pub fn has_shortcut(&self) -> bool {
        self.0.fast.is_some()
    }

    /// The value, which must be true or false.
    ///
    /// # Errors
    /// As [`Program::eval`], and [`EvalErrorCode::Type`] for anything but a boolean.
    pub fn eval_bool(&self, scope: &dyn Scope) -> Result<bool, EvalError> {
        match &*self.eval_shared(scope)? {
            Value::Bool(flag) => Ok(*flag),
            other => {
                let kind = crate::slot::kind_of(other);
                Err(EvalError::new(
                    EvalErrorCode::Type,
                    format!(
                        "the condition gives a value of type {kind}, not true or false; compare it, such as `{} == …`",
                        self.source()
                    ),
                    format!("条件的结果是 {kind} 类型，而不是真或假，请写成比较，如 `{} == …`", self.source()),
                )
                .within(self.source()))
            }
        }
    }
}
