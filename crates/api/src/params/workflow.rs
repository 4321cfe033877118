//! Workflows and their versions.

use heddle_model::ids::WorkflowId;
use serde::{Deserialize, Serialize};

/// What language a definition text is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DefinitionFormat {
    /// JSON.
    #[default]
    Json,
    /// YAML.
    Yaml,
}

/// A definition as its author wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DefinitionText {
    /// The language.
    pub format: DefinitionFormat,
    /// The text.
    pub text: String,
}

/// Makes a workflow from a definition.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CreateWorkflow {
    /// The definition.
    pub source: DefinitionText,
}

/// Makes a new version of a workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplaceWorkflow {
    /// Which workflow.
    pub id: WorkflowId,
    /// The definition.
    pub source: DefinitionText,
    /// Version id that the caller has seen; 412 when it is no longer the latest.
    #[serde(default)]
    pub if_match: Option<String>,
}

/// Makes a workflow or a new version of it, by name; the same content makes none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ApplyWorkflow {
    /// The workflow's name; must be the definition's own.
    pub name: String,
    /// The definition.
    pub source: DefinitionText,
}

/// Which workflows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(default)]
pub struct ListWorkflows {
    /// Part of the name, the description or a tag.
    pub q: Option<String>,
    /// A tag.
    pub tag: Option<String>,
    /// `published`; others come with drafts.
    pub status: Option<String>,
    /// `name` (default), `-updated_at` or `-created_at`.
    pub sort: Option<String>,
    /// Rows of the page, 1–200; 50 where absent.
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// One workflow, at its latest or another version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetWorkflow {
    /// Which workflow.
    pub id: WorkflowId,
    /// Which version; the latest where absent.
    #[serde(default)]
    pub version: Option<u32>,
    /// Whether the answer carries the YAML text as well.
    #[serde(default)]
    pub yaml: bool,
}

/// A form in which a definition leaves the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// Canonical JSON.
    #[default]
    Json,
    /// Canonical YAML, or the author's own where the version was written in YAML.
    Yaml,
    /// The flat graph: tasks with their `next` lists.
    Executable,
}

/// A definition as a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportWorkflow {
    /// Which workflow.
    pub id: WorkflowId,
    /// Which version; the latest where absent.
    #[serde(default)]
    pub version: Option<u32>,
    /// In which form.
    #[serde(default)]
    pub format: ExportFormat,
}

/// Deletes a workflow; its history stays and its name is free again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteWorkflow {
    /// Which workflow.
    pub id: WorkflowId,
    /// Terminates instances that still run.
    #[serde(default)]
    pub force: bool,
}

/// The versions of a workflow, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListVersions {
    /// Which workflow.
    pub id: WorkflowId,
    /// Rows of the page, 1–200; 50 where absent.
    #[serde(default)]
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// One version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetVersion {
    /// Which workflow.
    pub id: WorkflowId,
    /// Its number, from 1.
    pub number: u32,
}
