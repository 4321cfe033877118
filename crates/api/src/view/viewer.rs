//! Who is signed in, and what signing in gives.

use crate::lang::Lang;
use crate::permission::Permission;
use crate::role::Role;
use crate::time::Timestamp;
use heddle_model::ids::{UserId, WorkspaceId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Whether the server waits for its first administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct SetupState {
    /// Until an administrator exists.
    pub needed: bool,
}

/// A workspace, to those who belong to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct WorkspaceView {
    /// Its id.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub id: WorkspaceId,
    /// Its name.
    pub name: String,
}

/// The person or program that is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Me {
    /// Their id.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub id: UserId,
    /// What they sign in with.
    pub username: String,
    /// What others see.
    pub display_name: String,
    /// Where to reach them.
    pub email: Option<String>,
    /// Their language, where they chose one.
    pub lang: Option<Lang>,
    /// The workspace they are in.
    pub workspace: WorkspaceView,
    /// Their role there.
    pub role: Role,
    /// What they may do there.
    pub permissions: Vec<Permission>,
}

impl Me {
    /// Whether they may.
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }
}

/// What a page knows about who looks at it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Viewer {
    /// Who, where signed in.
    pub me: Option<Me>,
    /// The language of the page.
    pub lang: Lang,
    /// Whether the first administrator is still missing.
    pub setup_needed: bool,
}

/// A new session. The secret goes into the cookie and nowhere else.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The cookie's value.
    pub secret: String,
    /// When the session ends at the latest.
    pub expires_at: Timestamp,
    /// Who signed in.
    pub me: Me,
}

impl fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedIn").field("expires_at", &self.expires_at).field("me", &self.me).finish_non_exhaustive()
    }
}

/// The answer of the password grant.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AccessToken {
    /// The bearer token, a JWT.
    pub access_token: String,
    /// `Bearer`.
    pub token_type: String,
    /// Seconds it holds.
    pub expires_in: u64,
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}
