//! Counts of instances and nodes.

use crate::authz::authorize;
use crate::error::Result;
use crate::service::Service;
use heddle_api::params::StatsRange;
use heddle_api::view::{InstanceStatus, NodeStats, StatusCounts, WorkflowStats};
use heddle_api::{Permission, RequestContext};
use heddle_model::ids::{WorkflowId, WorkspaceId};
use heddle_model::limits;
use heddle_store::query::{CountRow, WorkflowFilter, WorkflowSort};
use std::collections::HashMap;

impl Service {
    /// Counts by workflow.
    pub(crate) async fn workflow_stats(
        &self,
        context: &RequestContext,
        params: StatsRange,
    ) -> Result<Vec<WorkflowStats>> {
        let allowed = authorize(context, Permission::DashboardView)?;
        let workspace = allowed.workspace();
        let only = match self.named_workflow(workspace, params.workflow.as_deref()).await? {
            Named::All => None,
            Named::One(id) => Some(vec![id]),
            Named::Missing => return Ok(Vec::new()),
        };
        let rows = self
            .store
            .instance_counts(workspace, only.as_deref(), params.started_after.map(|time| time.as_ms()))
            .await?;
        let counts = by_workflow(rows);
        let filter = WorkflowFilter { q: None, tag: None, sort: WorkflowSort::Name };
        let workflows = self.store.workflows(workspace, &filter, limits::PAGE_ROWS, None).await?;
        let shown = workflows.into_iter().filter(|(row, _)| only.as_ref().is_none_or(|only| only.contains(&row.id)));
        Ok(shown
            .map(|(row, _)| WorkflowStats {
                workflow_id: row.id,
                counts: counts.get(&row.id).copied().unwrap_or_default(),
                workflow: row.name,
            })
            .collect())
    }

    /// Counts by node.
    pub(crate) async fn node_stats(&self, context: &RequestContext, params: StatsRange) -> Result<Vec<NodeStats>> {
        let allowed = authorize(context, Permission::DashboardView)?;
        let workflow = match self.named_workflow(allowed.workspace(), params.workflow.as_deref()).await? {
            Named::All => None,
            Named::One(id) => Some(id),
            Named::Missing => return Ok(Vec::new()),
        };
        let rows = self
            .store
            .node_counts(
                allowed.workspace(),
                workflow,
                params.started_after.map(|time| time.as_ms()),
                limits::PAGE_ROWS,
            )
            .await?;
        let stats = rows.into_iter().map(|row| NodeStats {
            workflow_id: row.workflow,
            node_id: row.node,
            completed: row.completed,
            failed: row.failed,
            mean_ms: row.mean_ms,
        });
        Ok(stats.collect())
    }

    /// Instances by status of these workflows.
    pub(crate) async fn counts_by_workflow(
        &self,
        workspace: WorkspaceId,
        workflows: &[WorkflowId],
    ) -> Result<HashMap<WorkflowId, StatusCounts>> {
        if workflows.is_empty() {
            return Ok(HashMap::new());
        }
        Ok(by_workflow(self.store.instance_counts(workspace, Some(workflows), None).await?))
    }

    async fn named_workflow(&self, workspace: WorkspaceId, named: Option<&str>) -> Result<Named> {
        let Some(text) = named.filter(|text| !text.is_empty()) else { return Ok(Named::All) };
        if let Ok(id) = text.parse() {
            return Ok(Named::One(id));
        }
        Ok(self.latest.by_name(workspace, text).await?.map_or(Named::Missing, |latest| Named::One(latest.workflow)))
    }
}

enum Named {
    All,
    One(WorkflowId),
    Missing,
}

fn by_workflow(rows: Vec<CountRow>) -> HashMap<WorkflowId, StatusCounts> {
    let mut counts: HashMap<WorkflowId, StatusCounts> = HashMap::new();
    for row in rows {
        let count = counts.entry(row.workflow).or_default();
        count.incidents += row.with_incidents;
        match InstanceStatus::from_word(&row.status) {
            Some(InstanceStatus::Created) => count.created += row.instances,
            Some(InstanceStatus::Running) => count.running += row.instances,
            Some(InstanceStatus::Paused) => count.paused += row.instances,
            Some(InstanceStatus::Completed) => count.completed += row.instances,
            Some(InstanceStatus::Failed) => count.failed += row.instances,
            Some(InstanceStatus::Terminated) => count.terminated += row.instances,
            None => {}
        }
    }
    counts
}
