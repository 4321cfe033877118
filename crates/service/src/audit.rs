//! Rows of the audit log: who did what to what, from where.

use crate::source;
use heddle_api::RequestContext;
use heddle_model::ids::{AuditId, WorkspaceId};
use heddle_store::query::AuditRow;
use serde_json::Value;

/// What is to be told.
pub(crate) struct Entry {
    /// Where; none for what concerns no single workspace.
    pub(crate) workspace: Option<WorkspaceId>,
    /// Who, in print.
    pub(crate) actor: String,
    /// What, as `thing.verb`.
    pub(crate) action: &'static str,
    /// To what, in print.
    pub(crate) target: String,
    /// More; never a secret.
    pub(crate) details: Value,
}

/// The row, with the request it came in.
pub(crate) fn row(context: &RequestContext, entry: Entry) -> AuditRow {
    AuditRow {
        id: AuditId::from_u128(source::new_id()),
        workspace: entry.workspace,
        at: source::now_ms(),
        actor: entry.actor,
        action: entry.action.to_owned(),
        target: entry.target,
        details: entry.details.to_string(),
        address: context.address.map(|address| address.to_string()),
        request: context.request_id.to_string(),
    }
}
