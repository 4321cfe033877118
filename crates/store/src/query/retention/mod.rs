//! Deleting ended instances whose time is over (docs/adr/0020).
//!
//! Two steps, each of many short transactions. *Prune* deletes the hot row, and with it by foreign key whatever hangs on it: from that commit on the
//! instance is gone for everybody, and `pruned_instance` says that it has left rows behind. *Clear* deletes those rows, a bounded number at a time. A
//! crash anywhere leaves either a whole instance, or one that is gone and is cleared later.
//!
//! Both ask for the one turn first and go away where another server has it. What may not live here: how long something is kept (`heddle-service`).

#[cfg(test)]
mod plans;

use super::sql::limit;
use crate::connect::Backend;
use crate::engine::{NOW_POSTGRES, NOW_SQLITE};
use crate::row::{execute, get, get_id, get_u64, query, uuid};
use crate::{Store, StoreError};
use heddle_model::ids::{InstanceId, VersionId, WorkflowId, WorkspaceId};
use heddle_model::limits::RETENTION_QUIET_MS;
use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Value};

/// Whoever deletes does so alone; the turn ends with the transaction.
const TURN: &str = "SELECT pg_try_advisory_xact_lock(7522534) AS mine";

/// Tables whose rows no foreign key takes along: the hot path writes them without one (docs/adr/0007).
pub const HISTORY: [&str; 4] = ["journal", "task_log", "snapshot", "node_instance"];

/// The next ended instances of a workflow that are past their time, and whether each may go: nothing has happened to it for a while, nobody has to look
/// at it, who called it is gone, and nobody whom it called still runs. Written as `EXISTS`, PostgreSQL could read whole tables at once.
const PAGE: &str = "SELECT i.id, i.ended_at, CASE WHEN i.incidents > 0 OR i.updated_at > (SELECT {now}) - $4 THEN 0 \
    WHEN i.parent_id IS NOT NULL AND (SELECT 1 FROM workflow_instance p WHERE p.workspace_id = i.workspace_id AND p.id = i.parent_id LIMIT 1) = 1 THEN 0 \
    WHEN (SELECT 1 FROM workflow_instance c WHERE c.workspace_id = i.workspace_id AND c.parent_id = i.id AND c.ended_at IS NULL LIMIT 1) = 1 THEN 0 \
    ELSE 1 END AS goes FROM workflow_instance i WHERE i.workspace_id = $1 AND i.workflow_id = $2 AND i.ended_at IS NOT NULL \
    AND i.ended_at <= (SELECT {now}) - $3 AND (i.ended_at, i.id) > ($5, $6) ORDER BY i.ended_at, i.id LIMIT $7";

/// Deletes hot rows, unless something has happened to them since they were looked at: whoever changes one holds its lock until then.
const PRUNE_POSTGRES: &str = "WITH gone AS (DELETE FROM workflow_instance AS i WHERE i.workspace_id = $1 AND i.id = ANY($2) \
    AND i.ended_at <= (SELECT {now}) - $3 AND i.updated_at <= (SELECT {now}) - $4 AND i.incidents = 0 RETURNING i.workspace_id, i.id) \
    INSERT INTO pruned_instance (workspace_id, id) SELECT workspace_id, id FROM gone";
const PRUNE_SQLITE: &str = "DELETE FROM workflow_instance WHERE workspace_id = $1 AND id = $2";
const NOTE_SQLITE: &str = "INSERT INTO pruned_instance (workspace_id, id) VALUES ($1, $2)";

/// Rows of one table that instances of the first page have left behind, at most so many.
const CLEAR_POSTGRES: &str = "WITH page AS MATERIALIZED (SELECT workspace_id, id FROM pruned_instance ORDER BY workspace_id, id LIMIT $1) \
    DELETE FROM {table} WHERE ctid = ANY(ARRAY(SELECT r.place FROM page AS p CROSS JOIN LATERAL \
    (SELECT t.ctid AS place FROM {table} AS t WHERE t.workspace_id = p.workspace_id AND t.instance_id = p.id) AS r LIMIT $2))";
