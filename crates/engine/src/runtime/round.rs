//! One round of a lane: decide everything that has gathered, commit it as one batch, let the effects go.

use super::actor::Actor;
use super::attempt::Ready;
use super::commit;
use super::error::EngineError;
use super::lane::Lane;
use super::message::{Key, Message, Reply, SharedState};
use super::pending::{self, Answer, Decided, Pending};
use super::permits;
use super::quarantine;
use super::remote;
use super::request::{CommandRequest, Committed, Outcome};
use super::start::Starting;
use crate::kernel::codec::CodecError;
use crate::kernel::{self, Command, Context, Entropy};
use crate::scheduler::Holder;
use crate::storage::{Batch, CommitError, ReplyRow, Unit};
use crate::tasks::{ErrorClass, TaskError};
use heddle_model::plan::Plan;
use std::sync::Arc;

impl Lane {
    pub(super) async fn round(&mut self, now: i64, messages: Vec<Message>) {
        let mut decided = Decided::new();
        for message in messages {
            self.decide(&mut decided, now, message);
        }
        let (quiet, pending): (Vec<_>, Vec<_>) = decided.into_values().partition(|pending| pending.events.is_empty());
        for pending in quiet {
            self.quiet(now, *pending);
        }
        if !pending.is_empty() {
            self.commit(now, pending).await;
        }
    }

    fn decide(&mut self, decided: &mut Decided, now: i64, message: Message) {
        match message {
            Message::Start { request, plan, reply, has_permit } => {
                self.start(decided, now, Starting { request, plan, has_permit }, reply);
            }
            Message::Command { key, request, reply } => self.command(decided, now, (key, request), reply),
            Message::TaskEnded { key, number, attempt, result } => {
                if let Some(actor) = self.actors.get_mut(&key.instance) {
                    actor.running.remove(&number);
                }
                self.step(decided, now, (key, Command::TaskEnded { number, attempt, result }, ""), None);
            }
            Message::JobEnded { key, number, proof, result, reply } => {
                let actor = self.actors.get(&key.instance).ok_or(EngineError::NotFound);
                match actor.and_then(|actor| actor.answer(number, proof, result)) {
                    Ok(command) => self.step(decided, now, (key, command, ""), Some(Answer::Done(reply))),
                    Err(why) => reply.send(Err(why)),
                }
            }
            Message::TimerDue { key, timer } => {
                if self.may_begin_by(key, timer, now) {
                    self.step(decided, now, (key, Command::TimerDue(timer), ""), None);
                }
            }
            Message::Begin { key } => self.step(decided, now, (key, Command::Start, ""), None),
            Message::Enforce { key, command } => self.step(decided, now, (key, command, "system"), None),
            Message::Barrier { reply } => reply.send(Ok(())),
            Message::Parcel(parcel) => self.parcel(decided, now, *parcel),
            Message::Called(prepared) => self.start_called(decided, now, *prepared),
            // What is about the lane itself was taken out before the round.
            Message::Reopen(_) | Message::Look | Message::Own { .. } | Message::Disown { .. } | Message::Forget(_) => {}
            Message::Recover { key, reply } => {
                self.step(decided, now, (key, Command::Recover, ""), Some(Answer::Done(reply)));
                self.ask_again(key, now);
            }
            Message::Wait { key, reply } => {
                let first_seq = self.next_seq(key);
                pending::of(decided, key, first_seq).answers.push(Answer::End(reply));
            }
            Message::Peek { instance, reply } => match self.actors.get(&instance) {
                Some(actor) => {
                    let key = Key { workspace: actor.state.workspace, instance };
                    let first_seq = self.next_seq(key);
                    pending::of(decided, key, first_seq).answers.push(Answer::Peek(reply));
                }
                None => reply.send(Ok(None)),
            },
        }
    }

    fn next_seq(&self, key: Key) -> u64 {
        self.actors.get(&key.instance).map_or(1, |actor| actor.state.seq + 1)
    }

    /// Nothing happened to an instance: those who wait are answered, parcels are taken.
    fn quiet(&mut self, now: i64, pending: Pending) {
        if pending.answers.iter().any(|answer| matches!(answer, Answer::Command(_) | Answer::Done(_))) {
            // Asked to go on, it has nothing to do for it.
            self.end_quarantine(pending.key);
        }
        let shard = pending.key.instance.shard();
        let content = self.actors.get(&pending.key.instance).map(|actor| remote::answer(&actor.state));
        let mut replies = pending.replies.into_iter();
        for parcel in pending.taken {
            let reply = replies.next().zip(content.clone());
            self.nothing_but((shard, parcel), reply.map(|(id, content)| ReplyRow { id, content, at: now }));
        }
        self.answer(pending.key, pending.answers);
    }

