//! Signing in with a password: for browsers a session, for programs a bearer token. The same answer for every failure.

use super::throttle::Failures;
use super::{account::login_key, throttle};
use crate::audit::{self, Entry};
use crate::error::Result;
use crate::service::Service;
use crate::source;
use heddle_api::params::{PasswordGrant, SignIn};
use heddle_api::view::{AccessToken, SignedIn};
use heddle_api::{ApiError, ErrorCode, RequestContext, Role};
use heddle_model::limits;
use heddle_store::query::{UserRow, WorkspaceRow};
use serde_json::json;

impl Service {
    /// Begins a session.
    pub(crate) async fn sign_in(&self, context: &RequestContext, params: SignIn) -> Result<SignedIn> {
        let (user, workspace, role) =
            self.prove(context, &params.username, &params.password, params.workspace.as_deref()).await?;
        self.open_session(context, &user, &workspace, role).await
    }

    /// The password grant.
    pub(crate) async fn token(&self, context: &RequestContext, params: PasswordGrant) -> Result<AccessToken> {
        if params.grant_type != "password" {
            let (en, zh) = ("grant_type must be `password`.", "grant_type 必须为 `password`。");
            return Err(ApiError::invalid("/grant_type", en, zh, context.lang).into());
        }
        let proven = self.prove(context, &params.username, &params.password, params.workspace.as_deref()).await;
        // OAuth2 clients look for this word (RFC 6749, 5.2).
        let (user, workspace, _) = proven.map_err(|error| {
            if error.0.code == ErrorCode::InvalidCredentials {
                error.0.member("error", "invalid_grant").into()
            } else {
                error
            }
        })?;
        let access_token = self.keys.issue(user.id, workspace.id, user.auth_epoch).map_err(|error| {
            tracing::error!(%error, "cannot sign a token");
            ApiError::new(ErrorCode::Internal)
        })?;
        let entry = Entry {
            workspace: Some(workspace.id),
            actor: user.id.to_string(),
            action: "token.issue",
            target: user.id.to_string(),
            details: json!({}),
        };
        self.store.audit_append(audit::row(context, entry)).await?;
        Ok(AccessToken { access_token, token_type: "Bearer".to_owned(), expires_in: limits::TOKEN_SECONDS })
    }

    /// Checks a password, throttled; unknown names, disabled accounts and wrong workspaces look like a wrong password.
    async fn prove(
        &self,
        context: &RequestContext,
        name: &str,
        password: &str,
        workspace: Option<&str>,
    ) -> Result<(UserRow, WorkspaceRow, Role)> {
        let key = login_key(name);
        if key.is_empty() || key.len() > limits::NAME_BYTES || password.len() > limits::PASSWORD_CHARS_MAX * 4 {
            return Err(ErrorCode::InvalidCredentials.into());
        }
        let user = self.store.user_by_login(&key).await?;
        let account = user.as_ref().map_or_else(|| key.clone(), |user| user.id.to_string());
        let stored = user.as_ref().map_or_else(Failures::default, |user| Failures {
            count: user.failures,
            until: user.locked_until.unwrap_or(0),
        });
        let now = source::now_ms();
        let failures = self.throttle.admit(&account, stored, context.address, now).map_err(|seconds| {
            ApiError::new(ErrorCode::TooManyRequests)
                .detail(
                    format!("Too many tries. Wait {seconds} seconds."),
                    format!("尝试过于频繁，请等待 {seconds} 秒。"),
                )
                .retry_after(seconds)
        })?;
        let hash = user.as_ref().and_then(|user| user.password_hash.as_deref());
        let right = self.passwords.verify(password, hash).await?;
        let chosen = match user {
            Some(user) if right && !user.disabled => {
                self.choose_workspace(&user, workspace).await?.map(|(workspace, role)| (user, workspace, role))
            }
            Some(user) => {
                let until = now + throttle::wait_ms(failures.count);
                self.store.user_failures_put(user.id, failures.count, Some(until)).await?;
                let entry = Entry {
                    workspace: None,
                    actor: user.id.to_string(),
                    action: "sign_in.fail",
                    target: user.id.to_string(),
                    details: json!({"failures": failures.count}),
                };
                self.store.audit_append(audit::row(context, entry)).await?;
                None
            }
            None => None,
        };
        let Some((user, workspace, role)) = chosen else {
            tracing::info!(failures = failures.count, address = ?context.address, "sign-in refused");
            return Err(ErrorCode::InvalidCredentials.into());
        };
        self.throttle.succeed(&account, context.address);
        if user.failures > 0 {
            self.store.user_failures_put(user.id, 0, None).await?;
        }
        Ok((user, workspace, role))
    }
}
