//! Commands about one construct of the flow: items, tasks for people, undoing, calls, and the marking itself (docs/semantics, A.14).
//!
//! Every precondition is checked before the first event, so that a refused command changes nothing.

use super::command::{Command, CommandError};
use super::decide::Step;
use super::event::Event;
use super::state::{AfterUndo, Items};
use crate::tasks::TaskError;
use heddle_model::lifecycle::InstanceStatus;

impl Step<'_> {
    /// Commands about one construct of the flow.
    pub(super) fn steer(&mut self, command: Command, heard: Event) -> Result<(), CommandError> {
        match command {
            Command::AddItems { node, items } => {
                let number = self.foreach_that(&node, |items| !items.closed)?;
                self.has_room(number, items.len())?;
                self.emit(heard)?;
                self.add_items(number, items)
            }
            Command::CloseItems { node } => {
                let number = self.foreach_that(&node, |items| !items.closed)?;
                self.emit(heard)?;
                self.close_items(number)
            }
            Command::CompleteForeach { node } => {
                let number = self.foreach_that(&node, |items| !items.stopped)?;
                self.emit(heard)?;
                self.stop_items(number, heddle_model::definition::Rest::Cancel)
            }
            Command::Cancel { node } => {
                self.must_be_open()?;
                let number = self.find_live(&node)?;
                if self.state.live.get(&number).is_some_and(|execution| execution.undoes.is_some()) {
                    return Err(CommandError::Nothing(format!("`{node}` undoes another; skip it instead")));
                }
                self.emit(heard)?;
                self.cancel(number)?;
                self.touch_all();
                Ok(())
            }
            Command::Human { node, action } => self.human(&node, action, heard),
            Command::Compensate { terminate } => self.compensate(terminate, heard),
            Command::Modify { changes, variables } => {
                self.may_modify(&changes)?;
                self.emit(heard)?;
                self.write(variables)?;
                let refired = self.revive_instance()?;
                self.resolve_where(|incident| incident.execution.is_none())?;
                self.modify(changes)?;
                self.go_on(&refired, None)
            }
            Command::ChildEnded { number, result } => self.child_ended(number, result),
            _ => Ok(()),
        }
    }

    fn foreach_that(&self, node: &str, is_fit: impl Fn(&Items) -> bool) -> Result<u32, CommandError> {
        self.must_be_open()?;
        let number = self.find_live(node)?;
        let items = self.state.live.get(&number).and_then(|execution| execution.items.as_deref());
        match items {
            Some(items) if is_fit(items) => Ok(number),
            Some(_) => Err(CommandError::Nothing(format!("no more items can be added to `{node}`"))),
            None => Err(CommandError::Nothing(format!("`{node}` is no for-each at work"))),
        }
    }

    fn compensate(&mut self, terminate: bool, heard: Event) -> Result<(), CommandError> {
        let status = self.state.status;
        let any = self.state.open_scopes().any(|scope| self.state.marking(scope).is_some_and(|it| !it.done.is_empty()));
        if terminate && !any && self.state.undoing.is_none() {
            // Nothing is to be undone first.
            status.to(InstanceStatus::Terminated, self.state.id)?;
            self.emit(heard)?;
            return self.terminate("compensated".to_owned());
        }
        if !matches!(status, InstanceStatus::Running | InstanceStatus::Failed | InstanceStatus::Completed) {
            return Err(self.illegal(InstanceStatus::Running));
        }
        if !any || self.state.undoing.is_some() {
            return Err(CommandError::Nothing("there is nothing to undo".to_owned()));
        }
        self.emit(heard)?;
        let then = if terminate {
            AfterUndo::Terminate("compensated".to_owned())
        } else {
            let message = "it was undone on demand";
            AfterUndo::Fail(
                TaskError::new(crate::tasks::ErrorClass::Business, "COMPENSATED", message).permanent().into(),
            )
        };
        self.undo_all(then)
    }
}
