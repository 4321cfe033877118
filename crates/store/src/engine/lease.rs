//! Ownership of shards: a server's name, its epoch, its lease, in the database's time.

use super::read::{connection, shards_value};
use crate::connect::Backend;
use crate::row::{execute, get, get_id, get_u32, get_u64, query, uuid};
use crate::{Store, StoreError};
use heddle_engine::storage::{Fence, Leased, Member};
use heddle_model::ids::ServerId;
use heddle_model::limits::SHARD_LEASE_MS;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, QueryResult, Value};

/// The database's time in Unix milliseconds. Not `now()`, which is the transaction's start.
pub(crate) const NOW_POSTGRES: &str = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";
pub(crate) const NOW_SQLITE: &str = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

/// Whoever takes or gives shards does so one after the other.
const TURN: &str = "SELECT pg_advisory_xact_lock(7522533) IS NULL AS turn";
/// Shards that nobody owns, or whose owner has been fenced because its lease had ended.
const FREE: &str = "server_name IS NULL OR server_name IN (SELECT name FROM server_node WHERE lease_until = 0)";

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
            // Retention writes the shard's own one where it deletes the shard's last row.
            last_pos: "greatest(s.pos, (SELECT j.pos FROM journal j WHERE j.shard = s.shard ORDER BY j.pos DESC LIMIT 1))",
        },
        Backend::Sqlite => Dialect { now: NOW_SQLITE, fresh_id: "randomblob(16)", last_pos: "s.pos" },
    }
}

/// The database's time, in its own words.
pub(super) const fn clock(backend: DbBackend) -> &'static str {
    if matches!(backend, DbBackend::Postgres) { NOW_POSTGRES } else { NOW_SQLITE }
}

fn fence_values(fence: Fence) -> Vec<Value> {
    vec![uuid(fence.server.as_u128()).into(), (fence.epoch as i64).into()]
}

async fn turn(db: &DatabaseTransaction) -> Result<(), StoreError> {
    if db.get_database_backend() == DbBackend::Postgres {
        query(db, TURN, vec![]).await?;
    }
    Ok(())
}

pub(super) async fn acquire(store: &Store, name: String) -> Result<Leased, StoreError> {
    let backend = store.backend();
    store.write_unit(move |db| Box::pin(async move { join(db, backend, &name).await })).await
}

async fn join(db: &DatabaseTransaction, backend: Backend, name: &str) -> Result<Leased, StoreError> {
    let Dialect { now, fresh_id, .. } = dialect(backend);
    turn(db).await?;
    // The new epoch waits for commits of the old one that are under way (they hold a lock on this row), and every later one fails.
    let sql = format!(
        "INSERT INTO server_node (name, server_id, epoch, started_at, heartbeat_at, lease_until) VALUES ($1, {fresh_id}, 1, {now}, {now}, {now} + $2) \
         ON CONFLICT (name) DO UPDATE SET server_id = excluded.server_id, epoch = server_node.epoch + 1, started_at = excluded.started_at, \
         heartbeat_at = excluded.heartbeat_at, lease_until = excluded.lease_until RETURNING server_id, epoch"
    );
    let own = query(db, &sql, vec![name.into(), SHARD_LEASE_MS.into()]).await?;
    let own = own.first().ok_or_else(|| StoreError::Fatal("the server's own row is missing".to_owned()))?;
    let fence = Fence { server: ServerId::from_u128(get_id(own, "server_id")?), epoch: get_u64(own, "epoch")? };
    fence_the_dead(db, backend, name).await?;
    let sql = format!("UPDATE shard_lease SET server_name = $1, epoch = epoch + 1 WHERE server_name = $1 OR {FREE}");
    execute(db, &sql, vec![name.into()]).await?;
    let owned = positions(db, backend, "s.server_name = $1", name.into()).await?;
    let (shards, positions) = owned.into_iter().unzip();
    Ok(Leased { fence, shards, positions })
}

/// Those whose lease has ended are fenced before anything of theirs is taken: from here on they can write nothing, and what they are
/// writing has ended. SQLite's file has one server at a time: the newest.
async fn fence_the_dead(db: &DatabaseTransaction, backend: Backend, own: &str) -> Result<(), StoreError> {
    let ended = match backend {
        Backend::Sqlite => "lease_until > 0".to_owned(),
        Backend::Postgres => format!("lease_until > 0 AND lease_until <= {NOW_POSTGRES}"),
    };
    let sql = format!("UPDATE server_node SET epoch = epoch + 1, lease_until = 0 WHERE name <> $1 AND {ended}");
    execute(db, &sql, vec![own.into()]).await?;
    Ok(())
}

