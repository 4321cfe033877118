//! Parcels on their way to instances, and answers on their way to doors.

use super::read::{connection, shards_value};
use super::statement_sqlite;
use crate::connect::Backend;
use crate::row::{execute, get, get_id, query, text, uuid};
use crate::{Store, StoreError};
use heddle_engine::storage::Parcel;
use heddle_model::ids::{InstanceId, ParcelId, WorkspaceId, uuid_v7};
use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Value};

/// Of each shard its first ones by their index (`$3`), then the first of those (`$2`), with their place in their shard.
pub(super) const READ_POSTGRES: &str = "SELECT i.* FROM unnest($1::int4[]) AS s (shard) CROSS JOIN LATERAL ( \
    SELECT k.*, row_number() OVER (ORDER BY k.sent_at, k.id) AS place FROM (SELECT id, workspace_id, instance_id, sent_at, content FROM inbox \
    WHERE shard = s.shard ORDER BY sent_at, id LIMIT $3) AS k) AS i ORDER BY i.sent_at, i.id LIMIT $2";
pub(super) const READ_SQLITE: &str = "SELECT i.id, i.workspace_id, i.instance_id, i.sent_at, i.content, t.place FROM ( \
    SELECT x.shard, x.id, x.sent_at, row_number() OVER (PARTITION BY x.shard ORDER BY x.sent_at, x.id) AS place \
    FROM json_each($1) s CROSS JOIN inbox x WHERE x.shard = s.value AND x.id IN (SELECT k.id FROM inbox k WHERE k.shard = s.value \
    ORDER BY k.sent_at, k.id LIMIT $3) ORDER BY x.sent_at, x.id LIMIT $2) AS t CROSS JOIN inbox i WHERE i.shard = t.shard AND i.id = t.id \
    ORDER BY t.sent_at, t.id";

/// Parcels of each shard that are looked at first: nearly always that is all there are.
const FEW: u32 = 16;

const SEND_POSTGRES: &str = "INSERT INTO inbox (shard, id, workspace_id, instance_id, sent_at, content) \
    SELECT * FROM unnest($1::int4[], $2::uuid[], $3::uuid[], $4::uuid[], $5::int8[], $6::text[]) ON CONFLICT DO NOTHING";

pub(super) async fn read(store: &Store, mut shards: Vec<u16>, limit: u32) -> Result<Vec<Parcel>, StoreError> {
    // A shard named twice must not be read twice.
    shards.sort_unstable();
    shards.dedup();
    let sql = match store.backend() {
        Backend::Postgres => READ_POSTGRES,
        Backend::Sqlite => READ_SQLITE,
    };
    // A backlog of many shards is read in small pieces of each, one of few shards in larger ones.
    let mut piece = (limit / u32::try_from(shards.len().max(1)).unwrap_or(u32::MAX)).max(FEW);
    let (shards, _) = shards_value(store.backend(), &shards);
    loop {
        let values = vec![shards.clone(), i64::from(limit).into(), i64::from(piece).into()];
        let rows = query(&connection(store), sql, values).await?;
        // After the last one of a whole piece, its shard may have another that comes before those of other shards.
        let mut known = rows.len();
        for (at, row) in rows.iter().enumerate() {
            if get::<i64>(row, "place")? == i64::from(piece) {
                known = at + 1;
                break;
            }
        }
        if known == rows.len() || piece >= limit {
            return rows.iter().map(parcel_row).collect();
        }
        piece = piece.saturating_mul(8);
    }
}

fn parcel_row(row: &QueryResult) -> Result<Parcel, StoreError> {
    let id = ParcelId::from_u128(get_id(row, "id")?);
    let content: String = get(row, "content")?;
    let content = serde_json::from_str(&content)
        .map_err(|error| StoreError::Fatal(format!("the parcel {id} cannot be read: {error}")))?;
    Ok(Parcel {
        id,
        workspace: WorkspaceId::from_u128(get_id(row, "workspace_id")?),
        instance: InstanceId::from_u128(get_id(row, "instance_id")?),
        sent_at: get(row, "sent_at")?,
        content,
    })
}

/// The `place`-th parcel of a transaction that the database itself sends: its id keeps the order within one millisecond.
pub(super) const fn parcel_id(at: i64, place: usize, random: u128) -> ParcelId {
    const LOW: u128 = (1 << 62) - 1;
    ParcelId::from_u128(uuid_v7(at.unsigned_abs(), ((place as u128) << 62) | (random & LOW)))
}

