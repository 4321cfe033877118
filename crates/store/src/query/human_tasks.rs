//! Tasks for people: lists, counts, and one. The engine writes their rows with the events of their instances; nothing here changes them.

use super::sql::{Sql, limit};
use crate::row::{get, get_id, get_u32, get_u64, uuid, word};
use crate::{Store, StoreError};
use heddle_model::ids::{HumanTaskId, InstanceId, WorkflowId, WorkspaceId};
use heddle_model::limits;
use sea_orm::{QueryResult, Value};

/// A task, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HumanTaskRow {
    /// Its id.
    pub id: HumanTaskId,
    /// The instance.
    pub instance: InstanceId,
    /// Number of the execution in the instance.
    pub number: u32,
    /// The workflow.
    pub workflow: WorkflowId,
    /// That workflow's name, also when it has been deleted.
    pub workflow_name: String,
    /// Number of the version that the instance runs.
    pub version_number: u32,
    /// What the instance's starter calls it.
    pub business_key: Option<String>,
    /// The instance's priority.
    pub priority: u32,
    /// The node's id.
    pub node: String,
    /// `OPEN`, `CLAIMED`, `DONE`, `CANCELLED`.
    pub status: String,
    /// Its instance or its node is paused.
    pub held: bool,
    /// What is to be done.
    pub title: String,
    /// Who has it.
    pub assignee: Option<String>,
    /// Since when it waits.
    pub asked_at: i64,
    /// When it last changed.
    pub updated_at: i64,
    /// When it was to be done.
    pub due: Option<i64>,
    /// When it went to others because it was overdue.
    pub escalated_at: Option<i64>,
    /// When it ended.
    pub ended_at: Option<i64>,
}

/// A task, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HumanTaskDetail {
    /// What lists show.
    pub row: HumanTaskRow,
    /// Its evaluated settings, as JSON.
    pub config: String,
    /// What is filled in so far, as JSON.
    pub draft: String,
    /// What its node gave, as JSON.
    pub output: Option<String>,
}

/// Whose tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HumanTaskSource {
    /// Everybody's.
    All,
    /// Those that the one of this name has.
    AssignedTo(String),
    /// Those that nobody has and that are offered to this (`user:…`, `role:…`, `*`).
    OfferedTo(String),
}

/// Which tasks: all that is named must hold. Those that are paused are in no list of open ones.
#[derive(Debug, Clone, Default)]
pub struct HumanTaskFilter {
    /// Those that have ended, in place of those that wait.
    pub ended: bool,
    /// In this status.
    pub status: Option<&'static str>,
    /// Of instances of this workflow.
    pub workflow: Option<WorkflowId>,
    /// Of this instance.
    pub instance: Option<InstanceId>,
    /// Due before this time.
    pub due_before: Option<i64>,
}

const COLUMNS: &str = "t.workspace_id, t.id, t.instance_id, t.number, t.workflow_id, t.node_id, t.status, t.held, t.title, t.assignee, t.asked_at, \
    t.updated_at, t.due, t.escalated_at, t.ended_at";
const LISTED: &str =
    "SELECT t.*, i.version_number, i.business_key, i.priority, coalesce(w.name, '') AS workflow_name FROM (SELECT ";
const BESIDE: &str = ") t JOIN workflow_instance i ON i.workspace_id = t.workspace_id AND i.id = t.instance_id \
    LEFT JOIN workflow w ON w.workspace_id = t.workspace_id AND w.id = t.workflow_id";

