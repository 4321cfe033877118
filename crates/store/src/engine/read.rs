//! What the engine reads: instances for recovery, work after a restart, timers.

use crate::connect::{Backend, Pools};
use crate::row::{get, get_id, get_u32, get_u64, query, text, uuid};
use crate::{Store, StoreError};
use heddle_engine::storage::{JournalRow, QUARANTINE, Quarantine, Resolved, Snapshot, Stored, TimerRow};
use heddle_model::ids::{InstanceId, VersionId, WorkflowId, WorkspaceId};
use sea_orm::{DatabaseConnection, QueryResult, SqlxPostgresConnector, Value};
use std::sync::Arc;

/// The engine's own connections: on PostgreSQL they plan for keys, on SQLite they are the readers.
pub(super) fn connection(store: &Store) -> DatabaseConnection {
    match store.pools() {
        Pools::Postgres { engine, .. } => SqlxPostgresConnector::from_sqlx_postgres_pool(engine.clone()),
        Pools::Sqlite { .. } => store.reader().clone(),
    }
}

pub(super) async fn load(
    store: &Store,
    workspace: WorkspaceId,
    instance: InstanceId,
) -> Result<Option<Stored>, StoreError> {
    let db = connection(store);
    let key = || vec![uuid(workspace.as_u128()).into(), uuid(instance.as_u128()).into()];
    let mut values = key();
    values.extend([uuid(instance.incident(QUARANTINE).as_u128()).into(), Quarantine::Found.code().into()]);
    let rows = query(
        &db,
        "SELECT i.workflow_id, i.version_id, s.seq, s.checksum, s.state, \
         EXISTS (SELECT 1 FROM incident q WHERE q.workspace_id = $1 AND q.id = $3 AND q.resolved_at IS NULL AND q.code <> $4) AS quarantined FROM workflow_instance i \
         LEFT JOIN snapshot s ON s.workspace_id = i.workspace_id AND s.instance_id = i.id WHERE i.workspace_id = $1 AND i.id = $2",
        values,
    )
    .await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let snapshot = match get::<Option<Vec<u8>>>(row, "state")? {
        Some(state) => {
            let checksum = get_u64(row, "checksum")?;
            let checksum = u32::try_from(checksum).map_err(|_| StoreError::Fatal(format!("checksum is {checksum}")))?;
            Some(Snapshot { seq: get_u64(row, "seq")?, checksum, state: state.into() })
        }
        None => None,
    };
    let mut values = key();
    values.push((snapshot.as_ref().map_or(0, |snapshot| snapshot.seq) as i64).into());
    let sql = "SELECT first_seq, count, pos, at, checksum, events FROM journal WHERE workspace_id = $1 AND instance_id = $2 AND first_seq > $3 ORDER BY first_seq";
    let journal = query(&db, sql, values).await?.iter().map(journal_row).collect::<Result<_, _>>()?;
    Ok(Some(Stored {
        workflow: WorkflowId::from_u128(get_id(row, "workflow_id")?),
        version: VersionId::from_u128(get_id(row, "version_id")?),
        snapshot,
        journal,
        quarantined: get(row, "quarantined")?,
    }))
}

pub(super) async fn journal(
    store: &Store,
    workspace: WorkspaceId,
    instance: InstanceId,
    after_seq: u64,
    limit: u32,
) -> Result<Vec<JournalRow>, StoreError> {
    // The first row may begin before the event that is asked for: begin with the last one that starts at or before it.
    let sql = "SELECT first_seq, count, pos, at, checksum, events FROM journal WHERE workspace_id = $1 AND instance_id = $2 \
         AND first_seq >= coalesce((SELECT max(first_seq) FROM journal WHERE workspace_id = $1 AND instance_id = $2 AND first_seq <= $3), 0) \
         AND first_seq + count > $3 ORDER BY first_seq LIMIT $4";
    let next = i64::try_from(after_seq.saturating_add(1)).unwrap_or(i64::MAX);
    let values =
        vec![uuid(workspace.as_u128()).into(), uuid(instance.as_u128()).into(), next.into(), i64::from(limit).into()];
    query(&connection(store), sql, values).await?.iter().map(journal_row).collect()
}

fn journal_row(row: &QueryResult) -> Result<JournalRow, StoreError> {
    Ok(JournalRow {
        first_seq: get_u64(row, "first_seq")?,
        count: get_u32(row, "count")?,
        pos: get_u64(row, "pos")?,
        at: get(row, "at")?,
        events: Arc::from(get::<Vec<u8>>(row, "events")?),
        checksum: get::<i32>(row, "checksum")?.cast_unsigned(),
    })
}

/// A JSON array from the texts of its items.
pub(super) fn json_list(items: impl Iterator<Item = String>) -> Value {
    format!("[{}]", items.collect::<Vec<_>>().join(",")).into()
}

