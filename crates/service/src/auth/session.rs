//! Browser sessions: a random secret in the cookie, its hash in the database, an idle and an absolute end.

use crate::audit::{self, Entry};
use crate::error::Result;
use crate::service::Service;
use crate::source;
use heddle_api::view::{Me, SignedIn, WorkspaceView};
use heddle_api::{ApiError, ErrorCode, Lang, RequestContext, Role, Timestamp};
use heddle_model::ids::{SessionId, WorkspaceId};
use heddle_model::limits;
use heddle_store::query::{SessionRow, UserRow, WorkspaceRow};
use serde_json::json;

impl Service {
    /// Opens a session for a user who has proven who they are.
    pub(super) async fn open_session(
        &self,
        context: &RequestContext,
        user: &UserRow,
        workspace: &WorkspaceRow,
        role: Role,
    ) -> Result<SignedIn> {
        let now = source::now_ms();
        let secret = source::new_secret();
        let session = SessionRow {
            id: SessionId::from_u128(source::new_id()),
            token_hash: source::hash_secret(&secret),
            user: user.id,
            workspace: workspace.id,
            created_at: now,
            last_seen_at: now,
            expires_at: now + limits::SESSION_MS,
            address: context.address.map(|address| address.to_string()),
            user_agent: None,
        };
        let expires_at = Timestamp::from_ms(session.expires_at);
        let entry = Entry {
            workspace: Some(workspace.id),
            actor: user.id.to_string(),
            action: "session.open",
            target: session.id.to_string(),
            details: json!({}),
        };
        self.store.session_insert(session).await?;
        self.store.audit_append(audit::row(context, entry)).await?;
        Ok(SignedIn { secret, expires_at, me: me(user, workspace, role) })
    }

    /// Ends the session of this request.
    pub(crate) async fn sign_out(&self, context: &RequestContext) -> Result<()> {
        let Some(principal) = &context.principal else { return Ok(()) };
        let Some(session) = principal.session else { return Ok(()) };
        self.store.session_delete(session).await?;
        self.principals.forget_session(session);
        let entry = Entry {
            workspace: Some(principal.workspace),
            actor: principal.user.to_string(),
            action: "session.close",
            target: session.to_string(),
            details: json!({}),
        };
        self.store.audit_append(audit::row(context, entry)).await?;
        Ok(())
    }

    /// Who is signed in.
    pub(crate) async fn me(&self, context: &RequestContext) -> Result<Me> {
        let principal = context.principal()?;
        let gone = || ApiError::new(ErrorCode::Unauthenticated);
        let key = (principal.user, principal.workspace);
        if let Some(known) = self.known_me.get(&key) {
            return Ok(known);
        }
        let user = self.store.user(principal.user).await?.ok_or_else(gone)?;
        let workspace = self.store.workspace(principal.workspace).await?.ok_or_else(gone)?;
        let me = me(&user, &workspace, principal.role);
        self.known_me.put(key, me.clone());
        Ok(me)
    }

    /// The workspace that somebody chose at sign-in, or their default one, and their role there.
    pub(super) async fn choose_workspace(
        &self,
        user: &UserRow,
        wanted: Option<&str>,
    ) -> Result<Option<(WorkspaceRow, Role)>> {
        let memberships = self.store.memberships(user.id).await?;
        let wanted = wanted.map(str::trim).filter(|wanted| !wanted.is_empty());
        let chosen = match wanted {
            Some(wanted) => {
                let id = wanted.parse::<WorkspaceId>().ok();
                memberships.into_iter().find(|(workspace, _)| workspace.name == wanted || Some(workspace.id) == id)
            }
            None => {
                let default =
                    memberships.iter().position(|(workspace, _)| workspace.id == user.default_workspace).unwrap_or(0);
                memberships.into_iter().nth(default)
            }
        };
        Ok(chosen.and_then(|(workspace, role)| Some((workspace, role.parse().ok()?))))
    }
}

fn me(user: &UserRow, workspace: &WorkspaceRow, role: Role) -> Me {
    Me {
        id: user.id,
        username: user.username.clone(),
        display_name: user.display_name.clone(),
        email: user.email.clone(),
        lang: user.lang.as_deref().and_then(Lang::from_tag),
        workspace: WorkspaceView { id: workspace.id, name: workspace.name.clone() },
        role,
        permissions: role.permissions().iter().collect(),
    }
}
