//! One round of a lane: decide everything that has gathered, commit it as one batch, let the effects go.

use super::actor::Actor;
use super::commit;
use super::error::EngineError;
use super::lane::Lane;
use super::message::{Key, Message, Reply, SharedState};
use super::pool::Ready;
use super::request::{CommandRequest, Committed, StartRequest};
use crate::kernel::{self, Command, Context, Created, Decision, Effects, Entropy, Event, Json, Order, codec};
use crate::storage::{self, Batch, CommitError, Head, IdempotencyRow, JobRow, JobState, JournalRow, Snapshot, TimerRow, Unit};
use heddle_model::ids::InstanceId;
use heddle_model::limits;
use heddle_model::plan::{NodeIx, Plan};
use heddle_model::value::Value;
use indexmap::IndexMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What a round has decided for one instance.
struct Pending {
    key: Key,
    first_seq: u64,
    events: Vec<Event>,
    executions: Vec<(u32, NodeIx)>,
    effects: Effects,
    created: Option<storage::Created>,
    idempotency: Option<IdempotencyRow>,
    answers: Vec<Answer>,
}

/// Who is told when the round is durable.
enum Answer {
    State(Reply<SharedState>),
    /// When the instance has ended.
    End(Reply<SharedState>),
    Done(Reply<()>),
    Peek(Reply<Option<SharedState>>),
}

type Decided = IndexMap<InstanceId, Pending>;

impl Lane {
    pub(super) async fn round(&mut self, now: i64, messages: Vec<Message>) {
        let counted = messages.iter().filter(|message| message.is_counted()).count();
        let mut decided = Decided::new();
        for message in messages {
            self.decide(&mut decided, now, message);
        }
        let (quiet, pending): (Vec<_>, Vec<_>) = decided.into_values().partition(|pending| pending.events.is_empty());
        for pending in quiet {
            self.answer(pending.key, pending.answers);
        }
        if !pending.is_empty() {
            self.commit(now, pending).await;
        }
        self.shared.queued.fetch_sub(counted, Ordering::Relaxed);
    }

    fn decide(&mut self, decided: &mut Decided, now: i64, message: Message) {
        match message {
            Message::Start { request, plan, reply } => self.start(decided, now, *request, plan, reply),
            Message::Command { key, request, reply } => self.command(decided, now, (key, request), reply),
            Message::TaskEnded { key, number, attempt, result } => {
                if let Some(actor) = self.actors.get_mut(&key.instance) {
                    actor.running.remove(&number);
                }
                self.step(decided, now, key, Command::TaskEnded { number, attempt, result }, None);
            }
            Message::JobEnded { key, number, result, reply } => {
                self.step(decided, now, key, Command::JobEnded { number, result }, Some(Answer::Done(reply)));
            }
            Message::TimerDue { key, timer } => self.step(decided, now, key, Command::TimerDue(timer), None),
            Message::Recover { key, reply } => self.step(decided, now, key, Command::Recover, Some(Answer::Done(reply))),
            Message::Wait { key, reply } => {
                let first_seq = self.next_seq(key);
                decided.entry(key.instance).or_insert_with(|| Pending::new(key, first_seq)).answers.push(Answer::End(reply));
            }
            Message::Peek { instance, reply } => match self.actors.get(&instance) {
                Some(actor) => {
                    let key = Key { workspace: actor.state.workspace, instance };
                    let first_seq = self.next_seq(key);
                    decided.entry(instance).or_insert_with(|| Pending::new(key, first_seq)).answers.push(Answer::Peek(reply));
                }
                None => drop(reply.send(Ok(None))),
            },
        }
    }

    fn next_seq(&self, key: Key) -> u64 {
        self.actors.get(&key.instance).map_or(1, |actor| actor.state.seq + 1)
    }