/// Shards as a value, and the SQL that asks whether a column is one of them.
pub(super) fn shards_value(backend: Backend, shards: &[u16]) -> (Value, &'static str) {
    match backend {
        Backend::Postgres => {
            (shards.iter().map(|&shard| i32::from(shard)).collect::<Vec<i32>>().into(), "shard = ANY($1)")
        }
        Backend::Sqlite => (json_list(shards.iter().map(u16::to_string)), "shard IN (SELECT value FROM json_each($1))"),
    }
}

pub(super) async fn runnable(
    store: &Store,
    shards: &[u16],
    after: Option<InstanceId>,
    limit: u32,
) -> Result<Vec<(WorkspaceId, InstanceId)>, StoreError> {
    let (shards, among) = shards_value(store.backend(), shards);
    let flag = if store.backend() == Backend::Postgres { "runnable = true" } else { "runnable = 1" };
    let sql = format!(
        "SELECT workspace_id, id FROM workflow_instance WHERE {flag} AND id > $2 AND {among} ORDER BY id LIMIT $3"
    );
    let after = uuid(after.map_or(0, InstanceId::as_u128));
    let rows = query(&connection(store), &sql, vec![shards, after.into(), i64::from(limit).into()]).await?;
    rows.iter()
        .map(|row| {
            Ok((WorkspaceId::from_u128(get_id(row, "workspace_id")?), InstanceId::from_u128(get_id(row, "id")?)))
        })
        .collect()
}

pub(super) async fn timers(store: &Store, shards: &[u16], until: i64, limit: u32) -> Result<Vec<TimerRow>, StoreError> {
    let (shards, among) = shards_value(store.backend(), shards);
    let sql = format!(
        "SELECT workspace_id, instance_id, number, shard, due FROM timer WHERE due <= $2 AND {among} ORDER BY due, instance_id, number LIMIT $3"
    );
    let rows = query(&connection(store), &sql, vec![shards, until.into(), i64::from(limit).into()]).await?;
    rows.iter()
        .map(|row| {
            let shard = get_u32(row, "shard")?;
            Ok(TimerRow {
                workspace: WorkspaceId::from_u128(get_id(row, "workspace_id")?),
                instance: InstanceId::from_u128(get_id(row, "instance_id")?),
                number: get_u32(row, "number")?,
                shard: u16::try_from(shard).map_err(|_| StoreError::Fatal(format!("shard is {shard}")))?,
                due: get(row, "due")?,
            })
        })
        .collect()
}

pub(super) async fn definition(
    store: &Store,
    workspace: WorkspaceId,
    version: VersionId,
) -> Result<Option<String>, StoreError> {
    let sql = "SELECT definition FROM workflow_version WHERE workspace_id = $1 AND id = $2";
    let rows =
        query(&connection(store), sql, vec![uuid(workspace.as_u128()).into(), uuid(version.as_u128()).into()]).await?;
    rows.first().map(|row| get(row, "definition")).transpose()
}

pub(super) fn resolve_text(which: &str) -> String {
    format!(
        "SELECT w.id AS workflow_id, v.id AS version_id, v.number FROM workflow w JOIN workflow_version v ON v.workspace_id = w.workspace_id \
         AND v.workflow_id = w.id WHERE w.workspace_id = $1 AND w.name = $2 AND w.deleted_at IS NULL AND {which} ORDER BY v.number DESC LIMIT 1"
    )
}

pub(super) const LATEST: &str = "v.number = w.latest_number";
pub(super) const NUMBERED: &str = "v.number = $3";
pub(super) const LABELLED: &str = "v.label IN ($3, $4)";

/// The version that a call names: `"latest"`, a number, or `"label:…"`, of which the newest.
pub(super) async fn resolve(
    store: &Store,
    workspace: WorkspaceId,
    workflow: &str,
    version: &heddle_model::value::Value,
) -> Result<Option<Resolved>, StoreError> {
    let mut values = vec![uuid(workspace.as_u128()).into(), text(workflow).into_owned().into()];
    let which = match version {
        heddle_model::value::Value::Number(number) => {
            let Some(number) = number.as_i64() else { return Ok(None) };
            values.push(number.into());
            NUMBERED
        }
        heddle_model::value::Value::String(word) if word == "latest" => LATEST,
        heddle_model::value::Value::String(word) => {
            let Some(label) = word.strip_prefix("label:") else { return Ok(None) };
            // A label is a text or a number, and kept as JSON.
            values.push(serde_json::Value::from(label).to_string().into());
            values.push(text(label).into_owned().into());
            LABELLED
        }
        _ => return Ok(None),
    };
    let rows = query(&connection(store), &resolve_text(which), values).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let number = get_u64(row, "number")?;
    Ok(Some(Resolved {
        workflow: WorkflowId::from_u128(get_id(row, "workflow_id")?),
        version: VersionId::from_u128(get_id(row, "version_id")?),
        version_number: u32::try_from(number)
            .map_err(|_| StoreError::Fatal(format!("the number of a version is {number}")))?,
    }))
}
