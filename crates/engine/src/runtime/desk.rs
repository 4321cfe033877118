//! The desk: who waits for a permit of a concurrency key, and what happens when the verdict comes.
//!
//! The books stand in the database, for all servers; `books` asks them. Permits of what ran before a restart are asked for anew when an
//! instance is recovered: the books know of them and let nobody in twice.

use super::attempt::Ready;
use super::error::EngineError;
use super::lane::Shared;
use super::message::{Key, Message, Reply, SharedState};
use super::request::StartRequest;
use crate::kernel::{Command, Limited};
use crate::scheduler::{Holder, KeyAsk, PermitName, PermitWish, Verdict};
use crate::storage::WAITS_FOR_PERMIT;
use crate::tasks::{ErrorClass, TaskError};
use heddle_model::definition::AtLimit;
use heddle_model::ids::{InstanceId, WorkspaceId};
use heddle_model::plan::Plan;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

/// How long an unreachable database is left alone.
pub(super) const AGAIN: Duration = Duration::from_secs(1);

/// What waits.
pub(super) enum Waiting {
    /// An attempt, not yet with the scheduler.
    Attempt(Box<Ready>),
    /// A job whose row is there and is not given out.
    Job,
    /// An instance that is CREATED.
    Instance,
    /// An instance that is CREATED and whose time to start has come.
    Timer(u32),
    /// A start of which nothing is stored: it may yet be refused.
    Start(Box<StartRequest>, Arc<Plan>, Reply<SharedState>),
}

/// Someone who holds a permit, or waits for one.
struct Seat {
    key: Key,
    /// The task type, and the priority.
    about: (Arc<str>, u8),
    /// Of an attempt.
    cancelled: Option<CancellationToken>,
    /// `None`: it has begun.
    waiting: Option<Waiting>,
}

/// Everyone who holds a permit or waits for one.
pub(super) struct Desk {
    /// In the order in which it is asked.
    asks: UnboundedSender<KeyAsk>,
    seats: Mutex<BTreeMap<Holder, Seat>>,
}

/// A permit of an attempt: given back when the attempt is over, however it ends.
pub(super) struct Permit {
    desk: Arc<Desk>,
    holder: Holder,
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.desk.release(self.holder);
    }
}

impl Desk {
    pub(super) fn new(asks: UnboundedSender<KeyAsk>) -> Arc<Self> {
        Arc::new(Self { asks, seats: Mutex::default() })
    }

    /// Nobody listens any more when the engine has stopped.
    fn ask(&self, ask: KeyAsk) {
        drop(self.asks.send(ask));
    }

    /// An attempt is ready but for a permit.
    pub(super) fn attempt(&self, ready: Ready, limited: &Limited) {
        let (key, dispatch) = (ready.key, &ready.dispatch);
        let holder = Holder::Attempt(key.instance, dispatch.number, dispatch.attempt);
        let about = (dispatch.action.clone(), dispatch.priority);
        let seat = Seat { key, about, cancelled: Some(ready.cancelled.clone()), waiting: None };
        self.wish(holder, Seat { waiting: Some(Waiting::Attempt(Box::new(ready))), ..seat }, (limited, false));
    }

    /// A job's row is written but for a permit; `has_begun`: it was given out before.
    pub(super) fn job(&self, key: Key, number: u32, about: (Arc<str>, u8), (limited, has_begun): (&Limited, bool)) {
        let seat = Seat { key, about, cancelled: None, waiting: Some(Waiting::Job) };
        self.wish(Holder::Job(key.instance, number), seat, (limited, has_begun));
    }

    /// An instance wants to begin; `waiting: None`: it has begun before.
    pub(super) fn instance(&self, key: Key, priority: u8, limited: &Limited, waiting: Option<Waiting>) {
        let has_begun = waiting.is_none();
        let seat = Seat { key, about: ("".into(), priority), cancelled: None, waiting };
        self.wish(Holder::Instance(key.instance), seat, (limited, has_begun));
    }

    fn wish(&self, holder: Holder, seat: Seat, (limited, has_begun): (&Limited, bool)) {
        let name = PermitName {
            workspace: seat.key.workspace,
            of_instances: matches!(holder, Holder::Instance(_)),
            key: limited.key.clone(),
        };
        let priority = seat.about.1;
        {
            let mut seats = self.seats();
            if seats.contains_key(&holder) {
                return;
            }
            seats.insert(holder, seat);
        }
        let (limit, at_limit) = (limited.limit, limited.at_limit);
        self.ask(KeyAsk::Acquire(PermitWish { name, holder, limit, at_limit, priority, has_begun }));
    }

