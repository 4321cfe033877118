//! What the service reads and writes: one method per question, the workspace in each of them.
//!
//! Every method is one unit that runs to its end even if the caller hangs up. A change takes the row of the audit log that tells of it, and
//! both are written in one transaction.

mod audit;
mod batch;
mod causes;
mod counts;
mod human_tasks;
mod idempotency;
mod incidents;
mod instances;
mod logs;
mod node_instances;
mod pauses;
mod retention;
mod sessions;
mod settings;
mod sql;
mod users;
mod versions;
mod workflows;
mod workspaces;

pub use audit::{AuditProblem, AuditRow};
pub use batch::{BatchItemRow, BatchRow, BatchTurn, ItemEnd, ItemResult, TurnItem};
pub use causes::{CAUSES, CausePage, CausePlace};
pub use counts::{CountRow, NodeCountRow};
pub use human_tasks::{HumanTaskDetail, HumanTaskFilter, HumanTaskRow, HumanTaskSource};
pub use idempotency::Claim;
pub use incidents::{INCIDENT_KINDS, IncidentFilter, IncidentGroupRow, IncidentListRow};
pub use instances::{InstanceFilter, InstanceRow};
pub use logs::{LogFilter, LogLine};
pub use retention::{ClearedRows, EndedPlace, HISTORY, PrunedPage};
pub use sessions::{SessionRow, SessionUser, TokenUser};
pub use users::UserRow;
pub use versions::{EdgeDef, NewVersion, NodeDef, VersionRow};
pub use workflows::{WorkflowFilter, WorkflowRow, WorkflowSort};
pub use workspaces::WorkspaceRow;
