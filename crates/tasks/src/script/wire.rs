//! What the server and the process of a script say to each other: one order on its input, one answer on its output.

use heddle_model::value::Value;
use serde::{Deserialize, Serialize};

/// What to run, and within what.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) source: String,
    pub(super) input: Value,
    pub(super) memory_mb: u64,
    pub(super) time_ms: u64,
}

/// What came of it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    /// The result as JSON text, which the server reads with limits of its own, and what was logged: level and line.
    Done { result: String, logs: Vec<(String, String)> },
    /// The script threw.
    Thrown { code: Option<String>, message: String, place: Option<String> },
    /// The source is not JavaScript.
    Syntax { message: String },
    /// Its time is used up.
    Cpu,
    /// Its memory is used up.
    Memory,
    /// Nothing is left to do, and it still waits.
    Pending,
    /// The result is too large.
    TooLarge,
    /// The result cannot be written as JSON.
    NotJson { message: String },
}
