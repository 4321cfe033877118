//! The seven built-in roles, as a table of permissions.

use crate::permission::{Permission, PermissionSet};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A built-in role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Everything.
    Owner,
    /// Everything but what makes owners.
    Admin,
    /// Builds and runs workflows.
    Developer,
    /// Keeps instances going.
    Operator,
    /// Works on human tasks; as a program, on jobs.
    TaskWorker,
    /// Looks.
    Viewer,
    /// Looks, and reads the audit log.
    Auditor,
}

use Permission as P;

const LOOK: PermissionSet = PermissionSet::of(&[P::WorkflowView, P::InstanceView, P::VariableView, P::DashboardView]);
const OPERATE: PermissionSet = LOOK.or(PermissionSet::of(&[
    P::WorkflowRun,
    P::InstanceOperate,
    P::InstanceModify,
    P::InstanceTerminate,
    P::VariableEdit,
    P::TaskWork,
    P::TaskAssign,
    P::IncidentManage,
    P::MessageSend,
    P::ScheduleManage,
    P::TriggerManage,
    P::AlertManage,
]));
const DEVELOP: PermissionSet = LOOK.or(PermissionSet::of(&[
    P::WorkflowCreate,
    P::WorkflowEdit,
    P::WorkflowPublish,
    P::WorkflowDelete,
    P::WorkflowRun,
    P::InstanceOperate,
    P::InstanceModify,
    P::InstanceTerminate,
    P::VariableEdit,
    P::TaskWork,
    P::TaskAssign,
    P::IncidentManage,
    P::MessageSend,
    P::JobWork,
    P::ScheduleManage,
    P::TriggerManage,
    P::SecretUse,
]));
const WORK: PermissionSet = PermissionSet::of(&[P::TaskWork, P::JobWork]);
const ALL: PermissionSet = PermissionSet::of(Permission::ALL);

impl Role {
    /// Every role, from the strongest to the weakest.
    pub const ALL: [Self; 7] =
        [Self::Owner, Self::Admin, Self::Developer, Self::Operator, Self::TaskWorker, Self::Viewer, Self::Auditor];

    /// Its name on the wire and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Developer => "developer",
            Self::Operator => "operator",
            Self::TaskWorker => "task-worker",
            Self::Viewer => "viewer",
            Self::Auditor => "auditor",
        }
    }

    /// What it may do.
    pub const fn permissions(self) -> PermissionSet {
        match self {
            // An owner differs from an admin in what may be done to owners, which is a rule of `user:manage`, not a permission.
            Self::Owner | Self::Admin => ALL,
            Self::Developer => DEVELOP,
            Self::Operator => OPERATE,
            Self::TaskWorker => WORK,
            Self::Viewer => LOOK,
            Self::Auditor => LOOK.or(PermissionSet::of(&[P::AuditView])),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| format!("`{text}` is not a role; roles are {}", Self::ALL.map(Self::as_str).join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
            assert_eq!(serde_json::to_value(role).ok(), Some(role.as_str().into()));
        }
        assert!("root".parse::<Role>().is_err());
    }

    #[test]
    fn only_those_who_should_may() {
        let may =
            |permission| Role::ALL.into_iter().filter(|role| role.permissions().has(permission)).collect::<Vec<_>>();
        assert_eq!(may(P::UserManage), [Role::Owner, Role::Admin]);
        assert_eq!(may(P::SecretReveal), [Role::Owner, Role::Admin]);
        assert_eq!(may(P::WorkflowCreate), [Role::Owner, Role::Admin, Role::Developer]);
        assert_eq!(may(P::InstanceTerminate), [Role::Owner, Role::Admin, Role::Developer, Role::Operator]);
        assert_eq!(may(P::JobWork), [Role::Owner, Role::Admin, Role::Developer, Role::TaskWorker]);
        assert_eq!(may(P::AuditView), [Role::Owner, Role::Admin, Role::Auditor]);
    }
}