    fn command(&mut self, decided: &mut Decided, now: i64, wish: (Key, CommandRequest), reply: Reply<Outcome>) {
        let (key, request) = wish;
        if request.begins_a_commit() && decided.contains_key(&key.instance) {
            return drop(self.sender.send(Message::Command { key, request, reply }));
        }
        let actor = match self.checked(key, &request) {
            Ok(actor) => actor,
            Err(why) => return reply.send(Err(why)),
        };
        if request.dry_run {
            return reply.send(self.what_if(now, actor, request));
        }
        if matches!(request.command, Command::Recover)
            && (!actor.running.is_empty() || decided.contains_key(&key.instance))
        {
            // Somebody asks it to go on, and it does.
            let first_seq = self.next_seq(key);
            return pending::of(decided, key, first_seq).answers.push(Answer::Command(reply));
        }
        match self.try_step(decided, now, (key, request.command, &request.actor)) {
            Ok(pending) => {
                pending.idempotency = pending.idempotency.take().or(request.idempotency);
                pending.answers.push(Answer::Command(reply));
            }
            Err(why) => reply.send(Err(why)),
        }
    }

    /// What a request would do, and come to.
    pub(super) fn what_if(&self, now: i64, actor: &Actor, request: CommandRequest) -> Result<Outcome, EngineError> {
        let mut state = actor.state.clone();
        let command = request.command;
        let decision = kernel::decide(self.context(&actor.plan, now), &mut state, command.clone(), &request.actor)?;
        let target = command.migrate().and_then(|wish| wish.target.as_ref()).unwrap_or(&actor.plan);
        let preview = kernel::preview((&actor.plan, &actor.state), (target, &state), &decision, &command);
        Ok(Outcome { state: Arc::new(state), preview: Some(preview) })
    }

    /// The instance that a request is about, where it is as the request expects it.
    pub(super) fn checked(&self, key: Key, request: &CommandRequest) -> Result<&Actor, EngineError> {
        let actor = self.actors.get(&key.instance).filter(|actor| actor.state.workspace == key.workspace);
        let actor = actor.ok_or(EngineError::NotFound)?;
        let actual = actor.state.seq;
        match request.expected_seq.filter(|&expected| expected != actual) {
            Some(expected) => Err(EngineError::SeqMismatch { expected, actual }),
            None => Ok(actor),
        }
    }

    /// Decides one command on an instance that is in memory.
    fn step(&mut self, decided: &mut Decided, now: i64, wish: (Key, Command, &str), answer: Option<Answer>) {
        match self.try_step(decided, now, wish) {
            Ok(pending) => pending.answers.extend(answer),
            Err(why) => answer.map_or((), |answer| answer.refuse(why)),
        }
    }

