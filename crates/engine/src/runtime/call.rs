//! Calls of workflows: the called instance is made by the lane that owns its id, from the parcel that its caller sent.

use super::error::EngineError;
use super::lane::Lane;
use super::message::{Key, Message};
use super::pending::Decided;
use super::request::StartRequest;
use crate::kernel::{Caller, Failure};
use crate::storage::{Call, Content, Parcel, Resolved, Settlement};
use crate::tasks::{ErrorClass, TaskError};
use async_trait::async_trait;
use heddle_model::ids::{ParcelId, WorkspaceId};
use heddle_model::plan::Plan;
use heddle_model::value::Value;
use std::fmt::Debug;
use std::sync::Arc;

/// Proves inputs against the schema of the version that is called, as doors do for what they start.
#[async_trait]
pub trait InputCheck: Debug + Send + Sync + 'static {
    /// What is wrong with it; the outer error: it could not be looked up now.
    async fn check(
        &self,
        workspace: WorkspaceId,
        version: &Resolved,
        input: &Value,
    ) -> Result<Result<(), String>, EngineError>;
}

/// Takes any input.
#[derive(Debug, Clone, Copy, Default)]
pub struct AnyInput;

#[async_trait]
impl InputCheck for AnyInput {
    async fn check(&self, _: WorkspaceId, _: &Resolved, _: &Value) -> Result<Result<(), String>, EngineError> {
        Ok(Ok(()))
    }
}

/// A call whose version is known and whose input fits.
pub(super) struct Prepared {
    pub(super) key: Key,
    pub(super) parcel: ParcelId,
    pub(super) call: Call,
    /// The version and its plan; or why there is none to run.
    pub(super) version: Result<(Resolved, Arc<Plan>), TaskError>,
}

impl Lane {
    /// Looks up what is called, beside the round: that takes reads.
    pub(super) fn called(&self, (key, parcel): (Key, ParcelId), call: Call) {
        let shared = self.shared.clone();
        let sender = self.sender.clone();
        self.shared.machine.spawn(Box::pin(async move {
            let answer = match shared.find(key.workspace, &call).await {
                Ok(version) => Message::Called(Box::new(Prepared { key, parcel, call, version })),
                Err(why) => {
                    tracing::warn!(%why, workflow = %call.workflow, "a call is looked at again");
                    Message::Reopen(parcel)
                }
            };
            drop(sender.send(answer));
        }));
    }

    /// Makes the called instance, or tells its caller why it cannot be.
    pub(super) fn start_called(&mut self, decided: &mut Decided, now: i64, prepared: Prepared) {
        let Prepared { key, parcel, call, version } = prepared;
        let caller = Caller { instance: call.caller, number: call.number, wait: call.wait, depth: call.depth };
        let made = version.and_then(|(version, plan)| {
            let request = StartRequest {
                workspace: key.workspace,
                workflow: version.workflow,
                version: version.version,
                version_number: version.version_number,
                instance: key.instance,
                input: (*call.input.0).clone(),
                business_key: None,
                unique_business_key: false,
                priority: Some(call.priority),
                start_at: None,
                actor: call.started_by.clone(),
                idempotency: None,
                test: call.test,
                wait: None,
            };
            self.make(decided, now, (request, plan), Some(caller))
                .map_err(|why| TaskError::new(ErrorClass::Business, "BAD_CALL", why.to_string()).permanent())
        });
        match made {
            Ok(pending) => pending.taken.push(parcel),
            Err(why) => self.cannot_be_made((key, parcel), caller, why),
        }
    }

    /// A called instance cannot be made: its parcel is taken, and its caller told.
    pub(super) fn cannot_be_made(&mut self, (key, parcel): (Key, ParcelId), caller: Caller, why: TaskError) {
        let sent = caller.wait.then(|| Parcel {
            id: self.shared.ids.parcel(&self.shared.clock),
            workspace: key.workspace,
            instance: caller.instance,
            sent_at: self.shared.clock.now(),
            content: Content::ChildEnded { number: caller.number, result: Err(Failure::from(why)) },
        });
        let taken = (key.instance.shard(), parcel);
        self.settlements.push(Settlement { taken, reply: None, sent, returned: None });
    }
}

impl super::lane::Shared {
    /// The version that a call means. The outer error passes: it is asked again.
    async fn find(
        &self,
        workspace: WorkspaceId,
        call: &Call,
    ) -> Result<Result<(Resolved, Arc<Plan>), TaskError>, EngineError> {
        let refused = |code: &str, why: String| Ok(Err(TaskError::new(ErrorClass::Business, code, why).permanent()));
        let Some(version) = self.storage.resolve(workspace, &call.workflow, &call.version.0).await? else {
            return refused(
                "NO_SUCH_WORKFLOW",
                format!("there is no version {} of the workflow `{}`", call.version.0, call.workflow),
            );
        };
        if let Err(why) = self.inputs.check(workspace, &version, &call.input.0).await? {
            return refused("INVALID_INPUT", format!("the input does not fit `{}`: {why}", call.workflow));
        }
        let plan = self.plans.get(workspace, version.version).await?;
        Ok(Ok((version, plan)))
    }
}
