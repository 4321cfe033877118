//! Incidents: of one instance, in lists over all of them, and in groups; and search values of one instance.

use super::sql::{Sql, limit};
use crate::row::{get, get_id, get_u32, get_u64, uuid};
use crate::{Store, StoreError};
use heddle_engine::storage::IncidentRow;
use heddle_model::ids::{IncidentId, InstanceId, WorkflowId, WorkspaceId};
use sea_orm::QueryResult;

/// Every word that the engine writes into `kind`.
pub const INCIDENT_KINDS: [&str; 8] =
    ["error", "no_path", "deadlock", "poisoned", "expression", "limit", "compensation", "quarantined"];

/// An incident, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentListRow {
    /// Its id.
    pub id: IncidentId,
    /// The instance.
    pub instance: InstanceId,
    /// Its number in the instance.
    pub number: u32,
    /// The instance's workflow.
    pub workflow: WorkflowId,
    /// That workflow's name, also when it has been deleted.
    pub workflow_name: String,
    /// Number of the version that the instance runs.
    pub version_number: u32,
    /// What the instance's starter calls it.
    pub business_key: Option<String>,
    /// `error`, `poisoned`, ….
    pub kind: String,
    /// The node's id, where it concerns one.
    pub node: Option<String>,
    /// The error's code.
    pub code: String,
    /// What happened.
    pub message: String,
    /// When it was opened.
    pub opened_at: i64,
    /// When it was resolved.
    pub resolved_at: Option<i64>,
}

/// Open incidents that are alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentGroupRow {
    /// The workflow.
    pub workflow: WorkflowId,
    /// Its name.
    pub workflow_name: String,
    /// The node's id, where they concern one.
    pub node: Option<String>,
    /// The error's code.
    pub code: String,
    /// How many are open.
    pub count: u64,
    /// When the oldest was opened.
    pub first_at: i64,
    /// When the newest was opened.
    pub last_at: i64,
}

/// Which incidents: all that is named must hold.
#[derive(Debug, Clone, Default)]
pub struct IncidentFilter {
    /// Those that were resolved, in place of those that are open.
    pub resolved: bool,
    /// Of this kind.
    pub kind: Option<String>,
    /// Of instances of this workflow.
    pub workflow: Option<WorkflowId>,
    /// Of this instance.
    pub instance: Option<InstanceId>,
    /// At this node.
    pub node: Option<String>,
    /// With this code.
    pub code: Option<String>,
}

const SELECT: &str = "SELECT n.id, n.instance_id, n.number, i.workflow_id, coalesce(w.name, '') AS workflow_name, i.version_number, i.business_key, \
    n.kind, n.node_id, n.code, n.message, n.opened_at, n.resolved_at FROM ";
const BESIDE: &str = " n JOIN workflow_instance i ON i.workspace_id = n.workspace_id AND i.id = n.instance_id \
    LEFT JOIN workflow w ON w.workspace_id = i.workspace_id AND w.id = i.workflow_id";

impl Store {
    /// Incidents, those opened last first, from `after` on (when it was opened, and its id).
    pub async fn incident_list(
        &self,
        workspace: WorkspaceId,
        filter: &IncidentFilter,
        rows: u64,
        after: Option<(i64, IncidentId)>,
    ) -> Result<Vec<IncidentListRow>, StoreError> {
        // The page is found among the incidents alone, in the order of their index; only its rows are joined.
        let mut sql = Sql::new(SELECT);
        sql.push("(SELECT * FROM incident n WHERE ", []);
        narrow(&mut sql, workspace, filter);
        if let Some((opened_at, id)) = after {
            sql.push(" AND (n.opened_at, n.id) < (?, ?)", [opened_at.into(), uuid(id.as_u128()).into()]);
        }
        sql.push(" ORDER BY n.opened_at DESC, n.id DESC LIMIT ?)", [limit(rows)]);
        sql.push(BESIDE, []).push(" ORDER BY n.opened_at DESC, n.id DESC", []);
        self.run(|store| async move { sql.all(store.reader()).await?.iter().map(listed).collect() }).await
    }

    /// One incident.
    pub async fn incident(
        &self,
        workspace: WorkspaceId,
        id: IncidentId,
    ) -> Result<Option<IncidentListRow>, StoreError> {
        let mut sql = Sql::new(SELECT);
        sql.push("incident", []).push(BESIDE, []);
        sql.push(
            " WHERE n.workspace_id = ? AND n.id = ?",
            [uuid(workspace.as_u128()).into(), uuid(id.as_u128()).into()],
        );
        self.run(|store| async move { sql.all(store.reader()).await?.first().map(listed).transpose() }).await
    }