/// The journal's rows. The last place given in a shard is read from its last row: where that goes, the shard remembers the place. (On SQLite it
/// always does.)
const CLEAR_JOURNAL_POSTGRES: &str = "WITH page AS MATERIALIZED (SELECT workspace_id, id FROM pruned_instance ORDER BY workspace_id, id LIMIT $1), \
    gone AS (DELETE FROM journal WHERE ctid = ANY(ARRAY(SELECT r.place FROM page AS p CROSS JOIN LATERAL \
    (SELECT t.ctid AS place FROM journal AS t WHERE t.workspace_id = p.workspace_id AND t.instance_id = p.id) AS r LIMIT $2)) RETURNING shard, pos), \
    last AS MATERIALIZED (SELECT shard, max(pos) AS pos FROM gone GROUP BY shard), \
    noted AS (UPDATE shard_lease AS s SET pos = l.pos FROM last AS l WHERE s.shard = l.shard AND s.pos < l.pos \
    AND (SELECT 1 FROM journal AS j WHERE j.shard = l.shard AND j.pos > l.pos LIMIT 1) IS NULL) SELECT count(*) AS n FROM gone";
const CLEAR_SQLITE: &str = "DELETE FROM {table} WHERE rowid IN (SELECT t.rowid FROM (SELECT workspace_id, id FROM pruned_instance \
    ORDER BY workspace_id, id LIMIT $1) AS p CROSS JOIN {table} AS t ON t.workspace_id = p.workspace_id AND t.instance_id = p.id LIMIT $2)";
/// The first page has left nothing behind any more.
const FORGET: &str = "DELETE FROM pruned_instance WHERE (workspace_id, id) IN (SELECT workspace_id, id FROM pruned_instance \
    ORDER BY workspace_id, id LIMIT $1)";

/// Workflows, deleted ones too: their instances are kept and have an end.
const WORKFLOWS: &str =
    "SELECT id, latest_version_id FROM workflow WHERE workspace_id = $1 AND id > $2 ORDER BY id LIMIT $3";

fn page_text(backend: Backend) -> String {
    PAGE.replace("{now}", now(backend))
}

fn clear_text(backend: Backend, table: &str) -> String {
    let text = match (backend, table) {
        (Backend::Postgres, "journal") => CLEAR_JOURNAL_POSTGRES,
        (Backend::Postgres, _) => CLEAR_POSTGRES,
        (Backend::Sqlite, _) => CLEAR_SQLITE,
    };
    text.replace("{table}", table)
}

const fn now(backend: Backend) -> &'static str {
    match backend {
        Backend::Postgres => NOW_POSTGRES,
        Backend::Sqlite => NOW_SQLITE,
    }
}

/// Where a walk over the ended instances of a workflow stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndedPlace {
    ended_at: i64,
    id: InstanceId,
}

/// What became of a page of ended instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrunedPage {
    /// How many are gone.
    pub pruned: u64,
    /// Where the walk goes on; `None`: it has come to its end.
    pub next: Option<EndedPlace>,
}

/// What was cleared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClearedRows {
    /// Rows of history deleted.
    pub rows: u64,
    /// Whether there may be more.
    pub more: bool,
}

impl Store {
    /// Workflows of a workspace by id from `after` on, each with its newest version.
    pub async fn retention_workflows(
        &self,
        workspace: WorkspaceId,
        after: Option<WorkflowId>,
        rows: u64,
    ) -> Result<Vec<(WorkflowId, VersionId)>, StoreError> {
        let after = uuid(after.map_or(0, WorkflowId::as_u128));
        let values = vec![uuid(workspace.as_u128()).into(), after.into(), limit(rows)];
        self.run(move |store| async move {
            let rows = query(store.reader(), WORKFLOWS, values).await?;
            rows.iter()
                .map(|row| {
                    let version = VersionId::from_u128(get_id(row, "latest_version_id")?);
                    Ok((WorkflowId::from_u128(get_id(row, "id")?), version))
                })
                .collect()
        })
        .await
    }

