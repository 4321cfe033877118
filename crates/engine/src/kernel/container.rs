//! Scopes that open and end: groups, event sub-scopes, the items of a for-each; and what is stuck in them (docs/semantics, A.6, A.11).

use super::command::CommandError;
use super::decide::Step;
use super::event::{Event, IncidentKind, Json, ScopeEnd};
use super::join;
use super::marking::{Marking, ROOT, Scope};
use super::skip;
use super::state::{Active, InstanceState, Owner};
use heddle_model::plan::{EdgeIx, NodeIx, NodeKind, Plan, ScopeIx};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

impl Step<'_> {
    /// A group begins: its scope opens, its starts fire.
    pub(super) fn open_group(&mut self, host: u32, of: ScopeIx) -> Result<(), CommandError> {
        self.open_scope(host, (of, 0), Vec::new())
    }

    /// Opens a scope of an execution and fires where it begins.
    pub(super) fn open_scope(
        &mut self,
        host: u32,
        (of, index): (ScopeIx, u32),
        variables: Vec<(Arc<str>, Json)>,
    ) -> Result<(), CommandError> {
        let parent = self.state.live.get(&host).map_or(ROOT, |execution| execution.scope);
        let scope = self.state.next_scope;
        self.emit(Event::ScopeOpened { scope, parent, host, of, index, variables })?;
        self.listen_in(scope)?;
        for &start in &self.context.plan.scope(of).starts {
            // One of the starts may have ended the scope already.
            if self.state.scopes.contains_key(&scope) {
                self.fire((scope, start), &[])?;
            }
        }
        Ok(())
    }

    /// Ends the scopes in which nothing is left, the inner ones first; whether there were any.
    pub(super) fn close_ended_scopes(&mut self) -> Result<bool, CommandError> {
        let mut any = false;
        while let Some(scope) = self.changed.pop_last() {
            let ended = self.state.scopes.get(&scope).is_some_and(|scope| scope.marking.is_over());
            if ended {
                self.close_scope(scope)?;
                any = true;
            } else {
                self.looked_at.push(scope);
            }
        }
        Ok(any)
    }

    fn close_scope(&mut self, scope: u32) -> Result<(), CommandError> {
        let plan = self.context.plan;
        let Some(host) = self.state.scopes.get(&scope).map(|scope| scope.host) else { return Ok(()) };
        let nodes = skip::never_reached(plan, self.state, scope);
        self.skip_nodes(scope, nodes)?;
        let Some(execution) = self.state.live.get(&host) else { return Ok(()) };
        let NodeKind::Foreach(foreach) = &plan.node(execution.node).kind else {
            self.ignore(Owner::Scope(scope))?;
            self.emit(Event::ScopeClosed { scope, end: ScopeEnd::Completed(Json::default()) })?;
            return self.complete(host, Json::default(), Vec::new());
        };
        let result = foreach.collect.as_ref().map(|collect| {
            let lookup = super::lookup::InstanceScope { scope, ..self.scope() };
            collect.eval(&lookup)
        });
        match result.transpose() {
            Ok(result) => {
                self.ignore(Owner::Scope(scope))?;
                let end = ScopeEnd::Completed(result.map(Json).unwrap_or_default());
                self.emit(Event::ScopeClosed { scope, end })?;
                self.next_items(host)
            }
            Err(why) => {
                self.cancel_scope(scope, ScopeEnd::Failed)?;
                if foreach.goes_on {
                    self.next_items(host)
                } else {
                    self.fail(host, super::event::Failure::expression(&why), None)
                }
            }
        }
    }

    /// Opens an incident for what can never move any more: tokens that wait where nothing is live that could bring the others.
    pub(super) fn look_for_deadlock(&mut self) -> Result<(), CommandError> {
        let plan = self.context.plan;
        if self.state.scopes.is_empty() && !self.state.root.live.is_empty() {
            return Ok(());
        }
        // Guards and mutexes may be released from anywhere as long as anything works or waits for something outside.
        let works = self
            .state
            .live
            .values()
            .any(|it| !matches!(it.active, Active::Scope | Active::Items) && it.undoes.is_none());
        let known = |step: &Self, node: NodeIx| {
            step.state.incidents.values().any(|it| {
                matches!(it.kind, IncidentKind::Limit)
                    || it.kind == IncidentKind::Deadlock && it.node == Some(node)
                    || it.kind == IncidentKind::Expression && it.execution.is_none() && it.node == Some(node)
            })
        };
        let mut stuck: Vec<String> = Vec::new();
        let mut first = None;
        // While something works, only what this step has changed can have got stuck in it.
        let mut scopes: Vec<u32> = vec![ROOT];
        let looked_at = std::mem::take(&mut self.looked_at);
        scopes.extend(if works { looked_at } else { self.state.scopes.keys().copied().collect() });
        scopes.sort_unstable();
        scopes.dedup();
        for scope in scopes {
            let Some(marking) = self.state.marking(scope).filter(|marking| marking.live.is_empty()) else { continue };
            let waiting: BTreeSet<NodeIx> = marking.waiting(plan).collect();
            // What a pause holds back is not stuck, and may bring what others wait for.
            if waiting.iter().any(|&node| self.state.is_paused(plan, node)) {
                continue;
            }
            let gated = waiting.iter().any(|&node| plan.node(node).guard.is_some() || plan.node(node).mutex.is_some());
            if waiting.is_empty() || gated && works {
                continue;
            }
            for &node in &waiting {
                if !known(self, node) {
                    first = first.or(Some(node));
                    stuck.push(self.what_is_missing(scope, node));
                }
            }
        }
        match first {
            None => Ok(()),
            Some(node) => self.open_incident(IncidentKind::Deadlock, (Some(node), None), "DEADLOCK", stuck.join("; ")),
        }
    }

    fn what_is_missing(&self, scope: u32, node: NodeIx) -> String {
        let plan = self.context.plan;
        let name = |edge: &EdgeIx| plan.edge(*edge).id.to_string();
        let id = &plan.node(node).id;
        match super::hold::hold(&self.scope(), (scope, node)) {
            Some(super::hold::Hold::Guard(_)) => {
                return format!("the guard of `{id}` is false and nothing will change that");
            }
            Some(super::hold::Hold::Mutex(_)) => {
                return format!("`{id}` waits for its mutex, which nothing will release");
            }
            Some(super::hold::Hold::Paused) | None => {}
        }
        let delivered = self.state.marking(scope).and_then(|marking| marking.rounds.get(&node));
        let missing: Vec<String> = join::missing(plan, self.state, (scope, node))
            .iter()
            .filter(|edge| delivered.is_none_or(|round| !round.delivered.contains(edge)))
            .map(name)
            .collect();
        if missing.is_empty() {
            format!("`{id}` waits for more tokens")
        } else {
            format!("`{id}` waits for {}", missing.join(", "))
        }
    }
}

