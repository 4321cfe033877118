//! The books of concurrency keys: what `heddle_engine::scheduler::Keys` does in memory, done with rows, for all servers.
//!
//! Whoever changes a line has the turn of its name until the end of the transaction. A transaction takes the turns of all its names
//! before it changes any, in their order, so that two never wait for each other.

use super::inbox::{parcel_id, random, send, turn};
use super::lease::clock;
use super::read::{connection, shards_value};
use crate::connect::Backend;
use crate::row::{execute, get, get_id, get_u32, get_u64, query, text, uuid, word};
use crate::{Store, StoreError};
use heddle_engine::scheduler::{Holder, KeyAsk, KeyWait, PermitName, PermitWish, Verdict};
use heddle_engine::storage::{Content, Fence, Parcel};
use heddle_model::definition::AtLimit;
use heddle_model::ids::{InstanceId, WorkspaceId};
use sea_orm::{DatabaseTransaction, QueryResult, Value};
use std::collections::BTreeSet;

/// Holders that a wait is explained with.
const TOLD: u64 = 100;
/// Places of one millisecond.
const PLACES: i64 = 4_096;

const OWN: &str = "workspace_id = $1 AND instance_id = $2 AND kind = $3 AND number = $4";
const LINE: &str = "workspace_id = $1 AND of_instances = $2 AND name = $3";
const HOLDER: &str = "instance_id, kind, number, attempt";

/// A line: the workspace, whether of whole instances, and the value of the key as it is matched.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    workspace: WorkspaceId,
    of_instances: bool,
    name: String,
}

impl Line {
    fn of(name: &PermitName) -> Self {
        Self { workspace: name.workspace, of_instances: name.of_instances, name: word(&name.key).into_owned() }
    }

    fn read(workspace: WorkspaceId, row: &QueryResult) -> Result<Self, StoreError> {
        Ok(Self { workspace, of_instances: get(row, "of_instances")?, name: get(row, "name")? })
    }

    fn values(&self) -> Vec<Value> {
        vec![uuid(self.workspace.as_u128()).into(), self.of_instances.into(), self.name.as_str().into()]
    }
}

/// Kind, number and attempt, as they are stored.
const fn parts(holder: Holder) -> (i32, i32, i32) {
    match holder {
        Holder::Instance(_) => (0, 0, 0),
        Holder::Attempt(_, number, attempt) => (1, number.cast_signed(), attempt.cast_signed()),
        Holder::Job(_, number) => (2, number.cast_signed(), 0),
    }
}

fn holder_of(row: &QueryResult) -> Result<Holder, StoreError> {
    let instance = InstanceId::from_u128(get_id(row, "instance_id")?);
    let number = get_u32(row, "number")?;
    match get::<i32>(row, "kind")? {
        0 => Ok(Holder::Instance(instance)),
        1 => Ok(Holder::Attempt(instance, number, get_u32(row, "attempt")?)),
        2 => Ok(Holder::Job(instance, number)),
        other => Err(StoreError::Fatal(format!("there are no holders of kind {other}"))),
    }
}

fn own_values(workspace: WorkspaceId, holder: Holder) -> Vec<Value> {
    let (kind, number, _) = parts(holder);
    vec![uuid(workspace.as_u128()).into(), uuid(holder.instance().as_u128()).into(), kind.into(), number.into()]
}

fn about(ask: &KeyAsk) -> (WorkspaceId, Holder) {
    match ask {
        KeyAsk::Acquire(wish) => (wish.name.workspace, wish.holder),
        KeyAsk::Release(workspace, holder) => (*workspace, *holder),
    }
}

