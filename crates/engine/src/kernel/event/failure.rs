//! Errors inside events.

use super::Json;
use crate::tasks::{ErrorClass, TaskError};
use serde::{Deserialize, Serialize};

/// A task error inside an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// Whose fault.
    pub class: ErrorClass,
    /// What `codes` match.
    pub code: String,
    /// For people.
    pub message: String,
    /// More.
    pub details: Json,
    /// Worth another try.
    pub retryable: bool,
}

impl Failure {
    /// A called workflow was ended by a person or a program.
    pub(in crate::kernel) fn terminated(reason: &str) -> Self {
        let message = format!("the called workflow was terminated: {reason}");
        TaskError::new(ErrorClass::Business, "TERMINATED", message).permanent().into()
    }
}

impl From<TaskError> for Failure {
    fn from(error: TaskError) -> Self {
        Self {
            class: error.class,
            code: error.code,
            message: error.message,
            details: error.details.into(),
            retryable: error.retryable,
        }
    }
}

impl From<&Failure> for TaskError {
    fn from(failure: &Failure) -> Self {
        Self {
            class: failure.class,
            code: failure.code.clone(),
            message: failure.message.clone(),
            details: (*failure.details.0).clone(),
            retryable: failure.retryable,
            retry_after_ms: None,
        }
    }
}
