//! The net under pairing and granting: what a server that died in between left undone, and what nobody needs any more.
//!
//! No call walks a whole table: each looks at the next rows after those of the call before it, by their keys, and begins again at the
//! end. What it finds is only a candidate: whether there is a pair or a permit is decided under the lock, as always.

use super::inbox::{backend, free, run};
use super::lease::clock;
use super::mailbox::{Address, pair_page};
use super::permit::grant_page;
use super::read::connection;
use crate::row::{get, get_id, get_u32, query, uuid};
use crate::{Store, StoreError};
use heddle_engine::storage::Parcel;
use heddle_model::ids::WorkspaceId;
use heddle_model::limits::REPLY_KEPT_MS;
use sea_orm::{DbBackend, QueryResult, Value};
use std::sync::{Arc, Mutex, PoisonError};

/// Rows that a call looks at, per pair or permit that it may make.
const LOOK: u32 = 4;

/// Where the next call goes on: the last row that the calls before it have looked at.
#[derive(Debug, Default)]
pub(crate) struct Cursors {
    places: Mutex<Places>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Places {
    message: (u128, u128),
    permit: (u128, u128, u32),
}

impl Cursors {
    fn get(&self) -> Places {
        *self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, change: impl FnOnce(&mut Places)) {
        change(&mut self.places.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

pub(super) async fn sweep(store: &Store, limit: u32) -> Result<Vec<Parcel>, StoreError> {
    clean(store, limit).await?;
    let mut sent = messages(store, limit).await?;
    sent.extend(permits(store, limit).await?);
    Ok(sent)
}

/// Removes messages whose time is over, and answers that nobody has read.
async fn clean(store: &Store, limit: u32) -> Result<(), StoreError> {
    let limit = || i64::from(limit).into();
    run(store, &expired_text(backend(store)), vec![limit()]).await?;
    run(store, &unread_text(backend(store)), vec![limit(), REPLY_KEPT_MS.into()]).await?;
    Ok(())
}

/// The time is asked for once, apart: what changes with every call finds nothing by an index.
pub(super) fn expired_text(backend: DbBackend) -> String {
    format!(
        "DELETE FROM message WHERE (workspace_id, id) IN (SELECT workspace_id, id FROM message WHERE expires_at <= (SELECT {}) \
         ORDER BY expires_at LIMIT $1{})",
        clock(backend),
        free(backend)
    )
}

pub(super) fn unread_text(backend: DbBackend) -> String {
    format!(
        "DELETE FROM reply WHERE id IN (SELECT id FROM reply WHERE at <= (SELECT {}) - $2 ORDER BY at LIMIT $1{})",
        clock(backend),
        free(backend)
    )
}

/// The last row of the next page, where the page does not reach the end of the table.
async fn end(store: &Store, sql: &str, mut from: Vec<Value>, limit: u32) -> Result<Option<QueryResult>, StoreError> {
    from.push((i64::from(limit.max(1)) * i64::from(LOOK) - 1).into());
    Ok(query(&connection(store), sql, from).await?.pop())
}

pub(super) const MESSAGES_END: &str = "SELECT workspace_id, id FROM message WHERE (workspace_id, id) > ($1, $2) ORDER BY workspace_id, id LIMIT 1 OFFSET $3";

/// Messages that somebody waits for. Each looks for one subscription only: written as `EXISTS`, PostgreSQL could read all of them at once.
pub(super) const WANTED: &str = "SELECT DISTINCT m.workspace_id, m.name, m.key FROM message m \
    WHERE (m.workspace_id, m.id) > ($1, $2) AND (m.workspace_id, m.id) <= ($3, $4) AND \
    ((SELECT 1 FROM subscription s WHERE s.workspace_id = m.workspace_id AND s.awaits = 0 AND s.name = m.name AND s.key = m.key LIMIT 1) = 1 \
    OR (m.key IS NULL AND (SELECT 1 FROM subscription s WHERE s.workspace_id = m.workspace_id AND s.awaits = 0 AND s.name = m.name \
    AND s.key IS NULL LIMIT 1) = 1))";

async fn messages(store: &Store, limit: u32) -> Result<Vec<Parcel>, StoreError> {
    let (workspace, id) = store.cursors().get().message;
    let from = vec![uuid(workspace).into(), uuid(id).into()];
    let end = match end(store, MESSAGES_END, from.clone(), limit).await? {
        Some(row) => Some((get_id(&row, "workspace_id")?, get_id(&row, "id")?)),
        None => None,
    };
    let to = end.unwrap_or((u128::MAX, u128::MAX));
    let values = from.into_iter().chain([uuid(to.0).into(), uuid(to.1).into()]).collect();
    let mut sent = Vec::new();
    for row in query(&connection(store), WANTED, values).await? {
        let left = limit.saturating_sub(u32::try_from(sent.len()).unwrap_or(u32::MAX));
        if left == 0 {
            // The next call looks at the same page: what is paired now is not in it any more.
            return Ok(sent);
        }
        let workspace = WorkspaceId::from_u128(get_id(&row, "workspace_id")?);
        let (name, key): (String, Option<String>) = (get(&row, "name")?, get(&row, "key")?);
        sent.extend(pair_page(store, &Address::new(workspace, &name, key.as_deref()), left).await?);
    }
    store.cursors().set(|places| places.message = end.unwrap_or_default());
    Ok(sent)
}

pub(super) const PERMITS_END: &str = "SELECT workspace_id, instance_id, number FROM permit WHERE (workspace_id, instance_id, number) > ($1, $2, $3) \
    ORDER BY workspace_id, instance_id, number LIMIT 1 OFFSET $4";

/// Names that somebody is in line for while not all permits are held.
pub(super) const GRANTABLE: &str = "SELECT p.workspace_id, p.name FROM permit p WHERE (p.workspace_id, p.instance_id, p.number) > ($1, $2, $3) \
    AND (p.workspace_id, p.instance_id, p.number) <= ($4, $5, $6) AND p.granted = false GROUP BY p.workspace_id, p.name \
    HAVING (SELECT count(*) FROM permit h WHERE h.workspace_id = p.workspace_id AND h.name = p.name AND h.granted = true) < max(p.permits)";

async fn permits(store: &Store, limit: u32) -> Result<Vec<Parcel>, StoreError> {
    let (workspace, instance, number) = store.cursors().get().permit;
    let from = vec![uuid(workspace).into(), uuid(instance).into(), number.cast_signed().into()];
    let end = match end(store, PERMITS_END, from.clone(), limit).await? {
        Some(row) => Some((get_id(&row, "workspace_id")?, get_id(&row, "instance_id")?, get_u32(&row, "number")?)),
        None => None,
    };
    let to = end.unwrap_or((u128::MAX, u128::MAX, i32::MAX.cast_unsigned()));
    let values = from.into_iter().chain([uuid(to.0).into(), uuid(to.1).into(), to.2.cast_signed().into()]).collect();
    let mut sent = Vec::new();
    for row in query(&connection(store), GRANTABLE, values).await? {
        let left = u64::from(limit).saturating_sub(sent.len() as u64);
        if left == 0 {
            return Ok(sent);
        }
        let workspace = WorkspaceId::from_u128(get_id(&row, "workspace_id")?);
        let name: Arc<str> = get::<String>(&row, "name")?.into();
        sent.extend(grant_page(store, workspace, &name, left).await?);
    }
    store.cursors().set(|places| places.permit = end.unwrap_or_default());
    Ok(sent)
}