    fn start(&mut self, decided: &mut Decided, now: i64, request: StartRequest, plan: Arc<Plan>, reply: Reply<SharedState>) {
        let key = Key { workspace: request.workspace, instance: request.instance };
        let created = Created {
            workflow: request.workflow,
            version: request.version,
            version_number: request.version_number,
            business_key: request.business_key.as_deref().map(Arc::from),
            priority: request.priority.unwrap_or(plan.priority).min(9),
            started_by: request.actor.clone(),
            test: request.test,
            input: Json::from(request.input),
            variables: Vec::new(),
        };
        let context = Context { plan: &plan, registry: &self.shared.registry, now, entropy: Entropy(self.shared.ids.token()), order: Order::Fifo };
        let started = kernel::create(context, key.instance, key.workspace, created).and_then(|(mut state, created)| {
            let first = request.start_at.filter(|&at| at > now).map_or(Command::Start, Command::StartAt);
            let decision = kernel::decide(context, &mut state, first, &request.actor)?;
            Ok((state, created, decision))
        });
        match started {
            Err(why) => drop(reply.send(Err(why.into()))),
            Ok((state, created, decision)) => {
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
                });
                pending.idempotency = request.idempotency;
                pending.effects.variables.extend(created.variables.iter().map(|(name, _)| name.clone()));
                pending.events.push(Event::InstanceCreated(Box::new(created)));
                pending.absorb(decision);
                pending.answers.push(if request.wait.is_some() { Answer::End(reply) } else { Answer::State(reply) });
                decided.insert(key.instance, pending);
                self.actors.insert(key.instance, Actor::new(state, plan));
            }
        }
    }

    fn command(&mut self, decided: &mut Decided, now: i64, wish: (Key, CommandRequest), reply: Reply<SharedState>) {
        let (key, request) = wish;
        let Some(actor) = self.actors.get(&key.instance).filter(|actor| actor.state.workspace == key.workspace) else {
            return drop(reply.send(Err(EngineError::NotFound)));
        };
        let actual = actor.state.seq;
        if let Some(expected) = request.expected_seq.filter(|&expected| expected != actual) {
            return drop(reply.send(Err(EngineError::SeqMismatch { expected, actual })));
        }
        if request.dry_run {
            let mut copy = actor.state.clone();
            let context = self.context(&actor.plan, now);
            let result = kernel::decide(context, &mut copy, request.command, &request.actor);
            return drop(reply.send(result.map(|_| Arc::new(copy)).map_err(EngineError::from)));
        }
        self.step_as(decided, now, (key, request.command, &request.actor), Some(Answer::State(reply)));
    }

    fn step(&mut self, decided: &mut Decided, now: i64, key: Key, command: Command, answer: Option<Answer>) {
        self.step_as(decided, now, (key, command, ""), answer);
    }

    /// Decides one command on an instance that is in memory.
    fn step_as(&mut self, decided: &mut Decided, now: i64, wish: (Key, Command, &str), answer: Option<Answer>) {
        let (key, command, actor_name) = wish;
        let Some(actor) = self.actors.get_mut(&key.instance).filter(|actor| actor.state.workspace == key.workspace) else {
            return answer.map_or((), |answer| answer.refuse(EngineError::NotFound));
        };
        let context = Context {
            plan: &actor.plan, registry: &self.shared.registry, now, entropy: Entropy(self.shared.ids.token()), order: Order::Fifo,
        };
        let first_seq = actor.state.seq + 1;
        match kernel::decide(context, &mut actor.state, command, actor_name) {
            Ok(decision) => {
                let pending = decided.entry(key.instance).or_insert_with(|| Pending::new(key, first_seq));
                pending.absorb(decision);
                pending.answers.extend(answer);
            }
            Err(why) => {
                if let kernel::CommandError::Damaged(why) = &why {
                    tracing::error!(instance = %key.instance, %why, "an event did not fit; the instance is read again");
                    decided.shift_remove(&key.instance);
                    self.actors.remove(&key.instance);
                }
                if let Some(answer) = answer {
                    answer.refuse(why.into());
                }
            }
        }
    }

    fn context<'a>(&'a self, plan: &'a Plan, now: i64) -> Context<'a> {
        Context { plan, registry: &self.shared.registry, now, entropy: Entropy(self.shared.ids.token()), order: Order::Fifo }
    }

    async fn commit(&mut self, now: i64, pending: Vec<Pending>) {
        let mut units = Vec::with_capacity(pending.len());
        let mut waiting = Vec::with_capacity(pending.len());
        for mut one in pending {
            match self.unit(now, &mut one) {
                Ok(unit) => {
                    units.push(unit);
                    waiting.push(one);
                }
                Err(why) => self.failed(one, &CommitError::Fatal(why.to_string())),
            }
        }
        let (count, events) = (units.len(), units.iter().map(|unit| u64::from(unit.journal.count)).sum());
        let outcomes = commit::commit(&self.shared.storage, Batch { fence: self.shared.fence, units }, &mut self.positions).await;
        metrics::counter!("heddle_commits_total").increment(1);
        metrics::counter!("heddle_events_total").increment(events);
        metrics::histogram!("heddle_commit_units").record(count as f64);
        let mut attempts = Vec::new();
        for (one, (unit, outcome)) in waiting.into_iter().zip(outcomes) {
            match outcome {
                Ok(()) => self.release(one, &unit, &mut attempts),
                Err(why) => self.failed(one, &why),
            }
        }
        self.shared.pool.submit(attempts);
    }

    fn unit(&mut self, now: i64, pending: &mut Pending) -> Result<Unit, codec::CodecError> {
        let key = pending.key;
        let shard = key.instance.shard();
        let Some(actor) = self.actors.get_mut(&key.instance) else { return Err(codec::CodecError::Damaged("the instance left memory".to_owned())) };
        let count = pending.events.len() as u32;
        let row = codec::Row { executions: std::mem::take(&mut pending.executions), events: std::mem::take(&mut pending.events) };
        let events = codec::encode_row(&row)?;
        let checksum = codec::checksum(actor.checksum, &events);
        actor.checksum = checksum;
        let due = actor.state.seq - actor.snapshot_seq >= limits::SNAPSHOT_EVENTS && !actor.state.status.is_ended();
        let snapshot = if due {
            actor.snapshot_seq = actor.state.seq;
            Some(Snapshot { seq: actor.state.seq, checksum, state: codec::encode_state(&actor.state)? })
        } else {
            None
        };
        let effects = &mut pending.effects;
        Ok(Unit {
            workspace: key.workspace,
            instance: key.instance,
            shard,
            created: pending.created.take(),
            journal: JournalRow { first_seq: pending.first_seq, count, pos: 0, at: now, events, checksum },
            head: head(actor),
            nodes: std::mem::take(&mut effects.nodes),
            timers: effects.timers.iter().map(|&(number, due)| TimerRow { workspace: key.workspace, instance: key.instance, number, shard, due }).collect(),
            timers_gone: std::mem::take(&mut effects.timers_gone),
            jobs: effects.jobs.iter().map(|job| job_row(actor, job, now)).collect(),
            jobs_gone: effects.jobs_gone.iter().map(|&number| key.instance.job(number)).collect(),
            hold_jobs: effects.hold_jobs,
            incidents: std::mem::take(&mut effects.incidents),
            search: search(actor, &effects.variables),
            snapshot,
            idempotency: pending.idempotency.take(),
            logs: std::mem::take(&mut effects.logs),
        })
    }

    /// The unit is durable: its effects go out, its callers are answered.
    fn release(&mut self, pending: Pending, unit: &Unit, attempts: &mut Vec<Ready>) {
        let key = pending.key;
        let Some(actor) = self.actors.get_mut(&key.instance) else { return };
        for number in &pending.effects.cancelled {
            if let Some(running) = actor.running.remove(number) {
                running.cancel();
            }
        }
        for dispatch in pending.effects.dispatches {
            let cancelled = tokio_util::sync::CancellationToken::new();
            actor.running.insert(dispatch.number, cancelled.clone());
            let node = actor.plan.node(dispatch.node).id.clone();
            attempts.push(Ready { key, node, dispatch, cancelled, lane: self.sender.clone() });
        }
        for &(number, due) in &pending.effects.timers {
            self.timers.arm(key, number, due);
        }
        if unit.jobs.iter().any(|job| !job.held) || unit.hold_jobs == Some(false) {
            self.shared.bell.ring();
        }
        let state = &actor.state;
        let hint = Committed { workspace: key.workspace, workflow: state.workflow, instance: key.instance, seq: state.seq, status: state.status };
        if unit.head.ended_at == Some(unit.journal.at) {
            metrics::counter!("heddle_instances_ended_total", "status" => unit.head.status).increment(1);
        }
        // Nobody listening is no error.
        drop(self.shared.committed.send(hint));
        self.answer(key, pending.answers);
    }

    /// The database refused the unit: nothing of it happened. The instance is read again when it is next needed.
    fn failed(&mut self, pending: Pending, why: &CommitError) {
        let instance = pending.key.instance;
        self.actors.remove(&instance).into_iter().flat_map(|actor| actor.waiters).for_each(|waiter| {
            drop(waiter.send(Err(EngineError::Unavailable(why.to_string()))));
        });
        let error = match why {
            CommitError::Conflict(what) => EngineError::Conflict(what.clone()),
            CommitError::Fenced => {
                if !self.shared.fenced.swap(true, Ordering::SeqCst) {
                    tracing::error!("another server has taken over the shards of this one; it stops deciding");
                }
                EngineError::Unavailable(why.to_string())
            }
            CommitError::Transient(_) | CommitError::Unknown(_) => EngineError::Unavailable(why.to_string()),
            CommitError::Fatal(_) => EngineError::Internal(why.to_string()),
        };
        if !matches!(why, CommitError::Conflict(_)) {
            tracing::error!(%instance, %why, "a commit was refused");
        }
        // A task's result that was part of it would never be heard of again: the attempt counts as lost, and begins anew.
        if !matches!(why, CommitError::Fenced) && pending.first_seq > 1 {
            self.begin_again(pending.key);
        }
        pending.answers.into_iter().for_each(|answer| answer.refuse(error.clone()));
    }

    fn begin_again(&self, key: Key) {
        let sender = self.sender.clone();
        tokio::spawn(async move {
            // Not at once: what the database refuses now it would refuse in the same moment again.
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            let (reply, _) = tokio::sync::oneshot::channel();
            drop(sender.send(Message::Recover { key, reply }));
        });
    }

    fn answer(&mut self, key: Key, answers: Vec<Answer>) {
        let Some(actor) = self.actors.get_mut(&key.instance) else {
            answers.into_iter().for_each(|answer| answer.refuse(EngineError::NotFound));
            return;
        };
        let mut shared: Option<SharedState> = None;
        for answer in answers {
            match answer {
                Answer::State(reply) => {
                    drop(reply.send(Ok(shared.get_or_insert_with(|| Arc::new(actor.state.clone())).clone())));
                }
                Answer::Peek(reply) => {
                    drop(reply.send(Ok(Some(shared.get_or_insert_with(|| Arc::new(actor.state.clone())).clone()))));
                }
                Answer::Done(reply) => drop(reply.send(Ok(()))),
                Answer::End(reply) => actor.waiters.push(reply),
            }
        }
        actor.tell_waiters();
        if actor.state.status.is_ended() {
            self.actors.remove(&key.instance);
        }
    }
}

