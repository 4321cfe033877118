//! The one list of permissions. Roles are made of them; routes and use cases ask for them by name.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

macro_rules! permissions {
    ($($name:ident = $text:literal, $doc:literal;)*) => {
        /// What somebody may do in a workspace.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
        pub enum Permission {
            $(#[doc = $doc] #[serde(rename = $text)] $name,)*
        }

        impl Permission {
            /// Every permission, in the order of the docs.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Its name on the wire, `resource:verb`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

permissions! {
    WorkflowView = "workflow:view", "See workflows and their versions.";
    WorkflowCreate = "workflow:create", "Make workflows.";
    WorkflowEdit = "workflow:edit", "Change workflows.";
    WorkflowPublish = "workflow:publish", "Make versions that run.";
    WorkflowDelete = "workflow:delete", "Delete workflows.";
    WorkflowRun = "workflow:run", "Start instances.";
    InstanceView = "instance:view", "See instances, their events and logs.";
    InstanceOperate = "instance:operate", "Pause, resume, retry, skip and complete.";
    InstanceModify = "instance:modify", "Move tokens, roll back, migrate.";
    InstanceTerminate = "instance:terminate", "End instances for good.";
    VariableView = "variable:view", "See variables, inputs and outputs.";
    VariableEdit = "variable:edit", "Change variables.";
    TaskWork = "task:work", "Work on human tasks.";
    TaskAssign = "task:assign", "Give human tasks to people.";
    IncidentManage = "incident:manage", "Own, mute and resolve incidents.";
    MessageSend = "message:send", "Send messages and signals.";
    JobWork = "job:work", "Activate and complete jobs as a worker.";
    ScheduleManage = "schedule:manage", "Change schedules.";
    TriggerManage = "trigger:manage", "Change triggers.";
    SecretUse = "secret:use", "Name secrets in workflows.";
    SecretManage = "secret:manage", "Set and delete secrets.";
    SecretReveal = "secret:reveal", "See masked values.";
    DashboardView = "dashboard:view", "See figures.";
    AlertManage = "alert:manage", "Change alerts.";
    UserManage = "user:manage", "Add and change people.";
    RoleManage = "role:manage", "Change roles and grants.";
    ApiKeyManage = "apikey:manage", "Make and revoke API keys.";
    AuditView = "audit:view", "Read the audit log.";
    ClusterManage = "cluster:manage", "See and drain servers, read metrics from afar.";
    SettingsManage = "settings:manage", "Change settings.";
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Permission {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|permission| permission.as_str() == text).ok_or(())
    }
}

/// A set of permissions: one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PermissionSet(u64);

impl PermissionSet {
    /// No permission.
    pub const EMPTY: Self = Self(0);

    /// The set of these.
    pub const fn of(permissions: &[Permission]) -> Self {
        let (mut bits, mut at) = (0, 0);
        while at < permissions.len() {
            bits |= 1 << permissions[at] as u64;
            at += 1;
        }
        Self(bits)
    }

    /// Whether it holds this one.
    pub const fn has(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u64) != 0
    }

    /// All that either holds.
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those it holds, in the order of the docs.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |&permission| self.has(permission))
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        permissions.into_iter().fold(Self::EMPTY, |set, permission| set.or(Self::of(&[permission])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_sets_hold_what_was_put_in() {
        for &permission in Permission::ALL {
            assert_eq!(permission.as_str().parse(), Ok(permission));
            assert_eq!(serde_json::to_value(permission).ok(), Some(permission.as_str().into()));
            assert!(PermissionSet::of(&[permission]).has(permission));
            assert_eq!(PermissionSet::of(&[permission]).iter().count(), 1);
        }
        assert_eq!(PermissionSet::of(Permission::ALL).iter().count(), Permission::ALL.len());
    }
}
