//! The one place where permission is decided.

use heddle_api::{ApiError, ErrorCode, Permission, Principal, RequestContext};
use heddle_model::ids::WorkspaceId;

/// Proof that somebody may do something: only [`authorize`] makes one, and whatever touches a workspace asks for one.
#[derive(Debug, Clone, Copy)]
pub struct Allowed<'a> {
    principal: &'a Principal,
}

/// Asks whether who asks may: 401 for strangers, 403 without the permission.
pub fn authorize(context: &RequestContext, permission: Permission) -> Result<Allowed<'_>, ApiError> {
    let principal = context.principal()?;
    if principal.permissions.has(permission) {
        Ok(Allowed { principal })
    } else {
        tracing::info!(user = %principal.user, workspace = %principal.workspace, %permission, "refused: permission missing");
        Err(forbidden(permission))
    }
}

fn forbidden(permission: Permission) -> ApiError {
    ApiError::new(ErrorCode::Forbidden)
        .detail(format!("This needs the permission `{permission}`."), format!("此操作需要权限 `{permission}`。"))
        .member("permission", permission.as_str())
}

impl<'a> Allowed<'a> {
    /// The only workspace that may be touched.
    pub const fn workspace(self) -> WorkspaceId {
        self.principal.workspace
    }

    /// Who asks.
    pub const fn principal(self) -> &'a Principal {
        self.principal
    }

    /// Who asks, in print, for journals and audit rows.
    pub fn actor(self) -> String {
        self.principal.user.to_string()
    }

    /// Whether they may do this as well.
    pub const fn also(self, permission: Permission) -> bool {
        self.principal.permissions.has(permission)
    }

    /// Asks for a further permission.
    pub fn and(self, permission: Permission) -> Result<Self, ApiError> {
        if self.also(permission) { Ok(self) } else { Err(forbidden(permission)) }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use heddle_api::{Lang, Role};
    use heddle_model::ids::{RequestId, UserId};

    fn context(role: Option<Role>) -> RequestContext {
        let principal = role.map(|role| Principal {
            user: UserId::from_u128(1),
            username: "林".into(),
            workspace: WorkspaceId::from_u128(2),
            role,
            permissions: role.permissions(),
            session: None,
        });
        RequestContext { principal, ..RequestContext::anonymous(RequestId::from_u128(3), Lang::En) }
    }

    #[test]
    fn every_role_may_exactly_what_its_table_says() {
        for role in Role::ALL {
            let context = context(Some(role));
            for &permission in Permission::ALL {
                let answer = authorize(&context, permission);
                assert_eq!(answer.is_ok(), role.permissions().has(permission), "{role} {permission}");
                if let Err(error) = answer {
                    assert_eq!(error.code, ErrorCode::Forbidden);
                }
            }
        }
    }

    #[test]
    fn strangers_are_asked_to_sign_in_first() {
        for &permission in Permission::ALL {
            assert_eq!(authorize(&context(None), permission).unwrap_err().code, ErrorCode::Unauthenticated);
        }
    }
}
