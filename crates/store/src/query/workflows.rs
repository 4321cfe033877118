//! Workflows: a name over all versions.

use super::audit::{self, AuditRow};
use super::sql::{Sql, limit, place_of};
use super::versions::{self, NewVersion, names};
use crate::entity::workflow::{Entity as Workflows, Model};
use crate::row::{get, get_id, get_u64, uuid};
use crate::{Store, StoreError};
use heddle_model::ids::{VersionId, WorkflowId, WorkspaceId};
use sea_orm::{EntityTrait, IntoActiveModel, QueryResult};

/// Stands around each tag, so that a whole one can be looked for.
const SEPARATOR: char = '\u{1f}';

/// A workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowRow {
    /// Its id.
    pub id: WorkflowId,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Unique in the workspace among those that are not deleted.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// Number of the newest version.
    pub latest_number: u32,
    /// Id of the newest version.
    pub latest_version: VersionId,
    /// The author's label of it, as JSON.
    pub label: Option<String>,
    /// When it was made.
    pub created_at: i64,
    /// When its newest version was made.
    pub updated_at: i64,
    /// Who made that, by display name.
    pub updated_by: Option<String>,
}

/// Order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WorkflowSort {
    /// By name.
    Name,
    /// Changed last first.
    #[default]
    UpdatedDesc,
    /// Made last first.
    CreatedDesc,
}

/// Which workflows.
#[derive(Debug, Clone, Default)]
pub struct WorkflowFilter {
    /// Part of the name, the description or a tag, whatever its case.
    pub q: Option<String>,
    /// With this tag.
    pub tag: Option<String>,
    /// In this order.
    pub sort: WorkflowSort,
}

/// Tags as they are kept.
pub(super) fn tags_text(tags: &[String]) -> String {
    let mut text: String = tags.iter().flat_map(|tag| [SEPARATOR.to_string(), tag.replace(SEPARATOR, " ")]).collect();
    if !text.is_empty() {
        text.push(SEPARATOR);
    }
    text
}

/// What a search looks through.
pub(super) fn search_text(name: &str, description: Option<&str>, tags: &[String]) -> String {
    format!("{name}\n{}\n{}", description.unwrap_or_default(), tags.join("\n")).to_lowercase()
}

const COLUMNS: &str =
    "id, name, description, tags, latest_number, latest_version_id, label, created_at, updated_at, updated_by";

impl Store {
    /// Makes a workflow with its first version. `Taken("name")` among those that are not deleted.
    #[expect(clippy::too_many_arguments, reason = "five beside the store itself")]
    pub async fn workflow_create(
        &self,
        workspace: WorkspaceId,
        id: WorkflowId,
        name: &str,
        new: NewVersion,
        audit: AuditRow,
    ) -> Result<(), StoreError> {
        let version = &new.version;
        let model = Model {
            workspace_id: uuid(workspace.as_u128()),
            id: uuid(id.as_u128()),
            name: name.to_owned(),
            description: new.description.clone(),
            tags: tags_text(&new.tags),
            search_text: search_text(name, new.description.as_deref(), &new.tags),
            latest_number: i64::from(version.number),
            latest_version_id: uuid(version.id.as_u128()),
            label: version.label.clone(),
            created_at: version.created_at,
            updated_at: version.created_at,
            updated_by: version.created_by.clone(),
            deleted_at: None,
        };
        self.write_unit(move |db| {
            Box::pin(async move {
                Workflows::insert(model.into_active_model()).exec_without_returning(db).await?;
                versions::insert(db, &new).await?;
                audit::append(db, &audit).await
            })
        })
        .await
    }

    /// A workflow that is not deleted.
    pub async fn workflow(&self, workspace: WorkspaceId, id: WorkflowId) -> Result<Option<WorkflowRow>, StoreError> {
        let mut sql = Sql::new(&format!("SELECT {COLUMNS} FROM workflow WHERE deleted_at IS NULL"));
        sql.push(" AND workspace_id = ? AND id = ?", [uuid(workspace.as_u128()).into(), uuid(id.as_u128()).into()]);
        Ok(self.read_workflows(workspace, sql).await?.pop())
    }

    /// A workflow that is not deleted, by its name.
    pub async fn workflow_by_name(
        &self,
        workspace: WorkspaceId,
        name: &str,
    ) -> Result<Option<WorkflowRow>, StoreError> {
        let mut sql = Sql::new(&format!("SELECT {COLUMNS} FROM workflow WHERE deleted_at IS NULL"));
        sql.push(" AND workspace_id = ? AND name = ?", [uuid(workspace.as_u128()).into(), name.into()]);
        Ok(self.read_workflows(workspace, sql).await?.pop())
    }

