//! Instances: starting, reading, steering.

mod act;
mod input;
mod list;
mod mistake;
mod read;
mod start;
pub(crate) mod view;

pub(crate) use input::InputSchemas;
pub use start::StartKey;
