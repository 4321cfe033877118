//! What a task fails with.

use heddle_model::value::Value;
use serde::{Deserialize, Serialize};

/// Whose fault it is; decides what a retry policy does with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// The machinery: network, panic, lost attempt.
    #[default]
    System,
    /// The process itself says no.
    Business,
    /// Time was up.
    Timeout,
}

impl ErrorClass {
    /// The word in definitions and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Business => "business",
            Self::Timeout => "timeout",
        }
    }
}

/// An error as it is stored, shown, and matched by `retry` and `on: error`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, thiserror::Error)]
#[error("{code}: {message}")]
pub struct TaskError {
    /// Whose fault it is.
    pub class: ErrorClass,
    /// What `codes` match, in capitals (`HTTP_503`, `OUT_OF_STOCK`).
    pub code: String,
    /// For people.
    pub message: String,
    /// More, as JSON.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub details: Value,
    /// `false`: not tried again whatever the policy says.
    #[serde(default = "yes")]
    pub retryable: bool,
    /// The other side asked to wait so long, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

const fn yes() -> bool {
    true
}

impl TaskError {
    /// An error of a class, worth another try.
    pub fn new(class: ErrorClass, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            class,
            code: code.into(),
            message: message.into(),
            details: Value::Null,
            retryable: true,
            retry_after_ms: None,
        }
    }

    /// The same, not worth another try.
    #[must_use]
    pub fn permanent(mut self) -> Self {
        self.retryable = false;
        self
    }
}
