//! Cancelling: executions with all that is inside them, tokens, regions, scopes (docs/semantics, A.6). Nothing comes out of what is
//! cancelled.

use super::command::CommandError;
use super::decide::Step;
use super::event::{Edges, Event, ScopeEnd};
use super::marking::ROOT;
use super::state::{Active, Owner, TimerKind};
use heddle_model::plan::{EdgeIx, NodeIx};

impl Step<'_> {
    /// Withdraws an execution and everything inside it, the deepest first.
    pub(super) fn cancel(&mut self, number: u32) -> Result<(), CommandError> {
        if !self.state.live.contains_key(&number) {
            return Ok(());
        }
        self.clear(number)?;
        self.resolve_of(number)?;
        self.emit(Event::NodeCancelled { number })
    }

    /// What an execution has goes: its inner scopes, running attempt, job, timers, the events that it waits for.
    pub(super) fn clear(&mut self, number: u32) -> Result<(), CommandError> {
        let inner = self.state.scopes_of(number);
        for scope in inner.into_iter().rev() {
            self.cancel_scope(scope, ScopeEnd::Cancelled)?;
        }
        self.withdraw(number)
    }

    /// Withdraws a scope with all that stands in it.
    pub(super) fn cancel_scope(&mut self, scope: u32, end: ScopeEnd) -> Result<(), CommandError> {
        let live: Vec<u32> = self.state.marking(scope).map(|marking| marking.live.clone()).unwrap_or_default();
        live.into_iter().rev().try_for_each(|number| self.cancel(number))?;
        self.ignore(Owner::Scope(scope))?;
        self.emit(Event::ScopeClosed { scope, end })
    }

    /// Withdraws all that stands in a scope but one execution; the scope itself stays.
    pub(super) fn cancel_scope_content(&mut self, scope: u32, except: Option<u32>) -> Result<(), CommandError> {
        let Some(marking) = self.state.marking(scope) else { return Ok(()) };
        let live: Vec<u32> = marking.live.iter().copied().filter(|&number| Some(number) != except).collect();
        let tokens: Edges = marking.tokens.iter().copied().collect();
        let rounds: Vec<NodeIx> = marking.rounds.keys().copied().collect();
        live.into_iter().rev().try_for_each(|number| self.cancel(number))?;
        self.cancel_tokens(scope, tokens)?;
        rounds.into_iter().try_for_each(|node| self.emit(Event::JoinClosed { scope, node }))
    }

    /// Withdraws the executions of these nodes and the tokens on these edges, in a scope and those inside it.
    pub(super) fn cancel_in(&mut self, scope: u32, nodes: &[NodeIx], edges: &[EdgeIx]) -> Result<(), CommandError> {
        let scopes: Vec<u32> = self.state.open_scopes().filter(|&inner| self.is_within(inner, scope)).collect();
        for inner in scopes.into_iter().rev() {
            let Some(marking) = self.state.marking(inner) else { continue };
            let doomed: Vec<u32> = marking
                .live
                .iter()
                .copied()
                .filter(|number| self.state.live.get(number).is_some_and(|it| nodes.contains(&it.node)))
                .collect();
            let tokens: Edges = marking.tokens.iter().copied().filter(|edge| edges.contains(edge)).collect();
            let rounds: Vec<NodeIx> = marking.rounds.keys().copied().filter(|node| nodes.contains(node)).collect();
            doomed.into_iter().try_for_each(|number| self.cancel(number))?;
            self.cancel_tokens(inner, tokens)?;
            rounds.into_iter().try_for_each(|node| self.emit(Event::JoinClosed { scope: inner, node }))?;
        }
        Ok(())
    }

    fn is_within(&self, mut inner: u32, scope: u32) -> bool {
        loop {
            if inner == scope {
                return true;
            }
            match self.state.scopes.get(&inner) {
                Some(found) => inner = found.parent,
                None => return scope == ROOT,
            }
        }
    }

    /// The cancel action of a node that completes; whether the instance was ended by it.
    pub(super) fn cancel_action(&mut self, number: u32) -> Result<bool, CommandError> {
        let plan = self.context.plan;
        let Some(execution) = self.state.live.get(&number) else { return Ok(false) };
        let (scope, node) = (execution.scope, execution.node);
        let Some(cancel) = &plan.node(node).cancel else { return Ok(false) };
        if cancel.instance {
            let reason = format!("`{}` ended the instance", plan.node(node).id);
            self.terminate(reason)?;
            return Ok(true);
        }
        if cancel.scope {
            self.cancel_scope_content(scope, Some(number))?;
        }
        // It does not withdraw itself: it is completing.
        let nodes: Vec<NodeIx> = cancel.nodes.iter().copied().filter(|&other| other != node).collect();
        self.cancel_in(scope, &nodes, &cancel.edges)?;
        Ok(false)
    }

    /// What an execution has outside the instance goes: its running attempt, job, timers, and the events that it waits for.
    pub(super) fn withdraw(&mut self, number: u32) -> Result<(), CommandError> {
        self.ignore(Owner::Execution(number))?;
        match self.state.live.get(&number).map(|execution| &execution.active) {
            Some(Active::Task) => {
                self.effects.dispatches.retain(|dispatch| dispatch.number != number);
                self.effects.cancelled.push(number);
                self.disarm_timeout(number)
            }
            Some(Active::Job) => self.withdraw_job(number),
            Some(&Active::Timer(timer) | &Active::Retry(timer)) => self.emit(Event::TimerDisarmed { timer }),
            Some(Active::Human(task)) => {
                let timer = task.timer.filter(|timer| self.state.timers.contains_key(timer));
                timer.map_or(Ok(()), |timer| self.emit(Event::TimerDisarmed { timer }))?;
                self.disarm_timeout(number)
            }
            Some(Active::Call(child)) => {
                self.effects.children_gone.push(child.instance);
                self.disarm_timeout(number)
            }
            Some(Active::Items) => {
                let later = self.timer_of(TimerKind::Items(number));
                later.map_or(Ok(()), |timer| self.emit(Event::TimerDisarmed { timer }))?;
                self.disarm_timeout(number)
            }
            Some(Active::Event | Active::Scope) => self.disarm_timeout(number),
            Some(Active::Split { .. } | Active::Failed | Active::Undo | Active::Permit(_)) | None => Ok(()),
        }
    }

    /// The timer of an execution's own timeout goes, where it has one.
    pub(super) fn disarm_timeout(&mut self, number: u32) -> Result<(), CommandError> {
        let plan = self.context.plan;
        // A version before this one may have given it one.
        let has = !self.state.versions.is_empty()
            || self.state.live.get(&number).is_some_and(|it| plan.node(it.node).timeout.is_some());
        if !has {
            return Ok(());
        }
        let timer = self.timer_of(TimerKind::JobTimeout(number));
        timer.map_or(Ok(()), |timer| self.emit(Event::TimerDisarmed { timer }))
    }

    fn timer_of(&self, kind: TimerKind) -> Option<u32> {
        self.state.timers.iter().find(|(_, timer)| timer.kind == kind).map(|(&timer, _)| timer)
    }
}
