//! Lists of instances, read from the hot rows.

use super::sql::{Sql, limit};
use crate::row::{get, get_id, get_u32, get_u64, search_key, uuid};
use crate::{Store, StoreError};
use heddle_model::ids::{InstanceId, VersionId, WorkflowId, WorkspaceId, uuid_v7};
use sea_orm::QueryResult;

/// How far the clock that made an id may be ahead of the one that started the instance, in milliseconds.
const CLOCKS: i64 = 60_000;

/// An instance, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceRow {
    /// Its id.
    pub id: InstanceId,
    /// Its workflow.
    pub workflow: WorkflowId,
    /// That workflow's name, also when it has been deleted.
    pub workflow_name: String,
    /// The version it runs.
    pub version: VersionId,
    /// That version's number.
    pub version_number: u32,
    /// `RUNNING`, ….
    pub status: String,
    /// `compensating`, or empty.
    pub phase: String,
    /// Number of the last event.
    pub seq: u64,
    /// Ended nodes.
    pub nodes_ended: u32,
    /// Nodes not skipped.
    pub nodes_expected: u32,
    /// Open incidents.
    pub incidents: u32,
    /// What its starter calls it.
    pub business_key: Option<String>,
    /// 0–9.
    pub priority: u8,
    /// When it was created.
    pub created_at: i64,
    /// When it started.
    pub started_at: Option<i64>,
    /// When it ended.
    pub ended_at: Option<i64>,
    /// Time of the last event.
    pub updated_at: i64,
}

/// Which instances: all that is named must hold.
#[derive(Debug, Clone, Default)]
pub struct InstanceFilter {
    /// In one of these statuses; empty: any.
    pub statuses: Vec<&'static str>,
    /// Of this workflow.
    pub workflow: Option<WorkflowId>,
    /// Of the version with this number.
    pub version: Option<u32>,
    /// Standing at this node.
    pub node: Option<String>,
    /// With or without an open incident.
    pub incident: Option<bool>,
    /// With this business key.
    pub business_key: Option<String>,
    /// With a business key that begins so.
    pub business_key_prefix: Option<String>,
    /// Called by this one.
    pub parent: Option<InstanceId>,
    /// This one.
    pub id: Option<InstanceId>,
    /// Started at or after.
    pub started_after: Option<i64>,
    /// Started before.
    pub started_before: Option<i64>,
    /// With these values (as JSON) of search variables.
    pub vars: Vec<(String, String)>,
}

const SELECT: &str = "SELECT i.id, i.workflow_id, coalesce(w.name, '') AS workflow_name, i.version_id, i.version_number, i.status, i.phase, i.seq, \
    i.nodes_ended, i.nodes_expected, i.incidents, i.business_key, i.priority, i.created_at, i.started_at, i.ended_at, i.updated_at \
    FROM workflow_instance i LEFT JOIN workflow w ON w.workspace_id = i.workspace_id AND w.id = i.workflow_id";

impl Store {
    /// Instances in the order of their ids, that is of their creation, from `after` on.
    #[expect(clippy::too_many_arguments, reason = "five beside the store itself")]
    pub async fn instances(
        &self,
        workspace: WorkspaceId,
        filter: &InstanceFilter,
        ascending: bool,
        rows: u64,
        after: Option<InstanceId>,
    ) -> Result<Vec<InstanceRow>, StoreError> {
        let sql = list(workspace, filter, ascending, rows, after);
        self.run(|store| async move { sql.all(store.reader()).await?.iter().map(instance_row).collect() }).await
    }

    /// These instances of a workspace, in the order of their ids.
    pub async fn instances_by_ids(
        &self,
        workspace: WorkspaceId,
        ids: &[InstanceId],
    ) -> Result<Vec<InstanceRow>, StoreError> {
        let mut sql = Sql::new(SELECT);
        sql.push(" WHERE i.workspace_id = ?", [uuid(workspace.as_u128()).into()]);
        sql.among("i.id", ids.iter().map(|id| uuid(id.as_u128()).into()));
        sql.push(" ORDER BY i.id", []);
        self.run(|store| async move { sql.all(store.reader()).await?.iter().map(instance_row).collect() }).await
    }

    /// Instances of a workflow that have not ended, oldest first.
    pub async fn open_instances(
        &self,
        workspace: WorkspaceId,
        workflow: WorkflowId,
        rows: u64,
    ) -> Result<Vec<InstanceId>, StoreError> {
        let mut sql = Sql::new("SELECT id FROM workflow_instance WHERE ");
        sql.push(
            "workspace_id = ? AND workflow_id = ? AND status IN ('CREATED', 'RUNNING', 'PAUSED') ORDER BY id LIMIT ?",
            [uuid(workspace.as_u128()).into(), uuid(workflow.as_u128()).into(), limit(rows)],
        );
        self.run(|store| async move {
            sql.all(store.reader()).await?.iter().map(|row| Ok(InstanceId::from_u128(get_id(row, "id")?))).collect()
        })
        .await
    }
}

