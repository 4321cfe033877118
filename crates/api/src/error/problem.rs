//! The problem document (RFC 9457) that every error answer is.

use super::ErrorCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What an error answer holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Problem {
    /// Address of the error's page.
    pub r#type: String,
    /// What kind of error it is.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened here, and what to do.
    pub detail: String,
    /// The error's code.
    pub code: ErrorCode,
    /// Id of the request, for the server's log.
    pub instance: String,
    /// The single mistakes of an input.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemItem>,
    /// Members that belong to the code, such as `from` and `to`.
    #[serde(flatten)]
    #[cfg_attr(feature = "ssr", schema(value_type = Object))]
    pub members: Map<String, Value>,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.title, self.detail)
    }
}

impl std::error::Error for Problem {}

/// One mistake of an input, or one remark about a definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ProblemItem {
    /// JSON pointer of the place; empty for the whole document.
    pub pointer: String,
    /// Line of the text, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Column of the text, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// Code of the rule, such as `W001`.
    pub code: String,
    /// Whether it blocks.
    pub severity: Severity,
    /// What is wrong, in the language of the request.
    pub message: String,
    /// What would be right, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
    /// Ids of the nodes and edges that it concerns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<String>,
}

impl ProblemItem {
    /// A mistake at this place.
    pub fn error(pointer: impl Into<String>, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            line: None,
            column: None,
            code: code.into(),
            severity: Severity::Error,
            message: message.into(),
            suggestion: None,
            ids: Vec::new(),
        }
    }
}

/// Whether a remark blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Blocks.
    Error,
    /// Probably not what was meant.
    Warning,
    /// Worth knowing.
    Hint,
}
