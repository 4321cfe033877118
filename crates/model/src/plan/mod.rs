//! The plan: a proven definition compiled for running. Dense indices, adjacency, compiled expressions; immutable and shared by all
//! instances of a version.
//!
//! Indices follow the order of the definition, so the same version always compiles to the same indices: journals may hold them.
//! What may not live here: anything about one instance.

mod compile;
mod event;
mod graph;
mod masks;
mod scope;

pub use compile::PlanError;
pub use event::{Code, Keep, Send, SendKind, Trigger, Way};
use masks::JoinMasks;
pub use masks::Mask;
pub use scope::{Cancel, Foreach, Handler, Limit, MutexPlan, PlanScope, Repeat, Round, ScopeIx, Undo};

use crate::definition::{Join, NodeType, OnError, OnFailure, Retry, Split};
use heddle_expr::{Condition, Template};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// A node's place in its plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NodeIx(pub u32);

/// An edge's place in its plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EdgeIx(pub u32);

/// A compiled version.
#[derive(Debug)]
pub struct Plan {
    /// The workflow's name.
    pub name: Arc<str>,
    /// The only start node.
    pub start: NodeIx,
    /// Names and first values of variables, in the author's order.
    pub variables: Vec<(Arc<str>, Template)>,
    /// Names and values of the instance's output.
    pub outputs: Vec<(Arc<str>, Template)>,
    /// Longest run, in milliseconds.
    pub timeout: Option<u64>,
    /// 0–9.
    pub priority: u8,
    /// What an uncaught failure does.
    pub on_failure: OnFailure,
    /// How many instances run at a time.
    pub concurrency: Option<Limit>,
    /// Variables that lists can be filtered by.
    pub search: Vec<Arc<str>>,
    /// Whether a guard or a mutex may hold a node back.
    pub has_gates: bool,
    /// Whether a mutex reaches beyond the instance.
    pub shares_names: bool,
    nodes: Vec<PlanNode>,
    edges: Vec<PlanEdge>,
    scopes: Vec<PlanScope>,
    by_id: BTreeMap<Arc<str>, NodeIx>,
    /// Reverse post-order of a depth-first search from the start: a topological order where there is no cycle.
    order: Vec<NodeIx>,
    masks: Vec<OnceLock<JoinMasks>>,
    ranks: OnceLock<Vec<u32>>,
}

/// A compiled node.
#[derive(Debug)]
pub struct PlanNode {
    /// Its id in the definition.
    pub id: Arc<str>,
    /// What people see.
    pub name: Arc<str>,
    /// The type in the definition.
    pub node_type: NodeType,
    /// What it does.
    pub kind: NodeKind,
    /// The scope that it is part of.
    pub scope: ScopeIx,
    /// When it may fire. A node with fewer than two ways in is `Any` where every rule would say the same.
    pub join: Join,
    /// More about an `n-of-m` join.
    pub round: Option<Box<Round>>,
    /// Which edges it takes.
    pub split: Split,
    /// Ways in.
    pub incoming: Vec<EdgeIx>,
    /// Ways out of a normal end, in the order in which conditions are read.
    pub outgoing: Vec<EdgeIx>,
    /// Ways out of events (`on:`): exact codes first.
    pub events: Vec<EdgeIx>,
    /// Variable and expression over the output.
    pub output: Vec<(Arc<str>, Template)>,
    /// Fires only while this is true.
    pub guard: Option<Condition>,
    /// Fires only while this is free.
    pub mutex: Option<MutexPlan>,
    /// What its completion withdraws.
    pub cancel: Option<Box<Cancel>>,
    /// Runs again.
    pub repeat: Option<Box<Repeat>>,
    /// How it is undone.
    pub compensate: Option<Box<Undo>>,
    /// When it is tried again.
    pub retry: Option<Retry>,
    /// Longest attempt, in milliseconds.
    pub timeout: Option<u64>,
    /// What its failure does.
    pub on_error: OnError,
    /// How many attempts run at a time.
    pub concurrency: Option<Box<Limit>>,
    /// 0–9; the instance's where absent.
    pub priority: Option<u8>,
    /// Never tried twice.
    pub at_most_once: bool,
}