impl Pending {
    fn new(key: Key, first_seq: u64) -> Self {
        Self { key, first_seq, events: Vec::new(), executions: Vec::new(), effects: Effects::default(), created: None, idempotency: None, answers: Vec::new() }
    }

    fn absorb(&mut self, decision: Decision) {
        if self.events.is_empty() {
            self.events = decision.events;
            self.executions = decision.executions;
        } else {
            self.events.extend(decision.events);
            for known in decision.executions {
                if !self.executions.contains(&known) {
                    self.executions.push(known);
                }
            }
        }
        self.effects.absorb(decision.effects);
    }
}

impl Answer {
    fn refuse(self, error: EngineError) {
        match self {
            Self::State(reply) | Self::End(reply) => drop(reply.send(Err(error))),
            Self::Done(reply) => drop(reply.send(Err(error))),
            Self::Peek(reply) => drop(reply.send(Err(error))),
        }
    }
}

fn head(actor: &Actor) -> Head {
    let state = &actor.state;
    Head {
        status: state.status.as_str(),
        phase: state.phase.as_str(),
        seq: state.seq,
        nodes_ended: state.completed,
        nodes_expected: (actor.plan.nodes().len() as u32).saturating_sub(state.skipped),
        incidents: state.incidents.len() as u32,
        runnable: state.is_runnable(),
        started_at: state.started_at,
        ended_at: state.ended_at,
        updated_at: state.updated_at,
        error: state.error.as_ref().and_then(|error| serde_json::to_string(error).ok()),
    }
}

