//! Changing the marking by hand: cancel, start, move (docs/semantics, A.14). In the order written, in one step, whole or not at all.

use super::command::{Change, CommandError};
use super::decide::Step;
use super::event::{Edges, Event};
use super::join::Place;
use super::marking::ROOT;
use heddle_model::definition::NodeType;
use heddle_model::lifecycle::{IllegalTransition, InstanceStatus};
use heddle_model::plan::{NodeIx, NodeKind, ScopeIx};

impl Step<'_> {
    /// Everything that could be wrong with the changes, before the first event.
    pub(super) fn may_modify(&self, changes: &[Change]) -> Result<(), CommandError> {
        let status = self.state.status;
        if !matches!(status, InstanceStatus::Running | InstanceStatus::Paused | InstanceStatus::Failed) {
            let (from, to) = (status.as_str(), InstanceStatus::Running.as_str());
            return Err(IllegalTransition { from, to, id: self.state.id.to_string() }.into());
        }
        if changes.is_empty() || self.state.undoing.is_some() {
            return Err(CommandError::Nothing("there is nothing to change, or it is being undone".to_owned()));
        }
        let mut stands = self.state.live.len() + self.state.suspended.len();
        stands += self.state.open_scopes().map(|scope| self.state.tokens(scope).len()).sum::<usize>();
        for change in changes {
            match change {
                Change::Cancel { node } => stands = stands.saturating_sub(self.standing(self.known(node)?)?),
                Change::Start { node } => {
                    self.may_start(self.known(node)?)?;
                    stands += 1;
                }
                Change::Move { from, to } => {
                    self.standing(self.known(from)?)?;
                    self.may_start(self.known(to)?)?;
                }
            }
        }
        if stands == 0 {
            return Err(CommandError::Nothing("nothing would be left; terminate the instance instead".to_owned()));
        }
        Ok(())
    }

    fn known(&self, node: &str) -> Result<NodeIx, CommandError> {
        self.context.plan.find(node).ok_or_else(|| CommandError::NoSuchNode(node.to_owned()))
    }

    /// How much stands at a node: executions, and tokens before it.
    fn standing(&self, node: NodeIx) -> Result<usize, CommandError> {
        let plan = self.context.plan;
        let executions = self.state.live.values().chain(self.state.suspended.values()).filter(|it| it.node == node);
        let before = |scope| self.state.tokens(scope).iter().filter(|&&edge| plan.edge(edge).to == node).count();
        let count = executions.count() + self.state.open_scopes().map(before).sum::<usize>();
        let nothing = || CommandError::Nothing(format!("nothing stands at `{}`", plan.node(node).id));
        if count == 0 { Err(nothing()) } else { Ok(count) }
    }

    /// Whether a node can be begun by hand: not what only an event begins, not inside an item, not what is held back.
    fn may_start(&self, node: NodeIx) -> Result<(), CommandError> {
        let plan = self.context.plan;
        let at = plan.node(node);
        let refuse = |why: &str| Err(CommandError::Nothing(format!("`{}` {why}", at.id)));
        let mut scope = plan.scope(at.scope);
        if at.node_type == NodeType::Boundary || scope.handlers.iter().any(|handler| handler.node == node) {
            return refuse("is begun by its event only");
        }
        while let Some(host) = scope.host {
            if !matches!(plan.node(host).kind, NodeKind::Group(_)) {
                return refuse("is inside a for-each: its items are started by it");
            }
            scope = plan.scope(plan.node(host).scope);
        }
        if self.open_scope_of(at.scope).is_some_and(|scope| self.is_held((scope, node))) {
            return refuse("is held back by its guard or its mutex");
        }
        Ok(())
    }

    fn open_scope_of(&self, of: ScopeIx) -> Option<u32> {
        self.state.open_scopes().find(|&scope| self.state.scope_ix(scope) == of)
    }

    /// Makes the changes.
    pub(super) fn modify(&mut self, changes: Vec<Change>) -> Result<(), CommandError> {
        for change in changes {
            match change {
                Change::Cancel { node } => self.empty(&node)?,
                Change::Start { node } => self.start_by_hand(&node)?,
                Change::Move { from, to } => {
                    self.empty(&from)?;
                    self.start_by_hand(&to)?;
                }
            }
        }
        self.touch_all();
        Ok(())
    }

    /// Withdraws executions of a node and the tokens before it; deliveries to it leave its round.
    fn empty(&mut self, node: &str) -> Result<(), CommandError> {
        let plan = self.context.plan;
        let Some(ix) = plan.find(node) else { return Ok(()) };
        let doomed: Vec<u32> =
            self.state.live.iter().filter(|(_, it)| it.node == ix).map(|(&number, _)| number).collect();
        doomed.into_iter().try_for_each(|number| self.cancel(number))?;
        let scopes: Vec<u32> = self.state.open_scopes().collect();
        for scope in scopes {
            let tokens = self.state.tokens(scope).iter().copied();
            let before: Edges = tokens.filter(|&edge| plan.edge(edge).to == ix).collect();
            self.cancel_tokens(scope, before)?;
            if self.state.marking(scope).is_some_and(|marking| marking.rounds.contains_key(&ix)) {
                self.emit(Event::JoinClosed { scope, node: ix })?;
            }
        }
        Ok(())
    }

    fn start_by_hand(&mut self, node: &str) -> Result<(), CommandError> {
        let Some(ix) = self.context.plan.find(node) else { return Ok(()) };
        let scope = self.scope_for(self.context.plan.node(ix).scope)?;
        let place: Place = (scope, ix);
        let number = self.enable(place, &[])?;
        self.begun.push_back(number);
        Ok(())
    }

    /// The open scope of a group, opened without its beginning where it is not.
    fn scope_for(&mut self, of: ScopeIx) -> Result<u32, CommandError> {
        if let Some(open) = self.open_scope_of(of) {
            return Ok(open);
        }
        let plan = self.context.plan;
        let Some(host) = plan.scope(of).host else { return Ok(ROOT) };
        let around = self.scope_for(plan.node(host).scope)?;
        let number = self.enable((around, host), &[])?;
        self.listen_around(number, host)?;
        let scope = self.state.next_scope;
        let opened = Event::ScopeOpened { scope, parent: around, host: number, of, index: 0, variables: Vec::new() };
        self.emit(opened)?;
        self.listen_in(scope)?;
        Ok(scope)
    }
}
