//! Jobs for workers, and the task types that the server knows.

use crate::time::Timestamp;
use heddle_model::ids::{InstanceId, JobId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A job that was given to a worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct JobView {
    /// Its id.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub id: JobId,
    /// Its type.
    #[serde(rename = "type")]
    pub job_type: String,
    /// Idempotency key: equal on every attempt.
    pub key: String,
    /// Token of this attempt.
    pub token: String,
    /// The instance it belongs to.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub instance_id: InstanceId,
    /// The node it belongs to.
    pub node_id: String,
    /// Number of the attempt, from 1.
    pub attempt: u32,
    /// What it works on.
    pub input: Value,
    /// Until when it belongs to the worker.
    pub lease_until: Timestamp,
}

/// The jobs of one activation; none when the wait ended first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ActivatedJobs {
    /// The jobs.
    pub jobs: Vec<JobView>,
}

/// A job's new lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct HeartbeatView {
    /// Until when it belongs to the worker.
    pub lease_until: Timestamp,
}

/// A registered task type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct TaskTypeView {
    /// Its name.
    pub name: String,
    /// Other names for it.
    pub aliases: Vec<String>,
    /// What people call it, in the language of the request.
    pub title: String,
    /// What it does, in the language of the request.
    pub description: String,
    /// JSON Schema of its config.
    #[cfg_attr(feature = "ssr", schema(value_type = Object))]
    pub schema: Value,
    /// Whether it runs inside the commit.
    pub pure: bool,
}
