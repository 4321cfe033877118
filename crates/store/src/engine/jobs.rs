//! The queue of jobs for external workers: activation, leases.

use super::read::{connection, json_list};
use crate::connect::Backend;
use crate::row::{get, get_id, get_u32, query, text, uuid};
use crate::{Store, StoreError};
use heddle_engine::storage::{Activation, JobRow, JobState, WAITS_FOR_PERMIT};
use heddle_model::ids::{InstanceId, JobId, WorkflowId, WorkspaceId};
use sea_orm::{QueryResult, Value};
use std::collections::HashSet;

const COLUMNS: &str = "j.workspace_id, j.id, j.instance_id, j.number, j.state, j.priority, j.attempt, j.token, j.not_before, j.lease_until, \
    j.created_at, j.held, j.job_type, j.node_id, j.worker, j.key, j.input";

/// On PostgreSQL: per type, the first ready ones and those whose lease has ended, each behind a lock that other workers step over. The
/// list is materialised: a LIMIT inside `IN` could be planned to run more than once and take more.
const ACTIVATE_POSTGRES: &str = "WITH clock AS MATERIALIZED (SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now), \
    candidate AS MATERIALIZED (SELECT c.id, c.priority, c.created_at FROM clock, unnest($2::text[]) AS wanted (job_type), LATERAL ( \
      SELECT * FROM (SELECT id, priority, created_at FROM job WHERE workspace_id = $1 AND job_type = wanted.job_type AND state = 0 \
        AND held = false AND not_before <= clock.now ORDER BY priority DESC, created_at, id LIMIT $3 FOR UPDATE SKIP LOCKED) AS ready \
      UNION ALL \
      SELECT * FROM (SELECT id, priority, created_at FROM job WHERE workspace_id = $1 AND job_type = wanted.job_type AND state = 1 \
        AND held = false AND lease_until <= clock.now ORDER BY lease_until LIMIT $3 FOR UPDATE SKIP LOCKED) AS late) AS c), \
    chosen AS MATERIALIZED (SELECT id, row_number() OVER (ORDER BY priority DESC, created_at, id) AS place FROM candidate \
      ORDER BY place LIMIT $3) \
    UPDATE job AS j SET state = 1, attempt = j.attempt + 1, worker = $4, token = ($5::bigint[])[chosen.place], lease_until = clock.now + $6 \
    FROM chosen, clock WHERE j.workspace_id = $1 AND j.id = chosen.id RETURNING ";

/// On SQLite there is one writer, so nobody needs stepping over.
const ACTIVATE_SQLITE: &str = "WITH clock AS MATERIALIZED (SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now), \
    candidate AS MATERIALIZED ( \
      SELECT job.id, job.priority, job.created_at FROM clock CROSS JOIN json_each($2) wanted CROSS JOIN job WHERE job.workspace_id = $1 \
        AND job.job_type = wanted.value AND job.state = 0 AND job.held = 0 AND job.not_before <= clock.now \
      UNION ALL \
      SELECT job.id, job.priority, job.created_at FROM clock CROSS JOIN json_each($2) wanted CROSS JOIN job WHERE job.workspace_id = $1 \
        AND job.job_type = wanted.value AND job.state = 1 AND job.held = 0 AND job.lease_until <= clock.now \
      ORDER BY 2 DESC, 3, 1 LIMIT $3), \
    chosen AS MATERIALIZED (SELECT id, row_number() OVER (ORDER BY priority DESC, created_at, id) AS place FROM candidate) \
    UPDATE job AS j SET state = 1, attempt = j.attempt + 1, worker = $4, token = (SELECT value FROM json_each($5) WHERE key = chosen.place - 1), \
    lease_until = clock.now + $6 FROM chosen, clock WHERE j.workspace_id = $1 AND j.id = chosen.id RETURNING ";

/// SQLite's RETURNING does not know the alias of the table.
const RETURNING_SQLITE: &str = "workspace_id, id, instance_id, number, state, priority, attempt, token, not_before, lease_until, created_at, held, \
    job_type, node_id, worker, key, input";

pub(super) async fn activate(store: &Store, activation: &Activation) -> Result<Vec<JobRow>, StoreError> {
    let max = activation.max.min(u32::try_from(activation.tokens.len()).unwrap_or(u32::MAX));
    if max == 0 || activation.types.is_empty() {
        return Ok(Vec::new());
    }
    // A type named twice must not be looked through twice.
    let mut seen = HashSet::new();
    let types: Vec<String> =
        activation.types.iter().filter(|name| seen.insert(name.as_str())).map(|name| text(name).into_owned()).collect();
    let tokens: Vec<i64> = activation.tokens.iter().map(|token| token.cast_signed()).collect();
    let lease = i64::try_from(activation.lease_ms).unwrap_or(i64::MAX / 2);
    let (sql, types, tokens) = match store.backend() {
        Backend::Postgres => (format!("{ACTIVATE_POSTGRES}{COLUMNS}"), types.into(), tokens.into()),
        Backend::Sqlite => {
            let names = types.iter().map(|name| serde_json::Value::from(name.as_str()).to_string());
            let tokens = tokens.iter().map(i64::to_string);
            (format!("{ACTIVATE_SQLITE}{RETURNING_SQLITE}"), json_list(names), json_list(tokens))
        }
    };
    let worker = text(&activation.worker).into_owned();
    let values = vec![
        uuid(activation.workspace.as_u128()).into(),
        types,
        i64::from(max).into(),
        worker.into(),
        tokens,
        lease.into(),
    ];
    let mut jobs = write(store, &sql, values).await?.iter().map(job_row).collect::<Result<Vec<_>, _>>()?;
    jobs.sort_by_key(|job| (std::cmp::Reverse(job.priority), job.created_at, job.id));
    Ok(jobs)
}

