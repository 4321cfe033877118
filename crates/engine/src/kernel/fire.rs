//! Firing: tokens are consumed, an execution begins, and does what its node's kind says.

use super::command::CommandError;
use super::decide::Step;
use super::effect::Dispatch;
use super::event::{Event, Failure, Json};
use super::join::Place;
use super::lookup::InstanceScope;
use super::marking::ROOT;
use super::moment::when;
use super::state::{Held, TimerKind};
use crate::tasks::registry::Registered;
use crate::tasks::{ErrorClass, TaskError};
use heddle_expr::{EvalError, Template};
use heddle_model::limits;
use heddle_model::plan::{EdgeIx, EndKind, NodeIx, NodeKind, Undo};
use heddle_model::value::Shared;

impl Step<'_> {
    /// Consumes the tokens and begins an execution.
    pub(super) fn fire(&mut self, place: Place, consumed: &[EdgeIx]) -> Result<(), CommandError> {
        let number = self.enable(place, consumed)?;
        self.begin(number)
    }

    /// An execution begins, but does nothing yet.
    pub(super) fn enable(&mut self, place: Place, consumed: &[EdgeIx]) -> Result<u32, CommandError> {
        let (scope, node) = place;
        self.cancel_rest(place)?;
        let number = self.state.next_execution;
        let consumed = consumed.into();
        self.emit(match scope {
            ROOT => Event::NodeEnabled { number, node, consumed },
            _ => Event::NodeEnabledInside { scope, number, node, consumed },
        })?;
        self.close_round(place)?;
        Ok(number)
    }

    /// An execution that has just begun does what its node says, unless its loop says no.
    pub(super) fn begin(&mut self, number: u32) -> Result<(), CommandError> {
        let Some(execution) = self.state.live.get(&number) else { return Ok(()) };
        let node = execution.node;
        if self.waits(number) {
            return self.emit(Event::ResultHeld(Held::Begin(number)));
        }
        if !self.may_begin(number, node)? {
            return Ok(());
        }
        self.listen_around(number, node)?;
        if self.state.live.contains_key(&number) && self.has_permit(number, node)? {
            return self.work(number, node);
        }
        Ok(())
    }

    /// What a node of this kind does, for an execution that has just begun or begins again.
    pub(super) fn work(&mut self, number: u32, node: NodeIx) -> Result<(), CommandError> {
        let plan = self.context.plan;
        match &plan.node(node).kind {
            NodeKind::Pass => self.complete(number, Json::default(), Vec::new()),
            NodeKind::End(end) => self.end(number, end),
            NodeKind::Timer { config } => {
                let due = self
                    .evaluate(number, config)
                    .map_err(|why| Failure::expression(&why))
                    .and_then(|config| Ok(when(&config, self.context.now)?));
                self.wait_until(number, due.map(|when| when.due))
            }
            NodeKind::Task { .. } => self.attempt(number),
            NodeKind::Event(trigger) => self.await_event(number, trigger),
            NodeKind::Choice => self.await_first(number, node),
            NodeKind::Send(send) => self.send(number, send),
            NodeKind::Group(of) => self.open_group(number, *of),
            NodeKind::Foreach(foreach) => self.open_items(number, foreach),
            NodeKind::Human { config } => self.ask(number, config),
            NodeKind::Call { config, wait } => self.call(number, config, *wait),
        }
    }

    fn end(&mut self, number: u32, end: &EndKind) -> Result<(), CommandError> {
        let plain = |step: &mut Self| step.complete(number, Json::default(), Vec::new());
        match end {
            EndKind::Plain => plain(self),
            EndKind::Terminate { all } => {
                let scope = self.state.live.get(&number).map_or(ROOT, |execution| execution.scope);
                plain(self)?;
                self.cancel_scope_content(if *all { ROOT } else { scope }, None)
            }
            EndKind::Error { code } => {
                let message = format!("the flow reached the end `{}`", self.node_id(number));
                self.fail(number, TaskError::new(ErrorClass::Business, code.clone(), message).permanent().into(), None)
            }
            EndKind::Escalation { code } => {
                let code = code.clone();
                plain(self)?;
                self.escalate(number, &code, Json::default())
            }
            EndKind::Send(send) => self.send(number, send),
            EndKind::Compensate => self.throw_undo(number),
            EndKind::Cancel => self.cancel_transaction(number),
        }
    }

    /// Begins the next attempt of a task's execution.
    pub(super) fn attempt(&mut self, number: u32) -> Result<(), CommandError> {
        let plan = self.context.plan;
        let Some(execution) = self.state.live.get(&number) else { return Ok(()) };
        let (node, iteration, attempt) = (execution.node, execution.iteration, execution.attempt + 1);
        let own = match &plan.node(node).kind {
            NodeKind::Task { action, config } => Some((action, config)),
            _ => None,
        };
        let undo = plan.node(node).compensate.as_deref().filter(|_| execution.undoes.is_some());
        let (undoes, earlier) = match execution.undoes.as_deref() {
            Some(record) => (Some(record.number), self.state.handler_of(record.number).cloned()),
            None => (None, None),
        };
        let parsed = earlier.as_ref().and_then(|handler| Template::parse(&handler.config.0).ok());
        let task = match (&earlier, &parsed, undo) {
            (Some(handler), Some(config), _) => Some((&handler.action, config)),
            (_, _, Some(Undo::Task { action, config })) => Some((action, config)),
            _ => own,
        };
        let Some((action, config)) = task else { return self.work(number, node) };
        let registered = self.context.registry.get(action);
        let evaluated = self.evaluate(number, config).and_then(|input| Ok((input, self.limited(number, node)?)));
        let (input, concurrency) = match evaluated {
            Ok(evaluated) => evaluated,
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
            Some(Registered::Send(task)) => {
                self.emit(Event::NodeStarted { number, attempt, job: false })?;
                match task.publication(&input) {
                    Ok(publication) => self.publish(number, publication),
                    Err(error) => self.fail(number, error.into(), None),
                }
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
                    undoes,
                    name: earlier.as_ref().map_or_else(|| at.id.clone(), |handler| handler.node.clone()),
                    input: Json(input),
                    priority: at.priority.unwrap_or(self.state.priority),
                    timeout: at.timeout,
                    concurrency,
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
        let due = duration.map(|duration| self.due(duration));
        self.wait_until(number, due)
    }

    fn wait_until(&mut self, number: u32, due: Result<i64, Failure>) -> Result<(), CommandError> {
        match due {
            Ok(due) if due <= self.context.now => self.complete(number, Json::default(), Vec::new()),
            Ok(due) => self.emit(Event::NodeWaiting { number, timer: self.state.next_timer, due }),
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
            return self.poisoned(number, lost, "because the server stopped under them");
        }
        self.attempt(number)
    }

    /// A template as an execution's scope sees it.
    pub(super) fn evaluate(&self, number: u32, template: &Template) -> Result<Shared, EvalError> {
        template.eval(&self.scope_of(number))
    }

    pub(super) fn scope_of(&self, number: u32) -> InstanceScope<'_> {
        let Some(execution) = self.state.live.get(&number) else { return self.scope() };
        let undone = execution.undoes.as_deref();
        InstanceScope {
            scope: execution.scope,
            written: undone.map_or(&[], |record| &record.variables),
            output: undone.map(|record| &record.output),
            ..self.scope()
        }
    }

    pub(super) fn scope(&self) -> InstanceScope<'_> {
        InstanceScope {
            plan: self.context.plan,
            state: self.state,
            now: self.context.now,
            scope: ROOT,
            written: &[],
            names: &[],
            output: None,
            error: None,
        }
    }

    pub(super) fn node_id(&self, number: u32) -> &str {
        self.state.live.get(&number).map_or("?", |execution| &self.context.plan.node(execution.node).id)
    }
}
