//! Finishing: outputs are written, the split is decided, tokens go on; and what the whole instance comes to.

use super::command::CommandError;
use super::decide::Step;
use super::event::{Edges, Event, Failure, IncidentKind, Json, SkipCause};
use super::lookup::InstanceScope;
use super::marking::ROOT;
use super::skip;
use super::state::{Active, Owner, Phase, TimerKind};
use crate::tasks::{ErrorClass, TaskError};
use heddle_expr::EvalError;
use heddle_model::definition::Split;
use heddle_model::lifecycle::InstanceStatus;
use heddle_model::plan::NodeIx;
use heddle_model::value::{Map, Value};
use std::sync::Arc;

type Written = Vec<(Arc<str>, Json)>;

/// Why a split could not be decided.
pub(super) enum SplitError {
    NoPath,
    Expression(EvalError),
}

impl Step<'_> {
    /// The work of an execution is done: outputs, the cancel action, then another round or the split, in one step.
    pub(super) fn complete(&mut self, number: u32, output: Json, mut written: Written) -> Result<(), CommandError> {
        let plan = self.context.plan;
        let Some(execution) = self.state.live.get(&number) else { return Ok(()) };
        let (node, round, released) = (execution.node, execution.round, execution.released);
        if execution.undoes.is_some() {
            return self.undone(number);
        }
        for (name, template) in &plan.node(node).output {
            let scope = InstanceScope { written: &written, output: Some(&output), ..self.scope_of(number) };
            match template.eval(&scope) {
                Ok(value) => written.push((name.clone(), Json(value))),
                Err(why) => return self.fail(number, Failure::expression(&why), None),
            }
        }
        match self.goes_round(number, node, (&written, Some(&output), round + 1)) {
            Ok(false) => {}
            Ok(true) => {
                self.clear_waits(number)?;
                return self.go_round(number, output, written);
            }
            Err(why) => return self.fail(number, Failure::expression(&why), None),
        }
        if self.cancel_action(number)? {
            return Ok(());
        }
        self.clear_waits(number)?;
        let split = if released { Ok(Edges::new()) } else { self.split(number, node, &written) };
        match split {
            Ok(taken) => self.emit(Event::NodeCompleted { number, output, variables: written, taken }),
            Err(why) => {
                self.emit(Event::NodeSplitFailed { number, output, variables: written })?;
                self.split_incident(number, node, &why)
            }
        }
    }

    /// The events and the timeout that an execution has beside its work go, where it has any.
    fn clear_waits(&mut self, number: u32) -> Result<(), CommandError> {
        self.ignore(Owner::Execution(number))?;
        if self.state.timers.is_empty() { Ok(()) } else { self.disarm_timeout(number) }
    }

    /// The tokens of an execution go on while it does.
    pub(super) fn release_flow(&mut self, number: u32, output: Json) -> Result<(), CommandError> {
        let Some(execution) = self.state.live.get(&number).filter(|it| !it.released) else { return Ok(()) };
        let (node, mut written) = (execution.node, Written::new());
        for (name, template) in &self.context.plan.node(node).output {
            let scope = InstanceScope { written: &written, output: Some(&output), ..self.scope_of(number) };
            match template.eval(&scope) {
                Ok(value) => written.push((name.clone(), Json(value))),
                Err(why) => return self.fail(number, Failure::expression(&why), None),
            }
        }
        match self.split(number, node, &written) {
            Ok(taken) => {
                self.data_changed |= !written.is_empty();
                self.emit(Event::NodeReleased { number, output, variables: written, taken })
            }
            Err(SplitError::Expression(why)) => self.fail(number, Failure::expression(&why), None),
            Err(SplitError::NoPath) => {
                let error = TaskError::new(ErrorClass::Business, "NO_PATH", "no way out is true").permanent();
                self.fail(number, error.into(), None)
            }
        }
    }

    /// An execution is passed over: the split is decided, nothing else happens.
    pub(super) fn pass_over(&mut self, number: u32, cause: SkipCause, output: Json) -> Result<(), CommandError> {
        let Some(execution) = self.state.live.get(&number) else { return Ok(()) };
        let node = execution.node;
        if execution.undoes.is_some() {
            return self.undone(number);
        }
        self.clear_waits(number)?;
        let released = self.state.live.get(&number).is_some_and(|it| it.released);
        let split = if released { Ok(Edges::new()) } else { self.split(number, node, &[]) };
        match split {
            Ok(taken) => self.emit(Event::NodeSkipped { number, cause, output, taken }),
            Err(why) => {
                self.emit(Event::NodeSplitFailed { number, output, variables: Vec::new() })?;
                self.split_incident(number, node, &why)
            }
        }
    }

    /// Only the split is decided again; the task is not run again.
    pub(super) fn split_again(&mut self, number: u32) -> Result<(), CommandError> {
        let Some(execution) = self.state.live.get(&number) else { return Ok(()) };
        let Active::Split { output } = execution.active.clone() else { return Ok(()) };
        let node = execution.node;
        match self.split(number, node, &[]) {
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
    pub(super) fn split(&self, number: u32, node: NodeIx, written: &[(Arc<str>, Json)]) -> Result<Edges, SplitError> {
        let plan = self.context.plan;
        let at = plan.node(node);
        let scope = InstanceScope { written, ..self.scope_of(number) };
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
        if let Split::Count(count) = at.split {
            taken = taken.iter().flat_map(|&edge| std::iter::repeat_n(edge, count as usize)).collect();
        }
        if taken.is_empty() && !at.outgoing.is_empty() { Err(SplitError::NoPath) } else { Ok(taken) }
    }

    /// Nothing is enabled any more: the instance has ended, waits, or is stuck.
    pub(super) fn conclude(&mut self) -> Result<(), CommandError> {
        if self.state.status != InstanceStatus::Running || self.state.phase != Phase::Forward {
            return Ok(());
        }
        let root = &self.state.root;
        if root.live.is_empty() && root.tokens.is_empty() && root.rounds.values().all(|round| round.fired) {
            return self.complete_instance();
        }
        self.look_for_deadlock()
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
        let nodes = skip::never_reached(self.context.plan, self.state, ROOT);
        self.skip_nodes(ROOT, nodes)?;
        self.disarm_all();
        self.resolve_all()?;
        self.emit(Event::InstanceCompleted { output: Value::Object(output).into() })
    }

    /// All that lives in the instance is withdrawn, the deepest first; nothing is emitted for it.
    pub(super) fn cancel_live(&mut self) -> Result<(), CommandError> {
        let live: Vec<u32> = self.state.root.live.clone();
        live.into_iter().try_for_each(|number| self.cancel(number))
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
