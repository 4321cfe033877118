//! Who asks, as tasks for people know them.

use crate::auth::login_key;
use crate::authz::{Allowed, authorize};
use crate::error::Result;
use crate::service::Service;
use heddle_api::{ApiError, Permission, Principal, RequestContext, Role};
use heddle_engine::kernel::Person;
use heddle_model::ids::WorkspaceId;

/// Those who work on tasks, and those who look.
pub(super) fn may_see(context: &RequestContext) -> Result<Allowed<'_>, ApiError> {
    authorize(context, Permission::TaskWork).or_else(|_| authorize(context, Permission::InstanceView))
}

/// Whether they see tasks that are no business of theirs.
pub(super) const fn sees_all(principal: &Principal) -> bool {
    principal.permissions.has(Permission::InstanceView) || principal.permissions.has(Permission::TaskAssign)
}

/// There are no groups of people yet: nobody is in one.
fn person(name: &str, role: Role) -> Person {
    Person {
        name: name.into(),
        key: login_key(name).into(),
        roles: vec![role.as_str().into()],
        groups: Vec::new(),
        steers: role.permissions().has(Permission::TaskAssign),
    }
}

/// Who asks.
pub(super) fn caller(principal: &Principal) -> Person {
    Person { steers: principal.permissions.has(Permission::TaskAssign), ..person(&principal.username, principal.role) }
}

impl Service {
    /// Somebody of the workspace who works on tasks; 422 for anybody else.
    pub(super) async fn colleague(
        &self,
        workspace: WorkspaceId,
        name: &str,
        context: &RequestContext,
    ) -> Result<Person> {
        let nobody = || {
            let (en, zh) = (
                format!("Nobody of this workspace who works on tasks signs in as `{name}`."),
                format!("本工作区没有登录名为 `{name}`、且可处理任务的成员。"),
            );
            ApiError::invalid("/to", en, zh, context.lang)
        };
        let user = self.store.user_by_login(&login_key(name)).await?.ok_or_else(nobody)?;
        let member = self.store.token_user(user.id, workspace).await?.filter(|member| !member.disabled);
        let role = member.and_then(|member| member.role?.parse::<Role>().ok());
        let role = role.filter(|role| role.permissions().has(Permission::TaskWork)).ok_or_else(nobody)?;
        Ok(person(&user.username, role))
    }
}
