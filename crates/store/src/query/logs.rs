//! Lines that tasks logged.

use super::sql::{Sql, limit, place_of};
use crate::row::{get, get_u32, get_u64, uuid};
use crate::{Store, StoreError};
use heddle_model::ids::{InstanceId, WorkspaceId};

/// Which lines.
#[derive(Debug, Clone, Default)]
pub struct LogFilter {
    /// Of these levels; empty: all.
    pub levels: Vec<String>,
    /// Of this node.
    pub node: Option<String>,
    /// With this text in the message.
    pub q: Option<String>,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Its place: pass it as `after` to go on from here.
    pub cursor: u64,
    /// When.
    pub at: i64,
    /// How grave.
    pub level: String,
    /// The node's id.
    pub node: String,
    /// Number of the execution.
    pub number: u32,
    /// What.
    pub message: String,
}

impl Store {
    /// Lines of an instance, oldest first.
    #[expect(clippy::too_many_arguments, reason = "five beside the store itself")]
    pub async fn logs(
        &self,
        workspace: WorkspaceId,
        instance: InstanceId,
        filter: &LogFilter,
        rows: u64,
        after: Option<u64>,
    ) -> Result<Vec<LogLine>, StoreError> {
        let mut sql = Sql::new("SELECT line, at, level, node_id, number, message FROM task_log WHERE ");
        let after = i64::try_from(after.unwrap_or(0)).unwrap_or(i64::MAX);
        sql.push(
            "workspace_id = ? AND instance_id = ? AND line > ?",
            [uuid(workspace.as_u128()).into(), uuid(instance.as_u128()).into(), after.into()],
        );
        if !filter.levels.is_empty() {
            sql.among("level", filter.levels.iter().map(|level| level.as_str().into()));
        }
        if let Some(node) = &filter.node {
            sql.push(" AND node_id = ?", [node.as_str().into()]);
        }
        if let Some(q) = &filter.q {
            sql.push(&format!(" AND {}(lower(message), lower(?)) > 0", place_of(self.backend())), [q.as_str().into()]);
        }
        sql.push(" ORDER BY line LIMIT ?", [limit(rows)]);
        self.run(|store| async move {
            let rows = sql.all(store.reader()).await?;
            rows.iter()
                .map(|row| {
                    Ok(LogLine {
                        cursor: get_u64(row, "line")?,
                        at: get(row, "at")?,
                        level: get(row, "level")?,
                        node: get(row, "node_id")?,
                        number: get_u32(row, "number")?,
                        message: get(row, "message")?,
                    })
                })
                .collect()
        })
        .await
    }
}
