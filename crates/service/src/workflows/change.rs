//! Making workflows and versions. A version is stored only when it is proven valid; with the same content nothing is stored.

use super::import::Imported;
use super::{derive, view};
use crate::audit::{self, Entry};
use crate::authz::{Allowed, authorize};
use crate::error::{Error, Result};
use crate::service::Service;
use crate::source;
use heddle_api::error::Severity;
use heddle_api::params::{ApplyWorkflow, CreateWorkflow, DefinitionFormat, DefinitionText, ReplaceWorkflow};
use heddle_api::view::{Applied, ApplyOutcome, Validation, WorkflowView};
use heddle_api::{ApiError, ErrorCode, Permission, RequestContext};
use heddle_model::ids::{VersionId, WorkflowId};
use heddle_store::StoreError;
use heddle_store::query::{NewVersion, VersionRow, WorkflowRow};
use serde_json::json;

impl Service {
    /// Makes a workflow.
    pub(crate) async fn create_workflow(
        &self,
        context: &RequestContext,
        params: CreateWorkflow,
    ) -> Result<WorkflowView> {
        let allowed = authorize(context, Permission::WorkflowCreate)?;
        let imported = self.import(context, params.source).await?;
        self.create(context, allowed, imported).await
    }

    /// Makes a new version.
    pub(crate) async fn replace_workflow(&self, context: &RequestContext, params: ReplaceWorkflow) -> Result<Applied> {
        let allowed = authorize(context, Permission::WorkflowPublish)?;
        let row = self
            .store
            .workflow(allowed.workspace(), params.id)
            .await?
            .ok_or_else(|| ApiError::not_found("workflow", params.id))?;
        if params.if_match.as_deref().is_some_and(|seen| seen != row.latest_version.to_string()) {
            return Err(ErrorCode::PreconditionFailed.into());
        }
        let imported = self.import(context, params.source).await?;
        if imported.definition.name != row.name {
            return Err(other_name(&row.name, &imported.definition.name, context));
        }
        self.new_version(context, allowed, row, imported).await
    }

    /// Makes a workflow or a new version of it, by name.
    pub(crate) async fn apply_workflow(&self, context: &RequestContext, params: ApplyWorkflow) -> Result<Applied> {
        let allowed = authorize(context, Permission::WorkflowPublish)?;
        let imported = self.import(context, params.source).await?;
        if imported.definition.name != params.name {
            return Err(other_name(&params.name, &imported.definition.name, context));
        }
        match self.store.workflow_by_name(allowed.workspace(), &params.name).await? {
            Some(row) => self.new_version(context, allowed, row, imported).await,
            None => {
                let allowed = allowed.and(Permission::WorkflowCreate)?;
                let workflow = self.create(context, allowed, imported).await?;
                Ok(Applied { workflow, outcome: ApplyOutcome::Created })
            }
        }
    }

    /// Checks a definition without storing it.
    pub(crate) async fn validate_workflow(
        &self,
        context: &RequestContext,
        params: DefinitionText,
    ) -> Result<Validation> {
        authorize(context, Permission::WorkflowView)?;
        let (importer, lang) = (self.importer.clone(), context.lang);
        let diagnostics = off_thread(move || importer.check(&params, lang)).await?;
        let valid = diagnostics.iter().all(|item| item.severity != Severity::Error);
        Ok(Validation { valid, diagnostics })
    }

    async fn import(&self, context: &RequestContext, source: DefinitionText) -> Result<Imported> {
        let (importer, lang) = (self.importer.clone(), context.lang);
        off_thread(move || importer.read(source, lang)).await?
    }

