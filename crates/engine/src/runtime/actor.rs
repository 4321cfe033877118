//! An instance in memory.

use super::journal::Journal;
use super::message::{Reply, SharedState};
use crate::kernel::{Active, ApplyError, InstanceState, PlanSet, Replay};
use crate::storage::Head;
use heddle_model::ids::{InstanceId, WorkspaceId};
use heddle_model::plan::Plan;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// An instance in memory: its state is that of the last commit, plus what the round under way has decided.
pub(super) struct Actor {
    pub(super) state: InstanceState,
    pub(super) plan: Arc<Plan>,
    /// Of its last journal row.
    pub(super) checksum: u32,
    /// Last event of its last snapshot.
    pub(super) snapshot_seq: u64,
    /// Who waits for its end.
    pub(super) waiters: Vec<Reply<SharedState>>,
    /// Attempts of built-in tasks that run, by execution.
    pub(super) running: BTreeMap<u32, CancellationToken>,
    /// Its hot row as it was written last, where that is known.
    pub(super) head: Option<Head>,
    /// Events have been committed since.
    pub(super) head_behind: bool,
    /// Executions that may have a row of their own, because they wait.
    pub(super) waiting: BTreeSet<u32>,
    /// When the jobs that stand offered were, by execution, as far as this was seen from here.
    pub(super) offers: BTreeMap<u32, i64>,
    /// Its incident `quarantined` was open when it was read.
    pub(super) quarantined: bool,
}

/// Stored data that cannot be turned into an instance.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the stored data of {instance} is damaged: {what}")]
pub(super) struct Damaged {
    instance: InstanceId,
    what: String,
}

impl Damaged {
    pub(super) const fn new(instance: InstanceId, what: String) -> Self {
        Self { instance, what }
    }
}

impl Actor {
    pub(super) fn new(state: InstanceState, plan: Arc<Plan>) -> Self {
        Self {
            state,
            plan,
            checksum: 0,
            snapshot_seq: 0,
            waiters: Vec::new(),
            running: BTreeMap::new(),
            head: None,
            head_behind: false,
            waiting: BTreeSet::new(),
            offers: BTreeMap::new(),
            quarantined: false,
        }
    }

    /// Folds a snapshot and the journal rows after it, each event with the plan of the version that ran then.
    pub(super) fn fold(
        plans: &PlanSet,
        (workspace, instance): (WorkspaceId, InstanceId),
        journal: Journal,
        snapshot_seq: u64,
    ) -> Result<Self, Damaged> {
        let damaged = |why: ApplyError| Damaged::new(instance, why.to_string());
        let begun = journal.snapshot.map(|(state, _)| Replay::from(plans, state)).transpose();
        let mut replay = begun.map_err(damaged)?;
        for read in &journal.rows {
            let mut events = read.row.events.iter();
            let current = match (replay.take(), events.as_slice().first()) {
                (Some(current), _) => current,
                (None, Some(first)) => {
                    events.next();
                    Replay::create(plans, (workspace, instance), (read.at, first)).map_err(damaged)?
                }
                (None, None) => continue,
            };
            let current = replay.insert(current);
            events.try_for_each(|event| current.apply(plans, event, read.at)).map_err(damaged)?;
            if current.state.seq != read.last_seq {
                return Err(Damaged::new(instance, format!("events are missing before {}", read.last_seq + 1)));
            }
        }
        let missing = || Damaged::new(instance, "there is neither a snapshot nor a journal".to_owned());
        let Replay { state, plan } = replay.ok_or_else(missing)?;
        // Which of them have rows is not remembered: removing one that is not there is no error.
        let waiting = state.live.keys().chain(state.suspended.keys()).copied().collect();
        Ok(Self { checksum: journal.checksum, snapshot_seq, waiting, ..Self::new(state, plan) })
    }

    /// Whether it may leave memory: nothing runs here for it, and nobody waits here.
    pub(super) fn is_idle(&self) -> bool {
        self.waiters.iter().all(Reply::is_closed)
            && self.running.is_empty()
            && !self.state.live.values().any(|execution| execution.active == Active::Task)
    }

    /// Answers those who wait for the end, once it has come.
    pub(super) fn tell_waiters(&mut self) {
        if self.state.status.is_ended() && !self.waiters.is_empty() {
            let state = Arc::new(self.state.clone());
            self.waiters.drain(..).for_each(|waiter| waiter.send(Ok(state.clone())));
        }
    }
}
