//! Incidents over all instances: lists, groups, and resolving one by doing something to its node.

use crate::authz::{Allowed, authorize};
use crate::error::{Error, Result};
use crate::instances::Wish;
use crate::page;
use crate::service::Service;
use heddle_api::params::{GetIncident, GroupIncidents, ListIncidents, Resolution, ResolveIncident, ResolveParams};
use heddle_api::view::{IncidentGroup, IncidentSummary};
use heddle_api::{ApiError, ErrorCode, Lang, Page, Permission, RequestContext, Timestamp};
use heddle_engine::kernel::{Command, Incident};
use heddle_engine::runtime::EngineError;
use heddle_engine::storage::{QUARANTINE, Storage};
use heddle_model::ids::{IncidentId, InstanceId, NodeInstanceId, WorkflowId};
use heddle_model::lifecycle::IncidentStatus;
use heddle_store::query::{INCIDENT_KINDS, IncidentFilter, IncidentListRow};
use serde_json::json;

impl Service {
    /// Incidents, those opened last first.
    pub(crate) async fn list_incidents(
        &self,
        context: &RequestContext,
        params: ListIncidents,
    ) -> Result<Page<IncidentSummary>> {
        let allowed = authorize(context, Permission::InstanceView)?;
        let lang = context.lang;
        let limit = page::limit(params.limit, lang)?;
        let after: Option<(i64, IncidentId)> = match page::keyed_cursor(params.cursor.as_deref(), lang)? {
            None => None,
            Some((time, id)) => page::number_cursor(Some(&time), lang)?.map(|time| (time, id)),
        };
        let resolved = match params.status.as_deref() {
            None | Some("") => false,
            Some(word) if word.eq_ignore_ascii_case("open") => false,
            Some(word) if word.eq_ignore_ascii_case("resolved") => true,
            Some(word) => {
                let (en, zh) = (
                    format!("`{word}` is not a status of an incident; there are open, resolved."),
                    format!("`{word}` 不是异常状态；可用：open、resolved。"),
                );
                return Err(ApiError::invalid("/status", en, zh, lang).into());
            }
        };
        let instance = match params.instance.as_deref().filter(|text| !text.is_empty()) {
            None => None,
            Some(text) => Some(text.parse::<InstanceId>().map_err(|_| ApiError::new(ErrorCode::MalformedId))?),
        };
        let Some(workflow) = self.workflow_filter(allowed, params.workflow.as_deref()).await? else {
            return Ok(Page::whole(Vec::new()));
        };
        let kind = known_kind(params.kind, lang)?;
        let named = |text: Option<String>| text.filter(|text| !text.is_empty());
        let (node, code) = (named(params.node), named(params.code));
        let filter = IncidentFilter { resolved, kind, workflow, instance, node, code };
        let rows = self.store.incident_list(allowed.workspace(), &filter, limit + 1, after).await?;
        let (rows, next_cursor) = page::cut(rows, limit, |row| page::key_cursor(&row.opened_at.to_string(), row.id));
        Ok(Page { items: rows.into_iter().map(summary).collect(), next_cursor })
    }

    /// Open incidents by workflow, node and code.
    pub(crate) async fn group_incidents(
        &self,
        context: &RequestContext,
        params: GroupIncidents,
    ) -> Result<Page<IncidentGroup>> {
        let allowed = authorize(context, Permission::InstanceView)?;
        let limit = page::limit(params.limit, context.lang)?;
        let Some(workflow) = self.workflow_filter(allowed, params.workflow.as_deref()).await? else {
            return Ok(Page::whole(Vec::new()));
        };
        let kind = known_kind(params.kind, context.lang)?;
        let named = |text: Option<String>| text.filter(|text| !text.is_empty());
        let (node, code) = (named(params.node), named(params.code));
        let filter = IncidentFilter { kind, workflow, node, code, ..IncidentFilter::default() };
        let rows = self.store.incident_groups(allowed.workspace(), &filter, limit).await?;
        let groups = rows.into_iter().map(|row| IncidentGroup {
            workflow_id: row.workflow,
            workflow: row.workflow_name,
            node_id: row.node,
            code: row.code,
            count: row.count,
            first_at: Timestamp(row.first_at),
            last_at: Timestamp(row.last_at),
        });
        Ok(Page::whole(groups.collect()))
    }

    /// One incident.
    pub(crate) async fn get_incident(&self, context: &RequestContext, params: GetIncident) -> Result<IncidentSummary> {
        let allowed = authorize(context, Permission::InstanceView)?;
        self.incident_view(allowed, params.id).await
    }

    /// Resolves an incident by retrying, skipping or completing its node.
    pub(crate) async fn resolve_incident(
        &self,
        context: &RequestContext,
        params: ResolveIncident,
    ) -> Result<IncidentSummary> {
        let mut allowed = authorize(context, Permission::IncidentManage)?;
        let ResolveIncident { id, params, dry_run } = params;
        if params.variables.is_some() {
            allowed = allowed.and(Permission::VariableEdit)?;
        }
        let row = self.incident_row(allowed, id).await?;
        if row.number == QUARANTINE {
            return self.end_quarantine(context, allowed, row, (params, dry_run)).await;
        }
        let loaded = self.loaded(allowed, row.instance).await?;
        let Some(incident) = loaded.state.incidents.get(&row.number) else {
            return Err(resolved_already(id));
        };
        let details = json!({"incident": id, "reason": params.reason.clone().unwrap_or_default()});
        let node = incident.execution.map(|number| row.instance.node_instance(number).to_string());
        let node = node.or_else(|| incident.node.map(|ix| loaded.plan.node(ix).id.to_string()));
        let command = command(incident, node, params)?;
        let wish = Wish { instance: row.instance, command, expected_seq: None, dry_run, details };
        let after = self.command(context, allowed, wish).await?;
        Ok(IncidentSummary { preview: after.preview, ..self.incident_view(allowed, id).await? })
    }

