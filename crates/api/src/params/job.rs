//! Jobs: the work of external workers.

use heddle_model::ids::JobId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Takes jobs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ActivateJobs {
    /// Types of jobs, at least one.
    pub types: Vec<String>,
    /// What the worker calls itself.
    pub worker: String,
    /// At most so many, 1–500; 1 where absent.
    pub max_jobs: Option<u32>,
    /// How long they belong to the worker, in milliseconds; 30,000 where absent.
    pub lease_ms: Option<u64>,
    /// How long to wait for the first one, in milliseconds, at most 60,000.
    pub wait_ms: Option<u64>,
}

/// Completes a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompleteJob {
    /// Which job.
    pub id: JobId,
    /// The attempt's token.
    pub token: String,
    /// Its output.
    pub output: Value,
}

/// Fails a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FailJob {
    /// Which job.
    pub id: JobId,
    /// The attempt's token.
    pub token: String,
    /// Code of the error.
    pub code: String,
    /// What happened.
    pub message: String,
    /// Whether it is a business error.
    pub business: bool,
    /// Whether another attempt makes sense.
    pub retryable: bool,
}

/// Keeps a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeartbeatJob {
    /// Which job.
    pub id: JobId,
    /// The attempt's token.
    pub token: String,
    /// The new lease from now, in milliseconds.
    pub lease_ms: Option<u64>,
}
