//! The definition of a workflow, as people write it: the same types behind the canvas, YAML and JSON.
//!
//! It may be wrong: `validate` tells how, and only a proven one becomes a plan. Both the short and the full form of the language
//! (docs/language) parse to these types; `format` reads and writes them.

mod node;
mod policy;

pub use node::{Boundary, Join, Loop, Mutex, MutexLevel, Node, NodeType, Rest, Split};
pub use policy::{AtLimit, Compensate, Concurrency, Jitter, OnError, OnFailure, Retry, Settings};

use crate::value::{Map, Value};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// A workflow definition.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Definition {
    /// What it is called; unique in its workspace, in any script.
    pub name: String,
    /// The author's label (`1.0`, `"3"`, …), a number or a text, written back as it was read. The server numbers versions itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Value>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Words to find it by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// JSON Schema of the input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inputs: Option<Value>,
    /// Output name → value with expressions, evaluated when the instance completes.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub outputs: IndexMap<String, Value>,
    /// Variable name → its first value (may hold expressions over the input).
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub variables: IndexMap<String, Value>,
    /// How instances of it run.
    #[serde(default, skip_serializing_if = "Settings::is_default")]
    pub settings: Settings,
    /// Schedules, webhooks and messages that start it; resources of their own, kept with the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub triggers: Option<Value>,
    /// The nodes, in the author's order.
    #[serde(default)]
    pub nodes: Vec<Node>,
    /// The edges, in the author's order.
    #[serde(default)]
    pub edges: Vec<Edge>,
    /// Node id → position; kept apart from the logic.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub layout: IndexMap<String, Position>,
    /// Visual groups, notes and comments under their own names: they never change what a version does.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub beside: Map<String, Value>,
}

/// The graph inside a container node.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Body {
    /// The nodes, in the author's order.
    #[serde(default)]
    pub nodes: Vec<Node>,
    /// The edges, in the author's order.
    #[serde(default)]
    pub edges: Vec<Edge>,
}

/// A way from one node to another of the same scope.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Edge {
    /// Id of the node it leaves.
    pub from: String,
    /// Id of the node it enters.
    pub to: String,
    /// Its own id where the author gave one; else `stable_id` names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Taken only when this is true (text with `${…}`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// Taken when no other edge of its node is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub default: bool,
    /// What the canvas writes on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Order among its siblings; the order of writing where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i64>,
    /// The event that takes this edge: shorthand for a boundary event on `from`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<EdgeEvent>,
    /// Error codes that `on: error` catches; empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<String>,
    /// Name of the message or signal of `on`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_name: Option<String>,
    /// Whether the event of `on` ends the node (default) or leaves it running.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interrupting: Option<bool>,
}

/// Events that an edge may stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EdgeEvent {
    /// The node failed.
    Error,
    /// The node's time is up.
    Timeout,
    /// A message came.
    Message,
    /// A signal came.
    Signal,
}

/// A place on the canvas, in canvas units; the node's top left corner.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Position {
    /// To the right.
    pub x: f64,
    /// Downwards.
    pub y: f64,
}

impl Edge {
    /// The id that the author gave, or a stable one from (from, to, n-th of that pair).
    pub fn stable_id(&self, nth: usize) -> String {
        self.id.clone().unwrap_or_else(|| match nth {
            0 => format!("{}->{}", self.from, self.to),
            n => format!("{}->{}#{}", self.from, self.to, n + 1),
        })
    }
}
