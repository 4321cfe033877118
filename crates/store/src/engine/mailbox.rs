//! Messages by name and who waits for them, and signals (docs/adr/0015).

use super::inbox::{backend, free, locked, parcel_id, random, run, send, turn};
use super::lease::clock;
use super::statement_sqlite;
use crate::row::{execute, get, get_id, get_u32, query, uuid, word};
use crate::{Store, StoreError};
use heddle_engine::storage::{Content, MessageRow, Parcel, Published, SignalRow};
use heddle_model::ids::{InstanceId, MessageId, WorkspaceId};
use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Value};

/// Pairs that the first look of `pair` takes: nearly always there is one.
const FIRST: u32 = 4;
/// Pairs of one transaction.
const PAGE: u32 = 500;

const KEEP: &str = "INSERT INTO message (workspace_id, id, sent_at, expires_at, name, key, letter) VALUES ($1, $2, $3, $4, $5, $6, $7) \
    ON CONFLICT DO NOTHING";
pub(super) const TAKE: &str = "DELETE FROM message WHERE workspace_id = $1 AND id = $2";

/// A name and a key in a workspace, as they are matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    workspace: WorkspaceId,
    name: String,
    key: Option<String>,
}

impl Address {
    pub(super) fn new(workspace: WorkspaceId, name: &str, key: Option<&str>) -> Self {
        let key = key.map(|key| word(key).into_owned());
        Self { workspace, name: word(name).into_owned(), key }
    }

    /// `$1` to `$3`. `IS NOT DISTINCT FROM` finds nothing by an index, so the two kinds of key are two texts.
    fn fits(&self) -> &'static str {
        match self.key {
            Some(_) => "workspace_id = $1 AND name = $2 AND key = $3",
            None => "workspace_id = $1 AND name = $2 AND key IS NULL",
        }
    }

    fn values(&self) -> Vec<Value> {
        let mut values = vec![uuid(self.workspace.as_u128()).into(), self.name.clone().into()];
        values.extend(self.key.clone().map(Value::from));
        values
    }

    async fn turn(&self, db: &DatabaseTransaction) -> Result<(), StoreError> {
        turn(db, &format!("mailbox {} {:?} {:?}", self.workspace, self.name, self.key)).await
    }
}

/// A subscription whose turn has come.
struct Receiver {
    instance: InstanceId,
    number: u32,
    now: i64,
    random: u128,
}

pub(super) fn line_text(backend: DbBackend, address: &Address, limit: usize, lock: &str) -> String {
    format!(
        "SELECT instance_id, number, {} AS now, {} AS random FROM subscription WHERE {} AND awaits = 0 \
         ORDER BY since, instance_id, number LIMIT {limit}{lock}",
        clock(backend),
        random(backend),
        address.fits()
    )
}

/// The first in line; `lock` says what becomes of those that somebody else changes just now.
async fn line(
    db: &DatabaseTransaction,
    address: &Address,
    limit: usize,
    lock: &str,
) -> Result<Vec<Receiver>, StoreError> {
    let sql = line_text(db.get_database_backend(), address, limit, lock);
    let receiver = |row: &sea_orm::QueryResult| {
        Ok(Receiver {
            instance: InstanceId::from_u128(get_id(row, "instance_id")?),
            number: get_u32(row, "number")?,
            now: get(row, "now")?,
            random: get_id(row, "random")?,
        })
    };
    query(db, &sql, address.values()).await?.iter().map(receiver).collect()
}

/// Takes subscriptions off the line and messages out of the mailbox, and sends the parcels.
async fn hand_over(
    db: &DatabaseTransaction,
    workspace: WorkspaceId,
    receivers: &[Receiver],
    messages: &[MessageId],
    parcels: &[Parcel],
) -> Result<(), StoreError> {
    let workspace = Value::from(uuid(workspace.as_u128()));
    match db.get_database_backend() {
        DbBackend::Postgres => {
            let sql = "WITH gone AS (DELETE FROM subscription AS s USING unnest($2::uuid[], $3::int4[]) AS g (instance_id, number) \
                WHERE s.workspace_id = $1 AND s.instance_id = g.instance_id AND s.number = g.number) \
                DELETE FROM message AS m USING unnest($4::uuid[]) AS g (id) WHERE m.workspace_id = $1 AND m.id = g.id";
            let values = vec![
                workspace,
                receivers.iter().map(|it| uuid(it.instance.as_u128())).collect::<Vec<Uuid>>().into(),
                receivers.iter().map(|it| it.number as i32).collect::<Vec<i32>>().into(),
                messages.iter().map(|id| uuid(id.as_u128())).collect::<Vec<Uuid>>().into(),
            ];
            execute(db, sql, values).await?;
        }
        _ => {
            for it in receivers {
                let values = vec![workspace.clone(), uuid(it.instance.as_u128()).into(), (it.number as i32).into()];
                execute(db, statement_sqlite::UNSUBSCRIBED, values).await?;
            }
            for id in messages {
                execute(db, TAKE, vec![workspace.clone(), uuid(id.as_u128()).into()]).await?;
            }
        }
    }
    send(db, parcels).await
}

fn parcel(place: usize, to: &Receiver, message: &MessageRow) -> Parcel {
    Parcel {
        id: parcel_id(to.now, place, to.random),
        workspace: message.workspace,
        instance: to.instance,
        sent_at: to.now,
        content: Content::Message { id: message.id, subscription: to.number, letter: message.letter.clone() },
    }
}

