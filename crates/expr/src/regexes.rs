//! Regular expressions: linear in time, bounded in size, and compiled once per thread and pattern.

use crate::budget;
use crate::functions::guards::stop;
use crate::limits;
use cel::ExecutionError;
use std::cell::RefCell;

#[cfg(not(target_arch = "wasm32"))]
use regex::{Regex, RegexBuilder};
#[cfg(target_arch = "wasm32")]
use regex_lite::{Regex, RegexBuilder};

/// Patterns kept per thread.
const KEPT: usize = 16;
/// Steps that compiling a pattern costs: a loop over patterns must end soon.
const COMPILE_STEPS: u64 = 20_000;

/// Bytes of text searched for the price of one step. The browser's engine is smaller and some fifty times slower.
const BYTES_PER_STEP: u64 = if cfg!(target_arch = "wasm32") { 1 } else { 64 };

thread_local! {
    static COMPILED: RefCell<Vec<(String, Regex)>> = const { RefCell::new(Vec::new()) };
}

/// Whether a pattern is found in a text.
pub(crate) fn is_match(pattern: &str, text: &str) -> Result<bool, ExecutionError> {
    // Searching is linear in text times pattern.
    budget::steps((text.len() as u64 / BYTES_PER_STEP) * (pattern.len() as u64 / 16 + 1)).map_err(stop)?;
    COMPILED.with_borrow_mut(|kept| {
        if let Some(at) = kept.iter().position(|(known, _)| known == pattern) {
            // The one used last stands last, so the first is the one to give up.
            kept[at..].rotate_left(1);
        } else {
            budget::steps(COMPILE_STEPS).map_err(stop)?;
            let regex = compile(pattern)?;
            if kept.len() >= KEPT {
                kept.remove(0);
            }
            kept.push((pattern.to_owned(), regex));
        }
        Ok(kept.last().is_some_and(|(_, regex)| regex.is_match(text)))
    })
}

fn compile(pattern: &str) -> Result<Regex, ExecutionError> {
    if pattern.len() > limits::SOURCE_BYTES {
        return Err(ExecutionError::function_error("matches", "the pattern is too long"));
    }
    RegexBuilder::new(pattern)
        .size_limit(limits::REGEX_BYTES)
        .build()
        .map_err(|error| ExecutionError::function_error("matches", error.to_string()))
}
