//! Failing: another attempt, an edge that catches it, the node's own policy, or the instance.

use super::command::{CommandError, Entropy};
use super::decide::Step;
use super::event::{AfterFailure, Edges, Event, Failure, IncidentKind, Json, SkipCause};
use super::scope::InstanceScope;
use crate::storage::IncidentRow;
use crate::tasks::ErrorClass;
use heddle_expr::EvalError;
use heddle_model::definition::{EdgeEvent, Jitter, OnError, OnFailure, Retry};
use heddle_model::plan::{NodeIx, PlanNode};
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
    /// An attempt of an execution failed.
    pub(super) fn fail(&mut self, number: u32, error: Failure, retry_after: Option<u64>) -> Result<(), CommandError> {
        let Some(execution) = self.state.live.get(&number) else { return Err(CommandError::Stale) };
        let ix = execution.node;
        let used = execution.attempt - execution.forgiven;
        let node = self.context.plan.node(ix);
        if let Some(policy) = node.retry.as_ref().filter(|policy| !node.at_most_once && allows(policy, &error, used)) {
            let delay = delay(policy, used, &mut self.entropy).max(retry_after.unwrap_or(0).min(policy.max_delay));
            let due = self.due(delay);
            return self.emit(Event::NodeRetrying { number, error, timer: self.state.next_timer, due });
        }
        if let Some(taken) = self.caught(node, &error) {
            return self.emit(Event::NodeFailed { number, error, then: AfterFailure::Caught(taken) });
        }
        match node.on_error {
            OnError::Skip => self.pass_over(number, SkipCause::Policy, Json::default()),
            OnError::Incident => self.fail_with_incident((number, ix), error),
            // Compensation is not available in this version: validation refuses it, and a failure is never hidden.
            OnError::Fail | OnError::Compensate if self.context.plan.on_failure == OnFailure::Incident => {
                self.fail_with_incident((number, ix), error)
            }
            OnError::Fail | OnError::Compensate => {
                self.emit(Event::NodeFailed { number, error: error.clone(), then: AfterFailure::Instance })?;
                self.fail_instance(&error)
            }
        }
    }

    fn fail_with_incident(&mut self, at: (u32, NodeIx), error: Failure) -> Result<(), CommandError> {
        let (number, node) = at;
        let kind = if error.code == "EXPRESSION" { IncidentKind::Expression } else { IncidentKind::Error };
        let (code, message) = (error.code.clone(), error.message.clone());
        self.emit(Event::NodeFailed { number, error, then: AfterFailure::Incident })?;
        self.open_incident(kind, (Some(node), Some(number)), &code, message)
    }

    /// Attempts were lost too often: a task that kills its server must not do so for ever.
    pub(super) fn poisoned(&mut self, number: u32, lost: u32) -> Result<(), CommandError> {
        let Some(execution) = self.state.live.get(&number) else { return Ok(()) };
        let node = execution.node;
        let message = format!(
            "{lost} attempts of `{}` were lost because the server stopped under them",
            self.context.plan.node(node).name
        );
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

    /// The `on:` edges that take this error: those with its exact code, else those without codes.
    fn caught(&self, node: &PlanNode, error: &Failure) -> Option<Edges> {
        let plan = self.context.plan;
        let wanted: &[EdgeEvent] = match error.class {
            ErrorClass::Timeout => &[EdgeEvent::Timeout, EdgeEvent::Error],
            ErrorClass::System | ErrorClass::Business => &[EdgeEvent::Error],
        };
        for &event in wanted {
            for exact in [true, false] {
                let taken: Edges = node
                    .events
                    .iter()
                    .copied()
                    .filter(|&ix| {
                        let edge = plan.edge(ix);
                        let matches = if exact { edge.codes.contains(&error.code) } else { edge.codes.is_empty() };
                        edge.event == Some(event) && matches && self.condition_holds(ix, error)
                    })
                    .collect();
                if !taken.is_empty() {
                    return Some(taken);
                }
            }
        }
        None
    }

    /// A condition on an error edge sees `error`; one that cannot be evaluated does not catch.
    fn condition_holds(&self, edge: heddle_model::plan::EdgeIx, error: &Failure) -> bool {
        let scope = InstanceScope { error: Some(error), ..self.scope() };
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
        use super::state::Active;
        match self.state.live.get(&number).map(|execution| &execution.active) {
            Some(Active::Task) => {
                self.effects.dispatches.retain(|dispatch| dispatch.number != number);
                self.effects.cancelled.push(number);
            }
            Some(Active::Job) => self.effects.job_gone(number),
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

    pub(super) fn resolve_all(&mut self) -> Result<(), CommandError> {
        let open: Vec<u32> = self.state.incidents.keys().copied().collect();
        open.into_iter().try_for_each(|number| self.resolve(number))
    }
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
