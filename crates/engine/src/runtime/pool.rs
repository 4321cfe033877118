//! The pool: runs attempts of built-in tasks, highest priority first, within worker slots. It knows tasks, not instances.

use super::machine::Machine;
use super::message::{Key, Message};
use crate::kernel::Dispatch;
use crate::tasks::registry::Registered;
use crate::tasks::{ErrorClass, Registry, Task, TaskError, TaskOutput, TaskType};
use futures::FutureExt;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

/// An attempt that is ready to run.
pub(super) struct Ready {
    pub(super) key: Key,
    pub(super) node: Arc<str>,
    pub(super) dispatch: Dispatch,
    pub(super) cancelled: CancellationToken,
    /// Where the result goes.
    pub(super) lane: UnboundedSender<Message>,
}

/// Runs attempts.
#[derive(Clone)]
pub(super) struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    registry: Registry,
    machine: Arc<dyn Machine>,
    queue: Mutex<Queue>,
    slots: usize,
}

#[derive(Default)]
struct Queue {
    /// Priority first (9 before 0), then the order of arrival.
    ready: BinaryHeap<(u8, Reverse<u64>, usize)>,
    tasks: BTreeMap<usize, Ready>,
    /// Attempts whose type has no free slot, by type.
    parked: BTreeMap<Arc<str>, VecDeque<Ready>>,
    running: usize,
    running_of: BTreeMap<Arc<str>, usize>,
    arrived: u64,
}

impl Pool {
    pub(super) fn new(registry: Registry, slots: usize, machine: Arc<dyn Machine>) -> Self {
        Self { shared: Arc::new(Shared { registry, machine, queue: Mutex::default(), slots: slots.max(1) }) }
    }

    /// Queues attempts and starts as many as there are slots for.
    pub(super) fn submit(&self, attempts: Vec<Ready>) {
        if attempts.is_empty() {
            return;
        }
        {
            let mut queue = self.queue();
            attempts.into_iter().for_each(|attempt| queue.push(attempt));
        }
        self.pump();
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pump(&self) {
        loop {
            let next = self.queue().next(self.shared.slots, &self.shared.registry);
            let Some((attempt, task)) = next else { return };
            let pool = self.clone();
            self.shared.machine.spawn(Box::pin(pool.work(attempt, task)));
        }
    }

    /// Runs one attempt, then whatever is ready, until nothing is: a busy slot costs no new task.
    async fn work(self, mut attempt: Ready, mut task: Arc<dyn TaskType>) {
        loop {
            let action = attempt.dispatch.action.clone();
            run(&*task, attempt).await;
            let next = {
                let mut queue = self.queue();
                queue.leave(&action);
                queue.next(self.shared.slots, &self.shared.registry)
            };
            match next {
                Some((ready, its)) => (attempt, task) = (ready, its),
                None => return,
            }
        }
    }
}

impl Queue {
    fn push(&mut self, attempt: Ready) {
        self.arrived += 1;
        let place = self.arrived as usize;
        self.ready.push((attempt.dispatch.priority, Reverse(self.arrived), place));
        self.tasks.insert(place, attempt);
    }

    fn next(&mut self, slots: usize, registry: &Registry) -> Option<(Ready, Arc<dyn TaskType>)> {
        while self.running < slots {
            let (_, _, place) = self.ready.pop()?;
            let Some(attempt) = self.tasks.remove(&place) else { continue };
            if attempt.cancelled.is_cancelled() {
                // The slot that it was woken for is another's.
                self.wake(&attempt.dispatch.action);
                continue;
            }
            let Some(Registered::Active(task)) = registry.get(&attempt.dispatch.action) else { continue };
            let running = self.running_of.entry(attempt.dispatch.action.clone()).or_default();
            if task.slots().is_some_and(|slots| *running >= slots) {
                self.parked.entry(attempt.dispatch.action.clone()).or_default().push_back(attempt);
                continue;
            }
            *running += 1;
            self.running += 1;
            return Some((attempt, task.clone()));
        }
        None
    }

    fn leave(&mut self, action: &Arc<str>) {
        self.running -= 1;
        if let Some(running) = self.running_of.get_mut(action) {
            *running -= 1;
        }
        self.wake(action);
    }

    /// The next attempt that waits for a slot of this type is looked at again.
    fn wake(&mut self, action: &Arc<str>) {
        if let Some(attempt) = self.parked.get_mut(action).and_then(VecDeque::pop_front) {
            self.push(attempt);
        }
    }
}

async fn run(task: &dyn TaskType, attempt: Ready) {
    let Ready { key, node, dispatch, cancelled, lane } = attempt;
    let limit = dispatch.timeout.map_or_else(|| task.default_timeout(), Duration::from_millis);
    let work = Task {
        workspace: key.workspace,
        instance: key.instance,
        key: dispatch.key(key.instance),
        node,
        attempt: dispatch.attempt,
        input: dispatch.input.0.clone(),
        cancelled: cancelled.clone(),
    };
    let execution = AssertUnwindSafe(task.execute(work)).catch_unwind();
    let result = tokio::select! {
        biased;
        ended = tokio::time::timeout(limit, execution) => match ended {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => Err(panicked(&*panic)),
            Err(_) => Err(TaskError::new(ErrorClass::Timeout, "TIMEOUT", format!("the task ran longer than {} ms", limit.as_millis()))),
        },
        () = cancelled.cancelled() => return,
    };
    let result = result.and_then(within_limits);
    let ended = Message::TaskEnded { key, number: dispatch.number, attempt: dispatch.attempt, result };
    // A lane that is gone has stopped for good; the attempt counts as lost at the next start.
    drop(lane.send(ended));
}

fn panicked(panic: &(dyn std::any::Any + Send)) -> TaskError {
    let what = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    TaskError::new(ErrorClass::System, "PANIC", format!("the task panicked: {what}"))
}

fn within_limits(output: TaskOutput) -> Result<TaskOutput, TaskError> {
    let limit = heddle_model::limits::PAYLOAD_BYTES;
    if super::unit::is_larger_than(&output.output, limit) {
        let message = format!("the output is larger than {limit} bytes");
        return Err(TaskError::new(ErrorClass::Business, "OUTPUT_TOO_LARGE", message).permanent());
    }
    Ok(output)
}
