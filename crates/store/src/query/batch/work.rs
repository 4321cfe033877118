//! A server's turn at a batch: taken under a lease in the database's time, kept alive, and ended with the results of its items.
//!
//! The token of a turn is the fence: whoever lost the turn holds an old one, and writes nothing.

use super::{BatchRow, COLUMNS, batch_row, known};
use crate::connect::Backend;
use crate::engine::{NOW_POSTGRES, NOW_SQLITE};
use crate::query::sql::{Sql, limit};
use crate::row::{get, get_id, get_u64, text, uuid};
use crate::{Store, StoreError};
use heddle_model::ids::InstanceId;
use heddle_model::lifecycle::{BatchItemStatus as Item, BatchStatus};
use heddle_model::limits;
use sea_orm::{DatabaseTransaction, Value};

/// A turn at a batch.
#[derive(Debug, Clone)]
pub struct BatchTurn {
    /// The batch, as it is now.
    pub batch: BatchRow,
    /// The proof of the turn.
    pub token: String,
    /// What is to be done; empty when nothing was left, and the batch has been closed.
    pub items: Vec<TurnItem>,
}

/// An item of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TurnItem {
    /// Its place in the batch.
    pub number: u64,
    /// The instance.
    pub instance: InstanceId,
    /// A turn before this one had begun it and did not say how it ended.
    pub begun_before: bool,
}

/// How an item ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemResult {
    /// Its place in the batch.
    pub number: u64,
    /// How.
    pub end: ItemEnd,
}

/// How an item ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemEnd {
    /// The action was done.
    Succeeded,
    /// It was not done: a code, and what happened in English and in 中文.
    Not {
        /// The instance could not take it; otherwise something went wrong.
        refused: bool,
        /// Code of the error.
        code: String,
        /// What happened.
        detail: (String, String),
    },
    /// It had been begun and was not done, and is not to be done now.
    Back,
}

const fn now(backend: Backend) -> &'static str {
    match backend {
        Backend::Postgres => NOW_POSTGRES,
        Backend::Sqlite => NOW_SQLITE,
    }
}

impl Store {
    /// Takes a turn at the open batch that was worked on longest ago: its lease, and up to `most` items. `None`: there is nothing to do.
    pub async fn batch_turn(&self, server: &str, token: &str, most: u64) -> Result<Option<BatchTurn>, StoreError> {
        let (backend, server, token) = (self.backend(), server.to_owned(), token.to_owned());
        // Mostly there is nothing: that is found out without a writer's turn.
        let any = Sql::new(&format!(
            "SELECT 1 AS found FROM batch WHERE open = 1 AND lease_until <= {} LIMIT 1",
            now(backend)
        ));
        if self.run(|store| async move { any.all(store.reader()).await }).await?.is_empty() {
            return Ok(None);
        }
        self.write_unit(move |db| Box::pin(async move { take(db, backend, (&server, token), most).await })).await
    }

    /// Keeps a turn for longer; `false` when it is lost.
    pub async fn batch_keep(&self, turn: &BatchTurn) -> Result<bool, StoreError> {
        let (workspace, id) = (uuid(turn.batch.workspace.as_u128()), uuid(turn.batch.id.as_u128()));
        let mut sql = Sql::new(&format!("UPDATE batch SET lease_until = {} + ", now(self.backend())));
        sql.push(
            "? WHERE workspace_id = ? AND id = ? AND lease_token = ?",
            [limits::BATCH_LEASE_MS.into(), workspace.into(), id.into(), turn.token.as_str().into()],
        );
        self.run(|store| async move { Ok(sql.execute(&*store.writer().await).await? > 0) }).await
    }

    /// Ends a turn: writes what became of its items and gives the lease back. `false` when the turn is lost: nothing was written.
    pub async fn batch_turn_end(&self, turn: BatchTurn, results: Vec<ItemResult>) -> Result<bool, StoreError> {
        let backend = self.backend();
        self.write_unit(move |db| Box::pin(async move { end(db, backend, &turn, &results).await })).await
    }

    /// A server that starts, or stops, under this name holds no turn any more: nobody need wait for the end of its leases.
    pub async fn batch_turns_release(&self, server: &str) -> Result<(), StoreError> {
        let mut sql = Sql::new("UPDATE batch SET lease_token = NULL, lease_until = 0 WHERE open = 1");
        sql.push(" AND lease_server = ?", [server.into()]);
        self.run(|store| async move { sql.execute(&*store.writer().await).await.map(drop) }).await
    }
}

async fn take(
    db: &DatabaseTransaction,
    backend: Backend,
    (server, token): (&str, String),
    most: u64,
) -> Result<Option<BatchTurn>, StoreError> {
    let now = now(backend);
    let skip = if backend == Backend::Postgres { " FOR UPDATE SKIP LOCKED" } else { "" };
    let mut sql = Sql::new(&format!("UPDATE batch SET started_at = coalesce(started_at, {now}), worked_at = {now}"));
    sql.push(
        &format!(
            ", lease_server = ?, lease_token = ?, lease_until = {now} + ? WHERE (workspace_id, id) IN (SELECT workspace_id, id FROM batch \
             WHERE open = 1 AND lease_until <= {now} ORDER BY worked_at, id LIMIT 1{skip}) RETURNING {COLUMNS}"
        ),
        [server.into(), token.as_str().into(), limits::BATCH_LEASE_MS.into()],
    );
    let rows = sql.all(db).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let batch = batch_row(row)?;
    let items = items(db, &batch, most).await?;
    if items.is_empty() {
        close(db, backend, &batch).await?;
    }
    Ok(Some(BatchTurn { batch, token, items }))
}

