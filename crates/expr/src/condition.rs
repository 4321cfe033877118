//! A condition: a text that must give true or false.

use crate::cache::compile_cached;
use crate::error::{EvalError, ExprError, ExprErrorCode as Code};
use crate::program::Program;
use crate::scope::Scope;
use crate::template;

/// A compiled condition. Written either as one whole `${expr}` or as the bare expression; `${a} && ${b}` is refused, with the
/// spelling that is meant.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition(Program);

impl Condition {
    /// Compiles a condition.
    ///
    /// # Errors
    /// The first mistake, at its place in the whole text, `${` included.
    pub fn parse(text: &str) -> Result<Self, ExprError> {
        let trimmed = text.trim();
        let start = text.len() - text.trim_start().len();
        if !trimmed.contains("${") {
            return compile_cached(trimmed).map(Self).map_err(|error| error.shifted(start));
        }
        match template::whole(trimmed)? {
            Some(inside) => compile_cached(inside).map(Self).map_err(|error| error.shifted(start + 2)),
            None => {
                let fixed = format!("${{{}}}", template::without_marks(trimmed));
                Err(ExprError::new(
                    Code::Syntax,
                    (start, trimmed.len()),
                    format!("a condition is one expression; write `{fixed}`"),
                    format!("条件必须是一个表达式，请写 `{fixed}`"),
                )
                .suggest(fixed))
            }
        }
    }

    /// The compiled expression.
    pub fn program(&self) -> &Program {
        &self.0
    }

    /// Whether the condition holds.
    ///
    /// # Errors
    /// As [`Program::eval_bool`].
    pub fn holds(&self, scope: &dyn Scope) -> Result<bool, EvalError> {
        self.0.eval_bool(scope)
    }
}