impl Store {
    /// Tasks of one source, those asked last first, from `after` on (since when it waits, and its id).
    pub async fn human_task_list(
        &self,
        workspace: WorkspaceId,
        source: &HumanTaskSource,
        filter: &HumanTaskFilter,
        (rows, after): (u64, Option<(i64, HumanTaskId)>),
    ) -> Result<Vec<HumanTaskRow>, StoreError> {
        // The page is found in the order of one index; only its rows are joined.
        let mut sql = Sql::new(LISTED);
        sql.push(COLUMNS, []);
        let table = from(&mut sql, workspace, source);
        narrow(&mut sql, filter);
        if let Some((asked_at, id)) = after {
            sql.push(&format!(" AND ({table}.asked_at, {table}.id) < (?, ?)"), [asked_at.into(), key(id)]);
        }
        sql.push(&format!(" ORDER BY {table}.asked_at DESC, {table}.id DESC LIMIT ?"), [limit(rows)]);
        sql.push(BESIDE, []).push(" ORDER BY t.asked_at DESC, t.id DESC", []);
        self.run(|store| async move { sql.all(store.reader()).await?.iter().map(listed).collect() }).await
    }

    /// Tasks that wait and are due before `filter.due_before`, the most overdue first, from `after` on (when it is due, and its id): of
    /// these sources, or everybody's where there is none.
    pub async fn human_task_due(
        &self,
        workspace: WorkspaceId,
        sources: &[HumanTaskSource],
        filter: &HumanTaskFilter,
        (rows, after): (u64, Option<(i64, HumanTaskId)>),
    ) -> Result<Vec<HumanTaskRow>, StoreError> {
        let mut sql = Sql::new(LISTED);
        sql.push(COLUMNS, []);
        from(&mut sql, workspace, &HumanTaskSource::All);
        narrow(&mut sql, filter);
        sql.push(" AND t.due IS NOT NULL", []);
        among(&mut sql, sources);
        if let Some((due, id)) = after {
            sql.push(" AND (t.due, t.id) > (?, ?)", [due.into(), key(id)]);
        }
        sql.push(" ORDER BY t.due, t.id LIMIT ?", [limit(rows)]);
        sql.push(BESIDE, []).push(" ORDER BY t.due, t.id", []);
        self.run(|store| async move { sql.all(store.reader()).await?.iter().map(listed).collect() }).await
    }

    /// How many there are of all these sources together, each task once; counted up to [`limits::HUMAN_COUNT`].
    pub async fn human_task_count(
        &self,
        workspace: WorkspaceId,
        sources: &[HumanTaskSource],
        filter: &HumanTaskFilter,
    ) -> Result<u64, StoreError> {
        let mut sql = Sql::new("SELECT count(*) AS tasks FROM (SELECT DISTINCT u.id FROM (");
        for (at, source) in sources.iter().enumerate() {
            sql.push(if at == 0 { "SELECT * FROM (SELECT t.id" } else { " UNION ALL SELECT * FROM (SELECT t.id" }, []);
            from(&mut sql, workspace, source);
            narrow(&mut sql, filter);
            sql.push(&format!(" LIMIT ?) s{at}"), [limit(limits::HUMAN_COUNT)]);
        }
        sql.push(") u LIMIT ?) d", [limit(limits::HUMAN_COUNT)]);
        if sources.is_empty() {
            return Ok(0);
        }
        self.run(|store| async move {
            let rows = sql.all(store.reader()).await?;
            rows.first().map_or(Ok(0), |row| get_u64(row, "tasks"))
        })
        .await
    }

    /// One task.
    pub async fn human_task(
        &self,
        workspace: WorkspaceId,
        id: HumanTaskId,
    ) -> Result<Option<HumanTaskDetail>, StoreError> {
        let mut sql = Sql::new("SELECT ");
        sql.push(COLUMNS, []);
        sql.push(
            ", t.config, t.draft, t.output, i.version_number, i.business_key, i.priority, coalesce(w.name, '') AS workflow_name \
             FROM human_task t JOIN workflow_instance i ON i.workspace_id = t.workspace_id AND i.id = t.instance_id \
             LEFT JOIN workflow w ON w.workspace_id = t.workspace_id AND w.id = t.workflow_id \
             WHERE t.workspace_id = ? AND t.id = ?",
            [uuid(workspace.as_u128()).into(), key(id)],
        );
        self.run(|store| async move {
            let rows = sql.all(store.reader()).await?;
            let detail = |row| {
                let (config, draft, output) = (get(row, "config")?, get(row, "draft")?, get(row, "output")?);
                Ok(HumanTaskDetail { row: listed(row)?, config, draft, output })
            };
            rows.first().map(detail).transpose()
        })
        .await
    }
}

