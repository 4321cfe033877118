//! Expressions: CEL made safe for hostile text, names in any script, and exact replay.
//!
//! Pure: no I/O, no clock (a scope brings the step's time), no randomness; the same code checks expressions in the browser.
//! What may not live here: anything that knows what a workflow is.
//!
//! - [`Program`]: one compiled expression (without `${}`), cheap to clone and shared between threads.
//! - [`Template`]: a JSON value whose texts may hold `${…}`, compiled once, evaluated often.
//! - [`Condition`]: a text that must give true or false, written with or without `${}`.
//! - [`Scope`]: what an evaluation may look up; asked only for the names that the expression names.
//! - [`check`]: everything wrong with a text, for editors.
//!
//! Names: any letter of any script may stand in a name, reserved words too (`金额 > 1000`, `nodes.合并.output`, `order.in`). Every position
//! in a message is a byte offset in the author's text.

mod budget;
mod cache;
mod check;
mod compile;
mod condition;
mod convert;
mod environment;
mod error;
mod eval;
mod fast;
mod functions;
mod lex;
pub mod limits;
mod lower;
mod names;
mod program;
mod regexes;
mod scope;
mod slot;
mod stack;
mod template;
mod tree;

pub use cache::compile_cached;
pub use check::{check, nearest};
pub use condition::Condition;
pub use error::{EvalError, EvalErrorCode, ExprError, ExprErrorCode};
pub use functions::{FUNCTIONS, Form, Function};
pub use program::Program;
pub use scope::{MapScope, Scope};
pub use template::{Part, Template};
