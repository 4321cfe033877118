//! Versions of workflows: immutable, with the nodes and edges derived from them.

use super::audit::{self, AuditRow};
use super::sql::{Sql, limit};
use super::workflows::{search_text, tags_text};
use crate::entity::{edge, node, workflow_version};
use crate::row::{get, get_id, get_u64, text, uuid};
use crate::{Store, StoreError};
use heddle_model::ids::{UserId, VersionId, WorkflowId, WorkspaceId};
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryResult};
use std::collections::HashMap;

/// Rows of one INSERT: below SQLite's limit of 32,766 values.
const CHUNK: usize = 1_000;

/// A version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRow {
    /// Its id.
    pub id: VersionId,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The workflow.
    pub workflow: WorkflowId,
    /// 1, 2, ….
    pub number: u32,
    /// The author's own label, as JSON.
    pub label: Option<String>,
    /// Canonical JSON.
    pub definition: String,
    /// What its author wrote.
    pub source: String,
    /// `yaml` or `json`.
    pub source_format: String,
    /// SHA-256 of the canonical JSON.
    pub content_hash: [u8; 32],
    /// When it was made.
    pub created_at: i64,
    /// Who made it (`usr_…`).
    pub created_by: String,
    /// That person's display name; found on reading, ignored on writing.
    pub created_by_name: Option<String>,
}

/// A node of a version, derived from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeDef {
    /// The node's id.
    pub id: String,
    /// The container it stands in.
    pub parent: Option<String>,
    /// What people see.
    pub name: String,
    /// Its type.
    pub node_type: String,
    /// Place in the author's order.
    pub ordinal: u32,
    /// The node as JSON.
    pub definition: String,
}

/// An edge of a version, derived from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EdgeDef {
    /// The edge's id.
    pub id: String,
    /// The container it stands in.
    pub parent: Option<String>,
    /// Node it leaves.
    pub from: String,
    /// Node it enters.
    pub to: String,
    /// Its condition.
    pub condition: Option<String>,
    /// Taken when no other is.
    pub is_default: bool,
    /// Place in the author's order.
    pub ordinal: u32,
}

/// A version with what is derived from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewVersion {
    /// The version.
    pub version: VersionRow,
    /// What the workflow is for.
    pub description: Option<String>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// Its nodes.
    pub nodes: Vec<NodeDef>,
    /// Its edges.
    pub edges: Vec<EdgeDef>,
}

/// Writes a version with its nodes and edges.
pub(super) async fn insert(db: &DatabaseTransaction, new: &NewVersion) -> Result<(), StoreError> {
    let version = &new.version;
    let (workspace_id, version_id) = (uuid(version.workspace.as_u128()), uuid(version.id.as_u128()));
    let model = workflow_version::Model {
        workspace_id,
        id: version_id,
        workflow_id: uuid(version.workflow.as_u128()),
        number: i64::from(version.number),
        label: version.label.clone(),
        definition: version.definition.clone(),
        source: version.source.clone(),
        source_format: version.source_format.clone(),
        content_hash: version.content_hash.to_vec(),
        created_by: version.created_by.clone(),
        created_at: version.created_at,
    };
    workflow_version::Entity::insert(model.into_active_model()).exec_without_returning(db).await?;
    for rows in new.nodes.chunks(CHUNK) {
        let models = rows.iter().map(|row| node::Model {
            workspace_id,
            version_id,
            node_id: row.id.clone(),
            ordinal: row.ordinal.cast_signed(),
            parent_id: row.parent.clone(),
            name: row.name.clone(),
            node_type: row.node_type.clone(),
            definition: text(&row.definition).into_owned(),
        });
        node::Entity::insert_many(models.map(IntoActiveModel::into_active_model)).exec_without_returning(db).await?;
    }
    for rows in new.edges.chunks(CHUNK) {
        let models = rows.iter().map(|row| edge::Model {
            workspace_id,
            version_id,
            edge_id: row.id.clone(),
            ordinal: row.ordinal.cast_signed(),
            source_id: row.from.clone(),
            target_id: row.to.clone(),
            parent_id: row.parent.clone(),
            condition: row.condition.clone(),
            is_default: row.is_default,
        });
        edge::Entity::insert_many(models.map(IntoActiveModel::into_active_model)).exec_without_returning(db).await?;
    }
    Ok(())
}