/// What the turn is for. Of a batch that is paused or cancelled: only what a dead server had begun.
async fn items(db: &DatabaseTransaction, batch: &BatchRow, most: u64) -> Result<Vec<TurnItem>, StoreError> {
    let key = || -> [Value; 2] { [uuid(batch.workspace.as_u128()).into(), uuid(batch.id.as_u128()).into()] };
    let mut sql = Sql::new("SELECT number, instance_id, status FROM batch_item WHERE ended_at IS NULL");
    sql.push(" AND workspace_id = ? AND batch_id = ?", key());
    if batch.status != BatchStatus::Running {
        sql.push(" AND status = ?", [Item::Started.as_str().into()]);
    }
    sql.push(" ORDER BY number LIMIT ?", [limit(most)]);
    let mut items = Vec::new();
    for row in sql.all(db).await? {
        let status: String = get(&row, "status")?;
        items.push(TurnItem {
            number: get_u64(&row, "number")?,
            instance: InstanceId::from_u128(get_id(&row, "instance_id")?),
            begun_before: known(Item::ALL, Item::as_str, &status)? == Item::Started,
        });
    }
    let fresh: Vec<Value> = items.iter().filter(|item| !item.begun_before).map(|item| limit(item.number)).collect();
    if !fresh.is_empty() {
        let [workspace, id] = key();
        let mut sql = Sql::new("UPDATE batch_item SET ");
        sql.push("status = ? WHERE workspace_id = ? AND batch_id = ?", [Item::Started.as_str().into(), workspace, id]);
        sql.among("number", fresh);
        sql.execute(db).await?;
    }
    Ok(items)
}

/// Nothing is left to do: a batch that ran is COMPLETED, of a cancelled one the rest is CANCELLED, a paused one rests.
async fn close(db: &DatabaseTransaction, backend: Backend, batch: &BatchRow) -> Result<(), StoreError> {
    let now = now(backend);
    let key = || -> [Value; 2] { [uuid(batch.workspace.as_u128()).into(), uuid(batch.id.as_u128()).into()] };
    if batch.status == BatchStatus::Cancelled {
        let [workspace, id] = key();
        let mut sql = Sql::new(&format!("UPDATE batch_item SET ended_at = {now}, "));
        sql.push(
            "status = ? WHERE workspace_id = ? AND batch_id = ? AND ended_at IS NULL",
            [Item::Cancelled.as_str().into(), workspace, id],
        );
        sql.execute(db).await?;
    }
    let mut sql = Sql::new("UPDATE batch SET open = 0, lease_token = NULL, lease_until = 0");
    if batch.status == BatchStatus::Running {
        sql.push(&format!(", ended_at = {now}, status = ?"), [BatchStatus::Completed.as_str().into()]);
    }
    sql.push(" WHERE workspace_id = ? AND id = ?", key());
    sql.execute(db).await.map(drop)
}

async fn end(
    db: &DatabaseTransaction,
    backend: Backend,
    turn: &BatchTurn,
    results: &[ItemResult],
) -> Result<bool, StoreError> {
    let (mut succeeded, mut failed, mut refused) = (Vec::new(), 0u64, 0u64);
    for result in results {
        match &result.end {
            ItemEnd::Succeeded => succeeded.push(limit(result.number)),
            ItemEnd::Not { refused: true, .. } => refused += 1,
            ItemEnd::Not { .. } => failed += 1,
            ItemEnd::Back => {}
        }
    }
    let key = || -> [Value; 2] { [uuid(turn.batch.workspace.as_u128()).into(), uuid(turn.batch.id.as_u128()).into()] };
    let [workspace, id] = key();
    let done = succeeded.len() as u64 + failed + refused;
    let mut sql = Sql::new("UPDATE batch SET lease_token = NULL, lease_until = 0, ");
    sql.push(
        "done = done + ?, succeeded = succeeded + ?, failed = failed + ?, refused = refused + ? WHERE workspace_id = ? AND id = ? AND lease_token = ?",
        [
            limit(done),
            limit(succeeded.len() as u64),
            limit(failed),
            limit(refused),
            workspace,
            id,
            turn.token.as_str().into(),
        ],
    );
    if sql.execute(db).await? == 0 {
        return Ok(false);
    }
    let now = now(backend);
    if !succeeded.is_empty() {
        let [workspace, id] = key();
        let mut sql = Sql::new(&format!("UPDATE batch_item SET ended_at = {now}, "));
        sql.push(
            "status = ? WHERE workspace_id = ? AND batch_id = ?",
            [Item::Succeeded.as_str().into(), workspace, id],
        );
        sql.among("number", succeeded);
        sql.execute(db).await?;
    }
    for result in results {
        if let Some(sql) = not_done(now, key(), result) {
            sql.execute(db).await?;
        }
    }
    Ok(true)
}

/// What is written of an item that was not done.
fn not_done(now: &str, [workspace, id]: [Value; 2], result: &ItemResult) -> Option<Sql> {
    let mut sql = Sql::new("UPDATE batch_item SET ");
    match &result.end {
        ItemEnd::Succeeded => return None,
        ItemEnd::Not { refused, code, detail } => {
            let status = if *refused { Item::Refused } else { Item::Failed };
            sql.push(
                &format!("ended_at = {now}, status = ?, code = ?, detail_en = ?, detail_zh = ? WHERE "),
                [
                    status.as_str().into(),
                    code.as_str().into(),
                    text(&detail.0).into_owned().into(),
                    text(&detail.1).into_owned().into(),
                ],
            );
        }
        ItemEnd::Back => {
            sql.push("status = ? WHERE ", [Item::Pending.as_str().into()]);
        }
    }
    sql.push("workspace_id = ? AND batch_id = ? AND number = ?", [workspace, id, limit(result.number)]);
    Some(sql)
}
