//! Batches: making, listing and steering them. `work` has what the servers do that go through them.

mod work;

pub use work::{BatchTurn, ItemEnd, ItemResult, TurnItem};

use super::audit::{self, AuditRow};
use super::sql::{Sql, limit};
use crate::row::{get, get_id, get_u64, text, uuid};
use crate::{Store, StoreError};
use heddle_model::ids::{BatchId, InstanceId, WorkspaceId};
use heddle_model::lifecycle::{BatchItemStatus, BatchStatus};
use sea_orm::QueryResult;

/// Items of one INSERT: five values each, and PostgreSQL takes 65,535.
const ITEMS_PER_INSERT: usize = 1_000;

/// A batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchRow {
    /// Its id.
    pub id: BatchId,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The word of the action.
    pub action: String,
    /// Its details, as JSON.
    pub params: String,
    /// What chose the instances, as JSON.
    pub filter: Option<String>,
    /// Where it stands.
    pub status: BatchStatus,
    /// Who made it, in print.
    pub created_by: String,
    /// When it was made.
    pub created_at: i64,
    /// When a server began with it.
    pub started_at: Option<i64>,
    /// When it ended.
    pub ended_at: Option<i64>,
    /// Its items.
    pub total: u64,
    /// Those that have ended.
    pub done: u64,
    /// Of those: the action was done.
    pub succeeded: u64,
    /// Of those: something went wrong.
    pub failed: u64,
    /// Of those: the instance could not take the action.
    pub refused: u64,
}

/// An item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchItemRow {
    /// Its place in the batch, from 0.
    pub number: u64,
    /// The instance.
    pub instance: InstanceId,
    /// Where it stands.
    pub status: BatchItemStatus,
    /// Code of the error.
    pub code: Option<String>,
    /// What happened, in English and in 中文.
    pub detail: Option<(String, String)>,
    /// When it ended.
    pub ended_at: Option<i64>,
}

const COLUMNS: &str = "workspace_id, id, action, params, filter, status, created_by, created_at, started_at, ended_at, \
    total, done, succeeded, failed, refused";

impl Store {
    /// Makes a batch with its items.
    pub async fn batch_create(
        &self,
        batch: BatchRow,
        instances: Vec<InstanceId>,
        audit: AuditRow,
    ) -> Result<(), StoreError> {
        self.write_unit(move |db| {
            Box::pin(async move {
                let (workspace, id) = (uuid(batch.workspace.as_u128()), uuid(batch.id.as_u128()));
                let mut sql = Sql::new(&format!("INSERT INTO batch ({COLUMNS}, open, worked_at, lease_until) VALUES "));
                sql.push(
                    "(?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, ?, 0, 0, 0, 0, 1, 0, 0)",
                    [
                        workspace.into(),
                        id.into(),
                        batch.action.into(),
                        text(&batch.params).into_owned().into(),
                        batch.filter.map(|filter| text(&filter).into_owned()).into(),
                        batch.status.as_str().into(),
                        batch.created_by.into(),
                        batch.created_at.into(),
                        limit(instances.len() as u64),
                    ],
                );
                sql.execute(db).await?;
                for (chunk, instances) in instances.chunks(ITEMS_PER_INSERT).enumerate() {
                    let mut sql = Sql::new(
                        "INSERT INTO batch_item (workspace_id, batch_id, number, instance_id, status) VALUES ",
                    );
                    for (at, instance) in instances.iter().enumerate() {
                        let number = (chunk * ITEMS_PER_INSERT + at) as u64;
                        let values = [
                            workspace.into(),
                            id.into(),
                            limit(number),
                            uuid(instance.as_u128()).into(),
                            BatchItemStatus::Pending.as_str().into(),
                        ];
                        sql.push(if at == 0 { "(?, ?, ?, ?, ?)" } else { ", (?, ?, ?, ?, ?)" }, values);
                    }
                    sql.execute(db).await?;
                }
                audit::append(db, &audit).await
            })
        })
        .await
    }

    /// One batch.
    pub async fn batch(&self, workspace: WorkspaceId, id: BatchId) -> Result<Option<BatchRow>, StoreError> {
        let mut sql = Sql::new(&format!("SELECT {COLUMNS} FROM batch WHERE "));
        sql.push("workspace_id = ? AND id = ?", [uuid(workspace.as_u128()).into(), uuid(id.as_u128()).into()]);
        self.run(|store| async move { sql.all(store.reader()).await?.first().map(batch_row).transpose() }).await
    }

