//! Counts over instances and node instances.

use super::sql::{Sql, limit};
use crate::row::{get, get_id, get_u64, uuid};
use crate::{Store, StoreError};
use heddle_model::ids::{WorkflowId, WorkspaceId};
use heddle_model::limits::TALLY_MS;

/// Instances of a workflow in a status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountRow {
    /// The workflow.
    pub workflow: WorkflowId,
    /// The status.
    pub status: String,
    /// How many.
    pub instances: u64,
    /// How many of them have an open incident.
    pub with_incidents: u64,
}

/// Executions of a node of a workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeCountRow {
    /// The workflow.
    pub workflow: WorkflowId,
    /// The node's id.
    pub node: String,
    /// How many completed.
    pub completed: u64,
    /// How many failed.
    pub failed: u64,
    /// Mean duration of the completed ones, in milliseconds.
    pub mean_ms: Option<u64>,
}

impl Store {
    /// Instances by workflow and status. Test runs are left out.
    pub async fn instance_counts(
        &self,
        workspace: WorkspaceId,
        only: Option<&[WorkflowId]>,
        started_after: Option<i64>,
    ) -> Result<Vec<CountRow>, StoreError> {
        let mut sql = Sql::new(
            "SELECT workflow_id, status, count(*) AS instances, count(CASE WHEN incidents > 0 THEN 1 END) AS with_incidents FROM workflow_instance WHERE NOT ",
        );
        // `NOT test` on both: a boolean on PostgreSQL, 0 or 1 on SQLite.
        sql.push("test AND workspace_id = ?", [uuid(workspace.as_u128()).into()]);
        if let Some(only) = only {
            sql.among("workflow_id", only.iter().map(|id| uuid(id.as_u128()).into()));
        }
        if let Some(after) = started_after {
            sql.push(" AND started_at >= ?", [after.into()]);
        }
        sql.push(" GROUP BY workflow_id, status ORDER BY workflow_id, status", []);
        self.run(|store| async move {
            let rows = sql.all(store.reader()).await?;
            rows.iter()
                .map(|row| {
                    Ok(CountRow {
                        workflow: WorkflowId::from_u128(get_id(row, "workflow_id")?),
                        status: get(row, "status")?,
                        instances: get_u64(row, "instances")?,
                        with_incidents: get_u64(row, "with_incidents")?,
                    })
                })
                .collect()
        })
        .await
    }

    /// Executions that ended, by node, those that failed most first: since the beginning of the hour that `since` (Unix milliseconds)
    /// lies in. Test runs are left out.
    pub async fn node_counts(
        &self,
        workspace: WorkspaceId,
        workflow: Option<WorkflowId>,
        since: Option<i64>,
        rows: u64,
    ) -> Result<Vec<NodeCountRow>, StoreError> {
        let mut sql = Sql::new(
            "SELECT workflow_id, node_id, CAST(sum(completed) AS BIGINT) AS completed, CAST(sum(failed) AS BIGINT) AS failed, \
             CAST(sum(took_ms) / nullif(sum(completed), 0) AS BIGINT) AS mean_ms FROM node_tally WHERE ",
        );
        sql.push("workspace_id = ?", [uuid(workspace.as_u128()).into()]);
        if let Some(workflow) = workflow {
            sql.push(" AND workflow_id = ?", [uuid(workflow.as_u128()).into()]);
        }
        if let Some(since) = since {
            sql.push(" AND hour >= ?", [since.div_euclid(TALLY_MS).into()]);
        }
        sql.push(" GROUP BY workflow_id, node_id ORDER BY 4 DESC, 3 DESC, workflow_id, node_id LIMIT ?", [limit(rows)]);
        self.run(|store| async move {
            let rows = sql.all(store.reader()).await?;
            rows.iter()
                .map(|row| {
                    Ok(NodeCountRow {
                        workflow: WorkflowId::from_u128(get_id(row, "workflow_id")?),
                        node: get(row, "node_id")?,
                        completed: get_u64(row, "completed")?,
                        failed: get_u64(row, "failed")?,
                        // Clocks of two servers may differ by a little: never below zero.
                        mean_ms: get::<Option<i64>>(row, "mean_ms")?.map(|mean| u64::try_from(mean).unwrap_or(0)),
                    })
                })
                .collect()
        })
        .await
    }
}
