//! People who sign in.

use super::audit::{self, AuditRow};
use super::sql::{Sql, serial};
use super::workspaces::{self, WorkspaceRow};
use crate::entity::user_account::{Column, Entity as Users, Model};
use crate::entity::workspace::{Column as WorkspaceColumn, Entity as Workspaces};
use crate::row::uuid;
use crate::{Store, StoreError};
use heddle_model::ids::{UserId, WorkspaceId};
use sea_orm::{ColumnTrait, Condition, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter};

/// Key of the lock under which the first administrator is made.
const FIRST: u128 = 1;

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRow {
    /// Its id.
    pub id: UserId,
    /// As typed.
    pub username: String,
    /// As compared; unique. The caller normalises.
    pub username_key: String,
    /// What others see.
    pub display_name: String,
    /// Unique, in lower case.
    pub email: Option<String>,
    /// In PHC form; `None`: cannot sign in with a password.
    pub password_hash: Option<String>,
    /// Preferred language.
    pub lang: Option<String>,
    /// Where one is after signing in.
    pub default_workspace: WorkspaceId,
    /// May not sign in.
    pub disabled: bool,
    /// Rises when all tokens must end.
    pub auth_epoch: i64,
    /// Wrong passwords in a row.
    pub failures: u32,
    /// May not try before.
    pub locked_until: Option<i64>,
    /// When it was made.
    pub created_at: i64,
}

impl From<Model> for UserRow {
    fn from(row: Model) -> Self {
        Self {
            id: UserId::from_u128(row.id.as_u128()),
            username: row.username,
            username_key: row.username_key,
            display_name: row.display_name,
            email: row.email,
            password_hash: row.password_hash,
            lang: row.lang,
            default_workspace: WorkspaceId::from_u128(row.default_workspace_id.as_u128()),
            disabled: row.disabled,
            auth_epoch: row.auth_epoch,
            failures: u32::try_from(row.failures).unwrap_or(u32::MAX),
            locked_until: row.locked_until,
            created_at: row.created_at,
        }
    }
}

async fn insert(db: &DatabaseTransaction, row: UserRow) -> Result<(), StoreError> {
    let model = Model {
        id: uuid(row.id.as_u128()),
        username: row.username,
        username_key: row.username_key,
        display_name: row.display_name,
        email: row.email,
        password_hash: row.password_hash,
        lang: row.lang,
        default_workspace_id: uuid(row.default_workspace.as_u128()),
        disabled: row.disabled,
        auth_epoch: row.auth_epoch,
        failures: i64::from(row.failures),
        locked_until: row.locked_until,
        created_at: row.created_at,
    };
    Users::insert(model.into_active_model()).exec_without_returning(db).await?;
    Ok(())
}

impl Store {
    /// Whether there is any account at all.
    pub async fn any_user(&self) -> Result<bool, StoreError> {
        self.run(|store| async move { Ok(Users::find().one(&*store.writer().await).await?.is_some()) }).await
    }

    /// Makes the first account, its workspace and its membership; `false`, and nothing written, when there is an account already.
    /// A workspace of that name that exists is taken as it is.
    pub async fn create_first_admin(
        &self,
        workspace: WorkspaceRow,
        user: UserRow,
        role: &str,
        audit: AuditRow,
    ) -> Result<bool, StoreError> {
        let role = role.to_owned();
        self.write_unit(move |db| {
            Box::pin(async move {
                serial(db, FIRST).await?;
                if Users::find().one(db).await?.is_some() {
                    return Ok(false);
                }
                let standing = Workspaces::find()
                    .filter(WorkspaceColumn::Name.eq(workspace.name.as_str()))
                    .one(db)
                    .await?
                    .map(WorkspaceRow::from);
                let home = match standing {
                    Some(standing) => standing.id,
                    None => {
                        workspaces::insert(db, &workspace).await?;
                        workspace.id
                    }
                };
                let id = user.id;
                insert(db, UserRow { default_workspace: home, ..user }).await?;
                workspaces::join(db, home, id, &role, audit.at).await?;
                let workspace = audit.workspace.map(|_| home);
                audit::append(db, &AuditRow { workspace, ..audit }).await?;
                Ok(true)
            })
        })
        .await
    }

    /// Makes an account and its membership. `Taken("name")`, `Taken("email")`.
    pub async fn user_insert(
        &self,
        user: UserRow,
        workspace: WorkspaceId,
        role: &str,
        audit: AuditRow,
    ) -> Result<(), StoreError> {
        let role = role.to_owned();
        self.write_unit(move |db| {
            Box::pin(async move {
                let id = user.id;
                insert(db, user).await?;
                workspaces::join(db, workspace, id, &role, audit.at).await?;
                audit::append(db, &audit).await
            })
        })
        .await
    }

    /// An account by its id.
    pub async fn user(&self, id: UserId) -> Result<Option<UserRow>, StoreError> {
        self.run(move |store| async move {
            Ok(Users::find_by_id(uuid(id.as_u128())).one(&*store.writer().await).await?.map(Into::into))
        })
        .await
    }

    /// An account by the key of its name or by its e-mail address. A name goes before an address.
    pub async fn user_by_login(&self, key: &str) -> Result<Option<UserRow>, StoreError> {
        let key = key.to_owned();
        self.run(|store| async move {
            let either = Condition::any().add(Column::UsernameKey.eq(key.as_str())).add(Column::Email.eq(key.as_str()));
            let rows = Users::find().filter(either).all(&*store.writer().await).await?;
            let named = rows.iter().position(|row| row.username_key == key).unwrap_or(0);
            Ok(rows.into_iter().nth(named).map(Into::into))
        })
        .await
    }

    /// Sets a password, and ends all tokens where asked.
    pub async fn user_password_put(&self, id: UserId, hash: &str, bump_epoch: bool) -> Result<(), StoreError> {
        let mut sql = Sql::new("UPDATE user_account SET ");
        sql.push(
            "password_hash = ?, auth_epoch = auth_epoch + ? WHERE id = ?",
            [hash.into(), i64::from(bump_epoch).into(), uuid(id.as_u128()).into()],
        );
        self.one_row(sql).await
    }

    /// Remembers wrong passwords.
    pub async fn user_failures_put(
        &self,
        id: UserId,
        failures: u32,
        locked_until: Option<i64>,
    ) -> Result<(), StoreError> {
        let mut sql = Sql::new("UPDATE user_account SET ");
        sql.push(
            "failures = ?, locked_until = ? WHERE id = ?",
            [i64::from(failures).into(), locked_until.into(), uuid(id.as_u128()).into()],
        );
        self.one_row(sql).await
    }

    /// Runs a change of one row; `Stale` when the row is gone.
    async fn one_row(&self, sql: Sql) -> Result<(), StoreError> {
        self.run(|store| async move {
            if sql.execute(&*store.writer().await).await? == 1 { Ok(()) } else { Err(StoreError::Stale) }
        })
        .await
    }
}
