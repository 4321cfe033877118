//! Actions in the words of the API, as commands of the engine: what each needs, and what it is told.

use crate::authz::{Allowed, authorize};
use crate::error::Result;
use heddle_api::params::{ActionName, ActionParams, ModifyChange, TimerPolicy};
use heddle_api::{ApiError, Lang, Permission, RequestContext};
use heddle_engine::kernel::{Change, Command};
use heddle_model::limits;

/// Asks whether who asks may do this.
pub(crate) fn may<'a>(
    context: &'a RequestContext,
    action: ActionName,
    params: &ActionParams,
) -> Result<Allowed<'a>, ApiError> {
    let allowed = authorize(context, permission(action))?;
    if params.variables.is_some() { allowed.and(Permission::VariableEdit) } else { Ok(allowed) }
}

/// What it needs.
pub(crate) const fn permission(action: ActionName) -> Permission {
    match action {
        ActionName::Terminate => Permission::InstanceTerminate,
        ActionName::Compensate | ActionName::Modify => Permission::InstanceModify,
        ActionName::Pause | ActionName::Resume | ActionName::Retry | ActionName::Skip | ActionName::Complete => {
            Permission::InstanceOperate
        }
    }
}

/// The command; 422 where the action lacks what it needs.
pub(crate) fn command(action: ActionName, params: ActionParams, lang: Lang) -> Result<Command> {
    let node = |node: Option<String>| {
        let (en, zh) = ("This action needs a node.", "此操作需要指定 node。");
        node.filter(|node| !node.is_empty()).ok_or_else(|| ApiError::invalid("/node", en, zh, lang))
    };
    Ok(match action {
        ActionName::Pause => Command::Pause { freeze: params.timers == Some(TimerPolicy::Freeze) },
        ActionName::Resume => Command::Resume,
        ActionName::Terminate if params.compensate == Some(true) => Command::Compensate { terminate: true },
        ActionName::Terminate => Command::Terminate { reason: params.reason.unwrap_or_default() },
        ActionName::Retry => Command::Retry {
            node: params.node.filter(|node| !node.is_empty()),
            variables: params.variables.unwrap_or_default(),
        },
        ActionName::Skip => Command::Skip { node: node(params.node)?, output: params.output.unwrap_or_default() },
        ActionName::Complete => {
            Command::Complete { node: node(params.node)?, output: params.output.unwrap_or_default() }
        }
        ActionName::Compensate => Command::Compensate { terminate: false },
        ActionName::Modify => {
            Command::Modify { changes: changes(params.changes, lang)?, variables: params.variables.unwrap_or_default() }
        }
    })
}

fn changes(changes: Option<Vec<ModifyChange>>, lang: Lang) -> Result<Vec<Change>, ApiError> {
    let changes = changes.unwrap_or_default();
    if changes.is_empty() || changes.len() > limits::MODIFY_CHANGES {
        let (en, zh) = (
            format!("changes holds 1 to {} changes.", limits::MODIFY_CHANGES),
            format!("changes 应包含 1 至 {} 项更改。", limits::MODIFY_CHANGES),
        );
        return Err(ApiError::invalid("/changes", en, zh, lang));
    }
    let change = |change| match change {
        ModifyChange::Cancel(node) => Change::Cancel { node },
        ModifyChange::Start(node) => Change::Start { node },
        ModifyChange::Move(places) => Change::Move { from: places.from, to: places.to },
    };
    Ok(changes.into_iter().map(change).collect())
}
