//! The pool: runs what the scheduler says is next. It spawns and reads the clock; the deciding is the scheduler's.

use super::attempt::{self, Ready};
use super::machine::Machine;
use crate::scheduler::{About, Limits, LimitsError, LineIx, Micros, Queued, Scheduler, Started, Ticket};
use crate::tasks::registry::Registered;
use crate::tasks::{Registry, TaskType};
use heddle_model::ids::InstanceId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::time::Instant;

/// Runs attempts.
#[derive(Clone)]
pub(super) struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    registry: Registry,
    machine: Arc<dyn Machine>,
    queue: Mutex<Queue>,
    /// The scheduler's time counts from here.
    began: Instant,
}

struct Queue {
    scheduler: Scheduler<Ready>,
    /// By the name that definitions use; aliases share a line.
    lines: HashMap<Arc<str>, LineIx>,
    /// By line.
    tasks: Vec<Arc<dyn TaskType>>,
    /// When someone is to look again.
    alarm: Option<Micros>,
}

/// An attempt with what runs it.
type Next = (Started<Ready>, Arc<dyn TaskType>);

impl Pool {
    pub(super) fn new(registry: Registry, limits: Limits, machine: Arc<dyn Machine>) -> Self {
        let scheduler = Scheduler::new(limits);
        let queue = Queue { scheduler, lines: HashMap::new(), tasks: Vec::new(), alarm: None };
        Self { shared: Arc::new(Shared { registry, machine, queue: Mutex::new(queue), began: Instant::now() }) }
    }

    /// Queues attempts and starts as many as may run.
    pub(super) fn submit(&self, attempts: Vec<Ready>) {
        if attempts.is_empty() {
            return;
        }
        {
            let now = self.now();
            let mut queue = self.queue();
            attempts.into_iter().for_each(|attempt| queue.push(&self.shared.registry, now, attempt));
        }
        self.pump();
    }

    /// The limits in force.
    pub(super) fn limits(&self) -> Limits {
        self.queue().scheduler.limits().clone()
    }

    /// Changes them, and starts what may run now.
    pub(super) fn set_limits(&self, limits: Limits) -> Result<(), LimitsError> {
        self.change(|scheduler, now| scheduler.set_limits(now, limits))
    }

    /// Changes the scheduler, and starts what may run now.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Scheduler<Ready>, Micros) -> T) -> T {
        let now = self.now();
        let changed = change(&mut self.queue().scheduler, now);
        self.pump();
        changed
    }

    /// Why an attempt has not begun; `None`: it runs, or is not here.
    pub(super) fn why(&self, instance: InstanceId, number: u32) -> Option<Queued> {
        let now = self.now();
        self.queue().scheduler.why(now, |ready| ready.key.instance == instance && ready.dispatch.number == number)
    }

    fn now(&self) -> Micros {
        self.shared.began.elapsed().as_micros() as u64
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pump(&self) {
        loop {
            let now = self.now();
            let next = self.queue().next(&self.shared, now);
            let Some(next) = next else { return };
            let pool = self.clone();
            self.shared.machine.spawn(Box::pin(pool.work(next, now)));
        }
    }

    /// Runs one attempt, then whatever is next, until nothing is: a busy slot costs no new task.
    async fn work(self, mut next: Next, mut began: Micros) {
        loop {
            let (Started { ticket, what }, task) = next;
            attempt::run(&*task, what).await;
            let now = self.now();
            let follows = self.queue().left(&self.shared, now, (ticket, (now - began) / 1_000));
            match follows {
                Some(follows) => (next, began) = (follows, now),
                None => return,
            }
        }
    }
}

impl Queue {
    fn push(&mut self, registry: &Registry, now: Micros, attempt: Ready) {
        let Some(line) = self.line(registry, &attempt.dispatch.action) else { return };
        let about = About {
            workspace: attempt.key.workspace,
            workflow: attempt.workflow,
            instance: attempt.key.instance,
            priority: attempt.dispatch.priority,
        };
        self.scheduler.push(now, line, about, attempt);
    }

    fn line(&mut self, registry: &Registry, action: &Arc<str>) -> Option<LineIx> {
        if let Some(line) = self.lines.get(action) {
            return Some(*line);
        }
        // Another kind is never dispatched: the kernel reads the same registry.
        let Some(Registered::Active(task)) = registry.get(action) else { return None };
        let line = self.scheduler.line(task.info().name, || task.slots());
        if line.place() == self.tasks.len() {
            self.tasks.push(task.clone());
        }
        self.lines.insert(action.clone(), line);
        Some(line)
    }

    fn left(&mut self, shared: &Arc<Shared>, now: Micros, (ticket, ran_ms): (Ticket, u64)) -> Option<Next> {
        self.scheduler.leave(now, ticket, ran_ms);
        self.next(shared, now)
    }

    fn next(&mut self, shared: &Arc<Shared>, now: Micros) -> Option<Next> {
        let Some(started) = self.scheduler.pop(now) else {
            self.set_alarm(shared, now);
            return None;
        };
        let task = self.tasks.get(started.ticket.line.place())?.clone();
        Some((started, task))
    }

    /// Where only time is waited for, someone looks again when it has come.
    fn set_alarm(&mut self, shared: &Arc<Shared>, now: Micros) {
        let Some(at) = self.scheduler.wake_at(now) else { return };
        if self.alarm.is_some_and(|known| known <= at) {
            return;
        }
        self.alarm = Some(at);
        let ring = ring(Arc::downgrade(shared), shared.began + Duration::from_micros(at), at);
        shared.machine.spawn(Box::pin(ring));
    }
}

/// Looks again at a time, if the pool is still there then.
async fn ring(shared: Weak<Shared>, when: Instant, at: Micros) {
    tokio::time::sleep_until(when).await;
    let Some(shared) = shared.upgrade() else { return };
    let pool = Pool { shared };
    {
        let mut queue = pool.queue();
        // An earlier alarm has taken this one's place, and has set the next itself.
        if queue.alarm == Some(at) {
            queue.alarm = None;
        }
    }
    pool.pump();
}
