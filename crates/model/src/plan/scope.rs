//! Scopes: the root, and the body of each container.

use super::{EdgeIx, NodeIx, Trigger};
use crate::definition::{AtLimit, MutexLevel, Rest};
use heddle_expr::{Condition, Template};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A scope's place in its plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct ScopeIx(pub u32);

impl ScopeIx {
    /// The scope of the whole instance.
    pub const ROOT: Self = Self(0);
}

/// A scope: nodes that edges may join.
#[derive(Debug)]
pub struct PlanScope {
    /// The container; `None` for the root.
    pub host: Option<NodeIx>,
    /// Its nodes, in the author's order.
    pub nodes: Vec<NodeIx>,
    /// Where it begins: its start, or every node that nothing leads to.
    pub starts: Vec<NodeIx>,
    /// Its event sub-scopes.
    pub handlers: Vec<Handler>,
    /// Whether counting dead edges decides every join of it exactly (docs/semantics, A.3, fast path).
    pub counted: bool,
    /// Whether there is one instance of it per item, with variables of its own.
    pub has_items: bool,
}

/// An event sub-scope.
#[derive(Debug)]
pub struct Handler {
    /// The group.
    pub node: NodeIx,
    /// What starts it.
    pub trigger: Trigger,
    /// Whether it cancels the rest of its parent.
    pub interrupting: bool,
}

/// A for-each.
#[derive(Debug)]
pub struct Foreach {
    /// The scope of an item.
    pub body: ScopeIx,
    /// The items.
    pub items: Option<Template>,
    /// Or how many there are.
    pub count: Option<Template>,
    /// The item's name inside.
    pub name: Arc<str>,
    /// One after the other.
    pub sequential: bool,
    /// At most so many at a time.
    pub max_parallel: Option<Template>,
    /// Ends it before all have ended; read after each end.
    pub complete_when: Option<Condition>,
    /// What becomes of the others then.
    pub rest: Rest,
    /// Items may be added while it runs.
    pub open: bool,
    /// Whether the flow waits for it.
    pub wait: bool,
    /// What an item gives; without it, null.
    pub collect: Option<Template>,
    /// A failed item does not fail the node.
    pub goes_on: bool,
    /// How many items may fail, a number or a share such as `5%`.
    pub max_failures: Option<Template>,
}

/// What a node withdraws when it completes.
#[derive(Debug, Default)]
pub struct Cancel {
    /// Executions of these nodes.
    pub nodes: Vec<NodeIx>,
    /// Tokens on these edges.
    pub edges: Vec<EdgeIx>,
    /// Everything else in its scope.
    pub scope: bool,
    /// The instance: it is TERMINATED.
    pub instance: bool,
}

/// An `n-of-m` join.
#[derive(Debug)]
pub struct Round {
    /// How many deliveries fire it, read when the round opens.
    pub n: Template,
    /// What becomes of the others.
    pub rest: Rest,
    /// Whether the author named what `cancel` withdraws; otherwise all that can still reach the join.
    pub has_region: bool,
    /// The region's nodes.
    pub nodes: Vec<NodeIx>,
    /// The region's edges.
    pub edges: Vec<EdgeIx>,
    /// Their ids, as written.
    pub(super) edge_names: Vec<String>,
}

/// Repeats a node.
#[derive(Debug)]
pub struct Repeat {
    /// As long as this is true.
    pub condition: Condition,
    /// Read after a round instead of before it.
    pub test_after: bool,
    /// At most so many rounds.
    pub max: Option<u32>,
}

/// Excludes by name.
#[derive(Debug)]
pub struct MutexPlan {
    /// How far it reaches.
    pub level: MutexLevel,
    /// The name.
    pub name: Arc<str>,
    /// How many may hold it.
    pub permits: u32,
}

/// Limits by a key: at most so many at a time for each of its values.
#[derive(Debug)]
pub struct Limit {
    /// Its value is the key.
    pub key: Template,
    /// How many at a time.
    pub limit: u32,
    /// What happens to one too many.
    pub at_limit: AtLimit,
}

/// How a node is undone.
#[derive(Debug)]
pub enum Undo {
    /// By this node.
    Node(NodeIx),
    /// By a task of its own.
    Task {
        /// The task type, or job type.
        action: Arc<str>,
        /// Settings.
        config: Template,
    },
}
