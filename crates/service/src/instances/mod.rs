//! Instances: starting, reading, steering.

mod act;
pub(crate) mod action;
mod foreach;
mod input;
mod list;
mod mistake;
pub(crate) mod preview;
mod read;
mod reason;
mod start;
pub(crate) mod view;
mod waiting;

pub(crate) use act::Wish;
pub(crate) use input::InputSchemas;
pub(crate) use mistake::item_at as mistake_at;
pub use start::StartKey;