    /// The same; what was decided so far in this round, for whatever else hangs on it.
    pub(super) fn try_step<'d>(
        &mut self,
        decided: &'d mut Decided,
        now: i64,
        (key, command, actor_name): (Key, Command, &str),
    ) -> Result<&'d mut Pending, EngineError> {
        let actor = self.actors.get_mut(&key.instance).filter(|actor| actor.state.workspace == key.workspace);
        let actor = actor.ok_or(EngineError::NotFound)?;
        let context = Context {
            plan: &actor.plan,
            registry: &self.shared.registry,
            now,
            entropy: Entropy(self.shared.ids.token()),
            order: self.shared.order,
        };
        let first_seq = actor.state.seq + 1;
        let target = command.migrate().and_then(|wish| wish.target.clone());
        match kernel::decide(context, &mut actor.state, command, actor_name) {
            Ok(decision) => {
                actor.note_offers(&decision.effects, now);
                actor.plan = target.unwrap_or_else(|| actor.plan.clone());
                let pending = pending::of(decided, key, first_seq);
                pending.absorb(decision);
                Ok(pending)
            }
            Err(why) => {
                if let kernel::CommandError::Damaged(why) = &why {
                    tracing::error!(instance = %key.instance, %why, "an event did not fit; the instance is read again");
                    self.actors.remove(&key.instance);
                    if let Some(lost) = decided.shift_remove(&key.instance) {
                        lost.taken.iter().for_each(|&parcel| self.seen.reopen(parcel));
                    }
                }
                Err(why.into())
            }
        }
    }

    pub(super) fn context<'a>(&'a self, plan: &'a Plan, now: i64) -> Context<'a> {
        Context {
            plan,
            registry: &self.shared.registry,
            now,
            entropy: Entropy(self.shared.ids.token()),
            order: self.shared.order,
        }
    }

    #[expect(clippy::vec_box, reason = "they came in boxes, and go on in them")]
    async fn commit(&mut self, now: i64, pending: Vec<Box<Pending>>) {
        let mut units = Vec::with_capacity(pending.len());
        let mut waiting = Vec::with_capacity(pending.len());
        for mut one in pending {
            match self.unit(now, &mut one) {
                Ok(unit) => {
                    units.push(unit);
                    waiting.push(one);
                }
                // What cannot be written down now cannot be later.
                Err(why @ CodecError::Damaged(_)) => self.failed(one, &CommitError::Fatal(why.to_string())),
                Err(why) => self.failed(one, &CommitError::Refused(why.to_string())),
            }
        }
        // The lowest of its shards is nobody else's.
        let slot = self.shards.first().copied().unwrap_or_default();
        let (count, events) = (units.len(), units.iter().map(|unit| u64::from(unit.journal.count)).sum());
        let outcomes = commit::commit(
            &self.shared.storage,
            Batch { fence: self.shared.fence(), units, slot },
            &mut self.positions,
        )
        .await;
        self.figures.commits.increment(1);
        self.figures.events.increment(events);
        self.figures.units.record(count as f64);
        let mut attempts = Vec::new();
        for (one, (unit, outcome)) in waiting.into_iter().zip(outcomes) {
            match outcome {
                Ok(()) => {
                    if unit.head.is_none() {
                        self.note_behind(now, one.key);
                    }
                    self.release(one, &unit, &mut attempts);
                }
                Err(why) => self.failed(one, &why),
            }
        }
        self.shared.pool.submit(attempts);
    }

    /// The unit is durable: its effects go out, its callers are answered.
    fn release(&mut self, mut pending: Box<Pending>, unit: &Unit, attempts: &mut Vec<Ready>) {
        let key = pending.key;
        if self.end_quarantine(key) {
            quarantine::keep_last(&mut pending.effects.dispatches);
        }
        pending.taken.iter().for_each(|&parcel| self.seen.finish(parcel));
        if let Some(post) = &unit.post {
            self.shared.hand_over(post.sent.iter().cloned());
            if !post.signals.is_empty() {
                self.shared.look();
                self.shared.doorbell.ring();
            }
            self.shared.serve(key.workspace, pending.lines);
        }
        let leaves = self.leaving.as_ref().is_some_and(|leaving| leaving.has(key.instance.shard()));
        let Some(actor) = self.actors.get_mut(&key.instance) else { return };
        for number in &pending.effects.cancelled {
            if let Some(running) = actor.running.remove(number) {
                running.cancel();
            }
            self.shared.desk.withdraw(key.instance, *number);
        }
        permits::keep(&self.shared.desk, actor, (&pending.effects, unit));
        // What a shard that is given up would begin now, its new owner begins.
        for dispatch in pending.effects.dispatches.into_iter().filter(|_| !leaves) {
            let cancelled = tokio_util::sync::CancellationToken::new();
            actor.running.insert(dispatch.number, cancelled.clone());
            let node = dispatch.name.clone();
            let workflow = actor.state.workflow;
            let limited = dispatch.concurrency.clone();
            let ready = Ready { key, workflow, node, dispatch, cancelled, permit: None, lane: self.sender.clone() };
            match limited {
                None => attempts.push(ready),
                Some(limited) => self.shared.desk.attempt(ready, &limited),
            }
        }
        for &(number, due) in &pending.effects.timers {
            self.timers.arm(key, number, due);
        }
        if unit.jobs.iter().any(|job| !job.held) || unit.hold_jobs == Some(false) {
            self.shared.bell.ring();
        }
        let state = &actor.state;
        let hint = Committed {
            workspace: key.workspace,
            workflow: state.workflow,
            instance: key.instance,
            seq: state.seq,
            status: state.status,
        };
        if let Some(head) = unit.head.as_ref().filter(|head| head.ended_at == Some(unit.journal.at)) {
            metrics::counter!("heddle_instances_ended_total", "status" => head.status).increment(1);
        }
        // Nobody listening is no error.
        drop(self.shared.committed.send(hint));
        self.answer(key, pending.answers);
    }

    /// The database refused the unit: nothing of it happened. The instance is read again when it is next needed.
    fn failed(&mut self, pending: Box<Pending>, why: &CommitError) {
        let instance = pending.key.instance;
        if pending.first_seq == 1 {
            self.shared.desk.release(Holder::Instance(instance));
        }
        self.give_back(&pending, why);
        let error = match why {
            CommitError::Conflict(what) => EngineError::Conflict(what.clone()),
            CommitError::Fenced => {
                self.shared.lost_ownership();
                EngineError::Unavailable(why.to_string())
            }
            CommitError::Transient(_) | CommitError::Unknown(_) => EngineError::Unavailable(why.to_string()),
            CommitError::Fatal(_) => EngineError::Internal(why.to_string()),
            CommitError::Refused(what) => EngineError::Refused(what.clone()),
        };
        let told = match why {
            CommitError::Refused(_) => error.clone(),
            _ => EngineError::Unavailable(why.to_string()),
        };
        let actor = self.actors.remove(&instance);
        let caller = actor.as_ref().and_then(|actor| actor.state.caller);
        actor.into_iter().flat_map(|actor| actor.waiters).for_each(|waiter| waiter.send(Err(told.clone())));
        if !matches!(why, CommitError::Conflict(_)) {
            tracing::error!(%instance, %why, "a commit was refused");
        }
        if let CommitError::Refused(what) = why {
            match (pending.first_seq, caller, pending.taken.as_slice()) {
                // Its parcel must not be looked at again: the database would refuse again.
                (1, Some(caller), &[parcel]) => {
                    let error = TaskError::new(ErrorClass::System, "NOT_STORABLE", error.to_string()).permanent();
                    self.cannot_be_made((pending.key, parcel), caller, error);
                }
                (1, ..) => {}
                _ => self.quarantine_refused(pending.key, &pending.taken, what),
            }
            return pending.answers.into_iter().for_each(|answer| answer.refuse(error.clone()));
        }
        // A task's result that was part of it would never be heard of again: the attempt counts as lost, and begins anew.
        if !matches!(why, CommitError::Fenced) && pending.first_seq > 1 {
            self.begin_again(pending.key);
        }
        pending.answers.into_iter().for_each(|answer| answer.refuse(error.clone()));
    }

    /// Parcels of a unit that was refused are looked at again; not the request whose own key was taken: that one is answered.
    fn give_back(&mut self, pending: &Pending, why: &CommitError) {
        let refused = pending.keyed.filter(|_| matches!(why, CommitError::Conflict(_)));
        let again = pending.taken.iter().filter(|&&parcel| refused.is_none_or(|(refused, _)| refused != parcel));
        again.for_each(|&parcel| self.seen.reopen(parcel));
        if let Some((parcel, reply)) = refused {
            let content = remote::refusal(&EngineError::Conflict(why.to_string()));
            let row = ReplyRow { id: reply, content, at: self.shared.clock.now() };
            self.nothing_but((pending.key.instance.shard(), parcel), Some(row));
        }
    }

    fn begin_again(&self, key: Key) {
        let (reply, _) = Reply::new(None);
        self.later(Message::Recover { key, reply });
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
                    reply.send(Ok(shared.get_or_insert_with(|| Arc::new(actor.state.clone())).clone()));
                }
                Answer::Command(reply) => {
                    let state = shared.get_or_insert_with(|| Arc::new(actor.state.clone())).clone();
                    reply.send(Ok(Outcome { state, preview: None }));
                }
                Answer::Peek(reply) => {
                    reply.send(Ok(Some(shared.get_or_insert_with(|| Arc::new(actor.state.clone())).clone())));
                }
                Answer::Done(reply) => reply.send(Ok(())),
                Answer::End(mut reply) => {
                    reply.committed();
                    actor.waiters.push(reply);
                }
            }
        }
        actor.tell_waiters();
        if actor.state.status.is_ended() {
            self.actors.remove(&key.instance);
        }
    }
}
