//! Reading workflows and versions.

use super::change::off_thread;
use super::view;
use crate::authz::authorize;
use crate::error::{Error, Result};
use crate::page;
use crate::service::Service;
use heddle_api::params::{
    DefinitionFormat, ExportFormat, ExportWorkflow, GetVersion, GetWorkflow, ListVersions, ListWorkflows,
};
use heddle_api::view::{Document, TaskTypeView, VersionSummary, VersionView, WorkflowSummary, WorkflowView};
use heddle_api::{ApiError, Lang, Page, Permission, RequestContext};
use heddle_model::format::{self, Format};
use heddle_model::ids::{WorkflowId, WorkspaceId};
use heddle_store::query::{VersionRow, WorkflowFilter, WorkflowSort};
use serde_json::Value;

impl Service {
    /// Workflows.
    pub(crate) async fn list_workflows(
        &self,
        context: &RequestContext,
        params: ListWorkflows,
    ) -> Result<Page<WorkflowSummary>> {
        let allowed = authorize(context, Permission::WorkflowView)?;
        if let Some(status) =
            params.status.as_deref().filter(|status| !status.is_empty() && !status.eq_ignore_ascii_case("published"))
        {
            let (en, zh) = (
                format!("`{status}` is not a status here; there is `published`."),
                format!("`{status}` 不是有效状态；可用 `published`。"),
            );
            return Err(ApiError::invalid("/status", en, zh, context.lang).into());
        }
        let filter = WorkflowFilter {
            q: params.q.filter(|q| !q.trim().is_empty()),
            tag: params.tag.filter(|tag| !tag.is_empty()),
            sort: match params.sort.as_deref() {
                None | Some("" | "name") => WorkflowSort::Name,
                Some("-updated_at") => WorkflowSort::UpdatedDesc,
                Some("-created_at") => WorkflowSort::CreatedDesc,
                Some(other) => return Err(page::unknown_sort(other, "name, -updated_at, -created_at", context.lang)),
            },
        };
        let limit = page::limit(params.limit, context.lang)?;
        let after = page::keyed_cursor(params.cursor.as_deref(), context.lang)?;
        let rows = self.store.workflows(allowed.workspace(), &filter, limit + 1, after).await?;
        let (rows, next_cursor) = page::cut(rows, limit, |(row, key)| page::key_cursor(key, row.id));
        let ids: Vec<WorkflowId> = rows.iter().map(|(row, _)| row.id).collect();
        let counts = self.counts_by_workflow(allowed.workspace(), &ids).await?;
        let items = rows.into_iter().map(|(row, _)| {
            let counts = counts.get(&row.id).copied().unwrap_or_default();
            view::summary(row, counts)
        });
        Ok(Page { items: items.collect(), next_cursor })
    }

    /// One workflow.
    pub(crate) async fn get_workflow(&self, context: &RequestContext, params: GetWorkflow) -> Result<WorkflowView> {
        let allowed = authorize(context, Permission::WorkflowView)?;
        let row = self
            .store
            .workflow(allowed.workspace(), params.id)
            .await?
            .ok_or_else(|| ApiError::not_found("workflow", params.id))?;
        let version =
            self.version_row(allowed.workspace(), row.id, params.version.unwrap_or(row.latest_number)).await?;
        let (importer, lang, canonical) = (self.importer.clone(), context.lang, version.definition.clone());
        let remarks = off_thread(move || importer.remarks(&canonical, lang)).await?;
        let mut shown = view::workflow(&row, &version, remarks);
        if params.yaml {
            shown.yaml = Some(yaml(&version)?);
        }
        Ok(shown)
    }