    /// Somebody needs its permit no more, or wishes none any more.
    pub(super) fn release(&self, holder: Holder) {
        let seat = self.seats().remove(&holder);
        if let Some(seat) = seat {
            self.ask(KeyAsk::Release(seat.key.workspace, holder));
        }
    }

    /// Nobody wants the attempts of this execution any more. One that has begun gives its permit back itself.
    pub(super) fn withdraw(&self, instance: InstanceId, number: u32) {
        let waits: Vec<Holder> = {
            let seats = self.seats();
            let of = seats.range(Holder::Attempt(instance, number, 0)..=Holder::Attempt(instance, number, u32::MAX));
            of.filter(|(_, seat)| seat.waiting.is_some()).map(|(holder, _)| *holder).collect()
        };
        waits.into_iter().for_each(|holder| self.release(holder));
    }

    /// These instances are another server's from now on. What they hold and wait for stands in the books, and is asked for over there;
    /// only of a start nothing is known there.
    pub(super) fn forget(&self, goes: impl Fn(InstanceId) -> bool) {
        let gone: Vec<_> = self.seats().extract_if(.., |holder, _| goes(holder.instance())).collect();
        for (holder, seat) in gone {
            if matches!(seat.waiting, Some(Waiting::Start(..))) {
                self.ask(KeyAsk::Release(seat.key.workspace, holder));
            }
        }
    }

    /// Whether it is known here that somebody holds a permit or waits for one.
    pub(super) fn knows(&self, holder: Holder) -> bool {
        self.seats().contains_key(&holder)
    }

    /// Whether an instance may begin.
    pub(super) fn has_begun(&self, instance: InstanceId) -> bool {
        self.seats().get(&Holder::Instance(instance)).is_some_and(|seat| seat.waiting.is_none())
    }

    /// The attempt, or the job, of an execution that waits for its key: in which workspace, its task type and priority.
    pub(super) fn waiting(&self, instance: InstanceId, number: u32) -> Option<(WorkspaceId, Holder, (Arc<str>, u8))> {
        let seats = self.seats();
        let mut attempts =
            seats.range(Holder::Attempt(instance, number, 0)..=Holder::Attempt(instance, number, u32::MAX));
        let found = attempts.next_back().or_else(|| seats.get_key_value(&Holder::Job(instance, number)));
        let found = found.filter(|(_, seat)| seat.waiting.is_some());
        found.map(|(holder, seat)| (seat.key.workspace, *holder, seat.about.clone()))
    }

    /// The workspace of an instance that waits for its key.
    pub(super) fn waiting_instance(&self, instance: InstanceId) -> Option<WorkspaceId> {
        let seats = self.seats();
        let seat = seats.get(&Holder::Instance(instance)).filter(|seat| seat.waiting.is_some());
        seat.map(|seat| seat.key.workspace)
    }

    fn seats(&self) -> MutexGuard<'_, BTreeMap<Holder, Seat>> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A job that asks again: its number, its type and priority, and what limits it.
pub(super) type Asking = (u32, (Arc<str>, u8), Limited);

/// After a restart: jobs that an instance held permits for, or that waited for one, do so again. Those that wait come after all that have
/// begun, of whatever instance: otherwise one of them would be let in beside the one that holds the permit.
pub(super) async fn ask_again(shared: Arc<Shared>, key: Key, wishes: Vec<Asking>) {
    let mut waiting = Vec::new();
    for (number, about, limited) in wishes {
        let limited = Limited { at_limit: AtLimit::Queue, ..limited };
        match has_begun(&shared, key, number).await {
            Some(true) => shared.desk.job(key, number, about, (&limited, true)),
            Some(false) => waiting.push((number, about, limited)),
            None => {}
        }
    }
    shared.recovering.send_modify(|under_way| *under_way -= 1);
    let mut under_way = shared.recovering.subscribe();
    tokio::select! {
        () = shared.stop.cancelled() => return,
        _ = under_way.wait_for(|under_way| *under_way == 0) => {}
    }
    for (number, about, limited) in waiting {
        // It may have been withdrawn meanwhile.
        if has_begun(&shared, key, number).await == Some(false) {
            shared.desk.job(key, number, about, (&limited, false));
        }
    }
}

/// Whether a job has been let in already; `None`: it is gone, or the engine stops.
async fn has_begun(shared: &Shared, key: Key, number: u32) -> Option<bool> {
    loop {
        match shared.storage.job(key.workspace, key.instance.job(number)).await {
            Ok(row) => return row.map(|row| row.not_before < WAITS_FOR_PERMIT),
            Err(why) => tracing::warn!(%why, "a job cannot be read yet"),
        }
        tokio::select! {
            () = shared.stop.cancelled() => return None,
            () = tokio::time::sleep(AGAIN) => {}
        }
    }
}

impl Shared {
    /// Acts by what the books came to.
    pub(super) fn verdict(self: &Arc<Self>, workspace: WorkspaceId, verdict: Verdict) {
        match verdict {
            Verdict::Granted(holder) => self.granted(holder),
            Verdict::Refused(holder) => self.refused(holder),
            Verdict::Replaced(holder) => self.replaced(workspace, holder),
        }
    }

