//! Sign-ins: only hashes of their tokens are kept.

use super::sql::Sql;
use crate::entity::session::{Column, Entity as Sessions, Model};
use crate::row::{get, get_id, uuid};
use crate::{Store, StoreError};
use heddle_model::ids::{SessionId, UserId, WorkspaceId};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};

/// A sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// Its id.
    pub id: SessionId,
    /// SHA-256 of the token in the cookie.
    pub token_hash: [u8; 32],
    /// Who.
    pub user: UserId,
    /// Where.
    pub workspace: WorkspaceId,
    /// When it began.
    pub created_at: i64,
    /// When it was last used.
    pub last_seen_at: i64,
    /// When it ends at the latest.
    pub expires_at: i64,
    /// From where.
    pub address: Option<String>,
    /// With what.
    pub user_agent: Option<String>,
}

/// A sign-in with what is needed to let it in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionUser {
    /// The sign-in.
    pub session: SessionRow,
    /// The account's name.
    pub username: String,
    /// The account may not be used.
    pub disabled: bool,
    /// The role in the session's workspace.
    pub role: Option<String>,
}

/// What is needed to let an access token in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenUser {
    /// The account's name.
    pub username: String,
    /// The account may not be used.
    pub disabled: bool,
    /// Tokens of an older epoch have ended.
    pub auth_epoch: i64,
    /// The role in the token's workspace.
    pub role: Option<String>,
}

impl Store {
    /// Keeps a sign-in.
    pub async fn session_insert(&self, row: SessionRow) -> Result<(), StoreError> {
        let model = Model {
            id: uuid(row.id.as_u128()),
            token_hash: row.token_hash.to_vec(),
            user_id: uuid(row.user.as_u128()),
            workspace_id: uuid(row.workspace.as_u128()),
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
            expires_at: row.expires_at,
            address: row.address,
            user_agent: row.user_agent,
        };
        self.run(|store| async move {
            Sessions::insert(model.into_active_model()).exec_without_returning(&*store.writer().await).await?;
            Ok(())
        })
        .await
    }

    /// A sign-in by the hash of its token.
    pub async fn session_by_hash(&self, hash: &[u8; 32]) -> Result<Option<SessionUser>, StoreError> {
        let token_hash = *hash;
        let mut sql = Sql::new(
            "SELECT s.id, s.user_id, s.workspace_id, s.created_at, s.last_seen_at, s.expires_at, s.address, s.user_agent, u.username, u.disabled, m.role \
             FROM session s JOIN user_account u ON u.id = s.user_id \
             LEFT JOIN workspace_member m ON m.workspace_id = s.workspace_id AND m.user_id = s.user_id",
        );
        sql.push(" WHERE s.token_hash = ?", [token_hash.to_vec().into()]);
        self.run(move |store| async move {
            let rows = sql.all(store.reader()).await?;
            let Some(row) = rows.first() else { return Ok(None) };
            let session = SessionRow {
                id: SessionId::from_u128(get_id(row, "id")?),
                token_hash,
                user: UserId::from_u128(get_id(row, "user_id")?),
                workspace: WorkspaceId::from_u128(get_id(row, "workspace_id")?),
                created_at: get(row, "created_at")?,
                last_seen_at: get(row, "last_seen_at")?,
                expires_at: get(row, "expires_at")?,
                address: get(row, "address")?,
                user_agent: get(row, "user_agent")?,
            };
            Ok(Some(SessionUser {
                session,
                username: get(row, "username")?,
                disabled: get(row, "disabled")?,
                role: get(row, "role")?,
            }))
        })
        .await
    }

    /// Remembers that it was used.
    pub async fn session_touch(&self, id: SessionId, last_seen_at: i64) -> Result<(), StoreError> {
        let mut sql = Sql::new("UPDATE session SET ");
        sql.push("last_seen_at = ? WHERE id = ?", [last_seen_at.into(), uuid(id.as_u128()).into()]);
        self.run(|store| async move { sql.execute(&*store.writer().await).await.map(drop) }).await
    }

    /// Ends it; `false` when it had ended.
    pub async fn session_delete(&self, id: SessionId) -> Result<bool, StoreError> {
        self.run(move |store| async move {
            Ok(Sessions::delete_by_id(uuid(id.as_u128())).exec(&*store.writer().await).await?.rows_affected > 0)
        })
        .await
    }

    /// Ends all of somebody.
    pub async fn sessions_delete_of(&self, user: UserId) -> Result<(), StoreError> {
        self.run(move |store| async move {
            Sessions::delete_many()
                .filter(Column::UserId.eq(uuid(user.as_u128())))
                .exec(&*store.writer().await)
                .await?;
            Ok(())
        })
        .await
    }

    /// Forgets those that ended before one time or were last used before another; answers how many.
    pub async fn sessions_prune(&self, expired_before: i64, idle_before: i64) -> Result<u64, StoreError> {
        let mut sql = Sql::new("DELETE FROM session WHERE ");
        sql.push("expires_at < ? OR last_seen_at < ?", [expired_before.into(), idle_before.into()]);
        self.run(|store| async move { sql.execute(&*store.writer().await).await }).await
    }

    /// What is needed to let an access token in; `None` when the account is gone.
    pub async fn token_user(&self, user: UserId, workspace: WorkspaceId) -> Result<Option<TokenUser>, StoreError> {
        let mut sql = Sql::new("SELECT u.username, u.disabled, u.auth_epoch, m.role FROM user_account u ");
        sql.push(
            "LEFT JOIN workspace_member m ON m.user_id = u.id AND m.workspace_id = ? WHERE u.id = ?",
            [uuid(workspace.as_u128()).into(), uuid(user.as_u128()).into()],
        );
        self.run(|store| async move {
            let rows = sql.all(store.reader()).await?;
            rows.first()
                .map(|row| {
                    Ok(TokenUser {
                        username: get(row, "username")?,
                        disabled: get(row, "disabled")?,
                        auth_epoch: get(row, "auth_epoch")?,
                        role: get(row, "role")?,
                    })
                })
                .transpose()
        })
        .await
    }
}