fn job_row(actor: &Actor, job: &kernel::Dispatch, now: i64) -> JobRow {
    let state = &actor.state;
    let node = &actor.plan.node(job.node).id;
    JobRow {
        id: state.id.job(job.number),
        workspace: state.workspace,
        instance: state.id,
        number: job.number,
        node: node.clone(),
        job_type: job.action.clone(),
        priority: job.priority,
        input: job.input.0.to_string(),
        key: format!("{}/{}/{}", state.id, node, job.iteration),
        state: JobState::Ready,
        // Attempts are counted when the job is given out.
        attempt: job.attempt - 1,
        token: 0,
        worker: None,
        lease_until: None,
        not_before: now,
        created_at: now,
        held: state.status == heddle_model::lifecycle::InstanceStatus::Paused,
    }
}

/// Values of the variables that lists can be filtered by, where this commit wrote them.
fn search(actor: &Actor, written: &[Arc<str>]) -> Vec<(Arc<str>, String)> {
    let wanted = actor.plan.search.iter().filter(|name| written.contains(name));
    wanted.map(|name| (name.clone(), actor.state.variables.get(name).map_or(Value::Null.to_string(), |value| value.0.to_string()))).collect()
}

/// Whether a value takes more than so many bytes as JSON, without writing it out.
pub(super) fn is_larger_than(value: &Value, limit: usize) -> bool {
    fn weigh(value: &Value, left: &mut usize) -> bool {
        let own = match value {
            Value::String(text) => text.len() + 2,
            Value::Object(entries) => entries.keys().map(|key| key.len() + 4).sum(),
            _ => 4,
        };
        let Some(rest) = left.checked_sub(own) else { return true };
        *left = rest;
        match value {
            Value::Array(items) => items.iter().any(|item| weigh(item, left)),
            Value::Object(entries) => entries.values().any(|item| weigh(item, left)),
            _ => false,
        }
    }
    weigh(value, &mut { limit })
}