/// The last place in the journal of each shard that is asked for; after `fence_the_dead`, nobody else adds to it.
async fn positions(
    db: &DatabaseTransaction,
    backend: Backend,
    which: &str,
    value: Value,
) -> Result<Vec<(u16, u64)>, StoreError> {
    let last_pos = dialect(backend).last_pos;
    let sql = format!("SELECT s.shard, {last_pos} AS pos FROM shard_lease s WHERE {which} ORDER BY s.shard");
    let position = |row: &QueryResult| Ok((shard_of(row)?, get_u64(row, "pos")?));
    query(db, &sql, vec![value]).await?.iter().map(position).collect()
}

fn shard_of(row: &QueryResult) -> Result<u16, StoreError> {
    let shard = get_u32(row, "shard")?;
    u16::try_from(shard).map_err(|_| StoreError::Fatal(format!("shard is {shard}")))
}

pub(super) async fn take(store: &Store, fence: Fence, shards: Vec<u16>) -> Result<Vec<(u16, u64)>, StoreError> {
    let backend = store.backend();
    store
        .write_unit(move |db| {
            Box::pin(async move {
                turn(db).await?;
                let Some(name) = name_of(db, fence).await? else { return Ok(Vec::new()) };
                fence_the_dead(db, backend, &name).await?;
                let (wanted, among) = shards_value(backend, &shards);
                let sql = format!(
                    "UPDATE shard_lease SET server_name = $2, epoch = epoch + 1 WHERE {among} AND ({FREE}) RETURNING shard"
                );
                let taken = query(db, &sql, vec![wanted, name.into()]).await?;
                let taken = taken.iter().map(shard_of).collect::<Result<Vec<_>, _>>()?;
                let (taken, among) = shards_value(backend, &taken);
                positions(db, backend, among, taken).await
            })
        })
        .await
}

/// The server that a fence belongs to, while it is current.
async fn name_of(db: &DatabaseTransaction, fence: Fence) -> Result<Option<String>, StoreError> {
    let sql = "SELECT name FROM server_node WHERE server_id = $1 AND epoch = $2";
    query(db, sql, fence_values(fence)).await?.first().map(|row| get(row, "name")).transpose()
}

pub(super) async fn give(store: &Store, fence: Fence, shards: Vec<u16>) -> Result<(), StoreError> {
    let backend = store.backend();
    store
        .write_unit(move |db| {
            Box::pin(async move {
                turn(db).await?;
                if let Some(name) = name_of(db, fence).await? {
                    let (given, among) = shards_value(backend, &shards);
                    let sql = format!("UPDATE shard_lease SET server_name = NULL WHERE {among} AND server_name = $2");
                    execute(db, &sql, vec![given, name.into()]).await?;
                }
                Ok(())
            })
        })
        .await
}

pub(super) async fn members(store: &Store) -> Result<Vec<Member>, StoreError> {
    let now = dialect(store.backend()).now;
    let sql = format!("SELECT name, server_id, lease_until > {now} AS alive FROM server_node ORDER BY name");
    let member = |row: &QueryResult| {
        let server = ServerId::from_u128(get_id(row, "server_id")?);
        Ok(Member { name: get(row, "name")?, server, alive: get(row, "alive")? })
    };
    query(&connection(store), &sql, vec![]).await?.iter().map(member).collect()
}

pub(super) async fn heartbeat(store: &Store, fence: Fence) -> Result<bool, StoreError> {
    let now = dialect(store.backend()).now;
    let sql = format!(
        "UPDATE server_node SET heartbeat_at = {now}, lease_until = {now} + $3 WHERE server_id = $1 AND epoch = $2 RETURNING name"
    );
    let mut values = fence_values(fence);
    values.push(SHARD_LEASE_MS.into());
    Ok(!query(&*store.writer().await, &sql, values).await?.is_empty())
}

pub(super) async fn release(store: &Store, fence: Fence) -> Result<(), StoreError> {
    store
        .write_unit(move |db| {
            Box::pin(async move {
                turn(db).await?;
                // A higher epoch: a commit that is still on its way comes too late.
                let sql = "UPDATE server_node SET epoch = epoch + 1, lease_until = 0 WHERE server_id = $1 AND epoch = $2 RETURNING name";
                let given = query(db, sql, fence_values(fence)).await?;
                if let Some(row) = given.first() {
                    let name: String = get(row, "name")?;
                    let sql = "UPDATE shard_lease SET server_name = NULL WHERE server_name = $1";
                    execute(db, sql, vec![name.into()]).await?;
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
