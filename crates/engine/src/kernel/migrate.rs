//! To another version: everything that stands takes the places of that version (docs/semantics, A.14, migrate).
//!
//! Same id, same place, unless the mapping says otherwise. What works finishes as it began; what follows is the new plan. The event has
//! the whole map, so that replay needs no comparison of versions.

use super::command::CommandError;
use super::decide::Step;
use super::effect::type_name;
use super::event::{Event, Migrated};
use super::places::Map;
use super::state::{Handler, Owner, Record, Then};
use super::wait::Key;
use super::wish::Migrate;
use heddle_model::definition::Join;
use heddle_model::lifecycle::InstanceStatus;
use heddle_model::plan::{EdgeIx, NodeIx, NodeKind, Plan, Undo};
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