    /// Looks at the next ended instances of a workflow, at most `rows` of them, and takes those out of sight that ended more than `keep_ms` ago
    /// and may go. `None`: another server is at it.
    pub async fn retention_prune(
        &self,
        (workspace, workflow): (WorkspaceId, WorkflowId),
        keep_ms: u64,
        from: Option<EndedPlace>,
        rows: u64,
    ) -> Result<Option<PrunedPage>, StoreError> {
        let page = page_text(self.backend());
        let keep: Value = i64::try_from(keep_ms).unwrap_or(i64::MAX).into();
        let workspace = uuid(workspace.as_u128());
        let place = from.map_or((i64::MIN, 0), |from| (from.ended_at, from.id.as_u128()));
        let mut values = vec![workspace.into(), uuid(workflow.as_u128()).into(), keep.clone()];
        values.extend([RETENTION_QUIET_MS.into(), place.0.into(), uuid(place.1).into(), limit(rows)]);
        self.engine_write_unit(move |db| {
            Box::pin(async move {
                if !turn(db).await? {
                    return Ok(None);
                }
                let (mut going, mut last, mut looked) = (Vec::new(), None, 0);
                for row in query(db, &page, values).await? {
                    let id = get_id(&row, "id")?;
                    looked += 1;
                    last = Some(EndedPlace { ended_at: get(&row, "ended_at")?, id: InstanceId::from_u128(id) });
                    if get::<i32>(&row, "goes")? == 1 {
                        going.push(uuid(id));
                    }
                }
                let pruned = prune(db, workspace, going, keep).await?;
                Ok(Some(PrunedPage { pruned, next: last.filter(|_| looked == rows) }))
            })
        })
        .await
    }

    /// Deletes what instances have left behind that are gone, of at most `instances` of them at most `rows` rows. `None`: another server is at it.
    pub async fn retention_clear(&self, instances: u64, rows: u64) -> Result<Option<ClearedRows>, StoreError> {
        let texts = HISTORY.map(|table| clear_text(self.backend(), table));
        self.engine_write_unit(move |db| {
            Box::pin(async move {
                if !turn(db).await? {
                    return Ok(None);
                }
                let mut done = 0;
                for text in &texts {
                    let values = vec![limit(instances), limit(rows - done)];
                    done += if *text == CLEAR_JOURNAL_POSTGRES {
                        query(db, text, values).await?.first().map_or(Ok(0), |row| get_u64(row, "n"))?
                    } else {
                        execute(db, text, values).await?
                    };
                    if done >= rows {
                        return Ok(Some(ClearedRows { rows: done, more: true }));
                    }
                }
                let forgotten = execute(db, FORGET, vec![limit(instances)]).await?;
                Ok(Some(ClearedRows { rows: done, more: forgotten == instances }))
            })
        })
        .await
    }
}

async fn turn(db: &DatabaseTransaction) -> Result<bool, StoreError> {
    if db.get_database_backend() != DbBackend::Postgres {
        return Ok(true);
    }
    query(db, TURN, vec![]).await?.first().map_or(Ok(false), |row| get(row, "mine"))
}

async fn prune(db: &DatabaseTransaction, workspace: Uuid, going: Vec<Uuid>, keep: Value) -> Result<u64, StoreError> {
    if going.is_empty() {
        return Ok(0);
    }
    if db.get_database_backend() == DbBackend::Postgres {
        let sql = PRUNE_POSTGRES.replace("{now}", NOW_POSTGRES);
        return execute(db, &sql, vec![workspace.into(), going.into(), keep, RETENTION_QUIET_MS.into()]).await;
    }
    // One writes at a time: nothing has happened to them since they were looked at.
    let mut pruned = 0;
    for id in going {
        let key = || vec![workspace.into(), id.into()];
        pruned += execute(db, PRUNE_SQLITE, key()).await?;
        execute(db, NOTE_SQLITE, key()).await?;
    }
    Ok(pruned)
}
