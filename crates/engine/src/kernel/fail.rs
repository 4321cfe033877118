//! Failing: another attempt, an edge that catches it, the node's own policy, or the instance.

use super::command::{CommandError, Entropy};
use super::decide::Step;
use super::event::{AfterFailure, Edges, Event, Failure, IncidentKind, Json, ScopeEnd, SkipCause};
use super::lookup::InstanceScope;
use super::state::Active;
use crate::storage::IncidentRow;
use crate::tasks::ErrorClass;
use heddle_expr::EvalError;
use heddle_model::definition::{Jitter, OnError, OnFailure, Retry};
use heddle_model::plan::{Code, NodeIx, NodeKind, PlanNode, Trigger};
use heddle_model::value::Value;

impl Failure {
    /// Time was up.
    pub(super) fn timeout(message: &str) -> Self {
        Self {
            class: ErrorClass::Timeout,
            code: "TIMEOUT".into(),
            message: message.into(),
            details: Json::default(),
            retryable: true,
        }
    }

    /// An expression could not be evaluated; another attempt would see the same values.
    pub(super) fn expression(why: &EvalError) -> Self {
        Self {
            class: ErrorClass::Business,
            code: "EXPRESSION".into(),
            message: why.to_string(),
            details: Value::Null.into(),
            retryable: false,
        }
    }
}

impl From<crate::tasks::TaskError> for Box<Failure> {
    fn from(error: crate::tasks::TaskError) -> Self {
        Self::new(error.into())
    }
}