fn list(workspace: WorkspaceId, filter: &InstanceFilter, ascending: bool, rows: u64, after: Option<InstanceId>) -> Sql {
    let mut sql = Sql::new(SELECT);
    sql.push(" WHERE i.workspace_id = ?", [uuid(workspace.as_u128()).into()]);
    if !filter.statuses.is_empty() {
        sql.among("i.status", filter.statuses.iter().map(|&status| status.into()));
    }
    if let Some(workflow) = filter.workflow {
        sql.push(" AND i.workflow_id = ?", [uuid(workflow.as_u128()).into()]);
    }
    if let Some(version) = filter.version {
        sql.push(" AND i.version_number = ?", [i64::from(version).into()]);
    }
    match filter.incident {
        Some(true) => sql.push(" AND i.incidents > 0", []),
        Some(false) => sql.push(" AND i.incidents = 0", []),
        None => &mut sql,
    };
    if let Some(key) = &filter.business_key {
        sql.push(" AND i.business_key = ?", [key.as_str().into()]);
    }
    if let Some(prefix) = &filter.business_key_prefix {
        let characters = prefix.chars().count() as i64;
        sql.push(
            " AND i.business_key IS NOT NULL AND substr(i.business_key, 1, ?) = ?",
            [Value32::from(characters).0, prefix.as_str().into()],
        );
    }
    if let Some(parent) = filter.parent {
        sql.push(" AND i.parent_id = ?", [uuid(parent.as_u128()).into()]);
    }
    if let Some(id) = filter.id {
        sql.push(" AND i.id = ?", [uuid(id.as_u128()).into()]);
    }
    if let Some(time) = filter.started_after {
        sql.push(" AND i.started_at >= ?", [time.into()]);
    }
    if let Some(time) = filter.started_before {
        // An id is made before its instance starts: this bounds the walk through the index.
        let newest = uuid_v7(u64::try_from(time.saturating_add(CLOCKS)).unwrap_or(0), 0);
        sql.push(" AND i.started_at < ? AND i.id < ?", [time.into(), uuid(newest).into()]);
    }
    if let Some(node) = &filter.node {
        sql.push(
            " AND EXISTS (SELECT 1 FROM node_instance n WHERE n.workspace_id = i.workspace_id AND n.node_id = ? AND n.instance_id = i.id)",
            [node.as_str().into()],
        );
    }
    for (name, value) in &filter.vars {
        sql.push(
            " AND EXISTS (SELECT 1 FROM search_value s WHERE s.workspace_id = i.workspace_id AND s.instance_id = i.id AND s.name = ? AND s.value_key = ? AND s.value = ?)",
            [name.as_str().into(), search_key(value).into_owned().into(), value.as_str().into()],
        );
    }
    let (comparison, order) = if ascending { (">", "ASC") } else { ("<", "DESC") };
    if let Some(after) = after {
        sql.push(&format!(" AND i.id {comparison} ?"), [uuid(after.as_u128()).into()]);
    }
    sql.push(&format!(" ORDER BY i.id {order} LIMIT ?"), [limit(rows)]);
    sql
}

/// PostgreSQL's `substr` takes 32-bit lengths.
struct Value32(sea_orm::Value);

impl From<i64> for Value32 {
    fn from(value: i64) -> Self {
        Self(i32::try_from(value).unwrap_or(i32::MAX).into())
    }
}

fn instance_row(row: &QueryResult) -> Result<InstanceRow, StoreError> {
    let number = get_u64(row, "version_number")?;
    Ok(InstanceRow {
        id: InstanceId::from_u128(get_id(row, "id")?),
        workflow: WorkflowId::from_u128(get_id(row, "workflow_id")?),
        workflow_name: get(row, "workflow_name")?,
        version: VersionId::from_u128(get_id(row, "version_id")?),
        version_number: u32::try_from(number).unwrap_or(u32::MAX),
        status: get(row, "status")?,
        phase: get(row, "phase")?,
        seq: get_u64(row, "seq")?,
        nodes_ended: get_u32(row, "nodes_ended")?,
        nodes_expected: get_u32(row, "nodes_expected")?,
        incidents: get_u32(row, "incidents")?,
        business_key: get(row, "business_key")?,
        priority: u8::try_from(get_u32(row, "priority")?).unwrap_or(u8::MAX),
        created_at: get(row, "created_at")?,
        started_at: get(row, "started_at")?,
        ended_at: get(row, "ended_at")?,
        updated_at: get(row, "updated_at")?,
    })
}
