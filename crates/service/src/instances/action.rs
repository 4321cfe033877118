//! Actions in the words of the API, as commands of the engine: what each needs, and what it is told.

use crate::authz::{Allowed, authorize};
use crate::error::Result;
use crate::service::Service;
use heddle_api::params::{ActionName, ActionParams, ModifyChange, TimerPolicy};
use heddle_api::{ApiError, Lang, Permission, RequestContext};
use heddle_engine::kernel::{Change, Command, Migrate, Rerun, Rollback};
use heddle_model::ids::{InstanceId, VersionId, WorkspaceId};
use heddle_model::limits;
use std::collections::BTreeMap;

/// A version that an action leads to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target {
    version: VersionId,
    number: u32,
}

impl Target {
    /// Stands for a version that is looked up later, for each instance its own.
    pub(crate) const fn later(number: u32) -> Self {
        Self { version: VersionId::from_u128(0), number }
    }
}

impl Service {
    /// The version of an instance's workflow with this number; 404 where there is none.
    pub(crate) async fn target_version(
        &self,
        workspace: WorkspaceId,
        instance: InstanceId,
        number: Option<u32>,
    ) -> Result<Option<Target>> {
        let Some(number) = number else { return Ok(None) };
        let loaded =
            self.engine.load(workspace, instance).await?.ok_or_else(|| ApiError::not_found("instance", instance))?;
        let missing = || ApiError::not_found("version", number);
        let latest = self.latest.by_id(workspace, loaded.state.workflow).await?.ok_or_else(missing)?;
        let found = self.latest.at(workspace, latest, number).await?.ok_or_else(missing)?;
        Ok(Some(Target { version: found.version, number }))
    }
}

/// Asks whether who asks may do this.
pub(crate) fn may<'a>(
    context: &'a RequestContext,
    action: ActionName,
    params: &ActionParams,
) -> Result<Allowed<'a>, ApiError> {
    let mut allowed = authorize(context, permission(action))?;
    if params.variables.is_some() {
        allowed = allowed.and(Permission::VariableEdit)?;
    }
    if params.from.is_some() || params.version.is_some() {
        // A retry that goes back, or to another version.
        allowed = allowed.and(Permission::InstanceModify)?;
    }
    Ok(allowed)
}

/// What it needs.
pub(crate) const fn permission(action: ActionName) -> Permission {
    match action {
        ActionName::Terminate => Permission::InstanceTerminate,
        ActionName::Compensate | ActionName::Modify | ActionName::Rollback | ActionName::Migrate => {
            Permission::InstanceModify
        }
        ActionName::Pause | ActionName::Resume | ActionName::Retry | ActionName::Skip | ActionName::Complete => {
            Permission::InstanceOperate
        }
    }
}

/// The command; 422 where the action lacks what it needs.
pub(crate) fn command(action: ActionName, params: ActionParams, target: Option<Target>, lang: Lang) -> Result<Command> {
    let node = params.node.clone().filter(|node| !node.is_empty());
    let needed = |node: Option<String>| {
        let (en, zh) = ("This action needs a node.", "此操作需要指定 node。");
        node.ok_or_else(|| ApiError::invalid("/node", en, zh, lang))
    };
    let output = params.output.clone().unwrap_or_default();
    let freeze = params.timers == Some(TimerPolicy::Freeze);
    Ok(match (action, node) {
        (ActionName::Pause, Some(node)) => Command::PauseNode { node, freeze },
        (ActionName::Pause, None) => Command::Pause { freeze },
        (ActionName::Resume, Some(node)) => Command::ResumeNode { node },
        (ActionName::Resume, None) => Command::Resume,
        (ActionName::Terminate, _) if params.compensate == Some(true) => Command::Compensate { terminate: true },
        (ActionName::Terminate, _) => Command::Terminate { reason: params.reason.unwrap_or_default() },
        (ActionName::Retry, node) => retry(node, params, target),
        (ActionName::Skip, node) => Command::Skip { node: needed(node)?, output },
        (ActionName::Complete, node) => Command::Complete { node: needed(node)?, output },
        (ActionName::Compensate, _) => Command::Compensate { terminate: false },
        (ActionName::Modify, _) => {
            Command::Modify { changes: changes(params.changes, lang)?, variables: params.variables.unwrap_or_default() }
        }
        (ActionName::Rollback, _) => {
            let (en, zh) = ("This action needs to_seq, the number of an event.", "此操作需要指定 to_seq（事件序号）。");
            let to_seq = params.to_seq.ok_or_else(|| ApiError::invalid("/to_seq", en, zh, lang))?;
            let keep = params.keep.unwrap_or_default();
            Command::Rollback(Box::new(Rollback { to_seq, keep, past: None }))
        }
        (ActionName::Migrate, _) => {
            let (en, zh) = ("This action needs the number of a version.", "此操作需要指定 version（版本号）。");
            let target = target.ok_or_else(|| ApiError::invalid("/version", en, zh, lang))?;
            Command::Migrate(Box::new(migrate(target, params.mapping)))
        }
    })
}

/// What has failed runs again; or everything from a node on, or on another version.
fn retry(node: Option<String>, params: ActionParams, target: Option<Target>) -> Command {
    let variables = params.variables.unwrap_or_default();
    let from = params.from.filter(|from| !from.is_empty());
    if from.is_none() && target.is_none() {
        return Command::Retry { node, variables };
    }
    Command::Rerun(Box::new(Rerun {
        from,
        migrate: target.map(|target| migrate(target, params.mapping)),
        keep: params.keep.unwrap_or_default(),
        variables,
        past: None,
    }))
}

fn migrate(target: Target, mapping: Option<BTreeMap<String, String>>) -> Migrate {
    Migrate {
        version: target.version,
        version_number: target.number,
        mapping: mapping.unwrap_or_default(),
        definition: None,
        target: None,
    }
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