impl Step<'_> {
    /// An attempt of an execution failed: another one follows, or someone deals with it: the node itself, or what is around it.
    pub(super) fn fail(&mut self, number: u32, error: Failure, retry_after: Option<u64>) -> Result<(), CommandError> {
        let Some(execution) = self.state.live.get(&number) else { return Ok(()) };
        let (node, undoes) = (execution.node, execution.undoes.is_some());
        if let Some(delay) = self.next_attempt(number, &error) {
            let delay = delay.max(retry_after.unwrap_or(0).min(self.longest_delay(node)));
            return self.retry_later(number, error, delay);
        }
        if undoes {
            return self.undo_failed(number, error);
        }
        let mut at = number;
        while let Some(execution) = self.state.live.get(&at) {
            let (ix, scope, released) = (execution.node, execution.scope, execution.released);
            if !released && self.is_dealt_with(number, at, ix, &error)? {
                return Ok(());
            }
            if self.handler_takes(number, scope, &error)? {
                return Ok(());
            }
            let Some(inner) = self.state.scopes.get(&scope) else { break };
            let host = inner.host;
            if self.item_fails(number, (host, scope), &error)? {
                return Ok(());
            }
            at = host;
        }
        self.uncaught(number, error)
    }

    /// Tries what one node has against an error: its event edges, its policy. `at` is the failed execution or a container around it.
    fn is_dealt_with(&mut self, number: u32, at: u32, ix: NodeIx, error: &Failure) -> Result<bool, CommandError> {
        let node = self.context.plan.node(ix);
        if at != number
            && let Some(delay) = self.next_attempt(at, error)
        {
            self.end_inside(number, at, error)?;
            self.retry_later(at, error.clone(), delay)?;
            return Ok(true);
        }
        if let Some(taken) = self.caught(at, node, error) {
            self.end_inside(number, at, error)?;
            self.clear(at)?;
            let error = error.clone();
            self.emit(Event::NodeFailed { number: at, error, then: AfterFailure::Caught(taken) })?;
            return Ok(true);
        }
        match node.on_error {
            OnError::Skip => {
                self.end_inside(number, at, error)?;
                self.clear(at)?;
                self.pass_over(at, SkipCause::Policy, Json::default())?;
                Ok(true)
            }
            OnError::Incident => {
                let node = self.state.live.get(&number).map_or(ix, |execution| execution.node);
                self.fail_with_incident((number, node), error.clone())?;
                Ok(true)
            }
            OnError::Compensate => {
                self.clear(number)?;
                self.emit(Event::NodeFailed { number, error: error.clone(), then: AfterFailure::Scope })?;
                self.undo_all(super::state::AfterUndo::Fail(error.clone()))?;
                Ok(true)
            }
            OnError::Fail => Ok(false),
        }
    }

    /// Nobody around has anything against it.
    fn uncaught(&mut self, number: u32, error: Failure) -> Result<(), CommandError> {
        let Some(ix) = self.state.live.get(&number).map(|execution| execution.node) else { return Ok(()) };
        match self.context.plan.on_failure {
            OnFailure::Incident => self.fail_with_incident((number, ix), error),
            OnFailure::Compensate => {
                self.clear(number)?;
                self.emit(Event::NodeFailed { number, error: error.clone(), then: AfterFailure::Scope })?;
                self.undo_all(super::state::AfterUndo::Fail(error))
            }
            OnFailure::Fail => {
                self.emit(Event::NodeFailed { number, error: error.clone(), then: AfterFailure::Instance })?;
                self.fail_instance(&error)
            }
        }
    }

    /// A container deals with the error of something inside it: that is over, and all beside it is withdrawn.
    pub(super) fn end_inside(&mut self, number: u32, host: u32, error: &Failure) -> Result<(), CommandError> {
        if number == host {
            return Ok(());
        }
        self.clear(number)?;
        self.resolve_of(number)?;
        self.emit(Event::NodeFailed { number, error: error.clone(), then: AfterFailure::Scope })?;
        let inner = self.state.scopes_of(host);
        inner.into_iter().rev().try_for_each(|scope| self.cancel_scope(scope, ScopeEnd::Failed))
    }

    /// The delay before another attempt, where the node's policy allows one.
    fn next_attempt(&mut self, number: u32, error: &Failure) -> Option<u64> {
        let execution = self.state.live.get(&number)?;
        let used = execution.attempt.max(1) - execution.forgiven;
        let node = self.context.plan.node(execution.node);
        let policy = node.retry.as_ref().filter(|policy| !node.at_most_once && allows(policy, error, used))?;
        Some(delay(policy, used, &mut self.entropy))
    }

    fn longest_delay(&self, node: NodeIx) -> u64 {
        self.context.plan.node(node).retry.as_ref().map_or(0, |policy| policy.max_delay)
    }

    /// A task keeps the events that hang on it; anything else begins from nothing.
    fn retry_later(&mut self, number: u32, error: Failure, delay: u64) -> Result<(), CommandError> {
        let node = self.state.live.get(&number).map(|execution| execution.node);
        if node.is_some_and(|node| !matches!(self.context.plan.node(node).kind, NodeKind::Task { .. })) {
            self.clear(number)?;
        }
        let due = self.due(delay);
        self.emit(Event::NodeRetrying { number, error, timer: self.state.next_timer, due })
    }

    fn fail_with_incident(&mut self, at: (u32, NodeIx), error: Failure) -> Result<(), CommandError> {
        let (number, node) = at;
        let kind = if error.code == "EXPRESSION" { IncidentKind::Expression } else { IncidentKind::Error };
        let (code, message) = (error.code.clone(), error.message.clone());
        self.emit(Event::NodeFailed { number, error, then: AfterFailure::Incident })?;
        self.open_incident(kind, (Some(node), Some(number)), &code, message)
    }

    /// Attempts were lost too often: a task that kills its server must not do so for ever.
    pub(super) fn poisoned(&mut self, number: u32, lost: u32, why: &str) -> Result<(), CommandError> {
        let Some(execution) = self.state.live.get(&number) else { return Ok(()) };
        let node = execution.node;
        let message = format!("{lost} attempts of `{}` were lost {why}", self.context.plan.node(node).name);
        let error = Failure {
            class: ErrorClass::System,
            code: "POISONED".into(),
            message: message.clone(),
            details: Json::default(),
            retryable: false,
        };
        self.emit(Event::NodeFailed { number, error, then: AfterFailure::Incident })?;
        self.open_incident(IncidentKind::Poisoned, (Some(node), Some(number)), "POISONED", message)
    }

    /// The ways out that take this error: those with its exact code, else those without codes.
    fn caught(&self, number: u32, node: &PlanNode, error: &Failure) -> Option<Edges> {
        let plan = self.context.plan;
        let is_timeout = error.class == ErrorClass::Timeout;
        for wanted in [is_timeout, false] {
            for exact in [true, false] {
                let matches = |trigger: &Trigger| match trigger {
                    Trigger::Timeout => wanted && !exact,
                    Trigger::Error { codes } => !wanted && matches(codes, &error.code, exact),
                    _ => false,
                };
                let taken: Edges = node
                    .events
                    .iter()
                    .copied()
                    .filter(|&ix| plan.edge(ix).way.as_ref().is_some_and(|way| matches(&way.trigger)))
                    .filter(|&ix| self.condition_holds(number, ix, error))
                    .collect();
                if !taken.is_empty() {
                    return Some(taken);
                }
            }
        }
        None
    }

    /// An event sub-scope of the failed node's scope takes the error: the rest of the scope is withdrawn, and it begins.
    fn handler_takes(&mut self, number: u32, scope: u32, error: &Failure) -> Result<bool, CommandError> {
        let plan = self.context.plan;
        let handlers = &plan.scope(self.state.scope_ix(scope)).handlers;
        let takes = |exact: bool| {
            handlers.iter().find(|handler| match &handler.trigger {
                Trigger::Error { codes } => matches(codes, &error.code, exact),
                _ => false,
            })
        };
        let Some(handler) = takes(true).or_else(|| takes(false)) else { return Ok(false) };
        // What fails inside it is not for itself.
        let in_scope = self.ancestor_in(number, scope);
        if in_scope.is_some_and(|it| self.state.live.get(&it).is_some_and(|it| it.node == handler.node)) {
            return Ok(false);
        }
        if let Some(own) = in_scope {
            self.end_inside(number, own, error)?;
            self.clear(own)?;
            self.emit(Event::NodeFailed { number: own, error: error.clone(), then: AfterFailure::Scope })?;
        }
        self.cancel_scope_content(scope, None)?;
        let payload = serde_json::to_value(error).unwrap_or_default();
        self.begin_handler(scope, handler.node, payload.into())?;
        Ok(true)
    }

    /// The execution of a scope inside which another is, or which it is.
    fn ancestor_in(&self, mut number: u32, scope: u32) -> Option<u32> {
        loop {
            let own = self.state.live.get(&number)?.scope;
            if own == scope {
                return Some(number);
            }
            number = self.state.scopes.get(&own)?.host;
        }
    }

    /// A for-each that goes on without its failed items counts the item and goes on.
    fn item_fails(&mut self, number: u32, (host, scope): (u32, u32), error: &Failure) -> Result<bool, CommandError> {
        let plan = self.context.plan;
        let Some(execution) = self.state.live.get(&host) else { return Ok(false) };
        let NodeKind::Foreach(foreach) = &plan.node(execution.node).kind else { return Ok(false) };
        if !foreach.goes_on {
            return Ok(false);
        }
        if let Some(own) = self.ancestor_in(number, scope) {
            self.end_inside(number, own, error)?;
            self.clear(own)?;
            self.emit(Event::NodeFailed { number: own, error: error.clone(), then: AfterFailure::Scope })?;
        }
        self.cancel_scope(scope, ScopeEnd::Failed)?;
        self.next_items(host)?;
        Ok(true)
    }

    /// A condition on an error edge sees `error`; one that cannot be evaluated does not catch.
    fn condition_holds(&self, number: u32, edge: heddle_model::plan::EdgeIx, error: &Failure) -> bool {
        let scope = InstanceScope { error: Some(error), ..self.scope_of(number) };
        self.context.plan.edge(edge).condition.as_ref().is_none_or(|condition| condition.holds(&scope).unwrap_or(false))
    }

    /// The instance ends with this error, or waits for a person where its settings say so.
    pub(super) fn fail_instance(&mut self, error: &Failure) -> Result<(), CommandError> {
        let live: Vec<u32> = self.state.live.keys().copied().collect();
        for number in live {
            self.withdraw_quietly(number);
        }
        self.disarm_all();
        self.emit(Event::InstanceFailed { error: error.clone() })
    }

    /// What a suspended execution has outside the instance goes, without events of its own.
    fn withdraw_quietly(&mut self, number: u32) {
        match self.state.live.get(&number).map(|execution| &execution.active) {
            Some(Active::Task) => {
                self.effects.dispatches.retain(|dispatch| dispatch.number != number);
                self.effects.cancelled.push(number);
            }
            Some(Active::Job) => self.effects.job_gone(number),
            Some(Active::Call(child)) => self.effects.children_gone.push(child.instance),
            Some(Active::Human(_)) => self.effects.no_longer_asked(number, None, self.context.now),
            _ => {}
        }
    }

    pub(super) fn open_incident(
        &mut self,
        kind: IncidentKind,
        at: (Option<NodeIx>, Option<u32>),
        code: &str,
        message: String,
    ) -> Result<(), CommandError> {
        let incident = self.state.next_incident;
        self.emit(Event::IncidentOpened { incident, kind, node: at.0, execution: at.1, code: code.to_owned(), message })
    }

    /// Closes an incident, in the journal and in its row.
    pub(super) fn resolve(&mut self, number: u32) -> Result<(), CommandError> {
        let Some(incident) = self.state.incidents.get(&number).cloned() else { return Ok(()) };
        self.emit(Event::IncidentResolved { incident: number })?;
        self.effects.incident_resolved(IncidentRow {
            number,
            kind: incident.kind.as_str(),
            node: incident.node.map(|node| self.context.plan.node(node).id.clone()),
            code: incident.code,
            message: incident.message,
            opened_at: incident.opened_at,
            resolved_at: Some(self.context.now),
        });
        Ok(())
    }

    /// Closes what concerns an execution.
    pub(super) fn resolve_of(&mut self, number: u32) -> Result<(), CommandError> {
        let mut own: Vec<u32> = Vec::new();
        own.extend(
            self.state.incidents.iter().filter(|(_, it)| it.execution == Some(number)).map(|(&number, _)| number),
        );
        own.into_iter().try_for_each(|number| self.resolve(number))
    }

    pub(super) fn resolve_all(&mut self) -> Result<(), CommandError> {
        let open: Vec<u32> = self.state.incidents.keys().copied().collect();
        open.into_iter().try_for_each(|number| self.resolve(number))
    }
}

/// Whether a list of codes names this one (`exact`), or names none.
fn matches(codes: &[Code], code: &str, exact: bool) -> bool {
    if exact { codes.iter().any(|known| **known == *code) } else { codes.is_empty() }
}

fn allows(policy: &Retry, error: &Failure, used: u32) -> bool {
    error.retryable
        && used < policy.max_attempts
        && policy.on.iter().any(|class| class == error.class.as_str())
        && (policy.codes.is_empty() || policy.codes.contains(&error.code))
}

/// base × factor^(n−1), at most the maximum, spread by the jitter ("Exponential Backoff And Jitter", M. Brooker, 2015).
fn delay(policy: &Retry, used: u32, entropy: &mut Entropy) -> u64 {
    let exponent = i32::try_from(used.saturating_sub(1)).unwrap_or(i32::MAX);
    let full = (policy.base_delay as f64 * policy.factor.powi(exponent)).min(policy.max_delay as f64).max(0.0) as u64;
    match policy.jitter {
        Jitter::None => full,
        Jitter::Full => entropy.next() % (full + 1),
        Jitter::Equal => full / 2 + entropy.next() % (full / 2 + 1),
    }
}
