//! The marking of one scope instance: its tokens, executions and joins; and the tree of scopes.

use super::event::Edges;
use super::state::{InstanceState, NodeRecord, Record, Variables};
use heddle_model::plan::{EdgeIx, NodeIx, Plan, ScopeIx};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The number of the root scope.
pub(super) const ROOT: u32 = 0;

/// What stands in a scope.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Marking {
    /// Tokens on edges, in the order in which they came.
    pub tokens: Vec<EdgeIx>,
    /// Ways into a waiting node that are settled, taken or dead (scopes that count; docs/semantics, A.3).
    pub settled: BTreeMap<NodeIx, u32>,
    /// Open rounds of `n-of-m` joins.
    pub rounds: BTreeMap<NodeIx, RoundState>,
    /// Executions that are live in it, in the order of their numbers: they mostly join at the end.
    pub live: Vec<u32>,
    /// Something was withdrawn or moved: counting no longer decides its joins.
    pub exact: bool,
    /// What was done in it and can be undone, in the order of completion.
    pub done: Vec<Record>,
}

/// An open round of an `n-of-m` join.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RoundState {
    /// How many deliveries fire it.
    pub n: u32,
    /// Ways in that have delivered.
    pub delivered: Edges,
    /// It has fired.
    pub fired: bool,
}

/// A scope inside another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scope {
    /// Which scope of the plan.
    pub of: ScopeIx,
    /// The scope around it.
    pub parent: u32,
    /// The execution whose scope it is.
    pub host: u32,
    /// Its place among the items of a for-each.
    pub index: u32,
    /// What stands in it.
    pub marking: Marking,
    /// What is known of its nodes.
    pub nodes: BTreeMap<NodeIx, NodeRecord>,
    /// Variables of its own.
    pub variables: Variables,
}

impl Marking {
    /// An execution becomes live in it.
    pub(super) fn enter(&mut self, number: u32) {
        match self.live.last() {
            Some(&last) if last >= number => {
                if let Err(place) = self.live.binary_search(&number) {
                    self.live.insert(place, number);
                }
            }
            _ => self.live.push(number),
        }
    }

    /// An execution is live no more.
    pub(super) fn exit(&mut self, number: u32) {
        if let Ok(place) = self.live.binary_search(&number) {
            self.live.remove(place);
        }
    }
}

impl InstanceState {
    /// What stands in a scope; `None` when it has ended.
    pub fn marking(&self, scope: u32) -> Option<&Marking> {
        if scope == ROOT { Some(&self.root) } else { self.scopes.get(&scope).map(|scope| &scope.marking) }
    }

    pub(super) fn marking_mut(&mut self, scope: u32) -> Option<&mut Marking> {
        if scope == ROOT { Some(&mut self.root) } else { self.scopes.get_mut(&scope).map(|scope| &mut scope.marking) }
    }

    /// Tokens on the edges of a scope.
    pub fn tokens(&self, scope: u32) -> &[EdgeIx] {
        self.marking(scope).map_or(&[], |marking| &marking.tokens)
    }

    /// The scopes that are open, the root first.
    pub fn open_scopes(&self) -> impl Iterator<Item = u32> + '_ {
        std::iter::once(ROOT).chain(self.scopes.keys().copied())
    }

    /// Which scope of the plan this one is.
    pub fn scope_ix(&self, scope: u32) -> ScopeIx {
        self.scopes.get(&scope).map_or(ScopeIx::ROOT, |scope| scope.of)
    }

    /// Whether dead edges are counted in a scope.
    pub(super) fn counts(&self, plan: &Plan, scope: u32) -> bool {
        self.marking(scope).is_some_and(|marking| !marking.exact) && plan.scope(self.scope_ix(scope)).counted
    }

    /// What is known of the nodes of a scope.
    pub(super) fn records(&self, scope: u32) -> &BTreeMap<NodeIx, NodeRecord> {
        self.scopes.get(&scope).map_or(&self.nodes, |scope| &scope.nodes)
    }

    /// The scope whose variables are written in this one: an item's own, or the root's. Groups have none.
    pub(super) fn owner_of_variables(&self, plan: &Plan, mut scope: u32) -> u32 {
        while let Some(inner) = self.scopes.get(&scope) {
            if plan.scope(inner.of).has_items {
                return scope;
            }
            scope = inner.parent;
        }
        ROOT
    }

    /// The scopes of an execution.
    pub(super) fn scopes_of(&self, host: u32) -> Vec<u32> {
        self.scopes.iter().filter(|(_, scope)| scope.host == host).map(|(&number, _)| number).collect()
    }
}
