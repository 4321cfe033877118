//! The kernel by itself: definitions, scripts of commands, and what must come of them. No storage, no clock, no threads.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod basics;
mod commands;
mod errors;
mod foreach;
mod harness;
mod human;
mod joins;
mod migrate;
mod modify;
mod old_formats;
mod pause_node;
mod post;
mod preview;
mod properties;
mod random;
mod repair;
mod rerun;
mod rollback;
mod rows;
mod scopes;
mod skips;
mod timers;
mod undo;
mod why;
