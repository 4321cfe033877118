//! The scheduler's core: what runs next. Deterministic: the clock is a number here.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod admission;
mod always;
mod gates;
mod keys;
mod order;
mod support;
mod why;
