//! From what a request carries to who asks. Answers are believed for a few seconds, so that a busy caller costs no query per request.

use super::keys::SigningKeys;
use super::token::Claims;
use crate::cache::Cache;
use crate::error::Result;
use crate::source;
use heddle_api::{ApiError, ErrorCode, Principal, Role};
use heddle_model::ids::{SessionId, UserId, WorkspaceId};
use heddle_model::limits;
use heddle_store::Store;
use heddle_store::query::{SessionUser, TokenUser};
use std::sync::Arc;
use std::time::Duration;

/// What a request carries to say who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credentials<'a> {
    /// Nothing.
    None,
    /// `Authorization: Bearer …`.
    Bearer(&'a str),
    /// The session cookie.
    Session(&'a str),
}

/// How often a session's last use is written at most, in milliseconds.
const TOUCH_MS: i64 = 60_000;

/// Finds out who asks.
pub(crate) struct Principals {
    store: Store,
    keys: Arc<SigningKeys>,
    /// Tokens whose signature was right, by their hash: verifying one costs more than the rest of a request.
    tokens: Cache<[u8; 32], Claims>,
    users: Cache<(UserId, WorkspaceId), Option<TokenUser>>,
    sessions: Cache<[u8; 32], Option<SessionUser>>,
}

impl Principals {
    pub(crate) fn new(store: Store, keys: Arc<SigningKeys>) -> Self {
        let believed = Duration::from_millis(limits::ACCOUNT_CACHE_MS);
        Self {
            store,
            keys,
            tokens: Cache::new(Duration::from_secs(limits::TOKEN_SECONDS), 10_000),
            users: Cache::new(believed, 10_000),
            sessions: Cache::new(believed, 10_000),
        }
    }

    /// Who asks; `None` for a stranger. Credentials that are wrong, or no longer hold, are 401.
    pub(crate) async fn find(&self, credentials: Credentials<'_>) -> Result<Option<Principal>> {
        match credentials {
            Credentials::None => Ok(None),
            Credentials::Bearer(token) => self.by_token(token).await.map(Some),
            Credentials::Session(secret) => self.by_session(secret).await.map(Some),
        }
    }

    async fn by_token(&self, token: &str) -> Result<Principal> {
        let claims = self.claims(token).ok_or_else(wrong_token)?;
        let key = (claims.sub, claims.workspace);
        let user = match self.users.get(&key) {
            Some(user) => user,
            None => {
                let user = self.store.token_user(key.0, key.1).await?;
                self.users.put(key, user.clone());
                user
            }
        };
        let user = user.filter(|user| !user.disabled && user.auth_epoch == claims.epoch).ok_or_else(wrong_token)?;
        principal(key.0, &user.username, key.1, user.role.as_deref(), None).ok_or_else(|| wrong_token().into())
    }

    /// What a token says, if it is ours and holds now.
    fn claims(&self, token: &str) -> Option<Claims> {
        let hash = source::hash_secret(token);
        if let Some(claims) = self.tokens.get(&hash) {
            return claims.holds_at(source::now_ms() / 1000).then_some(claims);
        }
        let claims = self.keys.verify(token)?;
        self.tokens.put(hash, claims.clone());
        Some(claims)
    }

    async fn by_session(&self, secret: &str) -> Result<Principal> {
        let hash = source::hash_secret(secret);
        let found = match self.sessions.get(&hash) {
            Some(found) => found,
            None => {
                let found = self.store.session_by_hash(&hash).await?;
                self.sessions.put(hash, found.clone());
                found
            }
        };
        let ended = || ApiError::new(ErrorCode::SessionExpired);
        let SessionUser { session, username, disabled, role } = found.ok_or_else(ended)?;
        let now = source::now_ms();
        if disabled || now >= session.expires_at || now >= session.last_seen_at + limits::SESSION_IDLE_MS {
            return Err(ended().into());
        }
        if now - session.last_seen_at >= TOUCH_MS {
            self.store.session_touch(session.id, now).await?;
            self.sessions.remove(&hash);
        }
        principal(session.user, &username, session.workspace, role.as_deref(), Some(session.id))
            .ok_or_else(|| ended().into())
    }

    /// Forgets what is believed of a session, at sign-out.
    pub(crate) fn forget_session(&self, session: SessionId) {
        self.sessions.remove_where(|_, found| found.as_ref().is_some_and(|found| found.session.id == session));
    }
}

fn principal(
    user: UserId,
    username: &str,
    workspace: WorkspaceId,
    role: Option<&str>,
    session: Option<SessionId>,
) -> Option<Principal> {
    let role: Role =
        role?.parse().inspect_err(|error| tracing::error!(%error, %user, "a stored role cannot be read")).ok()?;
    Some(Principal { user, username: username.into(), workspace, role, permissions: role.permissions(), session })
}

fn wrong_token() -> ApiError {
    ApiError::new(ErrorCode::Unauthenticated).detail(
        "The bearer token is wrong, has expired, or its account has changed. Get a new one from POST /api/v1/auth/token.",
        "令牌错误、已过期或账户已变更。请从 POST /api/v1/auth/token 重新获取。",
    )
}
