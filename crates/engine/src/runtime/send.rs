//! Messages by name and signals, as doors bring them.

use super::engine::Engine;
use super::error::EngineError;
use crate::kernel::{Json, Letter};
use crate::storage::{MessageRow, Published, SignalRow};
use heddle_model::ids::{InstanceId, MessageId, WorkspaceId};
use heddle_model::limits;
use heddle_model::value::Value;
use std::sync::Arc;

/// A message by name.
#[derive(Debug, Clone)]
pub struct SendMessage {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Its name.
    pub name: Arc<str>,
    /// Its correlation key.
    pub key: Option<Arc<str>>,
    /// What it carries.
    pub payload: Value,
    /// How long it is kept where nobody waits, in milliseconds; 0: not at all.
    pub ttl_ms: u64,
}

/// What became of a message by name. It is durable by then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// Its id.
    pub message: MessageId,
    /// Who gets it; `None`: it lies in its mailbox.
    pub receiver: Option<InstanceId>,
}

impl Engine {
    /// Sends a message to the first that waits for its name and key, or keeps it. `None`: nobody waits and it may not wait.
    pub async fn send_message(&self, wish: SendMessage) -> Result<Option<Sent>, EngineError> {
        let shared = &self.shared;
        let now = shared.clock.now();
        let expires = now + wish.ttl_ms.min(limits::DURATION_MS) as i64;
        let letter =
            Letter { name: wish.name, key: wish.key, payload: Json::from(wish.payload), expires: Some(expires) };
        let id = shared.ids.message(&shared.clock);
        let message = MessageRow { id, workspace: wish.workspace, letter, sent_at: now };
        Ok(match shared.storage.publish(&message, wish.ttl_ms == 0).await? {
            Published::Sent(parcel) => {
                let receiver = Some(parcel.instance);
                shared.hand_over([*parcel]);
                Some(Sent { message: id, receiver })
            }
            Published::Kept => Some(Sent { message: id, receiver: None }),
            Published::Refused => None,
        })
    }

    /// Sends a signal to all who wait for it now; how many instances that are.
    pub async fn send_signal(
        &self,
        workspace: WorkspaceId,
        name: Arc<str>,
        payload: Value,
    ) -> Result<u64, EngineError> {
        let signal = SignalRow { name, payload: Json::from(payload) };
        let heard = self.shared.storage.broadcast(workspace, &signal).await?;
        if heard > 0 {
            self.shared.look();
            self.shared.doorbell.ring();
        }
        Ok(heard)
    }
}
