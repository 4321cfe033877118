//! The gate: what every step of an engine goes through, so that the engine can be stopped between any two of them.
//!
//! A step is one poll of one of the engine's tasks, or of a caller inside it: it ends at an await. An engine that is dead takes no
//! further step, as after `kill -9`; one that is frozen takes them later, as after SIGSTOP and SIGCONT.

use super::chance::Chance;
use futures::future::BoxFuture;
use heddle_engine::runtime::Machine;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use tokio::sync::Notify;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Running,
    Frozen,
    Dead,
}

#[derive(Debug)]
struct Inner {
    mode: Mode,
    steps: u64,
    /// Dies instead of taking this step.
    dies_at: Option<u64>,
    /// Who is to be woken when the mode changes, by the number of the task.
    wakers: BTreeMap<u64, Waker>,
    tasks: u64,
    randomness: Chance,
}

/// What one engine, from its start to its death, goes through.
#[derive(Debug)]
pub(crate) struct Gate {
    inner: Mutex<Inner>,
    changed: Notify,
}

impl Gate {
    pub(crate) fn new(randomness: Chance) -> Arc<Self> {
        let inner =
            Inner { mode: Mode::Running, steps: 0, dies_at: None, wakers: BTreeMap::new(), tasks: 0, randomness };
        Arc::new(Self { inner: Mutex::new(inner), changed: Notify::new() })
    }

    /// Steps taken so far.
    pub(crate) fn steps(&self) -> u64 {
        self.inner.lock().unwrap().steps
    }

    /// Dies instead of taking the `n`-th step from here.
    pub(crate) fn die_after(&self, n: u64) {
        let mut inner = self.inner.lock().unwrap();
        inner.dies_at = Some(inner.steps + n);
    }

    /// It does not die any more of what was said before.
    pub(crate) fn spare(&self) {
        self.inner.lock().unwrap().dies_at = None;
    }

    pub(crate) fn die(&self) {
        self.turn(Mode::Dead);
    }

    pub(crate) fn freeze(&self) {
        if !self.is_dead() {
            self.turn(Mode::Frozen);
        }
    }

    pub(crate) fn thaw(&self) {
        if !self.is_dead() {
            self.turn(Mode::Running);
        }
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.inner.lock().unwrap().mode == Mode::Dead
    }

    /// When it has died.
    pub(crate) async fn death(&self) {
        loop {
            let changed = self.changed.notified();
            if self.is_dead() {
                return;
            }
            changed.await;
        }
    }

    /// Something that happens inside the engine; `None` when the engine died under it.
    pub(crate) fn inside<F: Future>(self: &Arc<Self>, future: F) -> Inside<F> {
        let mut inner = self.inner.lock().unwrap();
        inner.tasks += 1;
        Inside { future: Some(Box::pin(future)), task: inner.tasks, gate: self.clone() }
    }

    fn turn(&self, mode: Mode) {
        let wakers = {
            let mut inner = self.inner.lock().unwrap();
            inner.mode = mode;
            std::mem::take(&mut inner.wakers)
        };
        wakers.into_values().for_each(Waker::wake);
        self.changed.notify_waiters();
    }

    /// Whether a task may take a step now.
    fn enter(&self) -> Mode {
        let mode = {
            let mut inner = self.inner.lock().unwrap();
            if inner.mode == Mode::Running {
                inner.steps += 1;
                if inner.dies_at.is_some_and(|at| inner.steps >= at) {
                    inner.mode = Mode::Dead;
                    Mode::Dead
                } else {
                    return Mode::Running;
                }
            } else {
                inner.mode
            }
        };
        if mode == Mode::Dead {
            self.turn(Mode::Dead);
        }
        mode
    }

    fn wait(&self, task: u64, waker: &Waker) {
        self.inner.lock().unwrap().wakers.insert(task, waker.clone());
    }

    fn leave(&self, task: u64) {
        self.inner.lock().unwrap().wakers.remove(&task);
    }
}

/// A future that goes through a gate.
pub(crate) struct Inside<F> {
    future: Option<Pin<Box<F>>>,
    task: u64,
    gate: Arc<Gate>,
}

impl<F: Future> Future for Inside<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let Some(future) = this.future.as_mut() else { return Poll::Ready(None) };
        match this.gate.enter() {
            Mode::Dead => {
                this.future = None;
                Poll::Ready(None)
            }
            Mode::Frozen => {
                this.gate.wait(this.task, context.waker());
                Poll::Pending
            }
            Mode::Running => match future.as_mut().poll(context) {
                Poll::Ready(output) => {
                    this.future = None;
                    Poll::Ready(Some(output))
                }
                Poll::Pending => {
                    this.gate.wait(this.task, context.waker());
                    Poll::Pending
                }
            },
        }
    }
}

impl<F> Drop for Inside<F> {
    fn drop(&mut self) {
        self.gate.leave(self.task);
    }
}

/// The machine of a simulated engine: its tasks go through the gate, its randomness follows from the seed.
#[derive(Debug)]
pub(crate) struct SimulatedMachine(pub(crate) Arc<Gate>);

impl Machine for SimulatedMachine {
    fn random(&self, bytes: &mut [u8]) {
        let mut inner = self.0.inner.lock().unwrap();
        bytes.chunks_mut(8).for_each(|chunk| {
            let number = inner.randomness.next().to_le_bytes();
            chunk.copy_from_slice(&number[..chunk.len()]);
        });
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        tokio::spawn(self.0.inside(task));
    }
}
