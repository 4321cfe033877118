//! Workflows and their versions.

use crate::error::ProblemItem;
use crate::params::DefinitionFormat;
use crate::time::Timestamp;
use heddle_model::ids::{VersionId, WorkflowId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a person sees of a workflow's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WorkflowStatus {
    /// Its latest version can be started.
    Published,
}

/// One workflow at one version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct WorkflowView {
    /// Its id.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub id: WorkflowId,
    /// Its name, unique in the workspace.
    pub name: String,
    /// Number of the version, from 1.
    pub version: u32,
    /// Id of the version: also the ETag.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub version_id: VersionId,
    /// The author's own label of the version.
    pub label: Option<Value>,
    /// Whether it can be started.
    pub status: WorkflowStatus,
    /// What it is for.
    pub description: Option<String>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// The definition in canonical JSON.
    #[cfg_attr(feature = "ssr", schema(value_type = Object))]
    pub definition: Value,
    /// Warnings and hints about it.
    pub diagnostics: Vec<ProblemItem>,
    /// The YAML text, where asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yaml: Option<String>,
    /// When the workflow was made.
    pub created_at: Timestamp,
    /// When its latest version was made.
    pub updated_at: Timestamp,
}

/// A row of the list of workflows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct WorkflowSummary {
    /// Its id.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub id: WorkflowId,
    /// Its name.
    pub name: String,
    /// Number of the latest version.
    pub version: u32,
    /// Id of the latest version.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub version_id: VersionId,
    /// The author's own label of it.
    pub label: Option<Value>,
    /// Whether it can be started.
    pub status: WorkflowStatus,
    /// What it is for.
    pub description: Option<String>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its latest version was made.
    pub updated_at: Timestamp,
    /// Name of who made the latest version.
    pub updated_by: Option<String>,
    /// Its instances by status.
    pub counts: crate::view::StatusCounts,
}

/// A row of the list of versions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct VersionSummary {
    /// Its id.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub id: VersionId,
    /// Its number, from 1.
    pub number: u32,
    /// The author's own label.
    pub label: Option<Value>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Name of who made it.
    pub created_by: Option<String>,
}

/// One version with its definition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct VersionView {
    /// What the list shows of it.
    #[serde(flatten)]
    pub summary: VersionSummary,
    /// Its workflow.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub workflow_id: WorkflowId,
    /// The definition in canonical JSON.
    #[cfg_attr(feature = "ssr", schema(value_type = Object))]
    pub definition: Value,
    /// The text as its author sent it.
    pub source: String,
    /// The language of that text.
    pub source_format: DefinitionFormat,
}

/// What applying a definition did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ApplyOutcome {
    /// The workflow is new.
    Created,
    /// It has a new version.
    NewVersion,
    /// The content was the same.
    Unchanged,
}

/// A workflow after a change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Applied {
    /// The workflow.
    pub workflow: WorkflowView,
    /// What happened.
    pub outcome: ApplyOutcome,
}

/// What validation found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Validation {
    /// Whether it could be stored.
    pub valid: bool,
    /// All remarks, errors first.
    pub diagnostics: Vec<ProblemItem>,
}

/// A definition as a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Its media type.
    pub media_type: String,
    /// A name for it.
    pub file_name: String,
    /// Id of the version: the ETag.
    pub etag: String,
    /// Its text.
    pub text: String,
}
