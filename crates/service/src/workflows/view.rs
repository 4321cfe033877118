//! What callers see of workflows.

use heddle_api::Timestamp;
use heddle_api::error::ProblemItem;
use heddle_api::params::DefinitionFormat;
use heddle_api::view::{StatusCounts, VersionSummary, VersionView, WorkflowStatus, WorkflowSummary, WorkflowView};
use heddle_store::query::{VersionRow, WorkflowRow};
use serde_json::Value;

/// A workflow at one version.
pub(super) fn workflow(row: &WorkflowRow, version: &VersionRow, diagnostics: Vec<ProblemItem>) -> WorkflowView {
    let definition: Value = serde_json::from_str(&version.definition).unwrap_or_default();
    WorkflowView {
        id: row.id,
        name: row.name.clone(),
        version: version.number,
        version_id: version.id,
        label: label(version.label.as_deref()),
        status: WorkflowStatus::Published,
        description: row.description.clone(),
        tags: row.tags.clone(),
        definition,
        diagnostics,
        yaml: None,
        created_at: Timestamp(row.created_at),
        updated_at: Timestamp(row.updated_at),
    }
}

/// A row of the list.
pub(super) fn summary(row: WorkflowRow, counts: StatusCounts) -> WorkflowSummary {
    WorkflowSummary {
        id: row.id,
        name: row.name,
        version: row.latest_number,
        version_id: row.latest_version,
        label: label(row.label.as_deref()),
        status: WorkflowStatus::Published,
        description: row.description,
        tags: row.tags,
        created_at: Timestamp(row.created_at),
        updated_at: Timestamp(row.updated_at),
        updated_by: row.updated_by,
        counts,
    }
}

/// A row of the list of versions.
pub(super) fn version_summary(row: &VersionRow) -> VersionSummary {
    VersionSummary {
        id: row.id,
        number: row.number,
        label: label(row.label.as_deref()),
        created_at: Timestamp(row.created_at),
        created_by: row.created_by_name.clone(),
    }
}

/// One version with its definition.
pub(super) fn version(row: VersionRow) -> VersionView {
    VersionView {
        summary: version_summary(&row),
        workflow_id: row.workflow,
        definition: serde_json::from_str(&row.definition).unwrap_or_default(),
        source_format: source_format(&row),
        source: row.source,
    }
}

/// The language that the author wrote in.
pub(super) fn source_format(row: &VersionRow) -> DefinitionFormat {
    if row.source_format == "yaml" { DefinitionFormat::Yaml } else { DefinitionFormat::Json }
}

fn label(json: Option<&str>) -> Option<Value> {
    json.and_then(|text| serde_json::from_str(text).ok())
}