/// What a node does when it fires.
#[derive(Debug)]
pub enum NodeKind {
    /// Nothing: start, decision, gateway, a task without action, a disabled node.
    Pass,
    /// Ends its branch, or more.
    End(EndKind),
    /// The task type, or job type, of this name.
    Task {
        /// Name in the registry; an unknown one is a job for external workers.
        action: Arc<str>,
        /// Settings, evaluated at each attempt.
        config: Template,
    },
    /// Waits so long.
    Timer {
        /// The node's config, with `duration` (milliseconds, or a text such as `5m`), `until` or `cycle`.
        config: Template,
    },
    /// Waits for an event.
    Event(Trigger),
    /// Waits for the first of its targets' events.
    Choice,
    /// Gives a message, a signal or an escalation away.
    Send(Box<Send>),
    /// An embedded scope.
    Group(ScopeIx),
    /// A scope per item.
    Foreach(Box<Foreach>),
    /// A person does it.
    Human {
        /// The node's config, evaluated when it fires.
        config: Template,
    },
    /// Another workflow.
    Call {
        /// The node's config, evaluated when it fires.
        config: Template,
        /// Whether its end is awaited.
        wait: bool,
    },
}

/// How an end node ends.
#[derive(Debug)]
pub enum EndKind {
    /// Its own branch.
    Plain,
    /// All else in its scope, which completes; in the root the instance is COMPLETED.
    Terminate {
        /// Up to the root.
        all: bool,
    },
    /// With an error of this code.
    Error {
        /// What `on: error` edges match.
        code: String,
    },
    /// With an escalation of this code.
    Escalation {
        /// What boundary events match.
        code: String,
    },
    /// By giving away a message or a signal.
    Send(Box<Send>),
    /// After what its scope has done was undone.
    Compensate,
    /// Its transaction: what its scope has done is undone, then the scope's error `CANCELLED` is raised.
    Cancel,
}

/// A compiled edge.
#[derive(Debug)]
pub struct PlanEdge {
    /// Its id in the definition, or the stable one.
    pub id: Arc<str>,
    /// Where it leaves.
    pub from: NodeIx,
    /// Where it enters.
    pub to: NodeIx,
    /// Taken only when this is true.
    pub condition: Option<Condition>,
    /// Taken when no other is.
    pub default: bool,
    /// Taken when this happens to `from`.
    pub way: Option<Box<Way>>,
}

impl PlanEdge {
    /// Whether the node is over when this edge is taken.
    pub fn is_interrupting(&self) -> bool {
        self.way.as_ref().is_none_or(|way| way.interrupting)
    }

    /// Whether it takes an error or an escalation whatever its code.
    fn catches_all(&self) -> bool {
        match self.way.as_ref().map(|way| &way.trigger) {
            Some(Trigger::Error { codes } | Trigger::Escalation { codes }) => codes.is_empty(),
            _ => true,
        }
    }
}

impl Plan {
    /// All nodes, in the author's order.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = (NodeIx, &PlanNode)> {
        self.nodes.iter().enumerate().map(|(ix, node)| (NodeIx(ix as u32), node))
    }

    /// All edges, in the author's order.
    pub fn edges(&self) -> impl ExactSizeIterator<Item = (EdgeIx, &PlanEdge)> {
        self.edges.iter().enumerate().map(|(ix, edge)| (EdgeIx(ix as u32), edge))
    }

    /// The node at this place. Places come from this plan, so it is there.
    pub fn node(&self, ix: NodeIx) -> &PlanNode {
        &self.nodes[ix.0 as usize]
    }

    /// The edge at this place.
    pub fn edge(&self, ix: EdgeIx) -> &PlanEdge {
        &self.edges[ix.0 as usize]
    }

    /// The scope at this place.
    pub fn scope(&self, ix: ScopeIx) -> &PlanScope {
        &self.scopes[ix.0 as usize]
    }

    /// The same plan with every join decided by the exact rule: for tests that compare the two.
    #[must_use]
    pub fn without_counting(mut self) -> Self {
        self.scopes.iter_mut().for_each(|scope| scope.counted = false);
        self
    }

    /// The node with this id.
    pub fn find(&self, id: &str) -> Option<NodeIx> {
        self.by_id.get(id).copied()
    }

    /// Nodes in topological order (reverse post-order where there are cycles).
    pub fn order(&self) -> &[NodeIx] {
        &self.order
    }

    /// The place of a node in an order in which no edge leads backwards. Nodes of one cycle share it, and no others do.
    pub fn rank(&self, ix: NodeIx) -> u32 {
        let ranks = self.ranks.get_or_init(|| {
            let pairs: Vec<(u32, u32)> = self.edges.iter().map(|edge| (edge.from.0, edge.to.0)).collect();
            graph::ranks(self.nodes.len(), &pairs)
        });
        ranks[ix.0 as usize]
    }

    /// Which ways into `join` can be reached from where; computed when a join first needs them, then kept.
    fn masks(&self, join: NodeIx) -> &JoinMasks {
        self.masks[join.0 as usize].get_or_init(|| JoinMasks::compute(self, join))
    }
}
