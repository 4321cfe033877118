//! People and workspaces, as `heddle admin` makes them.

use crate::audit::{self, Entry};
use crate::auth::{Passwords, check_password, login_key};
use crate::error::{Error, Result};
use crate::source;
use heddle_api::{ApiError, ErrorCode, Lang, RequestContext, Role};
use heddle_model::ids::{RequestId, UserId, WorkspaceId};
use heddle_model::limits;
use heddle_store::query::{UserRow, WorkspaceRow};
use heddle_store::{Store, StoreError};
use serde_json::json;

/// A person to add.
#[derive(Clone)]
pub struct NewUser {
    /// Name to sign in with.
    pub username: String,
    /// The password; a strong one is drawn where absent.
    pub password: Option<String>,
    /// Name of the workspace.
    pub workspace: String,
    /// Their role there.
    pub role: Role,
}

/// What became of it.
pub struct AddedUser {
    /// The account.
    pub id: UserId,
    /// The password that was drawn, to be shown once.
    pub drawn_password: Option<String>,
    /// The account was there already and only joined the workspace (or changed its role there).
    pub existed: bool,
}

/// The accounts, for the operator at the command line: needs no running server.
pub struct Accounts {
    store: Store,
    passwords: Passwords,
}

impl Accounts {
    /// On this database.
    pub fn new(store: Store) -> Result<Self> {
        Ok(Self { store, passwords: Passwords::new()? })
    }

    /// Makes a workspace.
    pub async fn add_workspace(&self, name: &str) -> Result<WorkspaceId> {
        let context = operator();
        let name = checked_name(name, "/name", context.lang)?;
        let row = WorkspaceRow {
            id: WorkspaceId::from_u128(source::new_id()),
            name: name.clone(),
            created_at: source::now_ms(),
        };
        let entry = Entry {
            workspace: Some(row.id),
            actor: "operator".into(),
            action: "workspace.create",
            target: row.id.to_string(),
            details: json!({"name": name}),
        };
        let id = row.id;
        self.store.workspace_insert(row, audit::row(&context, entry)).await.map_err(|error| match error {
            StoreError::Taken(_) => {
                let detail = (format!("There is a workspace `{name}` already."), format!("工作区 `{name}` 已存在。"));
                Error(ApiError::new(ErrorCode::NameTaken).detail(detail.0, detail.1))
            }
            other => other.into(),
        })?;
        Ok(id)
    }

    /// Adds a person to a workspace; one who has an account already keeps it.
    pub async fn add_user(&self, new: NewUser) -> Result<AddedUser> {
        let context = operator();
        let username = checked_name(&new.username, "/username", context.lang)?;
        let workspace = self
            .store
            .workspace_by_name(new.workspace.trim())
            .await?
            .ok_or_else(|| ApiError::not_found("workspace", &new.workspace))?;
        let entry = |id: UserId| Entry {
            workspace: Some(workspace.id),
            actor: "operator".into(),
            action: "user.add",
            target: id.to_string(),
            details: json!({"username": username, "role": new.role.as_str()}),
        };
        if let Some(known) = self.store.user_by_login(&login_key(&username)).await? {
            self.store
                .member_put(workspace.id, known.id, new.role.as_str(), audit::row(&context, entry(known.id)))
                .await?;
            return Ok(AddedUser { id: known.id, drawn_password: None, existed: true });
        }
        let drawn = new.password.is_none().then(source::new_secret);
        let password = match (&new.password, &drawn) {
            (Some(password), _) => {
                check_password(password, &username).map_err(ApiError::from)?;
                password
            }
            (None, Some(drawn)) => drawn,
            (None, None) => return Err(ErrorCode::Internal.into()),
        };
        let user = UserRow {
            id: UserId::from_u128(source::new_id()),
            username_key: login_key(&username),
            display_name: username.clone(),
            username: username.clone(),
            email: None,
            password_hash: Some(self.passwords.hash(password).await?),
            lang: None,
            default_workspace: workspace.id,
            disabled: false,
            auth_epoch: 0,
            failures: 0,
            locked_until: None,
            created_at: source::now_ms(),
        };
        let id = user.id;
        self.store.user_insert(user, workspace.id, new.role.as_str(), audit::row(&context, entry(id))).await?;
        Ok(AddedUser { id, drawn_password: drawn, existed: false })
    }
}

/// A name without spaces around, of a length that a key can have, without control characters.
pub(crate) fn checked_name(name: &str, pointer: &str, lang: Lang) -> Result<String> {
    let name = name.trim();
    if name.is_empty() || name.len() > limits::NAME_BYTES || name.chars().any(char::is_control) {
        let en = format!("A name has 1 to {} bytes and no control characters.", limits::NAME_BYTES);
        let zh = format!("名称长度为 1 至 {} 字节，且不含控制字符。", limits::NAME_BYTES);
        return Err(ApiError::invalid(pointer, en, zh, lang).into());
    }
    Ok(name.to_owned())
}

fn operator() -> RequestContext {
    RequestContext::anonymous(RequestId::from_u128(source::new_id()), Lang::En)
}