    /// Lets an instance out of quarantine: what was lost begins again, after the variables were changed that are to be changed.
    async fn end_quarantine(
        &self,
        context: &RequestContext,
        allowed: Allowed<'_>,
        row: IncidentListRow,
        (params, dry_run): (ResolveParams, bool),
    ) -> Result<IncidentSummary> {
        let (id, instance) = (row.id, row.instance);
        if row.resolved_at.is_some() {
            return Err(resolved_already(id));
        }
        if params.action != Resolution::Retry {
            return Err(ApiError::new(ErrorCode::Conflict)
                .detail(
                    "An instance in quarantine can only go on as a whole: resolve the incident with `retry`.",
                    "隔离中的实例只能整体继续：请以 `retry` 处理该异常。",
                )
                .into());
        }
        let details = json!({"incident": id, "reason": params.reason.unwrap_or_default()});
        let command = match params.variables {
            Some(patch) if !patch.is_empty() => Command::SetVariables { patch },
            _ => Command::Recover,
        };
        let after =
            self.command(context, allowed, Wish { instance, command, expected_seq: None, dry_run, details }).await?;
        if !dry_run {
            // The engine closes it by itself, a little later: who asked is told at once.
            self.store.end_quarantine(allowed.workspace(), instance).await.map_err(EngineError::from)?;
        }
        let row = self.incident_row(allowed, id).await?;
        Ok(IncidentSummary { preview: after.preview, ..summary(row) })
    }

    async fn incident_row(&self, allowed: Allowed<'_>, id: IncidentId) -> Result<IncidentListRow> {
        let row = self.store.incident(allowed.workspace(), id).await?;
        Ok(row.ok_or_else(|| ApiError::not_found("incident", id))?)
    }

    async fn incident_view(&self, allowed: Allowed<'_>, id: IncidentId) -> Result<IncidentSummary> {
        let row = self.incident_row(allowed, id).await?;
        let mut node: Option<NodeInstanceId> = None;
        // One in quarantine may not be readable.
        if row.resolved_at.is_none() && row.number != QUARANTINE {
            let loaded = self.loaded(allowed, row.instance).await?;
            let execution = loaded.state.incidents.get(&row.number).and_then(|incident| incident.execution);
            node = execution.map(|number| row.instance.node_instance(number));
        }
        Ok(IncidentSummary { node_instance_id: node, ..summary(row) })
    }

    /// The workflow that a filter names (`Some(None)`: any); `None` when there is none of that name.
    pub(crate) async fn workflow_filter(
        &self,
        allowed: Allowed<'_>,
        named: Option<&str>,
    ) -> Result<Option<Option<WorkflowId>>> {
        let Some(text) = named.filter(|text| !text.is_empty()) else { return Ok(Some(None)) };
        if let Ok(id) = text.parse() {
            return Ok(Some(Some(id)));
        }
        Ok(self.latest.by_name(allowed.workspace(), text).await?.map(|latest| Some(latest.workflow)))
    }
}

fn resolved_already(id: IncidentId) -> Error {
    let resolved = || IncidentStatus::Resolved.as_str().to_owned();
    EngineError::IllegalTransition { from: resolved(), to: resolved(), id: id.to_string() }.into()
}

fn command(incident: &Incident, node: Option<String>, params: ResolveParams) -> Result<Command, ApiError> {
    let output = params.output.unwrap_or_default();
    match (params.action, node) {
        // What concerns no execution (a deadlock, a limit, a join) is looked at again with the whole instance.
        (Resolution::Retry, node) => Ok(Command::Retry {
            node: node.filter(|_| incident.execution.is_some()),
            variables: params.variables.unwrap_or_default(),
        }),
        (Resolution::Skip, Some(node)) => Ok(Command::Skip { node, output }),
        (Resolution::Complete, Some(node)) => Ok(Command::Complete { node, output }),
        (Resolution::Skip | Resolution::Complete, None) => Err(ApiError::new(ErrorCode::Conflict).detail(
            "This incident is about no single node; retry it, or change the marking with `modify`.",
            "该异常不针对单个节点；请重试，或使用 `modify` 调整令牌。",
        )),
    }
}

fn known_kind(kind: Option<String>, lang: Lang) -> Result<Option<String>, ApiError> {
    let Some(word) = kind.filter(|word| !word.is_empty()) else { return Ok(None) };
    if INCIDENT_KINDS.contains(&word.as_str()) {
        return Ok(Some(word));
    }
    let (en, zh) = (
        format!("`{word}` is not a kind of incident; there are {}.", INCIDENT_KINDS.join(", ")),
        format!("`{word}` 不是异常类型；可用：{}。", INCIDENT_KINDS.join("、")),
    );
    Err(ApiError::invalid("/kind", en, zh, lang))
}

fn summary(row: IncidentListRow) -> IncidentSummary {
    let status = if row.resolved_at.is_some() { IncidentStatus::Resolved } else { IncidentStatus::Open };
    IncidentSummary {
        id: row.id,
        status: status.as_str().to_owned(),
        kind: row.kind,
        instance_id: row.instance,
        business_key: row.business_key,
        workflow_id: row.workflow,
        workflow: row.workflow_name,
        version: row.version_number,
        node_id: row.node,
        node_instance_id: None,
        code: row.code,
        message: row.message,
        opened_at: Timestamp(row.opened_at),
        resolved_at: row.resolved_at.map(Timestamp),
        preview: None,
    }
}
