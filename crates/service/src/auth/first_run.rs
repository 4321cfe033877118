//! The first administrator: by the one-time link that the first start prints, or by the operator's own configuration.

use super::account::login_key;
use super::policy;
use crate::audit::{self, Entry};
use crate::error::Result;
use crate::service::Service;
use crate::source;
use heddle_api::params::SetUp;
use heddle_api::view::{SetupState, SignedIn};
use heddle_api::{ApiError, ErrorCode, Lang, RequestContext, Role};
use heddle_model::ids::{RequestId, UserId, WorkspaceId};
use heddle_model::limits;
use heddle_store::query::{UserRow, WorkspaceRow};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::atomic::Ordering;

const SETTING: &str = "setup.link";

/// What is stored of the link: the token's hash and its end.
#[derive(Serialize, Deserialize)]
struct Link {
    hash: String,
    expires_at: i64,
}

/// A fresh one-time link.
#[derive(Clone)]
pub struct SetupLink {
    /// The token, to be shown once.
    pub token: String,
    /// Until when it holds, in Unix milliseconds.
    pub expires_at: i64,
}

/// An administrator that the operator's configuration names.
#[derive(Clone)]
pub struct FirstAdmin {
    /// Name to sign in with.
    pub username: String,
    /// The password.
    pub password: String,
}

/// The workspace that the first administrator gets where they name none.
const DEFAULT_WORKSPACE: &str = "default";

/// Shortest password that an operator may configure: their decision, down to what ASVS allows at the least.
const CONFIGURED_PASSWORD_CHARS: usize = 8;

impl Service {
    /// Whether the first administrator is missing.
    pub(crate) async fn setup_state(&self) -> Result<SetupState> {
        // Once there is a user there always is one: then no query is needed any more.
        if self.has_users.load(Ordering::Relaxed) {
            return Ok(SetupState { needed: false });
        }
        let any = self.store.any_user().await?;
        self.has_users.store(any, Ordering::Relaxed);
        Ok(SetupState { needed: !any })
    }

    /// A fresh link where the first administrator is missing; earlier ones end.
    pub async fn setup_link(&self) -> Result<Option<SetupLink>> {
        if !self.setup_state().await?.needed {
            return Ok(None);
        }
        let token = source::new_secret();
        let expires_at = source::now_ms() + limits::SETUP_LINK_MS;
        let link = Link { hash: hex::encode(source::hash_secret(&token)), expires_at };
        let text = serde_json::to_string(&link).map_err(|_| ApiError::new(ErrorCode::Internal))?;
        self.store.setting_put(SETTING, &text).await?;
        Ok(Some(SetupLink { token, expires_at }))
    }

    /// Makes the administrator that the configuration names, unless there are users already. Answers whether it did.
    pub async fn ensure_admin(&self, admin: &FirstAdmin) -> Result<bool> {
        if !self.setup_state().await?.needed {
            return Ok(false);
        }
        if admin.password.chars().count() < CONFIGURED_PASSWORD_CHARS {
            return Err(ApiError::from(policy::PasswordProblem::Short).into());
        }
        if let Err(problem) = policy::check(&admin.password, &admin.username) {
            tracing::warn!("HEDDLE_ADMIN_PASSWORD is weak: {problem}. Change it before others can reach this server.");
        }
        let context = RequestContext::anonymous(RequestId::from_u128(source::new_id()), Lang::En);
        let params = SetUp { username: admin.username.clone(), password: admin.password.clone(), ..SetUp::default() };
        Ok(self.create_admin(&context, &params).await?.is_some())
    }

    /// Makes the first administrator for the holder of the link, and signs them in.
    pub(crate) async fn set_up(&self, context: &RequestContext, params: SetUp) -> Result<SignedIn> {
        // Once an administrator exists there is nothing to set up, and nothing to be said about it.
        if !self.setup_state().await?.needed {
            return Err(ErrorCode::NotFound.into());
        }
        self.throttle
            .admit("set-up", Default::default(), context.address, source::now_ms())
            .map_err(|seconds| ApiError::new(ErrorCode::TooManyRequests).retry_after(seconds))?;
        let stored = self.store.setting(SETTING).await?;
        let link: Option<Link> = stored.and_then(|text| serde_json::from_str(&text).ok());
        let hash = hex::encode(source::hash_secret(&params.token));
        // Hashes of a random secret: comparing them tells nothing about the secret.
        if !link.is_some_and(|link| link.hash == hash && source::now_ms() < link.expires_at) {
            return Err(ErrorCode::SetupTokenInvalid.into());
        }
        self.throttle.succeed("set-up", context.address);
        policy::check(&params.password, &params.username).map_err(ApiError::from)?;
        let Some((user, workspace)) = self.create_admin(context, &params).await? else {
            return Err(ErrorCode::NotFound.into());
        };
        self.store.setting_delete(SETTING).await?;
        self.open_session(context, &user, &workspace, Role::Owner).await
    }

    /// `None` when somebody else was first.
    async fn create_admin(&self, context: &RequestContext, params: &SetUp) -> Result<Option<(UserRow, WorkspaceRow)>> {
        let now = source::now_ms();
        let username = crate::users::checked_name(&params.username, "/username", context.lang)?;
        let name =
            params.workspace.as_deref().map(str::trim).filter(|name| !name.is_empty()).unwrap_or(DEFAULT_WORKSPACE);
        let workspace_name = crate::users::checked_name(name, "/workspace", context.lang)?;
        let existing = self.store.workspace_by_name(&workspace_name).await?;
        let workspace = existing.unwrap_or_else(|| WorkspaceRow {
            id: WorkspaceId::from_u128(source::new_id()),
            name: workspace_name,
            created_at: now,
        });
        let user = UserRow {
            id: UserId::from_u128(source::new_id()),
            username_key: login_key(&username),
            display_name: params
                .display_name
                .as_deref()
                .map(str::trim)
                .filter(|name| !name.is_empty())
                .unwrap_or(&username)
                .to_owned(),
            username,
            email: params.email.as_deref().map(login_key).filter(|email| !email.is_empty()),
            password_hash: Some(self.passwords.hash(&params.password).await?),
            lang: params.lang.map(|lang| lang.tag().to_owned()),
            default_workspace: workspace.id,
            disabled: false,
            auth_epoch: 0,
            failures: 0,
            locked_until: None,
            created_at: now,
        };
        let entry = Entry {
            workspace: Some(workspace.id),
            actor: user.id.to_string(),
            action: "setup.complete",
            target: user.id.to_string(),
            details: json!({"username": user.username}),
        };
        let made = self
            .store
            .create_first_admin(workspace.clone(), user.clone(), Role::Owner.as_str(), audit::row(context, entry))
            .await?;
        self.has_users.store(true, Ordering::Relaxed);
        Ok(made.then_some((user, workspace)))
    }
}