/// Puts parcels into their inboxes. One that is there already is no error.
pub(super) async fn send(db: &impl ConnectionTrait, parcels: &[Parcel]) -> Result<(), StoreError> {
    match db.get_database_backend() {
        DbBackend::Postgres => {
            execute(db, SEND_POSTGRES, columns(parcels)?.into()).await?;
        }
        _ => {
            for parcel in parcels {
                let values = vec![
                    i32::from(parcel.shard()).into(),
                    uuid(parcel.id.as_u128()).into(),
                    uuid(parcel.workspace.as_u128()).into(),
                    uuid(parcel.instance.as_u128()).into(),
                    parcel.sent_at.into(),
                    content(parcel)?.into(),
                ];
                execute(db, statement_sqlite::SENT, values).await?;
            }
        }
    }
    Ok(())
}

fn content(parcel: &Parcel) -> Result<String, StoreError> {
    serde_json::to_string(&parcel.content).map_err(|error| StoreError::Fatal(error.to_string()))
}

/// Parcels as PostgreSQL's arrays, in the order of `SEND_POSTGRES`.
fn columns(parcels: &[Parcel]) -> Result<[Value; 6], StoreError> {
    let ids = |of: fn(&Parcel) -> u128| parcels.iter().map(|it| uuid(of(it))).collect::<Vec<Uuid>>().into();
    Ok([
        parcels.iter().map(|it| i32::from(it.shard())).collect::<Vec<i32>>().into(),
        ids(|it| it.id.as_u128()),
        ids(|it| it.workspace.as_u128()),
        ids(|it| it.instance.as_u128()),
        parcels.iter().map(|it| it.sent_at).collect::<Vec<i64>>().into(),
        parcels.iter().map(content).collect::<Result<Vec<String>, _>>()?.into(),
    ])
}

pub(super) async fn post(store: &Store, parcel: &Parcel) -> Result<(), StoreError> {
    let parcels = std::slice::from_ref(parcel);
    match store.backend() {
        Backend::Postgres => send(&connection(store), parcels).await,
        Backend::Sqlite => send(&*store.writer().await, parcels).await,
    }
}

/// Runs a statement that writes, on the connection that may; gives how many rows it wrote.
pub(super) async fn run(store: &Store, sql: &str, values: Vec<Value>) -> Result<u64, StoreError> {
    match store.backend() {
        Backend::Postgres => execute(&connection(store), sql, values).await,
        Backend::Sqlite => execute(&*store.writer().await, sql, values).await,
    }
}

/// The database, in the words of sea-orm.
pub(super) fn backend(store: &Store) -> DbBackend {
    match store.backend() {
        Backend::Postgres => DbBackend::Postgres,
        Backend::Sqlite => DbBackend::Sqlite,
    }
}

pub(super) const REPLY: &str = "SELECT content FROM reply WHERE id = $1";

pub(super) async fn reply(store: &Store, id: ParcelId) -> Result<Option<String>, StoreError> {
    let rows = query(&connection(store), REPLY, vec![uuid(id.as_u128()).into()]).await?;
    rows.first().map(|row| get(row, "content")).transpose()
}

/// Transactions that name the same thing follow one another on PostgreSQL; each sees what those before it wrote, because it asks only
/// after its turn has come. A transaction names one thing only. SQLite has one writer.
pub(super) async fn turn(db: &impl ConnectionTrait, what: &str) -> Result<(), StoreError> {
    if db.get_database_backend() == DbBackend::Postgres {
        let sql = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0)) IS NULL AS locked";
        query(db, sql, vec![text(what).into_owned().into()]).await?;
    }
    Ok(())
}

/// What is locked until the end of the transaction, on PostgreSQL: of rows that somebody else changes just now, wait for the outcome.
pub(super) const fn locked(backend: DbBackend) -> &'static str {
    if matches!(backend, DbBackend::Postgres) { " FOR UPDATE" } else { "" }
}

/// The same, but step over them: whoever holds several locks must not wait for one.
pub(super) const fn free(backend: DbBackend) -> &'static str {
    if matches!(backend, DbBackend::Postgres) { " FOR UPDATE SKIP LOCKED" } else { "" }
}

/// A random number per row.
pub(super) const fn random(backend: DbBackend) -> &'static str {
    if matches!(backend, DbBackend::Postgres) { "gen_random_uuid()" } else { "randomblob(16)" }
}