    /// Incidents by workflow, node and code, the largest groups first.
    pub async fn incident_groups(
        &self,
        workspace: WorkspaceId,
        filter: &IncidentFilter,
        rows: u64,
    ) -> Result<Vec<IncidentGroupRow>, StoreError> {
        let mut sql = Sql::new(
            "SELECT g.workflow_id, coalesce(w.name, '') AS workflow_name, g.node_id, g.code, g.incidents, g.first_at, g.last_at FROM \
             (SELECT n.workspace_id, i.workflow_id, n.node_id, n.code, count(*) AS incidents, min(n.opened_at) AS first_at, max(n.opened_at) AS last_at \
             FROM incident n JOIN workflow_instance i ON i.workspace_id = n.workspace_id AND i.id = n.instance_id WHERE ",
        );
        narrow(&mut sql, workspace, filter);
        sql.push(
            " GROUP BY n.workspace_id, i.workflow_id, n.node_id, n.code ORDER BY incidents DESC, last_at DESC LIMIT ?) g \
             LEFT JOIN workflow w ON w.workspace_id = g.workspace_id AND w.id = g.workflow_id ORDER BY g.incidents DESC, g.last_at DESC",
            [limit(rows)],
        );
        self.run(|store| async move { sql.all(store.reader()).await?.iter().map(group).collect() }).await
    }

    /// Incidents of an instance, open and resolved, by number.
    pub async fn incidents(
        &self,
        workspace: WorkspaceId,
        instance: InstanceId,
    ) -> Result<Vec<IncidentRow>, StoreError> {
        let mut sql =
            Sql::new("SELECT number, kind, node_id, code, message, opened_at, resolved_at FROM incident WHERE ");
        sql.push(
            "workspace_id = ? AND instance_id = ? ORDER BY number",
            [uuid(workspace.as_u128()).into(), uuid(instance.as_u128()).into()],
        );
        self.run(|store| async move {
            let rows = sql.all(store.reader()).await?;
            rows.iter()
                .map(|row| {
                    let kind: String = get(row, "kind")?;
                    Ok(IncidentRow {
                        number: get_u32(row, "number")?,
                        kind: super::node_instances::word(&INCIDENT_KINDS, &kind)?,
                        node: get::<Option<String>>(row, "node_id")?.map(Into::into),
                        code: get(row, "code")?,
                        message: get(row, "message")?,
                        opened_at: get(row, "opened_at")?,
                        resolved_at: get(row, "resolved_at")?,
                    })
                })
                .collect()
        })
        .await
    }

    /// Search values of an instance as JSON, by name.
    pub async fn search_values(
        &self,
        workspace: WorkspaceId,
        instance: InstanceId,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let mut sql = Sql::new("SELECT name, value FROM search_value WHERE ");
        sql.push(
            "workspace_id = ? AND instance_id = ? ORDER BY name",
            [uuid(workspace.as_u128()).into(), uuid(instance.as_u128()).into()],
        );
        self.run(|store| async move {
            sql.all(store.reader()).await?.iter().map(|row| Ok((get(row, "name")?, get(row, "value")?))).collect()
        })
        .await
    }
}

fn narrow(sql: &mut Sql, workspace: WorkspaceId, filter: &IncidentFilter) {
    sql.push("n.workspace_id = ?", [uuid(workspace.as_u128()).into()]);
    sql.push(if filter.resolved { " AND n.resolved_at IS NOT NULL" } else { " AND n.resolved_at IS NULL" }, []);
    if let Some(kind) = &filter.kind {
        sql.push(" AND n.kind = ?", [kind.as_str().into()]);
    }
    if let Some(workflow) = filter.workflow {
        // Asked of each row in turn, so that the order of the index is kept.
        sql.push(
            " AND (SELECT of.workflow_id FROM workflow_instance of WHERE of.workspace_id = n.workspace_id AND of.id = n.instance_id) = ?",
            [uuid(workflow.as_u128()).into()],
        );
    }
    if let Some(instance) = filter.instance {
        sql.push(" AND n.instance_id = ?", [uuid(instance.as_u128()).into()]);
    }
    if let Some(node) = &filter.node {
        sql.push(" AND n.node_id = ?", [node.as_str().into()]);
    }
    if let Some(code) = &filter.code {
        sql.push(" AND n.code = ?", [code.as_str().into()]);
    }
}

fn listed(row: &QueryResult) -> Result<IncidentListRow, StoreError> {
    Ok(IncidentListRow {
        id: IncidentId::from_u128(get_id(row, "id")?),
        instance: InstanceId::from_u128(get_id(row, "instance_id")?),
        number: get_u32(row, "number")?,
        workflow: WorkflowId::from_u128(get_id(row, "workflow_id")?),
        workflow_name: get(row, "workflow_name")?,
        version_number: u32::try_from(get_u64(row, "version_number")?).unwrap_or(u32::MAX),
        business_key: get(row, "business_key")?,
        kind: get(row, "kind")?,
        node: get(row, "node_id")?,
        code: get(row, "code")?,
        message: get(row, "message")?,
        opened_at: get(row, "opened_at")?,
        resolved_at: get(row, "resolved_at")?,
    })
}

fn group(row: &QueryResult) -> Result<IncidentGroupRow, StoreError> {
    Ok(IncidentGroupRow {
        workflow: WorkflowId::from_u128(get_id(row, "workflow_id")?),
        workflow_name: get(row, "workflow_name")?,
        node: get(row, "node_id")?,
        code: get(row, "code")?,
        count: get_u64(row, "incidents")?,
        first_at: get(row, "first_at")?,
        last_at: get(row, "last_at")?,
    })
}