pub(super) async fn one(store: &Store, workspace: WorkspaceId, job: JobId) -> Result<Option<JobRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM job j WHERE j.workspace_id = $1 AND j.id = $2");
    let rows =
        query(&connection(store), &sql, vec![uuid(workspace.as_u128()).into(), uuid(job.as_u128()).into()]).await?;
    rows.first().map(job_row).transpose()
}

pub(super) async fn heartbeat(
    store: &Store,
    workspace: WorkspaceId,
    job: JobId,
    token: u64,
    lease_ms: u64,
) -> Result<Option<i64>, StoreError> {
    let now = match store.backend() {
        Backend::Postgres => super::lease::NOW_POSTGRES,
        Backend::Sqlite => super::lease::NOW_SQLITE,
    };
    let sql = format!(
        "UPDATE job SET lease_until = {now} + $4 WHERE workspace_id = $1 AND id = $2 AND token = $3 AND state = 1 RETURNING lease_until"
    );
    let lease = i64::try_from(lease_ms).unwrap_or(i64::MAX / 2);
    let values =
        vec![uuid(workspace.as_u128()).into(), uuid(job.as_u128()).into(), token.cast_signed().into(), lease.into()];
    write(store, &sql, values).await?.first().map(|row| get(row, "lease_until")).transpose()
}

/// Opens a job that waited for a permit.
pub(super) async fn admit(store: &Store, workspace: WorkspaceId, job: JobId) -> Result<(), StoreError> {
    let sql = "UPDATE job SET not_before = created_at WHERE workspace_id = $1 AND id = $2 AND not_before >= $3";
    let values = vec![uuid(workspace.as_u128()).into(), uuid(job.as_u128()).into(), WAITS_FOR_PERMIT.into()];
    write(store, sql, values).await.map(drop)
}

/// Holds the jobs of paused workflows, and gives out again what nothing holds any more. Rare, so it may look at every job.
pub(super) async fn settle(store: &Store, paused: &[WorkflowId]) -> Result<(), StoreError> {
    let places: Vec<String> = (1..=paused.len()).map(|place| format!("${place}")).collect();
    let covered =
        if paused.is_empty() { "1 = 0".to_owned() } else { format!("i.workflow_id IN ({})", places.join(", ")) };
    // An instance that is being paused or resumed meanwhile is waited for: the row is read as that leaves it.
    let lock = match store.backend() {
        Backend::Postgres => " FOR SHARE OF i",
        Backend::Sqlite => "",
    };
    let hold = format!(
        "UPDATE job AS j SET held = true FROM workflow_instance AS i WHERE i.workspace_id = j.workspace_id AND i.id = j.instance_id \
         AND j.held = false AND {covered}"
    );
    let free = format!(
        "WITH free AS MATERIALIZED (SELECT i.workspace_id, i.id FROM workflow_instance AS i WHERE i.status <> 'PAUSED' AND NOT ({covered}) \
         AND EXISTS (SELECT 1 FROM job AS h WHERE h.workspace_id = i.workspace_id AND h.instance_id = i.id AND h.held = true){lock}) \
         UPDATE job AS j SET held = false FROM free WHERE j.workspace_id = free.workspace_id AND j.instance_id = free.id AND j.held = true"
    );
    let values = || paused.iter().map(|workflow| uuid(workflow.as_u128()).into()).collect();
    if !paused.is_empty() {
        write(store, &hold, values()).await?;
    }
    write(store, &free, values()).await.map(drop)
}

/// Runs a statement that writes: on PostgreSQL on the engine's connections, on SQLite on the one that writes.
async fn write(store: &Store, sql: &str, values: Vec<Value>) -> Result<Vec<QueryResult>, StoreError> {
    match store.backend() {
        Backend::Postgres => query(&connection(store), sql, values).await,
        Backend::Sqlite => query(&*store.writer().await, sql, values).await,
    }
}

fn job_row(row: &QueryResult) -> Result<JobRow, StoreError> {
    let state = match get::<i32>(row, "state")? {
        0 => JobState::Ready,
        1 => JobState::Leased,
        other => return Err(StoreError::Fatal(format!("state of a job is {other}"))),
    };
    let priority = get_u32(row, "priority")?;
    Ok(JobRow {
        id: JobId::from_u128(get_id(row, "id")?),
        workspace: WorkspaceId::from_u128(get_id(row, "workspace_id")?),
        instance: InstanceId::from_u128(get_id(row, "instance_id")?),
        number: get_u32(row, "number")?,
        node: get::<String>(row, "node_id")?.into(),
        job_type: get::<String>(row, "job_type")?.into(),
        priority: u8::try_from(priority).map_err(|_| StoreError::Fatal(format!("priority is {priority}")))?,
        input: get(row, "input")?,
        key: get(row, "key")?,
        state,
        attempt: get_u32(row, "attempt")?,
        token: get::<i64>(row, "token")?.cast_unsigned(),
        worker: get(row, "worker")?,
        lease_until: get(row, "lease_until")?,
        not_before: get(row, "not_before")?,
        created_at: get(row, "created_at")?,
        held: get(row, "held")?,
    })
}