pub(super) async fn publish(store: &Store, message: MessageRow, at_once: bool) -> Result<Published, StoreError> {
    store.engine_write_unit(move |db| Box::pin(async move { publish_in(db, &message, at_once).await })).await
}

async fn publish_in(db: &DatabaseTransaction, message: &MessageRow, at_once: bool) -> Result<Published, StoreError> {
    let letter = &message.letter;
    let address = Address::new(message.workspace, &letter.name, letter.key.as_deref());
    address.turn(db).await?;
    // Wait for one that is being taken back just now: the answer "nobody waits" must be true.
    let receivers = line(db, &address, 1, locked(db.get_database_backend())).await?;
    if let Some(to) = receivers.first() {
        let parcel = parcel(0, to, message);
        hand_over(db, message.workspace, &receivers, &[], std::slice::from_ref(&parcel)).await?;
        return Ok(Published::Sent(Box::new(parcel)));
    }
    if at_once {
        return Ok(Published::Refused);
    }
    let values = vec![
        uuid(message.workspace.as_u128()).into(),
        uuid(message.id.as_u128()).into(),
        message.sent_at.into(),
        super::rows::expires(message).into(),
        address.name.into(),
        address.key.into(),
        serde_json::to_string(letter).map_err(|error| StoreError::Fatal(error.to_string()))?.into(),
    ];
    execute(db, KEEP, values).await?;
    Ok(Published::Kept)
}

pub(super) fn broadcast_text(backend: DbBackend) -> String {
    let id = match backend {
        DbBackend::Postgres => {
            "(lpad(to_hex(c.now), 12, '0') || '7000' || substr(replace(gen_random_uuid()::text, '-', ''), 17))::uuid"
        }
        _ => "unhex(printf('%012x70008%s', c.now, substr(hex(randomblob(8)), 2)))",
    };
    format!(
        "WITH c AS MATERIALIZED (SELECT {} AS now) INSERT INTO inbox (shard, id, workspace_id, instance_id, sent_at, content) \
         SELECT w.shard, {id}, $1, w.instance_id, c.now, $3 FROM c CROSS JOIN \
         (SELECT DISTINCT shard, instance_id FROM subscription WHERE workspace_id = $1 AND awaits = 1 AND name = $2) AS w",
        clock(backend)
    )
}

pub(super) async fn broadcast(store: &Store, workspace: WorkspaceId, signal: &SignalRow) -> Result<u64, StoreError> {
    let content = Content::Signal { name: signal.name.clone(), payload: signal.payload.clone() };
    let content = serde_json::to_string(&content).map_err(|error| StoreError::Fatal(error.to_string()))?;
    let values = vec![uuid(workspace.as_u128()).into(), word(&signal.name).into_owned().into(), content.into()];
    run(store, &broadcast_text(backend(store)), values).await
}

pub(super) async fn pair(store: &Store, address: &Address) -> Result<Vec<Parcel>, StoreError> {
    let (mut sent, mut page) = (Vec::new(), FIRST);
    loop {
        let parcels = pair_page(store, address, page).await?;
        let full = parcels.len() == page as usize;
        sent.extend(parcels);
        if !full {
            return Ok(sent);
        }
        page = PAGE;
    }
}

/// The first pairs, at most `page`, in a transaction of their own.
pub(super) async fn pair_page(store: &Store, address: &Address, page: u32) -> Result<Vec<Parcel>, StoreError> {
    let address = address.clone();
    store.engine_write_unit(move |db| Box::pin(async move { pair_in(db, &address, page.min(PAGE)).await })).await
}

async fn pair_in(db: &DatabaseTransaction, address: &Address, page: u32) -> Result<Vec<Parcel>, StoreError> {
    address.turn(db).await?;
    let messages = oldest(db, address, page).await?;
    if messages.is_empty() {
        return Ok(Vec::new());
    }
    let receivers = line(db, address, messages.len(), free(db.get_database_backend())).await?;
    let parcels: Vec<Parcel> =
        receivers.iter().zip(&messages).enumerate().map(|(place, (to, message))| parcel(place, to, message)).collect();
    if !parcels.is_empty() {
        let taken: Vec<MessageId> = messages[..parcels.len()].iter().map(|message| message.id).collect();
        hand_over(db, address.workspace, &receivers, &taken, &parcels).await?;
    }
    Ok(parcels)
}

pub(super) fn oldest_text(backend: DbBackend, address: &Address, limit: u32) -> String {
    format!(
        "SELECT id, sent_at, letter FROM message WHERE {} AND expires_at > (SELECT {}) ORDER BY sent_at, id LIMIT {limit}",
        address.fits(),
        clock(backend)
    )
}

/// The oldest messages that are kept and whose time is not over.
async fn oldest(db: &DatabaseTransaction, address: &Address, limit: u32) -> Result<Vec<MessageRow>, StoreError> {
    let sql = oldest_text(db.get_database_backend(), address, limit);
    let message = |row: &sea_orm::QueryResult| {
        let id = MessageId::from_u128(get_id(row, "id")?);
        let letter: String = get(row, "letter")?;
        let letter = serde_json::from_str(&letter)
            .map_err(|error| StoreError::Fatal(format!("the message {id} cannot be read: {error}")))?;
        Ok(MessageRow { id, workspace: address.workspace, letter, sent_at: get(row, "sent_at")? })
    };
    query(db, &sql, address.values()).await?.iter().map(message).collect()
}
