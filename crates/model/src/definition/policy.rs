//! Policies of a node and of a whole workflow: retry, failure, concurrency, settings. Durations are in milliseconds.

use crate::value::{Map, Value};
use serde::{Deserialize, Serialize};

/// When a failed task is tried again. Absent on a node: one attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Retry {
    /// All attempts together, the first included (1–1000).
    pub max_attempts: u32,
    /// Wait before the second attempt.
    pub base_delay: u64,
    /// Each further wait is this many times the last (1–100).
    pub factor: f64,
    /// No wait is longer.
    pub max_delay: u64,
    /// How the wait is spread.
    pub jitter: Jitter,
    /// Classes of error that are tried again.
    pub on: Vec<String>,
    /// Codes of error that are tried again; empty: all of those classes.
    pub codes: Vec<String>,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            max_attempts: crate::limits::RETRY_ATTEMPTS,
            base_delay: 1_000,
            factor: 2.0,
            max_delay: 60_000,
            jitter: Jitter::Full,
            on: vec!["system".into(), "timeout".into()],
            codes: Vec::new(),
        }
    }
}

/// How a wait is spread, so that many failures do not come back at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Jitter {
    /// Anywhere between nothing and the full wait.
    #[default]
    Full,
    /// The full wait.
    None,
    /// Half the wait, and anywhere up to the other half.
    Equal,
}

/// What a node's failure does when it is not tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// The error goes up; uncaught it fails the instance.
    #[default]
    Fail,
    /// The node is skipped with a null output and the flow goes on.
    Skip,
    /// A person decides: the node stays FAILED with an open incident.
    Incident,
    /// What has been done is compensated.
    Compensate,
}

/// What an uncaught failure does to the instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// FAILED.
    #[default]
    Fail,
    /// Compensate, then FAILED.
    Compensate,
    /// Stay RUNNING with an open incident.
    Incident,
}

/// How a completed node is undone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Compensate {
    /// By the node of this id.
    Node(String),
    /// By a task of its own.
    Task {
        /// The task type.
        #[serde(rename = "type")]
        task_type: String,
        /// Its settings.
        #[serde(default)]
        config: Map<String, Value>,
    },
}

/// At most `limit` at a time per value of `key`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Concurrency {
    /// Text with `${…}`; its value is the key.
    pub key: String,
    /// How many at a time.
    pub limit: u32,
    /// What happens to one too many.
    #[serde(default)]
    pub at_limit: AtLimit,
}

/// What happens to one too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AtLimit {
    /// It waits.
    #[default]
    Queue,
    /// It is refused.
    Reject,
    /// The oldest gives way.
    Replace,
}

/// How instances of a workflow run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Longest run, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u64>,
    /// 0–9, 9 goes first; 5 where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<u8>,
    /// What an uncaught failure does.
    pub on_failure: OnFailure,
    /// At most so many instances at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<Concurrency>,
    /// Variables that lists can be filtered by.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub search: Vec<String>,
    /// How long ended instances are kept, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention: Option<u64>,
    /// Least level of task logs that is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_level: Option<String>,
    /// JSON pointers of fields that are masked without `secret:reveal`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sensitive: Vec<String>,
}

impl Settings {
    /// Whether nothing was set.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