    /// A list; each with the key that goes on after it.
    pub async fn workflows(
        &self,
        workspace: WorkspaceId,
        filter: &WorkflowFilter,
        rows: u64,
        after: Option<(String, WorkflowId)>,
    ) -> Result<Vec<(WorkflowRow, String)>, StoreError> {
        let place = place_of(self.backend());
        let mut sql = Sql::new(&format!("SELECT {COLUMNS} FROM workflow WHERE deleted_at IS NULL"));
        sql.push(" AND workspace_id = ?", [uuid(workspace.as_u128()).into()]);
        if let Some(q) = &filter.q {
            sql.push(&format!(" AND {place}(search_text, ?) > 0"), [q.to_lowercase().into()]);
        }
        if let Some(tag) = &filter.tag {
            sql.push(&format!(" AND {place}(tags, ?) > 0"), [format!("{SEPARATOR}{tag}{SEPARATOR}").into()]);
        }
        let sort = filter.sort;
        if let Some((key, id)) = after {
            let id = uuid(id.as_u128());
            match sort {
                WorkflowSort::Name => sql.push(" AND (name, id) > (?, ?)", [key.into(), id.into()]),
                WorkflowSort::UpdatedDesc => {
                    let time: i64 = key.parse().map_err(|_| StoreError::Stale)?;
                    sql.push(" AND (updated_at, id) < (?, ?)", [time.into(), id.into()])
                }
                WorkflowSort::CreatedDesc => sql.push(" AND id < ?", [id.into()]),
            };
        }
        let order = match sort {
            WorkflowSort::Name => "name, id",
            WorkflowSort::UpdatedDesc => "updated_at DESC, id DESC",
            WorkflowSort::CreatedDesc => "id DESC",
        };
        sql.push(&format!(" ORDER BY {order} LIMIT ?"), [limit(rows)]);
        let rows = self.read_workflows(workspace, sql).await?;
        Ok(rows.into_iter().map(|row| (row.clone(), sort_key(sort, &row))).collect())
    }

    /// Deletes a workflow: its name is free, its versions stay for their instances. `false` when it was gone.
    pub async fn workflow_delete(
        &self,
        workspace: WorkspaceId,
        id: WorkflowId,
        at: i64,
        audit: AuditRow,
    ) -> Result<bool, StoreError> {
        self.write_unit(move |db| {
            Box::pin(async move {
                let mut sql = Sql::new("UPDATE workflow SET ");
                sql.push(
                    "deleted_at = ? WHERE workspace_id = ? AND id = ? AND deleted_at IS NULL",
                    [at.into(), uuid(workspace.as_u128()).into(), uuid(id.as_u128()).into()],
                );
                if sql.execute(db).await? == 0 {
                    return Ok(false);
                }
                audit::append(db, &audit).await?;
                Ok(true)
            })
        })
        .await
    }

    async fn read_workflows(&self, workspace: WorkspaceId, sql: Sql) -> Result<Vec<WorkflowRow>, StoreError> {
        self.run(move |store| async move {
            let rows = sql.all(store.reader()).await?;
            let mut workflows = rows.iter().map(|row| workflow_row(workspace, row)).collect::<Result<Vec<_>, _>>()?;
            let names = names(store.reader(), workflows.iter().filter_map(|row| row.updated_by.as_deref())).await?;
            for workflow in &mut workflows {
                workflow.updated_by = workflow.updated_by.take().and_then(|id| names.get(&id).cloned());
            }
            Ok(workflows)
        })
        .await
    }
}

fn sort_key(sort: WorkflowSort, row: &WorkflowRow) -> String {
    match sort {
        WorkflowSort::Name => row.name.clone(),
        WorkflowSort::UpdatedDesc => row.updated_at.to_string(),
        WorkflowSort::CreatedDesc => String::new(),
    }
}

fn workflow_row(workspace: WorkspaceId, row: &QueryResult) -> Result<WorkflowRow, StoreError> {
    let tags: String = get(row, "tags")?;
    Ok(WorkflowRow {
        id: WorkflowId::from_u128(get_id(row, "id")?),
        workspace,
        name: get(row, "name")?,
        description: get(row, "description")?,
        tags: tags.split(SEPARATOR).filter(|tag| !tag.is_empty()).map(str::to_owned).collect(),
        latest_number: u32::try_from(get_u64(row, "latest_number")?).unwrap_or(u32::MAX),
        latest_version: VersionId::from_u128(get_id(row, "latest_version_id")?),
        label: get(row, "label")?,
        created_at: get(row, "created_at")?,
        updated_at: get(row, "updated_at")?,
        // Printed id until the names are looked up.
        updated_by: get(row, "updated_by")?,
    })
}
