//! What became of messages and signals.

use heddle_model::ids::{InstanceId, MessageId};
use serde::{Deserialize, Serialize};

/// A message that was taken on: durable, and delivered once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct MessageSent {
    /// Its id.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub id: MessageId,
    /// Who gets it; absent: it is kept for the first that asks.
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receiver: Option<InstanceId>,
}

/// A signal that was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct SignalSent {
    /// How many instances waited for it.
    pub receivers: u64,
}