impl Marking {
    /// Whether nothing is left that could move, or that something would have to be done about.
    pub(super) fn is_over(&self) -> bool {
        self.live.is_empty() && self.tokens.is_empty() && self.rounds.values().all(|round| round.fired)
    }

    /// Nodes before which tokens wait, or to which some were delivered without effect so far.
    pub(super) fn waiting<'a>(&'a self, plan: &'a Plan) -> impl Iterator<Item = NodeIx> + 'a {
        let open = self.rounds.iter().filter(|(_, round)| !round.fired).map(|(&node, _)| node);
        self.tokens.iter().map(|&edge| plan.edge(edge).to).chain(open)
    }
}

impl InstanceState {
    pub(super) fn change_scopes(&mut self, plan: &Plan, event: &Event) -> Result<(), String> {
        match event {
            Event::ScopeOpened { scope, parent, host, of, index, variables } => {
                self.next_scope = self.next_scope.max(scope + 1);
                let execution = self.execution(*host)?;
                match &mut execution.items {
                    Some(items) => {
                        execution.active = Active::Items;
                        items.opened(*index);
                    }
                    None => execution.active = Active::Scope,
                }
                let opened = Scope {
                    of: *of,
                    parent: *parent,
                    host: *host,
                    index: *index,
                    marking: Marking::default(),
                    nodes: BTreeMap::new(),
                    variables: variables.iter().cloned().collect(),
                };
                self.running(*host, |record| record.status = heddle_model::lifecycle::NodeStatus::Running)?;
                self.scopes.insert(*scope, opened).map_or(Ok(()), |_| Err("a scope's number is used twice".to_owned()))
            }
            Event::ScopeClosed { scope, end } => {
                let closed = self.scopes.remove(scope).ok_or("there is no such scope")?;
                let owner = Owner::Scope(*scope);
                self.subscriptions.retain(|(whose, _), _| *whose != owner);
                let Some(host) = self.live.get_mut(&closed.host) else { return Ok(()) };
                let node = host.node;
                if let Some(items) = &mut host.items {
                    items.ended(closed.index, end);
                }
                let keeps = matches!(end, ScopeEnd::Completed(_)) && plan.node(node).compensate.is_none();
                if keeps && !closed.marking.done.is_empty() {
                    self.marking_mut(closed.parent)
                        .ok_or("there is no scope around it")?
                        .done
                        .extend(closed.marking.done);
                }
                Ok(())
            }
            _ => Err("no event about scopes".to_owned()),
        }
    }
}
