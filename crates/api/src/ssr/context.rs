//! Who asks, and how: the first parameter of every use case.

use crate::error::{ApiError, ErrorCode};
use crate::lang::Lang;
use crate::permission::PermissionSet;
use crate::role::Role;
use heddle_model::ids::{RequestId, SessionId, UserId, WorkspaceId};
use std::net::IpAddr;
use std::sync::Arc;

/// Somebody who has signed in, in one workspace. Only the authentication of `service` makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Who.
    pub user: UserId,
    /// What they sign in with.
    pub username: Arc<str>,
    /// The one workspace that this request can touch.
    pub workspace: WorkspaceId,
    /// Their role there.
    pub role: Role,
    /// What they may do there.
    pub permissions: PermissionSet,
    /// The browser session; none for bearer tokens.
    pub session: Option<SessionId>,
}

/// The context of one request.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// Who asks; `None`: a stranger.
    pub principal: Option<Principal>,
    /// Id of the request, for logs and problem documents.
    pub request_id: RequestId,
    /// The language of messages.
    pub lang: Lang,
    /// Address of the client, from the socket or a trusted proxy.
    pub address: Option<IpAddr>,
    /// Whether the client speaks TLS (to us or to a trusted proxy).
    pub secure: bool,
}

impl RequestContext {
    /// The context of a stranger.
    pub const fn anonymous(request_id: RequestId, lang: Lang) -> Self {
        Self { principal: None, request_id, lang, address: None, secure: false }
    }

    /// Who asks, or 401.
    pub fn principal(&self) -> Result<&Principal, ApiError> {
        self.principal.as_ref().ok_or_else(|| ErrorCode::Unauthenticated.into())
    }

    /// The workspace of who asks, or 401.
    pub fn workspace(&self) -> Result<WorkspaceId, ApiError> {
        Ok(self.principal()?.workspace)
    }
}