    async fn create(&self, context: &RequestContext, allowed: Allowed<'_>, imported: Imported) -> Result<WorkflowView> {
        let id = WorkflowId::from_u128(source::new_id());
        let name = imported.definition.name.clone();
        let remarks = imported.remarks.clone();
        let new = new_version(allowed, id, 1, imported);
        let row = row_of(allowed, id, &name, &new, new.version.created_at);
        let shown = view::workflow(&row, &new.version, remarks);
        let entry = Entry {
            workspace: Some(allowed.workspace()),
            actor: allowed.actor(),
            action: "workflow.create",
            target: id.to_string(),
            details: json!({"name": name}),
        };
        self.store.workflow_create(allowed.workspace(), id, &name, new, audit::row(context, entry)).await.map_err(
            |error| match error {
                StoreError::Taken(_) => taken(&name),
                other => other.into(),
            },
        )?;
        self.latest.forget(allowed.workspace(), id, &name);
        Ok(shown)
    }

    async fn new_version(
        &self,
        context: &RequestContext,
        allowed: Allowed<'_>,
        row: WorkflowRow,
        imported: Imported,
    ) -> Result<Applied> {
        let latest = self.version_row(allowed.workspace(), row.id, row.latest_number).await?;
        let remarks = imported.remarks.clone();
        if latest.content_hash == imported.hash {
            return Ok(Applied { workflow: view::workflow(&row, &latest, remarks), outcome: ApplyOutcome::Unchanged });
        }
        let new = new_version(allowed, row.id, row.latest_number + 1, imported);
        let changed = row_of(allowed, row.id, &row.name, &new, row.created_at);
        let shown = view::workflow(&changed, &new.version, remarks);
        let entry = Entry {
            workspace: Some(allowed.workspace()),
            actor: allowed.actor(),
            action: "workflow.publish",
            target: row.id.to_string(),
            details: json!({"name": row.name, "version": new.version.number}),
        };
        self.store.version_add(allowed.workspace(), row.id, row.latest_number, new, audit::row(context, entry)).await?;
        self.latest.forget(allowed.workspace(), row.id, &row.name);
        Ok(Applied { workflow: shown, outcome: ApplyOutcome::NewVersion })
    }
}

fn new_version(allowed: Allowed<'_>, workflow: WorkflowId, number: u32, imported: Imported) -> NewVersion {
    let (nodes, edges) = derive::rows(&imported.definition);
    let version = VersionRow {
        id: VersionId::from_u128(source::new_id()),
        workspace: allowed.workspace(),
        workflow,
        number,
        label: imported.definition.version.as_ref().map(ToString::to_string),
        definition: imported.canonical,
        source: imported.source.text,
        source_format: match imported.source.format {
            DefinitionFormat::Json => "json".to_owned(),
            DefinitionFormat::Yaml => "yaml".to_owned(),
        },
        content_hash: imported.hash,
        created_at: source::now_ms(),
        created_by: allowed.actor(),
        created_by_name: None,
    };
    NewVersion { version, description: imported.definition.description, tags: imported.definition.tags, nodes, edges }
}

/// The workflow's row as it will be.
fn row_of(allowed: Allowed<'_>, id: WorkflowId, name: &str, new: &NewVersion, created_at: i64) -> WorkflowRow {
    WorkflowRow {
        id,
        workspace: allowed.workspace(),
        name: name.to_owned(),
        description: new.description.clone(),
        tags: new.tags.clone(),
        latest_number: new.version.number,
        latest_version: new.version.id,
        label: new.version.label.clone(),
        created_at,
        updated_at: new.version.created_at,
        updated_by: Some(allowed.principal().username.to_string()),
    }
}

fn taken(name: &str) -> Error {
    ApiError::new(ErrorCode::NameTaken)
        .detail(
            format!("There is a workflow `{name}` already. Apply to it with PUT /api/v1/workflows/by-name/{name}."),
            format!("流程 `{name}` 已存在。可用 PUT /api/v1/workflows/by-name/{name} 更新它。"),
        )
        .into()
}

fn other_name(expected: &str, found: &str, context: &RequestContext) -> Error {
    let en = format!("The definition is called `{found}`, the address says `{expected}`.");
    let zh = format!("定义的名称为 `{found}`，而地址中为 `{expected}`。");
    ApiError::invalid("/name", en, zh, context.lang).into()
}

/// Runs work that may take long for a large definition off the async threads.
pub(super) async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "reading a definition failed");
        ErrorCode::Internal.into()
    })
}
