//! Executions of one instance that wait.

use super::sql::{Sql, limit};
use crate::row::{get, get_u32, uuid};
use crate::{Store, StoreError};
use heddle_engine::storage::NodeRow;
use heddle_model::ids::{InstanceId, WorkspaceId};
use sea_orm::QueryResult;

/// Every word that the engine writes into `status`.
const STATUSES: [&str; 7] = ["PENDING", "RUNNING", "COMPLETED", "FAILED", "SKIPPED", "CANCELLED", "COMPENSATED"];
/// Every word that the engine writes into `reason`.
const REASONS: [&str; 14] = [
    "", "queued", "guard", "mutex", "retrying", "active", "timer", "message", "signal", "human", "job", "children",
    "timed_out", "held",
];

impl Store {
    /// Executions that wait and have a number above `after_number`, by number.
    pub async fn node_instances(
        &self,
        workspace: WorkspaceId,
        instance: InstanceId,
        after_number: Option<u32>,
        rows: u64,
    ) -> Result<Vec<NodeRow>, StoreError> {
        let mut sql = Sql::new(
            "SELECT number, node_id, node_type, status, reason, attempt, iteration, started_at, output, error FROM node_instance WHERE ",
        );
        let after = after_number.map_or(-1, i64::from);
        sql.push(
            "workspace_id = ? AND instance_id = ? AND number > ? ORDER BY number LIMIT ?",
            [uuid(workspace.as_u128()).into(), uuid(instance.as_u128()).into(), after.into(), limit(rows)],
        );
        self.run(|store| async move { sql.all(store.reader()).await?.iter().map(node_row).collect() }).await
    }
}

fn node_row(row: &QueryResult) -> Result<NodeRow, StoreError> {
    Ok(NodeRow {
        number: get_u32(row, "number")?,
        node: get::<String>(row, "node_id")?.into(),
        node_type: get::<String>(row, "node_type")?.into(),
        status: word(&STATUSES, &get::<String>(row, "status")?)?,
        reason: word(&REASONS, &get::<String>(row, "reason")?)?,
        attempt: get_u32(row, "attempt")?,
        iteration: get_u32(row, "iteration")?,
        started_at: get(row, "started_at")?,
        ended_at: None,
        output: get(row, "output")?,
        error: get(row, "error")?,
    })
}

pub(super) fn word(words: &[&'static str], text: &str) -> Result<&'static str, StoreError> {
    words
        .iter()
        .copied()
        .find(|word| *word == text)
        .ok_or_else(|| StoreError::Fatal(format!("`{text}` is not a word that the engine writes")))
}