    /// Batches, the newest first, from `after` on.
    pub async fn batches(
        &self,
        workspace: WorkspaceId,
        rows: u64,
        after: Option<BatchId>,
    ) -> Result<Vec<BatchRow>, StoreError> {
        let mut sql = Sql::new(&format!("SELECT {COLUMNS} FROM batch WHERE "));
        sql.push("workspace_id = ?", [uuid(workspace.as_u128()).into()]);
        if let Some(after) = after {
            sql.push(" AND id < ?", [uuid(after.as_u128()).into()]);
        }
        sql.push(" ORDER BY id DESC LIMIT ?", [limit(rows)]);
        self.run(|store| async move { sql.all(store.reader()).await?.iter().map(batch_row).collect() }).await
    }

    /// Items of a batch in their order, from `after` on.
    #[expect(clippy::too_many_arguments, reason = "five beside the store itself")]
    pub async fn batch_items(
        &self,
        workspace: WorkspaceId,
        batch: BatchId,
        status: Option<BatchItemStatus>,
        rows: u64,
        after: Option<u64>,
    ) -> Result<Vec<BatchItemRow>, StoreError> {
        let mut sql =
            Sql::new("SELECT number, instance_id, status, code, detail_en, detail_zh, ended_at FROM batch_item WHERE ");
        sql.push("workspace_id = ? AND batch_id = ?", [uuid(workspace.as_u128()).into(), uuid(batch.as_u128()).into()]);
        if let Some(status) = status {
            sql.push(" AND status = ?", [status.as_str().into()]);
        }
        if let Some(after) = after {
            sql.push(" AND number > ?", [limit(after)]);
        }
        sql.push(" ORDER BY number LIMIT ?", [limit(rows)]);
        self.run(|store| async move { sql.all(store.reader()).await?.iter().map(item_row).collect() }).await
    }

    /// Moves a batch from one status to another; `false` when it is no longer in the first.
    pub async fn batch_move(&self, batch: &BatchRow, to: BatchStatus, audit: AuditRow) -> Result<bool, StoreError> {
        let (workspace, id, from) = (uuid(batch.workspace.as_u128()), uuid(batch.id.as_u128()), batch.status);
        let ended = (to == BatchStatus::Cancelled).then_some(audit.at);
        self.write_unit(move |db| {
            Box::pin(async move {
                // Whatever is left is looked at once more by a server: items that a dead one had begun, and those that will not be done.
                let mut sql = Sql::new("UPDATE batch SET open = 1, ");
                sql.push(
                    "status = ?, ended_at = ? WHERE workspace_id = ? AND id = ? AND status = ?",
                    [to.as_str().into(), ended.into(), workspace.into(), id.into(), from.as_str().into()],
                );
                if sql.execute(db).await? == 0 {
                    return Ok(false);
                }
                audit::append(db, &audit).await?;
                Ok(true)
            })
        })
        .await
    }
}

fn batch_row(row: &QueryResult) -> Result<BatchRow, StoreError> {
    let status: String = get(row, "status")?;
    Ok(BatchRow {
        id: BatchId::from_u128(get_id(row, "id")?),
        workspace: WorkspaceId::from_u128(get_id(row, "workspace_id")?),
        action: get(row, "action")?,
        params: get(row, "params")?,
        filter: get(row, "filter")?,
        status: known(BatchStatus::ALL, BatchStatus::as_str, &status)?,
        created_by: get(row, "created_by")?,
        created_at: get(row, "created_at")?,
        started_at: get(row, "started_at")?,
        ended_at: get(row, "ended_at")?,
        total: get_u64(row, "total")?,
        done: get_u64(row, "done")?,
        succeeded: get_u64(row, "succeeded")?,
        failed: get_u64(row, "failed")?,
        refused: get_u64(row, "refused")?,
    })
}

fn item_row(row: &QueryResult) -> Result<BatchItemRow, StoreError> {
    let status: String = get(row, "status")?;
    let (en, zh): (Option<String>, Option<String>) = (get(row, "detail_en")?, get(row, "detail_zh")?);
    Ok(BatchItemRow {
        number: get_u64(row, "number")?,
        instance: InstanceId::from_u128(get_id(row, "instance_id")?),
        status: known(BatchItemStatus::ALL, BatchItemStatus::as_str, &status)?,
        code: get(row, "code")?,
        detail: en.zip(zh),
        ended_at: get(row, "ended_at")?,
    })
}

fn known<S: Copy>(all: &[S], print: impl Fn(S) -> &'static str, word: &str) -> Result<S, StoreError> {
    let found = all.iter().copied().find(|&status| print(status) == word);
    found.ok_or_else(|| StoreError::Fatal(format!("`{word}` is no status")))
}
