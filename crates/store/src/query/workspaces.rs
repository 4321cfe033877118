//! Workspaces and who belongs to them.

use super::audit::{self, AuditRow};
use super::sql::Sql;
use crate::entity::workspace::{Column, Entity as Workspaces, Model};
use crate::entity::workspace_member::Entity as Members;
use crate::row::{get, get_id, uuid};
use crate::{Store, StoreError};
use heddle_model::ids::{UserId, WorkspaceId};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};

/// A workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkspaceRow {
    /// Its id.
    pub id: WorkspaceId,
    /// Unique on the server.
    pub name: String,
    /// When it was made.
    pub created_at: i64,
}

impl From<Model> for WorkspaceRow {
    fn from(row: Model) -> Self {
        Self { id: WorkspaceId::from_u128(row.id.as_u128()), name: row.name, created_at: row.created_at }
    }
}

/// Writes a workspace.
pub(super) async fn insert(db: &DatabaseTransaction, row: &WorkspaceRow) -> Result<(), StoreError> {
    let model =
        Model { id: uuid(row.id.as_u128()), name: row.name.clone(), created_at: row.created_at, deleted_at: None };
    Workspaces::insert(model.into_active_model()).exec_without_returning(db).await?;
    Ok(())
}

/// Makes somebody a member, or gives a member another role.
pub(super) async fn join(
    db: &DatabaseTransaction,
    workspace: WorkspaceId,
    user: UserId,
    role: &str,
    at: i64,
) -> Result<(), StoreError> {
    let mut sql = Sql::new("INSERT INTO workspace_member (workspace_id, user_id, role, created_at) VALUES ");
    sql.push(
        "(?, ?, ?, ?) ON CONFLICT (workspace_id, user_id) DO UPDATE SET role = excluded.role",
        [uuid(workspace.as_u128()).into(), uuid(user.as_u128()).into(), role.into(), at.into()],
    );
    sql.execute(db).await.map(drop)
}

impl Store {
    /// Makes a workspace. `Taken("name")`.
    pub async fn workspace_insert(&self, row: WorkspaceRow, audit: AuditRow) -> Result<(), StoreError> {
        self.write_unit(move |db| {
            Box::pin(async move {
                insert(db, &row).await?;
                audit::append(db, &audit).await
            })
        })
        .await
    }

    /// A workspace by its id.
    pub async fn workspace(&self, id: WorkspaceId) -> Result<Option<WorkspaceRow>, StoreError> {
        self.run(move |store| async move {
            Ok(Workspaces::find_by_id(uuid(id.as_u128())).one(store.reader()).await?.map(Into::into))
        })
        .await
    }

    /// A workspace by its name.
    pub async fn workspace_by_name(&self, name: &str) -> Result<Option<WorkspaceRow>, StoreError> {
        let name = name.to_owned();
        self.run(|store| async move {
            Ok(Workspaces::find().filter(Column::Name.eq(name)).one(store.reader()).await?.map(Into::into))
        })
        .await
    }

    /// All workspaces, by name.
    pub async fn workspaces(&self) -> Result<Vec<WorkspaceRow>, StoreError> {
        self.run(|store| async move {
            let rows = Workspaces::find().order_by_asc(Column::Name).all(store.reader()).await?;
            Ok(rows.into_iter().map(Into::into).collect())
        })
        .await
    }

    /// Makes somebody a member, or gives a member another role.
    pub async fn member_put(
        &self,
        workspace: WorkspaceId,
        user: UserId,
        role: &str,
        audit: AuditRow,
    ) -> Result<(), StoreError> {
        let role = role.to_owned();
        self.write_unit(move |db| {
            Box::pin(async move {
                join(db, workspace, user, &role, audit.at).await?;
                audit::append(db, &audit).await
            })
        })
        .await
    }

    /// The role of somebody in a workspace; `None` for one who is no member.
    pub async fn member_role(&self, workspace: WorkspaceId, user: UserId) -> Result<Option<String>, StoreError> {
        let key = (uuid(workspace.as_u128()), uuid(user.as_u128()));
        self.run(
            move |store| async move { Ok(Members::find_by_id(key).one(store.reader()).await?.map(|row| row.role)) },
        )
        .await
    }

    /// The workspaces of somebody with the role in each, by name.
    pub async fn memberships(&self, user: UserId) -> Result<Vec<(WorkspaceRow, String)>, StoreError> {
        let mut sql = Sql::new(
            "SELECT w.id, w.name, w.created_at, m.role FROM workspace_member m JOIN workspace w ON w.id = m.workspace_id",
        );
        sql.push(" WHERE m.user_id = ? ORDER BY w.name", [uuid(user.as_u128()).into()]);
        self.run(|store| async move {
            let rows = sql.all(store.reader()).await?;
            rows.iter()
                .map(|row| {
                    let id = WorkspaceId::from_u128(get_id(row, "id")?);
                    Ok((
                        WorkspaceRow { id, name: get(row, "name")?, created_at: get(row, "created_at")? },
                        get(row, "role")?,
                    ))
                })
                .collect()
        })
        .await
    }
}
