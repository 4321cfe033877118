//! Finishing: outputs are written, the split is decided, tokens go on; and what the whole instance comes to.

use super::command::CommandError;
use super::decide::Step;
use super::event::{Edges, Event, Failure, IncidentKind, Json, SkipCause};
use super::scope::InstanceScope;
use super::state::{Active, TimerKind};
use super::{join, skip};
use heddle_expr::EvalError;
use heddle_model::definition::Split;
use heddle_model::lifecycle::InstanceStatus;
use heddle_model::plan::{EdgeIx, NodeIx};
use heddle_model::value::{Map, Value};
use std::sync::Arc;

type Written = Vec<(Arc<str>, Json)>;

/// Why a split could not be decided.
pub(super) enum SplitError {
    NoPath,
    Expression(EvalError),
}

impl Step<'_> {
    /// The work of an execution is done: outputs, then the split, in one step.
    pub(super) fn complete(&mut self, number: u32, output: Json, mut written: Written) -> Result<(), CommandError> {
        let plan = self.context.plan;
        let Some(execution) = self.state.live.get(&number) else { return Err(CommandError::Stale) };
        let node = execution.node;
        for (name, template) in &plan.node(node).output {
            let scope = InstanceScope { written: &written, output: Some(&output), ..self.scope() };
            match template.eval(&scope) {
                Ok(value) => written.push((name.clone(), Json(value))),
                Err(why) => return self.fail(number, Failure::expression(&why), None),
            }
        }
        match self.split(node, &written) {
            Ok(taken) => self.emit(Event::NodeCompleted { number, output, variables: written, taken }),
            Err(why) => {
                self.emit(Event::NodeSplitFailed { number, output, variables: written })?;
                self.split_incident(number, node, &why)
            }
        }
    }

    /// An execution is passed over: the split is decided, nothing else happens.
    pub(super) fn pass_over(&mut self, number: u32, cause: SkipCause, output: Json) -> Result<(), CommandError> {
        let Some(execution) = self.state.live.get(&number) else { return Err(CommandError::Stale) };
        let node = execution.node;
        match self.split(node, &[]) {
            Ok(taken) => self.emit(Event::NodeSkipped { number, cause, output, taken }),
            Err(why) => {
                self.emit(Event::NodeSplitFailed { number, output, variables: Vec::new() })?;
                self.split_incident(number, node, &why)
            }
        }
    }

    /// Only the split is decided again; the task is not run again.
    pub(super) fn split_again(&mut self, number: u32) -> Result<(), CommandError> {
        let Some(execution) = self.state.live.get(&number) else { return Err(CommandError::Stale) };
        let Active::Split { output } = execution.active.clone() else { return Ok(()) };
        let node = execution.node;
        match self.split(node, &[]) {
            Ok(taken) => self.emit(Event::NodeCompleted { number, output, variables: Vec::new(), taken }),
            Err(why) => self.split_incident(number, node, &why),
        }
    }

    fn split_incident(&mut self, number: u32, node: NodeIx, why: &SplitError) -> Result<(), CommandError> {
        let at = (Some(node), Some(number));
        match why {
            SplitError::NoPath => {
                let message = format!(
                    "no condition of `{}` is true and it has no default way out",
                    self.context.plan.node(node).name
                );
                self.open_incident(IncidentKind::NoPath, at, "NO_PATH", message)
            }
            SplitError::Expression(why) => {
                self.open_incident(IncidentKind::Expression, at, "EXPRESSION", why.to_string())
            }
        }
    }

    /// Conditions in the order of the edges, on the variables as they are after the node's outputs (docs/semantics, A.4).
    pub(super) fn split(&self, node: NodeIx, written: &[(Arc<str>, Json)]) -> Result<Edges, SplitError> {
        let plan = self.context.plan;
        let at = plan.node(node);
        let scope = InstanceScope { written, ..self.scope() };
        let mut taken = Edges::new();
        for &ix in at.outgoing.iter().filter(|&&ix| !plan.edge(ix).default) {
            let is_true = match &plan.edge(ix).condition {
                None => true,
                Some(condition) => condition.holds(&scope).map_err(SplitError::Expression)?,
            };
            if is_true {
                taken.push(ix);
                if at.split == Split::One {
                    break;
                }
            }
        }
        if taken.is_empty() {
            taken.extend(at.outgoing.iter().copied().find(|&ix| plan.edge(ix).default));
        }
        if taken.is_empty() && !at.outgoing.is_empty() { Err(SplitError::NoPath) } else { Ok(taken) }
    }

    /// Nothing is enabled any more: the instance has ended, waits, or is stuck.
    pub(super) fn conclude(&mut self) -> Result<(), CommandError> {
        if self.state.status != InstanceStatus::Running || !self.state.live.is_empty() {
            return Ok(());
        }
        if self.state.tokens.is_empty() {
            return self.complete_instance();
        }
        let known = self
            .state
            .incidents
            .values()
            .any(|incident| matches!(incident.kind, IncidentKind::Deadlock | IncidentKind::Limit));
        if known { Ok(()) } else { self.deadlock() }
    }

    fn deadlock(&mut self) -> Result<(), CommandError> {
        let plan = self.context.plan;
        let mut nodes: Vec<NodeIx> = self.state.tokens.iter().map(|&edge| plan.edge(edge).to).collect();
        nodes.sort_unstable();
        nodes.dedup();
        let name = |edge: &EdgeIx| plan.edge(*edge).id.to_string();
        let parts: Vec<String> = nodes
            .iter()
            .map(|&node| {
                let missing: Vec<String> = join::missing(plan, self.state, node).iter().map(name).collect();
                format!("`{}` waits for {}", plan.node(node).id, missing.join(", "))
            })
            .collect();
        let first = nodes.first().copied();
        self.open_incident(IncidentKind::Deadlock, (first, None), "DEADLOCK", parts.join("; "))
    }

    /// COMPLETED, with the outputs that the definition names.
    pub(super) fn complete_instance(&mut self) -> Result<(), CommandError> {
        let mut output = Map::new();
        for (name, template) in &self.context.plan.outputs {
            match template.eval(&self.scope()) {
                Ok(value) => {
                    output.insert(name.to_string(), (*value).clone());
                }
                Err(why) => return self.fail_instance(&Failure::expression(&why)),
            }
        }
        let nodes = skip::never_reached(self.context.plan, self.state);
        if !nodes.is_empty() {
            self.emit(Event::NodesSkipped { nodes })?;
        }
        self.disarm_all();
        self.resolve_all()?;
        self.emit(Event::InstanceCompleted { output: Value::Object(output).into() })
    }

    /// All that lives in the instance is withdrawn; nothing is emitted for it.
    pub(super) fn cancel_live(&mut self) -> Result<(), CommandError> {
        let live: Vec<u32> = self.state.live.keys().copied().collect();
        for number in live {
            self.withdraw(number)?;
            self.emit(Event::NodeCancelled { number })?;
        }
        Ok(())
    }

    /// What an execution has outside the instance goes: its running attempt, job or timer.
    pub(super) fn withdraw(&mut self, number: u32) -> Result<(), CommandError> {
        match self.state.live.get(&number).map(|execution| &execution.active) {
            Some(Active::Task) => {
                self.effects.dispatches.retain(|dispatch| dispatch.number != number);
                self.effects.cancelled.push(number);
                Ok(())
            }
            Some(Active::Job) => self.withdraw_job(number),
            Some(&Active::Timer(timer) | &Active::Retry(timer)) => self.emit(Event::TimerDisarmed { timer }),
            Some(Active::Split { .. } | Active::Failed) | None => Ok(()),
        }
    }

    /// Rows of timers go with their instance; the event that ends it says so for all of them.
    pub(super) fn disarm_all(&mut self) {
        let timers: Vec<u32> = self.state.timers.keys().copied().collect();
        timers.into_iter().for_each(|timer| self.effects.timer_gone(timer));
    }

    /// The instance's own timeout, armed anew after a repair.
    pub(super) fn arm_instance_timeout(&mut self) -> Result<(), CommandError> {
        self.context.plan.timeout.map_or(Ok(()), |timeout| self.arm(TimerKind::Instance, timeout))
    }
}
