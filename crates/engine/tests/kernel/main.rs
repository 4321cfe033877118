//! The kernel by itself: definitions, scripts of commands, and what must come of them. No storage, no clock, no threads.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod basics;
mod errors;
mod foreach;
mod harness;
mod human;
mod joins;
mod modify;
mod old_formats;
mod post;
mod properties;
mod random;
mod repair;
mod scopes;
mod timers;
mod undo;
mod why;
