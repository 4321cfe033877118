//! The runtime on storage in memory: batches, recovery, take-over, unknown outcomes, poisoned rows, time.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod cluster;
mod faults;
mod flow;
mod keys;
mod pauses;
mod post;
mod repair;
mod support;
// What the storage says it has done only the simulation listens to.
#[allow(dead_code)]
#[path = "../common/wrapped.rs"]
mod wrapped;
