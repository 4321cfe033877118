//! Pauses wider than an instance: read from the database, so that they hold on every server and outlive a restart.

use super::attempt::Ready;
use super::engine::Engine;
use super::error::EngineError;
use super::message::{Message, Reply};
use crate::kernel::{Active, InstanceState};
use crate::scheduler::{Micros, Scheduler};
use crate::storage::{Pause, PauseScope};
use heddle_model::ids::WorkflowId;
use heddle_model::plan::{NodeKind, Plan};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Mutex;

/// How often the pauses are read though nobody said that they had changed: another server may have changed them.
const LOOK_AGAIN: Duration = Duration::from_secs(3);

/// The pauses that this server knows of.
#[derive(Default)]
pub(super) struct Pauses {
    known: RwLock<Vec<Pause>>,
    /// One refresh at a time.
    turn: Mutex<()>,
    /// Jobs are not yet held and given out as the pauses say.
    is_unsettled: AtomicBool,
}

impl Pauses {
    /// Whether this workflow is paused.
    pub(super) fn cover(&self, workflow: WorkflowId) -> bool {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().any(|pause| matches!(pause.scope, PauseScope::Workflow(_, of) if of == workflow))
    }

    /// Those of these job types that may be given out.
    pub(super) fn open_types(&self, types: &[String]) -> Vec<String> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if known.iter().any(|pause| pause.scope == PauseScope::Engine) {
            return Vec::new();
        }
        let is_open = |name: &&String| {
            known.iter().all(|pause| !matches!(&pause.scope, PauseScope::TaskType(paused) if paused == *name))
        };
        types.iter().filter(is_open).cloned().collect()
    }

    fn all(&self) -> Vec<Pause> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes over what is paused now; what it was before.
    fn replace(&self, pauses: Vec<Pause>) -> Vec<Pause> {
        std::mem::replace(&mut *self.known.write().unwrap_or_else(PoisonError::into_inner), pauses)
    }
}

impl Engine {
    /// The pauses wider than an instance that this server knows of.
    pub fn pauses(&self) -> Vec<Pause> {
        self.shared.pauses.all()
    }

    /// The pauses that cover an instance: of everything, of its workflow, of a task type that it waits for. The instance's own pause is
    /// its status.
    pub fn pauses_over(&self, state: &InstanceState, plan: &Plan) -> Vec<Pause> {
        if state.status.is_ended() {
            return Vec::new();
        }
        let waits_for = |name: &str| {
            let live = state.live.values().filter(|it| matches!(it.active, Active::Task | Active::Job));
            live.into_iter()
                .any(|it| matches!(&plan.node(it.node).kind, NodeKind::Task { action, .. } if **action == *name))
        };
        let covers = |pause: &Pause| match &pause.scope {
            PauseScope::Engine => true,
            PauseScope::TaskType(name) => waits_for(name),
            PauseScope::Workflow(_, workflow) => *workflow == state.workflow,
        };
        self.pauses().into_iter().filter(covers).collect()
    }

    /// Reads what is paused and acts by it. Called after a change, and now and then: another server may have changed it.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn refresh_pauses(&self) -> Result<(), EngineError> {
        let pauses = &self.shared.pauses;
        let _turn = pauses.turn.lock().await;
        let now = self.shared.storage.pauses().await?;
        let before = pauses.replace(now.clone());
        if before != now {
            self.shared.pool.change(|scheduler, at| apply(scheduler, at, &before, &now));
        }
        if workflows(&before) != workflows(&now) {
            pauses.is_unsettled.store(true, Ordering::SeqCst);
        }
        if pauses.is_unsettled.load(Ordering::SeqCst) {
            // What was decided before the pause was known is written first: after that no job slips through.
            self.let_rounds_end().await?;
            self.shared.storage.settle_jobs(&workflows(&now)).await?;
            pauses.is_unsettled.store(false, Ordering::SeqCst);
        }
        if before != now {
            self.shared.bell.ring();
        }
        Ok(())
    }

    /// Looks again and again: apart from the lease, which must not wait for rounds.
    pub(super) async fn keep_pauses(self) {
        loop {
            tokio::select! {
                () = self.shared.stop.cancelled() => return,
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
            if let Err(why) = self.refresh_pauses().await {
                tracing::warn!(%why, "the pauses cannot be read yet");
            }
        }
    }

    /// Every round that has begun by now is committed when this comes back.
    async fn let_rounds_end(&self) -> Result<(), EngineError> {
        for lane in &self.shared.lanes {
            let (reply, answer) = Reply::new(None);
            // A lane that is gone writes nothing any more.
            if lane.send(Message::Barrier { reply }).is_ok() {
                answer.await.unwrap_or(Ok(()))?;
            }
        }
        Ok(())
    }

    /// Before the lanes begin: what was paused when the last server stopped is paused still.
    pub(super) async fn load_pauses(shared: &super::lane::Shared) -> Result<(), EngineError> {
        let now = shared.storage.pauses().await?;
        shared.pool.change(|scheduler, at| apply(scheduler, at, &[], &now));
        shared.storage.settle_jobs(&workflows(&now)).await?;
        shared.pauses.replace(now);
        Ok(())
    }
}

fn workflows(pauses: &[Pause]) -> Vec<WorkflowId> {
    let of = |pause: &Pause| if let PauseScope::Workflow(_, workflow) = pause.scope { Some(workflow) } else { None };
    pauses.iter().filter_map(of).collect()
}

fn apply(scheduler: &mut Scheduler<Ready>, at: Micros, before: &[Pause], now: &[Pause]) {
    let mut set = |scope: &PauseScope, paused: bool| match scope {
        PauseScope::Engine => scheduler.pause_all(paused),
        PauseScope::TaskType(name) => scheduler.pause_type(name, paused),
        PauseScope::Workflow(_, workflow) => scheduler.pause_workflow(at, *workflow, paused),
    };
    let is_in = |pauses: &[Pause], scope: &PauseScope| pauses.iter().any(|pause| pause.scope == *scope);
    before.iter().filter(|pause| !is_in(now, &pause.scope)).for_each(|pause| set(&pause.scope, false));
    now.iter().filter(|pause| !is_in(before, &pause.scope)).for_each(|pause| set(&pause.scope, true));
}
