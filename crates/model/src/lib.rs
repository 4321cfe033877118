//! What a workflow is: its definition, the texts it is written in, the rules it must keep, and the plan it compiles to.
//!
//! Pure: no I/O, no clock, no randomness; the same code runs in the server and in the browser.
//! What may not live here: anything that runs an instance (`heddle-engine`), stores it (`heddle-store`) or draws it (`heddle-app`).

pub mod definition;
pub mod diagnostic;
pub mod format;
pub mod ids;
pub mod lifecycle;
pub mod limits;
pub mod plan;
pub mod validate;
pub mod value;