pub(super) async fn keep(
    store: &Store,
    fence: Fence,
    asks: Vec<KeyAsk>,
) -> Result<(Vec<Verdict>, Vec<Parcel>), StoreError> {
    let backend = store.backend();
    store
        .engine_write_unit(move |db| {
            Box::pin(async move {
                let owned = owned(db, (backend, fence), &asks).await?;
                for line in lines(db, &asks).await? {
                    turn(db, &format!("key {line:?}")).await?;
                }
                let mut books = Books::open(db).await?;
                for ask in asks {
                    match ask {
                        KeyAsk::Acquire(wish) if !owned.contains(&wish.holder.instance().shard()) => {}
                        KeyAsk::Acquire(wish) => books.acquire(wish).await?,
                        KeyAsk::Release(workspace, holder) => books.release(workspace, holder).await?,
                    }
                }
                send(db, &books.sent).await?;
                Ok((books.verdicts, books.sent))
            })
        })
        .await
}

/// Those of the shards asked for that the server of the fence owns; nobody takes them before the transaction ends.
async fn owned(
    db: &DatabaseTransaction,
    (backend, fence): (Backend, Fence),
    asks: &[KeyAsk],
) -> Result<BTreeSet<u16>, StoreError> {
    let wishes = asks.iter().filter(|ask| matches!(ask, KeyAsk::Acquire(_)));
    let shards: BTreeSet<u16> = wishes.map(|ask| about(ask).1.instance().shard()).collect();
    if shards.is_empty() {
        return Ok(shards);
    }
    let (wanted, among) = shards_value(backend, &shards.into_iter().collect::<Vec<_>>());
    let lock = if backend == Backend::Postgres { " FOR SHARE" } else { "" };
    let sql = format!(
        "SELECT s.shard FROM shard_lease s JOIN server_node n ON n.name = s.server_name \
         WHERE {among} AND n.server_id = $2 AND n.epoch = $3{lock}"
    );
    let values = vec![wanted, uuid(fence.server.as_u128()).into(), (fence.epoch as i64).into()];
    let rows = query(db, &sql, values).await?;
    let shard = |row| u16::try_from(get_u32(row, "shard")?).map_err(|why| StoreError::Fatal(why.to_string()));
    rows.iter().map(shard).collect()
}

/// The lines that the asks may change, in order.
async fn lines(db: &DatabaseTransaction, asks: &[KeyAsk]) -> Result<BTreeSet<Line>, StoreError> {
    let mut lines = BTreeSet::new();
    for ask in asks {
        let (workspace, holder) = about(ask);
        let sql = format!("SELECT of_instances, name FROM key_permit WHERE {OWN}");
        for row in query(db, &sql, own_values(workspace, holder)).await? {
            lines.insert(Line::read(workspace, &row)?);
        }
        if let KeyAsk::Acquire(wish) = ask {
            lines.insert(Line::of(&wish.name));
        }
    }
    Ok(lines)
}

/// The books, while a transaction keeps them.
struct Books<'a> {
    db: &'a DatabaseTransaction,
    now: i64,
    random: u128,
    places: i64,
    verdicts: Vec<Verdict>,
    sent: Vec<Parcel>,
}

impl<'a> Books<'a> {
    async fn open(db: &'a DatabaseTransaction) -> Result<Self, StoreError> {
        let backend = sea_orm::ConnectionTrait::get_database_backend(db);
        let sql = format!("SELECT {} AS now, {} AS random", clock(backend), random(backend));
        let rows = query(db, &sql, vec![]).await?;
        let row = rows.first().ok_or_else(|| StoreError::Fatal("the database did not tell the time".to_owned()))?;
        let (now, random) = (get(row, "now")?, get_id(row, "random")?);
        Ok(Self { db, now, random, places: 0, verdicts: Vec::new(), sent: Vec::new() })
    }

    fn next_place(&mut self) -> Value {
        self.places += 1;
        (self.now * PLACES + self.places).into()
    }

    fn tell(&mut self, workspace: WorkspaceId, verdict: Verdict) {
        self.sent.push(Parcel {
            id: parcel_id(self.now, self.sent.len(), self.random),
            workspace,
            instance: verdict.holder().instance(),
            sent_at: self.now,
            content: Content::Verdict(verdict),
        });
    }

