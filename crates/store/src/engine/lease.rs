//! Ownership of shards: a server's name, its epoch, its lease, in the database's time.

use super::read::connection;
use crate::connect::Backend;
use crate::row::{get, get_u32, get_u64, query, uuid};
use crate::{Store, StoreError};
use heddle_engine::storage::{Fence, Leased};
use heddle_model::ids::ServerId;
use heddle_model::limits::SHARD_LEASE_MS;
use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryResult, Statement, Value};

/// The database's time in Unix milliseconds. Not `now()`, which is the transaction's start.
pub(super) const NOW_POSTGRES: &str = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";
pub(super) const NOW_SQLITE: &str = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

/// Two servers that come up at once take their shards one after the other.
const TURN: &str = "SELECT pg_advisory_xact_lock(7522533) IS NULL AS turn";

struct Dialect {
    now: &'static str,
    fresh_id: &'static str,
    last_pos: &'static str,
}

const fn dialect(backend: Backend) -> Dialect {
    match backend {
        Backend::Postgres => Dialect {
            now: NOW_POSTGRES,
            fresh_id: "gen_random_uuid()",
            last_pos: "coalesce((SELECT j.pos FROM journal j WHERE j.shard = s.shard ORDER BY j.pos DESC LIMIT 1), 0)",
        },
        Backend::Sqlite => Dialect { now: NOW_SQLITE, fresh_id: "randomblob(16)", last_pos: "s.pos" },
    }
}

async fn rows(db: &DatabaseTransaction, sql: &str, values: Vec<Value>) -> Result<Vec<QueryResult>, StoreError> {
    Ok(db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?)
}

pub(super) async fn acquire(store: &Store, name: String) -> Result<Leased, StoreError> {
    let backend = store.backend();
    store.write_unit(move |db| Box::pin(async move { take(db, backend, &name).await })).await
}

async fn take(db: &DatabaseTransaction, backend: Backend, name: &str) -> Result<Leased, StoreError> {
    let Dialect { now, fresh_id, last_pos } = dialect(backend);
    if backend == Backend::Postgres {
        rows(db, TURN, vec![]).await?;
    }
    // The new epoch waits for commits of the old one that are under way (they hold a lock on this row), and every later one fails.
    let sql = format!(
        "INSERT INTO server_node (name, server_id, epoch, started_at, heartbeat_at, lease_until) VALUES ($1, {fresh_id}, 1, {now}, {now}, {now} + $2) \
         ON CONFLICT (name) DO UPDATE SET server_id = excluded.server_id, epoch = server_node.epoch + 1, started_at = excluded.started_at, \
         heartbeat_at = excluded.heartbeat_at, lease_until = excluded.lease_until RETURNING server_id, epoch"
    );
    let own = rows(db, &sql, vec![name.into(), SHARD_LEASE_MS.into()]).await?;
    let own = own.first().ok_or_else(|| StoreError::Fatal("the server's own row is missing".to_owned()))?;
    let fence =
        Fence { server: ServerId::from_u128(crate::row::get_id(own, "server_id")?), epoch: get_u64(own, "epoch")? };

    // Those whose lease has ended are fenced before anything of theirs is taken. SQLite's file has one server at a time: the newest.
    let ended = if backend == Backend::Sqlite { "1 = 1".to_owned() } else { format!("lease_until <= {now}") };
    let sql = format!("UPDATE server_node SET epoch = epoch + 1, lease_until = 0 WHERE name <> $1 AND {ended}");
    db.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, [name.into()])).await?;
    let sql = "UPDATE shard_lease SET server_name = $1, epoch = epoch + 1 WHERE server_name IS NULL OR server_name = $1 \
         OR server_name IN (SELECT name FROM server_node WHERE lease_until = 0)";
    db.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, [name.into()])).await?;

    let sql = format!("SELECT s.shard, {last_pos} AS pos FROM shard_lease s WHERE s.server_name = $1 ORDER BY s.shard");
    let mut leased = Leased { fence, shards: Vec::new(), positions: Vec::new() };
    for row in rows(db, &sql, vec![name.into()]).await? {
        let shard = get_u32(&row, "shard")?;
        leased.shards.push(u16::try_from(shard).map_err(|_| StoreError::Fatal(format!("shard is {shard}")))?);
        leased.positions.push(get_u64(&row, "pos")?);
    }
    Ok(leased)
}

pub(super) async fn heartbeat(store: &Store, fence: Fence) -> Result<bool, StoreError> {
    let now = dialect(store.backend()).now;
    let sql = format!(
        "UPDATE server_node SET heartbeat_at = {now}, lease_until = {now} + $3 WHERE server_id = $1 AND epoch = $2 RETURNING name"
    );
    let values = vec![uuid(fence.server.as_u128()).into(), (fence.epoch as i64).into(), SHARD_LEASE_MS.into()];
    Ok(!query(&*store.writer().await, &sql, values).await?.is_empty())
}

pub(super) async fn release(store: &Store, fence: Fence) -> Result<(), StoreError> {
    store
        .write_unit(move |db| {
            Box::pin(async move {
                // A higher epoch: a commit that is still on its way comes too late.
                let sql = "UPDATE server_node SET epoch = epoch + 1, lease_until = 0 WHERE server_id = $1 AND epoch = $2 RETURNING name";
                let given = rows(db, sql, vec![uuid(fence.server.as_u128()).into(), (fence.epoch as i64).into()]).await?;
                if let Some(row) = given.first() {
                    let name: String = get(row, "name")?;
                    let sql = "UPDATE shard_lease SET server_name = NULL WHERE server_name = $1";
                    db.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, [name.into()])).await?;
                }
                Ok(())
            })
        })
        .await
}

pub(super) async fn now(store: &Store) -> Result<i64, StoreError> {
    let sql = format!("SELECT {} AS now", dialect(store.backend()).now);
    let rows = query(&connection(store), &sql, vec![]).await?;
    let row = rows.first().ok_or_else(|| StoreError::Fatal("the database did not tell the time".to_owned()))?;
    get(row, "now")
}
