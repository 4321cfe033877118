//! Undoing: what completed and can be undone is, the last first (docs/semantics, A.6, A.14).
//!
//! Nodes with a way to be undone leave a record in their scope when they complete; a scope that ends well gives its records to the
//! scope around it. Undoing runs one record after the other, as executions of their own.

use super::command::CommandError;
use super::decide::Step;
use super::event::{AfterFailure, Event, Failure, IncidentKind, Json};
use super::marking::ROOT;
use super::state::{Active, AfterUndo, Execution, InstanceState, Phase, Record, Undoing};
use crate::tasks::{ErrorClass, TaskError};
use heddle_model::lifecycle::{InstanceStatus, NodeStatus};
use heddle_model::plan::Undo;

impl Step<'_> {
    /// Everything under way is withdrawn, and everything that was done is undone.
    pub(super) fn undo_all(&mut self, then: AfterUndo) -> Result<(), CommandError> {
        let scopes: Vec<u32> = self.state.open_scopes().collect();
        let records = self.records_of(&scopes);
        self.cancel_scope_content(ROOT, None)?;
        self.emit(Event::UndoStarted { records, scope: None, then })
    }

    /// A throw inside the flow: what its scope has done is undone, then the flow goes on.
    pub(super) fn throw_undo(&mut self, number: u32) -> Result<(), CommandError> {
        self.undo_scope(number, AfterUndo::Complete(number))
    }

    /// The end of a transaction: what its scope has done is undone, then the scope's host fails with `CANCELLED`.
    pub(super) fn cancel_transaction(&mut self, number: u32) -> Result<(), CommandError> {
        let scope = self.state.live.get(&number).map_or(ROOT, |execution| execution.scope);
        self.cancel_scope_content(scope, Some(number))?;
        let error = TaskError::new(ErrorClass::Business, "CANCELLED", "the transaction was cancelled").permanent();
        self.undo_scope(number, AfterUndo::Raise(number, error.into()))
    }

    fn undo_scope(&mut self, number: u32, then: AfterUndo) -> Result<(), CommandError> {
        let scope = self.state.live.get(&number).map_or(ROOT, |execution| execution.scope);
        if self.state.undoing.is_some() {
            let message = "something else in this instance is being undone";
            let error = TaskError::new(ErrorClass::System, "COMPENSATING", message);
            return self.fail(number, error.into(), None);
        }
        let records = self.records_of(&[scope]);
        self.emit(Event::UndoStarted { records, scope: Some(scope), then })
    }

    /// The records of some scopes, the first to be undone last.
    pub(super) fn records_of(&self, scopes: &[u32]) -> Vec<Record> {
        let of = |scope: &u32| self.state.marking(*scope).map(|marking| marking.done.as_slice()).unwrap_or_default();
        let mut records: Vec<Record> = scopes.iter().flat_map(of).cloned().collect();
        records.sort_by_key(|record| record.seq);
        records
    }

    /// Begins the next execution that undoes, or ends the undoing; whether there was anything to do.
    pub(super) fn undo_next(&mut self) -> Result<bool, CommandError> {
        let Some(undoing) = self.state.undoing.as_ref().filter(|undoing| undoing.current.is_none()) else {
            return Ok(false);
        };
        let Some(record) = undoing.records.last().cloned() else {
            let then = undoing.then.clone();
            self.emit(Event::UndoEnded)?;
            self.after_undo(then)?;
            return Ok(true);
        };
        let plan = self.context.plan;
        let node = match plan.node(record.node).compensate.as_deref() {
            Some(Undo::Node(node)) if self.state.handler_of(record.number).is_none() => *node,
            _ => record.node,
        };
        let number = self.state.next_execution;
        self.emit(Event::UndoBegun { number, node, undoes: Box::new(record) })?;
        self.attempt(number)?;
        Ok(true)
    }

    fn after_undo(&mut self, then: AfterUndo) -> Result<(), CommandError> {
        match then {
            AfterUndo::Fail(error) => self.fail_instance(&error),
            AfterUndo::Terminate(reason) => self.terminate(reason),
            AfterUndo::Complete(number) => self.complete(number, Json::default(), Vec::new()),
            AfterUndo::Raise(number, error) => self.fail(number, error, None),
            AfterUndo::Return(back) => self.return_to(*back),
        }
    }

    /// An execution has undone what it was to undo.
    pub(super) fn undone(&mut self, number: u32) -> Result<(), CommandError> {
        self.emit(Event::NodeCompensated { number })
    }

    /// Undoing failed: a person decides; what is still to be undone waits.
    pub(super) fn undo_failed(&mut self, number: u32, error: Failure) -> Result<(), CommandError> {
        let node = self.state.live.get(&number).map(|execution| execution.node);
        let (code, message) = (error.code.clone(), error.message.clone());
        self.emit(Event::NodeFailed { number, error, then: AfterFailure::Incident })?;
        self.open_incident(IncidentKind::Compensation, (node, Some(number)), &code, message)
    }
}

