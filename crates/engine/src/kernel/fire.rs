//! Firing: tokens are consumed, an execution begins, and does what its node's kind says.

use super::command::CommandError;
use super::decide::Step;
use super::effect::Dispatch;
use super::event::{Event, Failure, Json};
use super::scope::InstanceScope;
use super::state::TimerKind;
use crate::tasks::registry::Registered;
use crate::tasks::{ErrorClass, TaskError};
use heddle_expr::{EvalError, Template};
use heddle_model::format::duration::of_seconds_or_text;
use heddle_model::limits;
use heddle_model::plan::{EdgeIx, EndKind, NodeIx, NodeKind};
use heddle_model::value::{Shared, Value};

impl Step<'_> {
    /// Consumes the tokens and begins an execution.
    pub(super) fn fire(&mut self, node: NodeIx, consumed: &[EdgeIx]) -> Result<(), CommandError> {
        let number = self.state.next_execution;
        self.emit(Event::NodeEnabled { number, node, consumed: consumed.into() })?;
        self.work(number, node)
    }

    /// What a node of this kind does, for an execution that has just begun or begins again.
    pub(super) fn work(&mut self, number: u32, node: NodeIx) -> Result<(), CommandError> {
        let plan = self.context.plan;
        match &plan.node(node).kind {
            NodeKind::Pass => self.complete(number, Json::default(), Vec::new()),
            NodeKind::End(end) => self.end(number, end),
            NodeKind::Timer { config } => {
                let waited = self
                    .evaluate(config)
                    .map_err(|why| Failure::expression(&why))
                    .and_then(|config| Ok(duration(&config)?));
                self.wait(number, waited)
            }
            NodeKind::Task { .. } => self.attempt(number),
        }
    }

    fn end(&mut self, number: u32, end: &EndKind) -> Result<(), CommandError> {
        match end {
            EndKind::Plain => self.complete(number, Json::default(), Vec::new()),
            EndKind::Terminate => {
                self.complete(number, Json::default(), Vec::new())?;
                self.cancel_live()?;
                self.complete_instance()
            }
            EndKind::Error { code } => {
                let message = format!("the flow reached the end `{}`", self.node_id(number));
                self.fail(number, TaskError::new(ErrorClass::Business, code.clone(), message).permanent().into(), None)
            }
        }
    }

    /// Begins the next attempt of a task's execution.
    pub(super) fn attempt(&mut self, number: u32) -> Result<(), CommandError> {
        let plan = self.context.plan;
        let Some(execution) = self.state.live.get(&number) else { return Ok(()) };
        let (node, iteration, attempt) = (execution.node, execution.iteration, execution.attempt + 1);
        let NodeKind::Task { action, config } = &plan.node(node).kind else { return self.work(number, node) };
        let registered = self.context.registry.get(action);
        let input = match self.evaluate(config) {
            Ok(input) => input,
            Err(why) => {
                self.emit(Event::NodeStarted { number, attempt, job: false })?;
                return self.fail(number, Failure::expression(&why), None);
            }
        };
        match registered {
            Some(Registered::Pure(task)) => {
                self.emit(Event::NodeStarted { number, attempt, job: false })?;
                match task.evaluate(&input) {
                    Ok(output) => {
                        self.log_pure(number, output.logs);
                        let variables = output.variables.into_iter().map(|(name, value)| (name, Json(value))).collect();
                        self.complete(number, Json(output.output), variables)
                    }
                    Err(error) => self.fail(number, error.into(), None),
                }
            }
            Some(Registered::Timer(task)) => {
                let waited = task.duration_ms(&input).map_err(Failure::from);
                self.wait(number, waited)
            }
            Some(Registered::Active(_)) | None => {
                let job = registered.is_none();
                let at = plan.node(node);
                let dispatch = Dispatch {
                    number,
                    node,
                    action: action.clone(),
                    attempt,
                    iteration,
                    input: Json(input),
                    priority: at.priority.unwrap_or(self.state.priority),
                    timeout: at.timeout,
                };
                self.emit(Event::NodeStarted { number, attempt, job })?;
                if job {
                    self.offer(dispatch)
                } else {
                    self.effects.dispatches.push(dispatch);
                    Ok(())
                }
            }
        }
    }

    fn offer(&mut self, dispatch: Dispatch) -> Result<(), CommandError> {
        if let Some(timeout) = dispatch.timeout {
            self.arm(TimerKind::JobTimeout(dispatch.number), timeout)?;
        }
        self.effects.jobs_gone.retain(|number| *number != dispatch.number);
        self.effects.jobs.push(dispatch);
        Ok(())
    }

    fn wait(&mut self, number: u32, duration: Result<u64, Failure>) -> Result<(), CommandError> {
        match duration {
            Ok(0) => self.complete(number, Json::default(), Vec::new()),
            Ok(duration) => {
                let due = self.due(duration);
                self.emit(Event::NodeWaiting { number, timer: self.state.next_timer, due })
            }
            Err(error) => self.fail(number, error, None),
        }
    }

    /// An attempt was lost with its server: begun again, unless it must not be, or was lost too often.
    pub(super) fn lost(&mut self, number: u32) -> Result<(), CommandError> {
        let Some(execution) = self.state.live.get(&number) else { return Ok(()) };
        let lost = execution.lost;
        if self.context.plan.node(execution.node).at_most_once {
            let message = "the server stopped during the only attempt, so nobody knows whether the task took effect";
            return self.fail(
                number,
                TaskError::new(ErrorClass::System, "ATTEMPT_LOST", message).permanent().into(),
                None,
            );
        }
        if lost >= limits::LOST_ATTEMPTS {
            return self.poisoned(number, lost);
        }
        self.attempt(number)
    }

    pub(super) fn evaluate(&self, template: &Template) -> Result<Shared, EvalError> {
        template.eval(&self.scope())
    }

    pub(super) fn scope(&self) -> InstanceScope<'_> {
        InstanceScope {
            plan: self.context.plan,
            state: self.state,
            now: self.context.now,
            written: &[],
            output: None,
            error: None,
        }
    }

    pub(super) fn node_id(&self, number: u32) -> &str {
        self.state.live.get(&number).map_or("?", |execution| &self.context.plan.node(execution.node).id)
    }
}

/// How long a `timer` node waits: `duration` of its evaluated config, a text such as `5m`, or a number of seconds.
fn duration(config: &Value) -> Result<u64, TaskError> {
    let value = config.get("duration").unwrap_or(&Value::Null);
    of_seconds_or_text(value).ok_or_else(|| {
        let message = format!("`duration` is {value}, which is no duration such as `5m`, `20s` or a number of seconds");
        TaskError::new(ErrorClass::Business, "BAD_DURATION", message).permanent()
    })
}
