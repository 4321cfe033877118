//! The list of instances.

use super::view;
use crate::authz::{Allowed, authorize};
use crate::error::Result;
use crate::page;
use crate::service::Service;
use heddle_api::params::{ListChildren, ListInstances};
use heddle_api::view::InstanceSummary;
use heddle_api::{ApiError, Lang, Page, Permission, RequestContext};
use heddle_model::ids::WorkflowId;
use heddle_store::query::InstanceFilter;
use serde_json::Value;

impl Service {
    /// Instances, the newest first unless asked otherwise.
    pub(crate) async fn list_instances(
        &self,
        context: &RequestContext,
        params: ListInstances,
    ) -> Result<Page<InstanceSummary>> {
        let allowed = authorize(context, Permission::InstanceView)?;
        let limit = page::limit(params.limit, context.lang)?;
        let after = page::number_cursor(params.cursor.as_deref(), context.lang)?;
        let ascending = match params.sort.as_deref() {
            None | Some("" | "-started_at" | "-created_at") => false,
            Some("started_at" | "created_at") => true,
            Some(other) => return Err(page::unknown_sort(other, "started_at, -started_at", context.lang)),
        };
        let Some(filter) = self.instance_filter(allowed, params, context.lang).await? else {
            return Ok(Page::whole(Vec::new()));
        };
        let rows = self.store.instances(allowed.workspace(), &filter, ascending, limit + 1, after).await?;
        let (rows, next_cursor) = page::cut(rows, limit, |row| row.id.to_string());
        Ok(Page { items: rows.into_iter().map(view::summary).collect(), next_cursor })
    }

    /// Instances that an instance called, the newest first.
    pub(crate) async fn list_children(
        &self,
        context: &RequestContext,
        params: ListChildren,
    ) -> Result<Page<InstanceSummary>> {
        let allowed = authorize(context, Permission::InstanceView)?;
        let limit = page::limit(params.limit, context.lang)?;
        let after = page::number_cursor(params.cursor.as_deref(), context.lang)?;
        let (workspace, id) = (allowed.workspace(), params.id);
        let known = InstanceFilter { id: Some(id), ..InstanceFilter::default() };
        if self.store.instances(workspace, &known, false, 1, None).await?.is_empty() {
            return Err(ApiError::not_found("instance", id.to_string()).into());
        }
        let filter = InstanceFilter { parent: Some(id), ..InstanceFilter::default() };
        let rows = self.store.instances(workspace, &filter, false, limit + 1, after).await?;
        let (rows, next_cursor) = page::cut(rows, limit, |row| row.id.to_string());
        Ok(Page { items: rows.into_iter().map(view::summary).collect(), next_cursor })
    }

    /// The filter; `None` when it names a workflow that does not exist, so that nothing can match.
    pub(crate) async fn instance_filter(
        &self,
        allowed: Allowed<'_>,
        params: ListInstances,
        lang: Lang,
    ) -> Result<Option<InstanceFilter>> {
        let statuses = params.statuses().map_err(|word| {
            ApiError::invalid("/status", format!("`{word}` is not a status."), format!("`{word}` 不是有效状态。"), lang)
        })?;
        let workflow = match params.workflow.as_deref().filter(|workflow| !workflow.is_empty()) {
            None => None,
            Some(text) => {
                let id = match text.parse::<WorkflowId>() {
                    Ok(id) => Some(id),
                    Err(_) => self.latest.by_name(allowed.workspace(), text).await?.map(|latest| latest.workflow),
                };
                let Some(id) = id else { return Ok(None) };
                Some(id)
            }
        };
        let vars = self.searchable(allowed, workflow, params.vars, lang).await?;
        let mut filter = InstanceFilter {
            statuses: statuses.into_iter().map(heddle_api::view::InstanceStatus::as_str).collect(),
            workflow,
            version: params.version,
            node: params.node.filter(|node| !node.is_empty()),
            incident: params.incident,
            business_key: params.business_key.filter(|key| !key.is_empty()),
            started_after: params.started_after.map(|time| time.as_ms()),
            started_before: params.started_before.map(|time| time.as_ms()),
            vars,
            ..InstanceFilter::default()
        };
        if let Some(q) = params.q.map(|q| q.trim().to_owned()).filter(|q| !q.is_empty()) {
            match q.parse() {
                Ok(id) => filter.id = Some(id),
                Err(_) => filter.business_key_prefix = Some(q),
            }
        }
        Ok(Some(filter))
    }

    /// `var.NAME=value`: only names that the workflow has made searchable, else 422.
    async fn searchable(
        &self,
        allowed: Allowed<'_>,
        workflow: Option<WorkflowId>,
        vars: std::collections::BTreeMap<String, String>,
        lang: Lang,
    ) -> Result<Vec<(String, String)>> {
        if vars.is_empty() {
            return Ok(Vec::new());
        }
        allowed.and(Permission::VariableView)?;
        let Some(workflow) = workflow else {
            let (en, zh) = ("var.… needs a workflow beside it.", "var.… 需要同时指定 workflow。");
            return Err(ApiError::invalid("/workflow", en, zh, lang).into());
        };
        let Some(latest) = self.latest.by_id(allowed.workspace(), workflow).await? else { return Ok(Vec::new()) };
        let plan = self.engine.plan(allowed.workspace(), latest.version).await?;
        let mut found = Vec::with_capacity(vars.len());
        for (name, text) in vars {
            if !plan.search.iter().any(|known| **known == *name) {
                let en =
                    format!("`{name}` is not in `settings.search` of the workflow, so lists cannot be filtered by it.");
                let zh = format!("`{name}` 不在流程的 `settings.search` 中，无法用于筛选。");
                return Err(ApiError::invalid(&format!("/var.{name}"), en, zh, lang).into());
            }
            // A value that reads as JSON is that value (12, true, "x"); anything else is text.
            let value: Value = serde_json::from_str(&text).unwrap_or(Value::String(text));
            found.push((name, value.to_string()));
        }
        Ok(found)
    }
}