impl Undoing {
    /// Whether it ends with this execution: the one that throws, or the one that undoes now.
    pub(super) fn belongs_to(&self, number: u32) -> bool {
        let thrower = match &self.then {
            AfterUndo::Complete(number) | AfterUndo::Raise(number, _) => Some(*number),
            AfterUndo::Fail(_) | AfterUndo::Terminate(_) | AfterUndo::Return(_) => None,
        };
        thrower.is_some_and(|thrower| thrower == number || self.current == Some(number))
    }
}

impl InstanceState {
    pub(super) fn change_undo(
        &mut self,
        plan: &heddle_model::plan::Plan,
        event: &Event,
        at: i64,
    ) -> Result<(), String> {
        match event {
            Event::UndoStarted { records, scope, then } => {
                let is_whole = !matches!(then, AfterUndo::Complete(_) | AfterUndo::Raise(..));
                if is_whole {
                    self.phase = Phase::Compensating;
                    if self.status.is_ended() {
                        self.status =
                            self.status.to(InstanceStatus::Running, self.id).map_err(|illegal| illegal.to_string())?;
                        self.ended_at = None;
                        self.suspended.clear();
                    }
                }
                match scope {
                    Some(scope) => {
                        self.marking_mut(*scope).ok_or("there is no such scope")?.done.clear();
                        if let AfterUndo::Complete(number) | AfterUndo::Raise(number, _) = then {
                            self.execution(*number)?.active = Active::Undo;
                        }
                    }
                    None => {
                        self.root.done.clear();
                        self.scopes.values_mut().for_each(|scope| scope.marking.done.clear());
                    }
                }
                self.undoing = Some(Undoing { records: records.clone(), then: then.clone(), current: None });
                Ok(())
            }
            Event::UndoBegun { number, node, undoes } => {
                let undoing = self.undoing.as_mut().ok_or("nothing is being undone")?;
                undoing.records.pop();
                undoing.current = Some(*number);
                let mut execution = Execution::new(*node, ROOT, undoes.iteration, at);
                execution.undoes = Some(undoes.clone());
                self.put_live(plan, *number, execution)
            }
            Event::NodeCompensated { number } => {
                let execution = self.take_live(*number)?;
                if let Some(undone) = &execution.undoes {
                    self.change_record((ROOT, undone.node), undone.number, |record| {
                        record.status = NodeStatus::Compensated;
                    });
                }
                if let Some(undoing) = &mut self.undoing {
                    undoing.current = None;
                }
                Ok(())
            }
            Event::UndoEnded => {
                let ended = self.undoing.take().map(|undoing| undoing.then);
                self.undone |= matches!(ended, Some(AfterUndo::Fail(_) | AfterUndo::Terminate(_)));
                self.phase = Phase::Forward;
                Ok(())
            }
            _ => Err("no event about undoing".to_owned()),
        }
    }
}
