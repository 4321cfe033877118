//! The places of one version in another: the map between them, and a state that is carried over it.

use super::event::Migrated;
use super::state::{Handler, InstanceState, Then};
use super::wish::Migrate;
use heddle_model::lifecycle::NodeStatus;
use heddle_model::plan::{EdgeIx, NodeIx, NodeKind, Plan, ScopeIx};
use std::collections::BTreeMap;

/// Two versions, and what is called otherwise in the second.
pub(super) struct Map<'a> {
    pub(super) plan: &'a Plan,
    pub(super) target: &'a Plan,
    pub(super) mapping: &'a BTreeMap<String, String>,
}

impl Map<'_> {
    pub(super) fn all(&self, wish: &Migrate) -> Migrated {
        let by_id: BTreeMap<&str, EdgeIx> = self.target.edges().map(|(ix, edge)| (&*edge.id, ix)).collect();
        let between: BTreeMap<(NodeIx, NodeIx), EdgeIx> =
            self.target.edges().map(|(ix, edge)| ((edge.from, edge.to), ix)).collect();
        let nodes: Vec<Option<NodeIx>> =
            self.plan.nodes().map(|(_, node)| self.target.find(self.name(&node.id))).collect();
        let edges = self.plan.edges().map(|(ix, edge)| {
            let same = by_id.get(self.name(&edge.id)).copied();
            let ends = || {
                let ends = (nodes[edge.from.0 as usize]?, nodes[edge.to.0 as usize]?);
                between.get(&ends).copied()
            };
            same.or_else(ends).filter(|&to| self.is_like(ix, to))
        });
        let edges = edges.collect();
        let scopes = self.scopes(&nodes);
        Migrated {
            version: wish.version,
            version_number: wish.version_number,
            edges,
            scopes,
            stand_in: self.target.start,
            handlers: Vec::new(),
            made: Vec::new(),
            nodes,
        }
    }

    fn name<'s>(&'s self, id: &'s str) -> &'s str {
        self.mapping.get(id).map_or(id, String::as_str)
    }

    /// An edge that an event takes is not one that a normal end takes; nor is that of another kind of event.
    fn is_like(&self, from: EdgeIx, to: EdgeIx) -> bool {
        let kind = |plan: &Plan, edge: EdgeIx| plan.edge(edge).way.as_ref().map(|way| way.trigger.as_str());
        kind(self.plan, from) == kind(self.target, to)
    }

    /// A scope goes with its container.
    fn scopes(&self, nodes: &[Option<NodeIx>]) -> Vec<Option<ScopeIx>> {
        let body = |plan: &Plan, node: NodeIx| match &plan.node(node).kind {
            NodeKind::Group(scope) => Some(*scope),
            NodeKind::Foreach(foreach) => Some(foreach.body),
            _ => None,
        };
        let mut scopes = vec![Some(ScopeIx::ROOT)];
        for (ix, _) in self.plan.nodes() {
            let Some(old) = body(self.plan, ix) else { continue };
            if scopes.len() <= old.0 as usize {
                scopes.resize(old.0 as usize + 1, None);
            }
            scopes[old.0 as usize] = nodes[ix.0 as usize].and_then(|node| body(self.target, node));
        }
        scopes
    }
}

impl Migrated {
    pub(super) fn node(&self, node: NodeIx) -> Option<NodeIx> {
        self.nodes.get(node.0 as usize).copied().flatten()
    }

    pub(super) fn edge(&self, edge: EdgeIx) -> Option<EdgeIx> {
        self.edges.get(edge.0 as usize).copied().flatten()
    }

    pub(super) fn scope(&self, scope: ScopeIx) -> Option<ScopeIx> {
        self.scopes.get(scope.0 as usize).copied().flatten()
    }

    pub(super) fn then(&self, then: Then) -> Option<Then> {
        match then {
            Then::Complete => Some(then),
            Then::Take(edge) => self.edge(edge).map(Then::Take),
            Then::Begin(node) => self.node(node).map(Then::Begin),
        }
    }
}

impl InstanceState {
    /// How an execution of an earlier version is undone.
    pub(super) fn handler_of(&self, number: u32) -> Option<&Handler> {
        self.made.get(&number).and_then(|&place| self.handlers.get(place as usize))
    }

    /// The version that ran at an event; `None`: the one that runs now.
    pub fn version_at(&self, seq: u64) -> Option<heddle_model::ids::VersionId> {
        self.versions.iter().find(|(last, _)| seq <= *last).map(|(_, version)| *version)
    }

    pub(super) fn change_version(&mut self, to: &Migrated) -> Result<(), String> {
        for execution in self.live.values_mut().chain(self.suspended.values_mut()) {
            execution.node = to.node(execution.node).ok_or("a live node has no counterpart")?;
            if let Some(undone) = &mut execution.undoes {
                undone.node = to.node(undone.node).unwrap_or(to.stand_in);
            }
        }
        self.root.carry(to)?;
        carry_records(&mut self.nodes, to);
        for scope in self.scopes.values_mut() {
            scope.of = to.scope(scope.of).ok_or("an open scope has no counterpart")?;
            scope.marking.carry(to)?;
            carry_records(&mut scope.nodes, to);
        }
        let subscriptions = std::mem::take(&mut self.subscriptions);
        self.subscriptions = subscriptions
            .into_iter()
            .filter_map(|(key, wish)| Some((key, super::state::Subscription { then: to.then(wish.then)?, ..wish })))
            .collect();
        for incident in self.incidents.values_mut() {
            incident.node = incident.node.and_then(|node| to.node(node));
        }
        self.paused = carried(std::mem::take(&mut self.paused), to);
        self.fired = carried(std::mem::take(&mut self.fired), to);
        self.skipped = self.nodes.values().filter(|record| record.status == NodeStatus::Skipped).count() as u32;
        let open = |node: &NodeIx| self.live.values().filter(|it| it.node == *node).count() as u32;
        self.completed = self.nodes.iter().filter(|(node, it)| it.ended_well(open(node))).count() as u32;
        self.handlers.extend(to.handlers.iter().cloned());
        self.made.extend(to.made.iter().copied());
        self.versions.push((self.seq, self.version));
        (self.version, self.version_number) = (to.version, to.version_number);
        Ok(())
    }
}

impl super::state::NodeRecord {
    fn ended_well(&self, open: u32) -> bool {
        matches!(self.status, NodeStatus::Completed | NodeStatus::Compensated) || self.rounds > open.max(1)
    }
}

impl super::marking::Marking {
    /// Its tokens, joins and records in the places of another version; counting no longer decides its joins.
    fn carry(&mut self, to: &Migrated) -> Result<(), String> {
        for token in &mut self.tokens {
            *token = to.edge(*token).ok_or("a token's edge has no counterpart")?;
        }
        self.settled.clear();
        self.exact = true;
        self.rounds = std::mem::take(&mut self.rounds)
            .into_iter()
            .filter_map(|(node, mut round)| {
                round.delivered = round.delivered.iter().filter_map(|&edge| to.edge(edge)).collect();
                Some((to.node(node)?, round))
            })
            .collect();
        for record in &mut self.done {
            record.node = to.node(record.node).unwrap_or(to.stand_in);
        }
        Ok(())
    }
}

fn carried<T>(map: BTreeMap<NodeIx, T>, to: &Migrated) -> BTreeMap<NodeIx, T> {
    map.into_iter().filter_map(|(node, value)| Some((to.node(node)?, value))).collect()
}

fn carry_records(records: &mut BTreeMap<NodeIx, super::state::NodeRecord>, to: &Migrated) {
    *records = carried(std::mem::take(records), to);
}