    async fn acquire(&mut self, wish: PermitWish) -> Result<(), StoreError> {
        let (workspace, holder, line) = (wish.name.workspace, wish.holder, Line::of(&wish.name));
        let (_, _, attempt) = parts(holder);
        let sql = format!("SELECT of_instances, name, attempt, granted FROM key_permit WHERE {OWN}");
        let known = query(self.db, &sql, own_values(workspace, holder)).await?;
        let Some(row) = known.first() else { return self.enter(wish, &line).await };
        if get::<i32>(row, "attempt")? > attempt {
            // A later attempt has begun since.
            return Ok(());
        }
        let before = Line::read(workspace, row)?;
        if before != line {
            self.leave(workspace, holder).await?;
            self.serve(&before).await?;
            return self.enter(wish, &line).await;
        }
        let granted: bool = get(row, "granted")?;
        let mut values = own_values(workspace, holder);
        values.push(attempt.into());
        if !granted && wish.has_begun {
            values.push(self.next_place());
            let sql = format!("UPDATE key_permit SET attempt = $5, granted = true, place = $6 WHERE {OWN}");
            execute(self.db, &sql, values).await?;
        } else {
            let sql = format!("UPDATE key_permit SET attempt = $5 WHERE {OWN} AND attempt <> $5");
            execute(self.db, &sql, values).await?;
        }
        if granted || wish.has_begun {
            self.verdicts.push(Verdict::Granted(holder));
        }
        Ok(())
    }

    /// Somebody who is not in the books.
    async fn enter(&mut self, wish: PermitWish, line: &Line) -> Result<(), StoreError> {
        let sql = format!(
            "SELECT (SELECT count(*) FROM key_permit WHERE {LINE} AND granted = true) AS held, \
             EXISTS (SELECT 1 FROM key_permit WHERE {LINE} AND granted = false) AS waits"
        );
        let rows = query(self.db, &sql, line.values()).await?;
        let row = rows.first().ok_or_else(|| StoreError::Fatal("a line cannot be counted".to_owned()))?;
        let is_free = get_u64(row, "held")? < u64::from(wish.limit) && !get::<bool>(row, "waits")?;
        let granted = is_free
            || wish.has_begun
            || match wish.at_limit {
                AtLimit::Queue => false,
                AtLimit::Reject => {
                    self.verdicts.push(Verdict::Refused(wish.holder));
                    return Ok(());
                }
                AtLimit::Replace => {
                    self.replace_oldest(line).await?;
                    true
                }
            };
        let (kind, number, attempt) = parts(wish.holder);
        let place = self.next_place();
        let values: Vec<Value> = vec![
            uuid(line.workspace.as_u128()).into(),
            uuid(wish.holder.instance().as_u128()).into(),
            kind.into(),
            number.into(),
            attempt.into(),
            i32::from(wish.holder.instance().shard()).into(),
            line.of_instances.into(),
            i64::from(wish.limit.max(1)).into(),
            i32::from(9 - wish.priority.min(9)).into(),
            place,
            granted.into(),
            line.name.as_str().into(),
            text(&wish.name.key).into_owned().into(),
        ];
        let sql = "INSERT INTO key_permit (workspace_id, instance_id, kind, number, attempt, shard, of_instances, permits, rank, place, granted, \
            name, shown) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
        execute(self.db, sql, values).await?;
        if granted {
            self.verdicts.push(Verdict::Granted(wish.holder));
        }
        Ok(())
    }

    async fn replace_oldest(&mut self, line: &Line) -> Result<(), StoreError> {
        let sql = format!("SELECT {HOLDER} FROM key_permit WHERE {LINE} AND granted = true ORDER BY place LIMIT 1");
        if let Some(row) = query(self.db, &sql, line.values()).await?.first() {
            let oldest = holder_of(row)?;
            self.leave(line.workspace, oldest).await?;
            self.tell(line.workspace, Verdict::Replaced(oldest));
        }
        Ok(())
    }

