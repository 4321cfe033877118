//! One node: what every type has, and the join and split rules (docs/semantics, A.3 and A.4).

use super::{Body, Compensate, Concurrency, OnError, Retry};
use crate::value::{Map, Value};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// A node as its author wrote it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Node {
    /// Unique over the whole definition, in any script; never changed by renaming.
    pub id: String,
    /// What people see; the id where absent.
    pub name: Option<String>,
    /// What it does.
    #[serde(rename = "type")]
    pub node_type: NodeType,
    /// The job or task type of a `task`.
    pub action: Option<String>,
    /// Settings of the type; strings may hold `${…}`.
    pub config: Map<String, Value>,
    /// Variable → value with expressions over the node's `output`.
    pub output: IndexMap<String, Value>,
    /// What it is for.
    pub description: Option<String>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// When it may fire; `None`: inclusive.
    pub join: Option<Join>,
    /// Which edges it takes; `None`: what its type says.
    pub split: Option<Split>,
    /// Fires only while this is true.
    pub guard: Option<String>,
    /// Never at the same time as others of that name.
    pub mutex: Option<Mutex>,
    /// What its completion withdraws (kept as written).
    pub cancel: Option<Value>,
    /// Repeats the node.
    #[serde(rename = "loop")]
    pub loop_: Option<Loop>,
    /// When it is tried again; `None`: one attempt.
    pub retry: Option<Retry>,
    /// Longest attempt, in milliseconds.
    pub timeout: Option<u64>,
    /// What its failure does.
    pub on_error: OnError,
    /// How it is undone.
    pub compensate: Option<Compensate>,
    /// At most so many at a time.
    pub concurrency: Option<Concurrency>,
    /// 0–9, 9 goes first; the instance's where absent.
    pub priority: Option<u8>,
    /// Its start is made durable before it runs, and it is never tried twice.
    pub at_most_once: bool,
    /// Tokens pass through; output null.
    pub disabled: bool,
    /// Pinned data for test runs.
    pub sample: Option<Value>,
    /// The graph inside a container.
    pub body: Option<Body>,
    /// Makes a group an event sub-scope (kept as written).
    pub trigger: Option<Value>,
    /// Where and how a boundary event is attached.
    pub boundary: Option<Boundary>,
}

/// What a node does. Task types are open: every name that is not one of the language's own.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum NodeType {
    /// Where instances begin.
    Start,
    /// Where a branch, a scope or the instance ends.
    End,
    /// `task`: nothing, or what `action` names.
    #[default]
    Task,
    /// One way out, by data.
    Decision,
    /// Any join with any split.
    Gateway,
    /// The first event wins.
    EventGateway,
    /// An embedded scope.
    Group,
    /// A scope per item.
    Foreach,
    /// Another workflow.
    Call,
    /// A person.
    Human,
    /// Waits for a time.
    Timer,
    /// Waits for a message.
    Message,
    /// Waits for a signal.
    Signal,
    /// Waits until data makes it true.
    Condition,
    /// Sends a message, a signal or an escalation.
    Send,
    /// An event attached to another node.
    Boundary,
    /// A registered task type by its name.
    Custom(String),
}

impl NodeType {
    /// The language's own types, in the order of the docs.
    pub const OWN: [NodeType; 16] = [
        NodeType::Start,
        NodeType::End,
        NodeType::Task,
        NodeType::Decision,
        NodeType::Gateway,
        NodeType::EventGateway,
        NodeType::Group,
        NodeType::Foreach,
        NodeType::Call,
        NodeType::Human,
        NodeType::Timer,
        NodeType::Message,
        NodeType::Signal,
        NodeType::Condition,
        NodeType::Send,
        NodeType::Boundary,
    ];

    /// The word in the text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Start => "start",
            Self::End => "end",
            Self::Task => "task",
            Self::Decision => "decision",
            Self::Gateway => "gateway",
            Self::EventGateway => "event_gateway",
            Self::Group => "group",
            Self::Foreach => "foreach",
            Self::Call => "call",
            Self::Human => "human",
            Self::Timer => "timer",
            Self::Message => "message",
            Self::Signal => "signal",
            Self::Condition => "condition",
            Self::Send => "send",
            Self::Boundary => "boundary",
            Self::Custom(name) => name,
        }
    }
}

impl From<String> for NodeType {
    fn from(word: String) -> Self {
        Self::OWN.into_iter().find(|own| own.as_str() == word).unwrap_or(Self::Custom(word))
    }
}

impl From<NodeType> for String {
    fn from(node_type: NodeType) -> Self {
        node_type.as_str().to_owned()
    }
}

/// When a node with several incoming edges fires (A.3).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Join {
    /// When nothing that is still under way can bring another token.
    #[default]
    Inclusive,
    /// Once per token.
    Any,
    /// Once per full set.
    All,
    /// Once per round, at the n-th delivery.
    NOfM {
        /// A number, or an expression read when the round opens.
        n: Value,
        /// What becomes of the others.
        rest: Rest,
        /// What `cancel` withdraws, as written; `None`: all that can still reach the join.
        region: Option<Value>,
    },
    /// Once per so many tokens.
    Count(u32),
}

/// What becomes of the branches that come after an n-of-m join has fired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rest {
    /// They are swallowed.
    #[default]
    Absorb,
    /// They are cancelled.
    Cancel,
}

/// Which outgoing edges get a token (A.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// Every edge whose condition is true or absent.
    #[default]
    All,
    /// The first such edge.
    One,
    /// The one whose event happens first.
    Event,
    /// Each such edge, so many tokens.
    Count(u32),
}

/// Excludes by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mutex {
    /// The name.
    pub name: String,
    /// How far it reaches.
    #[serde(default)]
    pub level: MutexLevel,
    /// How many may hold it.
    #[serde(default = "one")]
    pub permits: u32,
}

const fn one() -> u32 {
    1
}

/// How far a mutex reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MutexLevel {
    /// One instance.
    #[default]
    Instance,
    /// All instances of the workflow.
    Workflow,
    /// The workspace.
    Workspace,
}

/// Repeats a node while its condition holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Loop {
    /// The condition, text with `${…}`.
    #[serde(rename = "while")]
    pub while_: String,
    /// Whether the condition is read after the first round instead of before it.
    #[serde(default)]
    pub test_after: bool,
    /// Leave normally after so many rounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
}

/// Where a boundary event is attached, and for what.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Boundary {
    /// Id of the host.
    pub attached_to: String,
    /// Whether it ends the host.
    pub interrupting: bool,
    /// The event (`error`, `timer`, `message`, …) and its details, as written.
    pub event: Map<String, Value>,
}
