//! Starting an instance: its creation and its first step, in one unit; or its creation alone, where it awaits a permit.

use super::actor::Actor;
use super::desk::Waiting;
use super::error::EngineError;
use super::lane::Lane;
use super::message::{Key, Reply, SharedState};
use super::pending::{Answer, Decided, Pending};
use super::request::StartRequest;
use crate::kernel::{self, Caller, Command, CommandError, Context, Created, Decision, Event, Json, Limited};
use crate::scheduler::Holder;
use crate::storage;
use heddle_model::definition::AtLimit;
use heddle_model::plan::{Limit, Plan};
use heddle_model::value::Value;
use std::sync::Arc;

/// A start that has come to its lane.
pub(super) struct Starting {
    pub(super) request: Box<StartRequest>,
    pub(super) plan: Arc<Plan>,
    /// It has the permit of its workflow's concurrency key.
    pub(super) has_permit: bool,
}

impl Lane {
    pub(super) fn start(&mut self, decided: &mut Decided, now: i64, starting: Starting, reply: Reply<SharedState>) {
        let key = Key { workspace: starting.request.workspace, instance: starting.request.instance };
        let waits = starting.request.wait.is_some();
        match self.asked_first(now, &starting) {
            // Nothing is stored before it is known whether it may begin at all.
            Ok(Some(limited)) => {
                let Starting { request, plan, .. } = starting;
                let priority = request.priority.unwrap_or(plan.priority);
                let waiting = Waiting::Start(request, plan, reply);
                return self.shared.desk.instance(key, priority, &limited, Some(waiting));
            }
            Err(why) => reply.send(Err(why)),
            Ok(None) => match self.make(decided, now, (*starting.request, starting.plan), None) {
                Ok(pending) => {
                    pending.answers.push(if waits { Answer::End(reply) } else { Answer::State(reply) });
                    return;
                }
                Err(why) => reply.send(Err(why)),
            },
        }
        self.shared.desk.release(Holder::Instance(key.instance));
    }

    /// What a start must be asked about before anything is stored: it may be refused.
    fn asked_first(&self, now: i64, starting: &Starting) -> Result<Option<Limited>, EngineError> {
        let Starting { request, plan, has_permit } = starting;
        if *has_permit || plan.concurrency.as_ref().is_none_or(|limit| limit.at_limit == AtLimit::Queue) {
            return Ok(None);
        }
        let key = Key { workspace: request.workspace, instance: request.instance };
        let created = created(request, plan, request.input.clone());
        let (state, _) = kernel::create(self.context(plan, now), key.instance, key.workspace, created)?;
        Ok(kernel::limited_instance(plan, &state, now).map_err(unreadable)?)
    }

    /// Makes an instance and decides its first step.
    pub(super) fn make<'d>(
        &mut self,
        decided: &'d mut Decided,
        now: i64,
        (mut request, plan): (StartRequest, Arc<Plan>),
        caller: Option<Caller>,
    ) -> Result<&'d mut Pending, EngineError> {
        let key = Key { workspace: request.workspace, instance: request.instance };
        let input = std::mem::take(&mut request.input);
        let context: Context<'_> = self.context(&plan, now);
        let (mut state, created) =
            kernel::create(context, key.instance, key.workspace, created(&request, &plan, input))?;
        let called =
            caller.map(|caller| kernel::decide(context, &mut state, Command::CalledBy(caller), &request.actor));
        let called = called.transpose()?;
        let at = request.start_at.filter(|&at| at > now);
        let awaits = plan.concurrency.as_ref().is_some_and(|limit| asks_later(limit, caller));
        if awaits {
            kernel::limited_instance(&plan, &state, now).map_err(unreadable)?;
        }
        let decision = match at {
            // Nothing is decided: it stays CREATED until it has a permit.
            None if awaits => Decision::default(),
            at => {
                let first = at.map_or(Command::Start, Command::StartAt);
                kernel::decide(context, &mut state, first, &request.actor)?
            }
        };
        let mut pending = Pending::new(key, 1);
        pending.created = Some(storage::Created {
            workflow: created.workflow,
            version: created.version,
            version_number: created.version_number,
            business_key: request.business_key,
            unique_business_key: request.unique_business_key,
            priority: created.priority,
            started_by: created.started_by.to_string(),
            created_at: now,
            test: created.test,
            parent: caller.map(|caller| caller.instance),
        });
        pending.idempotency = request.idempotency;
        pending.effects.variables.extend(created.variables.iter().map(|(name, _)| name.clone()));
        pending.events.push(Event::InstanceCreated(Box::new(created)));
        let mut actor = Actor::new(state, plan);
        actor.note_offers(&decision.effects, now);
        called.into_iter().chain([decision]).for_each(|decision| pending.absorb(decision));
        self.actors.insert(key.instance, actor);
        decided.shift_remove(&key.instance);
        Ok(decided.entry(key.instance).or_insert(Box::new(pending)))
    }
}

/// Whether an instance is made first and asks for its permit then: where one too many waits, and where another workflow called it, which
/// has nobody to refuse it to.
fn asks_later(limit: &Limit, caller: Option<Caller>) -> bool {
    caller.is_some() || limit.at_limit == AtLimit::Queue
}

fn unreadable(why: heddle_expr::EvalError) -> CommandError {
    CommandError::Nothing(format!("the concurrency key: {why}"))
}

fn created(request: &StartRequest, plan: &Plan, input: Value) -> Created {
    Created {
        workflow: request.workflow,
        version: request.version,
        version_number: request.version_number,
        business_key: request.business_key.as_deref().map(Arc::from),
        priority: request.priority.unwrap_or(plan.priority).min(9),
        started_by: request.actor.clone(),
        test: request.test,
        input: Json::from(input),
        variables: Vec::new(),
    }
}