    fn granted(self: &Arc<Self>, holder: Holder) {
        let (key, waiting) = {
            let mut seats = self.desk.seats();
            // Withdrawn meanwhile: the permit is on its way back. Or it is not known here yet, and asks again when it is.
            let Some(seat) = seats.get_mut(&holder) else { return };
            (seat.key, seat.waiting.take())
        };
        match waiting {
            None => {}
            Some(Waiting::Attempt(mut ready)) => {
                ready.permit = Some(Permit { desk: self.desk.clone(), holder });
                self.pool.submit(vec![*ready]);
            }
            Some(Waiting::Job) => {
                if let Holder::Job(instance, number) = holder {
                    self.machine.spawn(Box::pin(let_job(self.clone(), key, instance, number)));
                }
            }
            Some(Waiting::Instance) => self.send(key.instance, Message::Begin { key }),
            Some(Waiting::Timer(timer)) => self.send(key.instance, Message::TimerDue { key, timer }),
            Some(Waiting::Start(request, plan, reply)) => {
                self.send(key.instance, Message::Start { request, plan, reply, has_permit: true });
            }
        }
    }

    fn refused(&self, holder: Holder) {
        let Some(seat) = self.desk.seats().remove(&holder) else { return };
        let message = "as many as the concurrency key allows are at work";
        let error = TaskError::new(ErrorClass::System, "CONCURRENCY_LIMIT", message);
        match seat.waiting {
            Some(Waiting::Start(_, _, reply)) => reply.send(Err(EngineError::AtLimit)),
            _ => self.end(holder, seat.key, error),
        }
    }

    /// Also where it is not known here yet: the books have forgotten it, and it must not go on.
    fn replaced(&self, workspace: WorkspaceId, holder: Holder) {
        let seat = self.desk.seats().remove(&holder);
        if let Some(cancelled) = seat.and_then(|seat| seat.cancelled) {
            cancelled.cancel();
        }
        let key = Key { workspace, instance: holder.instance() };
        let message = "a newer one with the same concurrency key has taken its place";
        self.end(holder, key, TaskError::new(ErrorClass::System, "REPLACED", message).permanent());
    }

    /// What holds or wishes a permit ends with an error; a whole instance is terminated.
    fn end(&self, holder: Holder, key: Key, error: TaskError) {
        match holder {
            Holder::Attempt(instance, number, attempt) => {
                self.send(instance, Message::TaskEnded { key, number, attempt, result: Err(error) });
            }
            Holder::Job(instance, number) => {
                let command = Command::JobEnded { number, result: Err(error) };
                self.send(instance, Message::Enforce { key, command });
            }
            Holder::Instance(instance) => {
                let command = Command::Terminate { reason: error.message };
                self.send(instance, Message::Enforce { key, command });
            }
        }
    }
}

/// The job's row is opened to workers; an unreachable database is waited for.
async fn let_job(shared: Arc<Shared>, key: Key, instance: InstanceId, number: u32) {
    while let Err(why) = shared.storage.let_job(key.workspace, instance.job(number)).await {
        tracing::warn!(%why, "a job cannot be given out yet");
        tokio::select! {
            () = shared.stop.cancelled() => return,
            () = tokio::time::sleep(AGAIN) => {}
        }
    }
    shared.bell.ring();
}
