//! Messages by name, and signals.

use heddle_model::ids::InstanceId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Sends a message to the first that waits for its name and key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PublishMessage {
    /// Name of the message.
    pub name: String,
    /// Its correlation key.
    #[serde(default)]
    pub key: Option<String>,
    /// What it carries.
    #[serde(default)]
    pub payload: Value,
    /// How long it is kept where nobody waits: a duration (`"2h"`) or seconds; 24 hours where absent, 0: not at all.
    #[serde(default)]
    pub ttl: Option<Value>,
}

/// Sends a signal to all who wait for it now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SendSignal {
    /// Name of the signal.
    pub name: String,
    /// What it carries.
    #[serde(default)]
    pub payload: Value,
}

/// Lists the instances that an instance called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListChildren {
    /// Which instance.
    pub id: InstanceId,
    /// Rows of the page, 1–200; 50 where absent.
    #[serde(default)]
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}