    /// One definition as a file.
    pub(crate) async fn export_workflow(&self, context: &RequestContext, params: ExportWorkflow) -> Result<Document> {
        let allowed = authorize(context, Permission::WorkflowView)?;
        let row = self
            .store
            .workflow(allowed.workspace(), params.id)
            .await?
            .ok_or_else(|| ApiError::not_found("workflow", params.id))?;
        let version =
            self.version_row(allowed.workspace(), row.id, params.version.unwrap_or(row.latest_number)).await?;
        let (media_type, ending, text) = match params.format {
            ExportFormat::Json => ("application/json", "json", version.definition.clone()),
            ExportFormat::Yaml => ("application/yaml", "yaml", yaml(&version)?),
            ExportFormat::Executable => ("application/json", "json", executable(&row.id.to_string(), &version)?),
        };
        Ok(Document {
            media_type: media_type.to_owned(),
            file_name: format!("{}.{ending}", row.name),
            etag: version.id.to_string(),
            text,
        })
    }

    /// Versions, newest first.
    pub(crate) async fn list_versions(
        &self,
        context: &RequestContext,
        params: ListVersions,
    ) -> Result<Page<VersionSummary>> {
        let allowed = authorize(context, Permission::WorkflowView)?;
        self.store
            .workflow(allowed.workspace(), params.id)
            .await?
            .ok_or_else(|| ApiError::not_found("workflow", params.id))?;
        let limit = page::limit(params.limit, context.lang)?;
        let below = page::number_cursor(params.cursor.as_deref(), context.lang)?;
        let rows = self.store.versions(allowed.workspace(), params.id, limit + 1, below).await?;
        let (rows, next_cursor) = page::cut(rows, limit, |row| row.number.to_string());
        Ok(Page { items: rows.iter().map(view::version_summary).collect(), next_cursor })
    }

    /// One version.
    pub(crate) async fn get_version(&self, context: &RequestContext, params: GetVersion) -> Result<VersionView> {
        let allowed = authorize(context, Permission::WorkflowView)?;
        let row = self.version_row(allowed.workspace(), params.id, params.number).await?;
        Ok(view::version(row))
    }

    /// Registered task types.
    pub(crate) fn task_types(&self, context: &RequestContext) -> Result<Vec<TaskTypeView>> {
        authorize(context, Permission::WorkflowView)?;
        let text = |schema: &Value, key: &str| {
            let chinese = (context.lang == Lang::Zh).then(|| schema.get(format!("x-{key}-zh"))).flatten();
            chinese.or_else(|| schema.get(key)).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let types = self.registry.infos().into_iter().map(|info| TaskTypeView {
            name: info.name.to_owned(),
            aliases: info.aliases.iter().map(|&alias| alias.to_owned()).collect(),
            title: text(&info.schema, "title"),
            description: text(&info.schema, "description"),
            pure: self.importer.is_pure(info.name),
            schema: info.schema,
        });
        Ok(types.collect())
    }

    /// A version's row, or 404.
    pub(super) async fn version_row(
        &self,
        workspace: WorkspaceId,
        workflow: WorkflowId,
        number: u32,
    ) -> Result<VersionRow> {
        let row = self.store.version(workspace, workflow, number).await?;
        Ok(row.ok_or_else(|| ApiError::not_found("version", number))?)
    }
}

/// The author's own text where it was YAML (comments and order are theirs), else canonical YAML.
fn yaml(version: &VersionRow) -> Result<String> {
    if view::source_format(version) == DefinitionFormat::Yaml {
        return Ok(version.source.clone());
    }
    Ok(format::to_yaml(&definition(version)?))
}

fn executable(id: &str, version: &VersionRow) -> Result<String> {
    let mut document = format::to_executable(&definition(version)?);
    document["id"] = Value::String(id.to_owned());
    Ok(document.to_string())
}

fn definition(version: &VersionRow) -> Result<heddle_model::definition::Definition> {
    format::parse(&version.definition, Format::Json).definition.ok_or_else(|| {
        tracing::error!(version = %version.id, "a stored definition cannot be read");
        Error::from(heddle_api::ErrorCode::Internal)
    })
}