impl Store {
    /// Adds the version after `expected_latest`. `Stale` when the latest is another one, or the workflow is gone.
    #[expect(clippy::too_many_arguments, reason = "five beside the store itself")]
    pub async fn version_add(
        &self,
        workspace: WorkspaceId,
        workflow: WorkflowId,
        expected_latest: u32,
        new: NewVersion,
        audit: AuditRow,
    ) -> Result<(), StoreError> {
        self.write_unit(move |db| {
            Box::pin(async move {
                let name = name_of(db, workspace, workflow).await?;
                let mut sql = Sql::new("UPDATE workflow SET ");
                let version = &new.version;
                sql.push(
                    "latest_number = ?, latest_version_id = ?, label = ?, description = ?, tags = ?, search_text = ?, updated_at = ?, updated_by = ?",
                    [
                        i64::from(version.number).into(),
                        uuid(version.id.as_u128()).into(),
                        version.label.clone().into(),
                        new.description.clone().into(),
                        tags_text(&new.tags).into(),
                        search_text(&name, new.description.as_deref(), &new.tags).into(),
                        version.created_at.into(),
                        version.created_by.as_str().into(),
                    ],
                );
                sql.push(
                    " WHERE workspace_id = ? AND id = ? AND latest_number = ? AND deleted_at IS NULL",
                    [uuid(workspace.as_u128()).into(), uuid(workflow.as_u128()).into(), i64::from(expected_latest).into()],
                );
                if sql.execute(db).await? != 1 {
                    return Err(StoreError::Stale);
                }
                insert(db, &new).await?;
                audit::append(db, &audit).await
            })
        })
        .await
    }

    /// One version by its number.
    pub async fn version(
        &self,
        workspace: WorkspaceId,
        workflow: WorkflowId,
        number: u32,
    ) -> Result<Option<VersionRow>, StoreError> {
        let mut sql = Sql::new(
            "SELECT id, number, label, definition, source, source_format, content_hash, created_at, created_by FROM workflow_version WHERE ",
        );
        sql.push(
            "workspace_id = ? AND workflow_id = ? AND number = ?",
            [uuid(workspace.as_u128()).into(), uuid(workflow.as_u128()).into(), i64::from(number).into()],
        );
        Ok(self.read_versions(workspace, workflow, sql).await?.pop())
    }

    /// Versions below a number, newest first, without their texts.
    pub async fn versions(
        &self,
        workspace: WorkspaceId,
        workflow: WorkflowId,
        rows: u64,
        below: Option<u32>,
    ) -> Result<Vec<VersionRow>, StoreError> {
        let mut sql = Sql::new(
            "SELECT id, number, label, '' AS definition, '' AS source, source_format, content_hash, created_at, created_by FROM workflow_version WHERE ",
        );
        sql.push(
            "workspace_id = ? AND workflow_id = ? AND number < ? ORDER BY number DESC LIMIT ?",
            [
                uuid(workspace.as_u128()).into(),
                uuid(workflow.as_u128()).into(),
                below.map_or(i64::MAX, i64::from).into(),
                limit(rows),
            ],
        );
        self.read_versions(workspace, workflow, sql).await
    }

    async fn read_versions(
        &self,
        workspace: WorkspaceId,
        workflow: WorkflowId,
        sql: Sql,
    ) -> Result<Vec<VersionRow>, StoreError> {
        self.run(move |store| async move {
            let rows = sql.all(store.reader()).await?;
            let mut versions =
                rows.iter().map(|row| version_row(workspace, workflow, row)).collect::<Result<Vec<_>, _>>()?;
            let names = names(store.reader(), versions.iter().map(|version| version.created_by.as_str())).await?;
            for version in &mut versions {
                version.created_by_name = names.get(&version.created_by).cloned();
            }
            Ok(versions)
        })
        .await
    }
}

async fn name_of(db: &DatabaseTransaction, workspace: WorkspaceId, workflow: WorkflowId) -> Result<String, StoreError> {
    let mut sql = Sql::new("SELECT name FROM workflow WHERE deleted_at IS NULL");
    sql.push(" AND workspace_id = ? AND id = ?", [uuid(workspace.as_u128()).into(), uuid(workflow.as_u128()).into()]);
    sql.all(db).await?.first().map_or(Err(StoreError::Stale), |row| get(row, "name"))
}

/// Display names of people by their printed ids; those that are no people have none.
pub(super) async fn names(
    db: &impl ConnectionTrait,
    printed: impl Iterator<Item = &str>,
) -> Result<HashMap<String, String>, StoreError> {
    let ids: Vec<UserId> = printed.filter_map(|id| id.parse().ok()).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut sql = Sql::new("SELECT id, display_name FROM user_account WHERE 1 = 1");
    sql.among("id", ids.iter().map(|id| uuid(id.as_u128()).into()));
    let rows = sql.all(db).await?;
    rows.iter().map(|row| Ok((UserId::from_u128(get_id(row, "id")?).to_string(), get(row, "display_name")?))).collect()
}

fn version_row(workspace: WorkspaceId, workflow: WorkflowId, row: &QueryResult) -> Result<VersionRow, StoreError> {
    let hash: Vec<u8> = get(row, "content_hash")?;
    Ok(VersionRow {
        id: VersionId::from_u128(get_id(row, "id")?),
        workspace,
        workflow,
        number: u32::try_from(get_u64(row, "number")?).unwrap_or(u32::MAX),
        label: get(row, "label")?,
        definition: get(row, "definition")?,
        source: get(row, "source")?,
        source_format: get(row, "source_format")?,
        content_hash: hash
            .try_into()
            .map_err(|_| StoreError::Fatal("a version's hash is not 32 bytes long".to_owned()))?,
        created_at: get(row, "created_at")?,
        created_by: get(row, "created_by")?,
        created_by_name: None,
    })
}