    async fn leave(&mut self, workspace: WorkspaceId, holder: Holder) -> Result<(), StoreError> {
        let sql = format!("DELETE FROM key_permit WHERE {OWN}");
        execute(self.db, &sql, own_values(workspace, holder)).await.map(drop)
    }

    async fn release(&mut self, workspace: WorkspaceId, holder: Holder) -> Result<(), StoreError> {
        let sql = format!("DELETE FROM key_permit WHERE {OWN} AND attempt = $5 RETURNING of_instances, name");
        let mut values = own_values(workspace, holder);
        values.push(parts(holder).2.into());
        for row in query(self.db, &sql, values).await? {
            self.serve(&Line::read(workspace, &row)?).await?;
        }
        Ok(())
    }

    /// Lets in whoever is first, as long as there is room for them. Strictly in order: one with a higher limit does not overtake.
    async fn serve(&mut self, line: &Line) -> Result<(), StoreError> {
        loop {
            let first = query(self.db, &FIRST.replace("{LINE}", LINE), line.values()).await?;
            let Some(row) = first.first() else { return Ok(()) };
            if get_u64(row, "held")? >= get_u64(row, "permits")? {
                return Ok(());
            }
            let holder = holder_of(row)?;
            let mut values = own_values(line.workspace, holder);
            values.push(self.next_place());
            let sql = format!("UPDATE key_permit SET granted = true, place = $5 WHERE {OWN}");
            execute(self.db, &sql, values).await?;
            self.tell(line.workspace, Verdict::Granted(holder));
        }
    }
}

const FIRST: &str = "SELECT instance_id, kind, number, attempt, permits, \
    (SELECT count(*) FROM key_permit WHERE {LINE} AND granted = true) AS held \
    FROM key_permit WHERE {LINE} AND granted = false ORDER BY rank, place, instance_id, kind, number LIMIT 1";

pub(super) async fn wait(store: &Store, workspace: WorkspaceId, holder: Holder) -> Result<Option<KeyWait>, StoreError> {
    let db = connection(store);
    let sql = format!(
        "SELECT of_instances, name, shown, permits, rank, place FROM key_permit WHERE {OWN} AND granted = false"
    );
    let own = query(&db, &sql, own_values(workspace, holder)).await?;
    let Some(row) = own.first() else { return Ok(None) };
    let line = Line::read(workspace, row)?;
    let (rank, place): (i32, i64) = (get(row, "rank")?, get(row, "place")?);
    let (key, limit): (String, u64) = (get(row, "shown")?, get_u64(row, "permits")?);
    let sql = format!(
        "SELECT {HOLDER} FROM key_permit WHERE {LINE} AND granted = true ORDER BY place, instance_id, number LIMIT {TOLD}"
    );
    let holders = query(&db, &sql, line.values()).await?.iter().map(holder_of).collect::<Result<_, _>>()?;
    let sql = format!(
        "SELECT count(*) AS ahead FROM key_permit WHERE {LINE} AND granted = false AND (rank < $4 OR (rank = $4 AND place < $5))"
    );
    let mut values = line.values();
    values.extend([rank.into(), place.into()]);
    let ahead = query(&db, &sql, values).await?;
    let ahead = ahead.first().map_or(Ok(0), |row| get_u64(row, "ahead"))?;
    let limit = u32::try_from(limit).unwrap_or(u32::MAX);
    Ok(Some(KeyWait { key: key.into(), limit, holders, ahead: usize::try_from(ahead).unwrap_or(usize::MAX) }))
}

pub(super) async fn holders(store: &Store, shards: &[u16]) -> Result<Vec<(WorkspaceId, Holder)>, StoreError> {
    let (shards, among) = shards_value(store.backend(), shards);
    let sql = format!("SELECT workspace_id, {HOLDER} FROM key_permit WHERE {among}");
    let holder = |row: &QueryResult| Ok((WorkspaceId::from_u128(get_id(row, "workspace_id")?), holder_of(row)?));
    query(&connection(store), &sql, vec![shards]).await?.iter().map(holder).collect()
}
