//! To another version: everything that stands takes the places of that version (docs/semantics, A.14, migrate).
//!
//! Same id, same place, unless the mapping says otherwise. What works finishes as it began; what follows is the new plan. The event has
//! the whole map, so that replay needs no comparison of versions.

use super::command::CommandError;
use super::decide::Step;
use super::effect::type_name;
use super::event::{Event, Migrated};
use super::state::{Handler, InstanceState, Owner, Record, Then};
use super::wait::Key;
use super::wish::Migrate;
use heddle_model::definition::Join;
use heddle_model::lifecycle::{InstanceStatus, NodeStatus};
use heddle_model::plan::{EdgeIx, NodeIx, NodeKind, Plan, ScopeIx, Undo};
use std::collections::BTreeMap;

impl Step<'_> {
    pub(super) fn migrate(&mut self, wish: &Migrate, heard: Event) -> Result<(), CommandError> {
        if !matches!(self.state.status, InstanceStatus::Running | InstanceStatus::Paused) {
            return Err(self.illegal(InstanceStatus::Running));
        }
        let migrated = self.may_migrate(wish)?;
        self.emit(heard)?;
        self.take_version(migrated)
    }

    /// The map to the other version; everything that could be wrong with it, before the first event.
    pub(super) fn may_migrate(&self, wish: &Migrate) -> Result<Migrated, CommandError> {
        let refuse = |why: String| Err(CommandError::Nothing(why));
        let status = self.state.status;
        if !matches!(status, InstanceStatus::Running | InstanceStatus::Paused | InstanceStatus::Failed) {
            return Err(self.illegal(InstanceStatus::Running));
        }
        let Some(target) = self.target else { return refuse("the other version was not read".to_owned()) };
        if wish.version == self.state.version {
            return refuse(format!("the instance runs version {} already", wish.version_number));
        }
        if self.state.undoing.is_some() {
            return refuse("something is being undone".to_owned());
        }
        let plan = self.context.plan;
        for (from, to) in &wish.mapping {
            let edge = |plan: &Plan, id: &str| plan.edges().any(|(_, edge)| *edge.id == *id);
            let are_nodes = plan.find(from).is_some() && target.find(to).is_some();
            let are_known = are_nodes || edge(plan, from) && edge(target, to);
            if !are_known {
                return Err(CommandError::NoSuchNode(format!("{from} -> {to}")));
            }
        }
        let map = Map { plan, target, mapping: &wish.mapping };
        let mut migrated = map.all(wish);
        self.check_what_stands(&migrated)?;
        self.keep_handlers(&mut migrated)?;
        Ok(migrated)
    }

    /// What stands must have a counterpart in the counterpart of its scope, of the same type.
    fn check_what_stands(&self, migrated: &Migrated) -> Result<(), CommandError> {
        let (plan, Some(target)) = (self.context.plan, self.target) else { return Ok(()) };
        for (number, execution) in self.state.live.iter().chain(&self.state.suspended) {
            let (id, old) = (&plan.node(execution.node).id, plan.node(execution.node));
            let refuse = |why: &str| Err(CommandError::Nothing(format!("`{id}` is at work and {why}")));
            let Some(node) = migrated.node(execution.node) else { return refuse("the other version has no such node") };
            if migrated.scope(old.scope) != Some(target.node(node).scope) {
                return refuse("stands in another scope there");
            }
            if type_name(plan, execution.node) != type_name(target, node) {
                return refuse("has another type there");
            }
            let shared =
                |plan: &Plan, node: NodeIx| plan.node(node).mutex.as_ref().map(|it| (it.level, it.name.clone()));
            if self.state.has_asked(*number) && shared(plan, execution.node) != shared(target, node) {
                return refuse("shares another mutex there");
            }
        }
        for scope in self.state.open_scopes() {
            let Some(marking) = self.state.marking(scope) else { continue };
            let rounds =
                marking.rounds.iter().filter(|(_, round)| !round.fired).flat_map(|(_, round)| &round.delivered);
            for &edge in marking.tokens.iter().chain(rounds) {
                let id = &plan.edge(edge).id;
                let refuse = |why: &str| Err(CommandError::Nothing(format!("a token stands on `{id}` and {why}")));
                let Some(to) = migrated.edge(edge) else { return refuse("the other version has no such edge") };
                let around = target.node(target.edge(to).from).scope;
                if migrated.scope(self.state.scope_ix(scope)) != Some(around) {
                    return refuse("that edge is in another scope there");
                }
            }
        }
        Ok(())
    }

    /// What was done stays undone as the version that did it says.
    fn keep_handlers(&self, migrated: &mut Migrated) -> Result<(), CommandError> {
        let plan = self.context.plan;
        let mut known: BTreeMap<NodeIx, u32> = BTreeMap::new();
        let scopes: Vec<u32> = self.state.open_scopes().collect();
        for record in self.records_of(&scopes) {
            if self.state.made.contains_key(&record.number) {
                continue;
            }
            let next = (self.state.handlers.len() + migrated.handlers.len()) as u32;
            let place = match known.get(&record.node) {
                Some(place) => *place,
                None => match handler(plan, &record) {
                    Some(handler) => {
                        migrated.handlers.push(handler);
                        known.insert(record.node, next);
                        next
                    }
                    None => {
                        let id = &plan.node(record.node).id;
                        let why =
                            format!("`{id}` has completed, and what undoes it is no task: that stays in its version");
                        return Err(CommandError::Nothing(why));
                    }
                },
            };
            migrated.made.push((record.number, place));
        }
        Ok(())
    }

    /// The instance runs the other version from here on; its joins are tested again.
    pub(super) fn take_version(&mut self, migrated: Migrated) -> Result<(), CommandError> {
        let Some(target) = self.target else { return Ok(()) };
        let gone: Vec<Key> = self
            .state
            .subscriptions
            .iter()
            .filter(|(_, wish)| migrated.then(wish.then).is_none())
            .map(|(&key, _)| key)
            .collect();
        gone.into_iter().try_for_each(|key| self.dismiss(key))?;
        self.give_back_deliveries(&migrated)?;
        self.resolve_where(|incident| incident.execution.is_none())?;
        let (old_edges, old_nodes) = (reached(&migrated.edges), reached(&migrated.nodes));
        self.emit(Event::InstanceMigrated(Box::new(migrated)))?;
        self.dead.clear();
        self.effects.variables.extend(self.state.variables.keys().cloned());
        self.listen_to_what_is_new(target, &old_edges, &old_nodes)?;
        self.data_changed = true;
        self.touch_all();
        Ok(())
    }

    /// Deliveries to a join that keeps none there are tokens again.
    fn give_back_deliveries(&mut self, migrated: &Migrated) -> Result<(), CommandError> {
        let Some(target) = self.target else { return Ok(()) };
        let keeps =
            |node: NodeIx| migrated.node(node).is_some_and(|node| matches!(target.node(node).join, Join::NOfM { .. }));
        let scopes: Vec<u32> = self.state.open_scopes().collect();
        for scope in scopes {
            let Some(marking) = self.state.marking(scope) else { continue };
            let rounds: Vec<_> =
                marking.rounds.iter().filter(|(node, _)| !keeps(**node)).map(|(&n, r)| (n, r.clone())).collect();
            for (node, round) in rounds {
                self.emit(Event::JoinClosed { scope, node })?;
                if !round.fired {
                    self.emit(Event::TokensAdded { scope, edges: round.delivered })?;
                }
            }
        }
        Ok(())
    }

    /// Events that hang on what lives, and that the version before did not have, are awaited from now on.
    fn listen_to_what_is_new(
        &mut self,
        target: &Plan,
        old_edges: &[EdgeIx],
        old_nodes: &[NodeIx],
    ) -> Result<(), CommandError> {
        let live: Vec<(u32, NodeIx)> =
            self.state.live.iter().filter(|(_, it)| !it.active.is_failed()).map(|(&n, it)| (n, it.node)).collect();
        for (number, node) in live {
            for &edge in target.node(node).events.iter().filter(|edge| !old_edges.contains(edge)) {
                if let Some(way) = target.edge(edge).way.as_ref().filter(|way| way.trigger.is_armed())
                    && self.state.live.get(&number).is_some_and(|it| it.undoes.is_none())
                {
                    self.listen(Owner::Execution(number), Then::Take(edge), &way.trigger)?;
                }
            }
        }
        let scopes: Vec<u32> = self.state.open_scopes().collect();
        for scope in scopes {
            let handlers = &target.scope(self.state.scope_ix(scope)).handlers;
            for handler in handlers.iter().filter(|it| it.trigger.is_armed() && !old_nodes.contains(&it.node)) {
                self.listen(Owner::Scope(scope), Then::Begin(handler.node), &handler.trigger)?;
            }
        }
        Ok(())
    }
}

fn reached<T: Copy>(map: &[Option<T>]) -> Vec<T> {
    map.iter().flatten().copied().collect()
}

/// How a node is undone, apart from its version: by a task.
fn handler(plan: &Plan, record: &Record) -> Option<Handler> {
    let node = plan.node(record.node);
    let (action, config) = match node.compensate.as_deref()? {
        Undo::Task { action, config } => (action, config),
        Undo::Node(by) => match &plan.node(*by).kind {
            NodeKind::Task { action, config } => (action, config),
            _ => return None,
        },
    };
    Some(Handler { node: node.id.clone(), action: action.clone(), config: config.source().into() })
}

/// Two versions, and what is called otherwise in the second.
struct Map<'a> {
    plan: &'a Plan,
    target: &'a Plan,
    mapping: &'a BTreeMap<String, String>,
}

impl Map<'_> {
    fn all(&self, wish: &Migrate) -> Migrated {
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

    fn then(&self, then: Then) -> Option<Then> {
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
