//! Loops on a node: rounds that follow each other without tokens moving (docs/semantics, A.10). Each round is an execution of its own.

use super::command::CommandError;
use super::decide::Step;
use super::event::{Event, Failure, Json, Named, SkipCause};
use super::lookup::InstanceScope;
use crate::tasks::{ErrorClass, TaskError};
use heddle_expr::EvalError;
use heddle_model::plan::NodeIx;

impl Step<'_> {
    /// Whether a loop that is tested before its rounds lets this one begin; otherwise the node is passed over.
    pub(super) fn may_begin(&mut self, number: u32, node: NodeIx) -> Result<bool, CommandError> {
        let plan = self.context.plan;
        let Some(repeat) = &plan.node(node).repeat else { return Ok(true) };
        let round = self.state.live.get(&number).map_or(0, |execution| execution.round);
        if repeat.test_after || round > 0 {
            return Ok(true);
        }
        match self.goes_round(number, node, (&[], None, round)) {
            Ok(true) => Ok(true),
            Ok(false) => self.pass_over(number, SkipCause::Loop, Json::default()).map(|()| false),
            Err(why) => self.fail(number, Failure::expression(&why), None).map(|()| false),
        }
    }

    /// Whether another round follows this one: `max` leaves the loop normally.
    pub(super) fn goes_round(
        &self,
        number: u32,
        node: NodeIx,
        (written, output, done): (&[Named], Option<&Json>, u32),
    ) -> Result<bool, EvalError> {
        let Some(repeat) = &self.context.plan.node(node).repeat else { return Ok(false) };
        if repeat.max.is_some_and(|max| done >= max) {
            return Ok(false);
        }
        let names = [("index", done.into())];
        repeat.condition.holds(&InstanceScope { written, output, names: &names, ..self.scope_of(number) })
    }

    /// The round is over and the next one begins.
    pub(super) fn go_round(&mut self, number: u32, output: Json, variables: Vec<Named>) -> Result<(), CommandError> {
        let again = self.state.next_execution;
        self.emit(Event::NodeRepeated { number, again, output, variables })?;
        self.rounds += 1;
        if self.rounds > heddle_model::limits::STEPS_PER_COMMAND {
            let message = "the loop went round without ever waiting for anything";
            let error = TaskError::new(ErrorClass::System, "STEP_LIMIT", message).permanent();
            return self.fail(again, error.into(), None);
        }
        // Not from here: a loop of a hundred thousand rounds must not be a hundred thousand calls deep.
        self.begun.push_back(again);
        Ok(())
    }
}
