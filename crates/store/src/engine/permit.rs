//! Permits of names that reach beyond one instance (docs/adr/0015).

use super::inbox::{free, parcel_id, random, send, turn};
use super::lease::clock;
use crate::row::{execute, get, get_id, get_u32, get_u64, query, uuid, word};
use crate::{Store, StoreError};
use heddle_engine::storage::{Content, Parcel};
use heddle_model::ids::{InstanceId, WorkspaceId};
use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, QueryResult, Value};
use std::sync::Arc;

/// Permits granted in one transaction.
const PAGE: u64 = 500;

/// How many are held, and how many the first in line allows; no row when nobody is in line.
pub(super) const STANDING: &str = "SELECT first.permits, (SELECT count(*) FROM permit WHERE workspace_id = $1 AND name = $2 AND granted = true) AS held \
    FROM (SELECT permits FROM permit WHERE workspace_id = $1 AND name = $2 AND granted = false ORDER BY since, instance_id, number LIMIT 1) AS first";

pub(super) const MARK_SQLITE: &str =
    "UPDATE permit SET granted = 1 WHERE workspace_id = $1 AND instance_id = $2 AND number = $3";

/// Somebody in line.
struct Asking {
    instance: InstanceId,
    number: u32,
    permits: u64,
    now: i64,
    random: u128,
}

pub(super) async fn grant(store: &Store, workspace: WorkspaceId, name: &Arc<str>) -> Result<Vec<Parcel>, StoreError> {
    let mut sent = Vec::new();
    loop {
        let parcels = grant_page(store, workspace, name, PAGE).await?;
        let full = parcels.len() as u64 == PAGE;
        sent.extend(parcels);
        if !full {
            return Ok(sent);
        }
    }
}

/// Grants at most `page`, in a transaction of its own.
pub(super) async fn grant_page(
    store: &Store,
    workspace: WorkspaceId,
    name: &Arc<str>,
    page: u64,
) -> Result<Vec<Parcel>, StoreError> {
    let name = name.clone();
    store
        .engine_write_unit(move |db| Box::pin(async move { grant_in(db, workspace, name, page.min(PAGE)).await }))
        .await
}

async fn grant_in(
    db: &DatabaseTransaction,
    workspace: WorkspaceId,
    name: Arc<str>,
    page: u64,
) -> Result<Vec<Parcel>, StoreError> {
    let matched = word(&name).into_owned();
    turn(db, &format!("permit {workspace} {matched:?}")).await?;
    let values = || vec![uuid(workspace.as_u128()).into(), matched.clone().into()];
    let mut parcels = Vec::new();
    loop {
        let standing = query(db, STANDING, values()).await?;
        let Some(row) = standing.first() else { return Ok(parcels) };
        // One whose unit gives it back just now is still counted: its giver asks again.
        let held = get_u64(row, "held")?;
        let free_now = get_u64(row, "permits")?.saturating_sub(held);
        if free_now == 0 {
            return Ok(parcels);
        }
        // One more than the first allows: the others need not allow as many, or may allow more.
        let look = (free_now + 1).min(page.saturating_sub(parcels.len() as u64));
        let mut next = line(db, values(), look).await?;
        let granted = next.iter().zip(held..).take_while(|(it, held)| *held < it.permits).count();
        next.truncate(granted);
        mark(db, workspace, &next).await?;
        let before = parcels.len();
        parcels.extend(next.iter().zip(before..).map(|(it, place)| Parcel {
            id: parcel_id(it.now, place, it.random),
            workspace,
            instance: it.instance,
            sent_at: it.now,
            content: Content::Granted { number: it.number, name: name.clone() },
        }));
        send(db, &parcels[before..]).await?;
        if (granted as u64) < look || parcels.len() as u64 >= page {
            return Ok(parcels);
        }
    }
}

pub(super) fn line_text(backend: DbBackend, limit: u64) -> String {
    format!(
        "SELECT instance_id, number, permits, {} AS now, {} AS random FROM permit WHERE workspace_id = $1 AND name = $2 AND granted = false \
         ORDER BY since, instance_id, number LIMIT {limit}{}",
        clock(backend),
        random(backend),
        free(backend)
    )
}

/// The first in line. Those who are leaving it just now are stepped over.
async fn line(db: &DatabaseTransaction, values: Vec<Value>, limit: u64) -> Result<Vec<Asking>, StoreError> {
    let sql = line_text(db.get_database_backend(), limit);
    let asking = |row: &QueryResult| {
        Ok(Asking {
            instance: InstanceId::from_u128(get_id(row, "instance_id")?),
            number: get_u32(row, "number")?,
            permits: get_u64(row, "permits")?,
            now: get(row, "now")?,
            random: get_id(row, "random")?,
        })
    };
    query(db, &sql, values).await?.iter().map(asking).collect()
}

async fn mark(db: &DatabaseTransaction, workspace: WorkspaceId, granted: &[Asking]) -> Result<(), StoreError> {
    let workspace = Value::from(uuid(workspace.as_u128()));
    if db.get_database_backend() == DbBackend::Postgres {
        let sql = "UPDATE permit AS p SET granted = true FROM unnest($2::uuid[], $3::int4[]) AS g (instance_id, number) \
            WHERE p.workspace_id = $1 AND p.instance_id = g.instance_id AND p.number = g.number";
        let instances: Vec<Uuid> = granted.iter().map(|it| uuid(it.instance.as_u128())).collect();
        let numbers: Vec<i32> = granted.iter().map(|it| it.number as i32).collect();
        execute(db, sql, vec![workspace, instances.into(), numbers.into()]).await?;
        return Ok(());
    }
    for it in granted {
        let values = vec![workspace.clone(), uuid(it.instance.as_u128()).into(), (it.number as i32).into()];
        execute(db, MARK_SQLITE, values).await?;
    }
    Ok(())
}
