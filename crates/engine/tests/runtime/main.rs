//! The runtime on storage in memory: batches, recovery, take-over, unknown outcomes, poisoned rows, time.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod cluster;
mod faults;
mod flow;
mod post;
mod support;