fn key(id: HumanTaskId) -> Value {
    uuid(id.as_u128()).into()
}

/// Where a source's tasks are found; gives the table in whose order.
fn from(sql: &mut Sql, workspace: WorkspaceId, source: &HumanTaskSource) -> &'static str {
    let workspace: Value = uuid(workspace.as_u128()).into();
    match source {
        HumanTaskSource::All => {
            sql.push(" FROM human_task t WHERE t.workspace_id = ?", [workspace]);
            "t"
        }
        HumanTaskSource::AssignedTo(name) => {
            let name = name.as_str().into();
            sql.push(" FROM human_task t WHERE t.workspace_id = ? AND t.assignee = ?", [workspace, name]);
            "t"
        }
        HumanTaskSource::OfferedTo(who) => {
            let who: Value = word(who).into_owned().into();
            sql.push(
                " FROM human_task_offer o JOIN human_task t ON t.workspace_id = o.workspace_id AND t.id = o.id \
                 WHERE o.workspace_id = ? AND o.who = ?",
                [workspace, who],
            );
            "o"
        }
    }
}

/// Only tasks of one of these sources, asked of each row in turn.
fn among(sql: &mut Sql, sources: &[HumanTaskSource]) {
    if sources.is_empty() || sources.contains(&HumanTaskSource::All) {
        return;
    }
    for (at, source) in sources.iter().enumerate() {
        sql.push(if at == 0 { " AND (" } else { " OR " }, []);
        match source {
            HumanTaskSource::All => {}
            HumanTaskSource::AssignedTo(name) => {
                sql.push("t.assignee = ?", [name.as_str().into()]);
            }
            HumanTaskSource::OfferedTo(who) => {
                sql.push(
                    "EXISTS (SELECT 1 FROM human_task_offer o WHERE o.workspace_id = t.workspace_id AND o.id = t.id AND o.who = ?)",
                    [word(who).into_owned().into()],
                );
            }
        }
    }
    sql.push(")", []);
}

fn narrow(sql: &mut Sql, filter: &HumanTaskFilter) {
    sql.push(if filter.ended { " AND t.ended_at IS NOT NULL" } else { " AND t.ended_at IS NULL AND NOT t.held" }, []);
    if let Some(status) = filter.status {
        sql.push(" AND t.status = ?", [status.into()]);
    }
    if let Some(workflow) = filter.workflow {
        sql.push(" AND t.workflow_id = ?", [uuid(workflow.as_u128()).into()]);
    }
    if let Some(instance) = filter.instance {
        sql.push(" AND t.instance_id = ?", [uuid(instance.as_u128()).into()]);
    }
    if let Some(before) = filter.due_before {
        sql.push(" AND t.due < ?", [before.into()]);
    }
}

fn listed(row: &QueryResult) -> Result<HumanTaskRow, StoreError> {
    Ok(HumanTaskRow {
        id: HumanTaskId::from_u128(get_id(row, "id")?),
        instance: InstanceId::from_u128(get_id(row, "instance_id")?),
        number: get_u32(row, "number")?,
        workflow: WorkflowId::from_u128(get_id(row, "workflow_id")?),
        workflow_name: get(row, "workflow_name")?,
        version_number: u32::try_from(get_u64(row, "version_number")?).unwrap_or(u32::MAX),
        business_key: get(row, "business_key")?,
        priority: get_u32(row, "priority")?,
        node: get(row, "node_id")?,
        status: get(row, "status")?,
        held: get(row, "held")?,
        title: get(row, "title")?,
        assignee: get(row, "assignee")?,
        asked_at: get(row, "asked_at")?,
        updated_at: get(row, "updated_at")?,
        due: get(row, "due")?,
        escalated_at: get(row, "escalated_at")?,
        ended_at: get(row, "ended_at")?,
    })
}
