//! An instance in memory.

use super::message::{Reply, SharedState};
use crate::kernel::{Active, InstanceState, codec};
use crate::storage::Stored;
use heddle_model::ids::{InstanceId, WorkspaceId};
use heddle_model::plan::Plan;
use std::collections::BTreeMap;
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
    /// When the jobs that stand offered were, by execution, as far as this was seen from here.
    pub(super) offers: BTreeMap<u32, i64>,
}

/// Stored data that cannot be turned into an instance.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the stored data of {instance} is damaged: {what}")]
pub(super) struct Damaged {
    instance: InstanceId,
    what: String,
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
            offers: BTreeMap::new(),
        }
    }

    /// Folds a snapshot and the journal rows after it, checking the chain on the way.
    pub(super) fn fold(
        plan: Arc<Plan>,
        workspace: WorkspaceId,
        instance: InstanceId,
        stored: &Stored,
    ) -> Result<Self, Damaged> {
        let damaged = |what: String| Damaged { instance, what };
        let mut state = None;
        let (mut checksum, mut snapshot_seq) = (0, 0);
        if let Some(snapshot) = &stored.snapshot {
            state = Some(codec::decode_state(&snapshot.state).map_err(|why| damaged(why.to_string()))?);
            (checksum, snapshot_seq) = (snapshot.checksum, snapshot.seq);
        }
        for row in &stored.journal {
            checksum = codec::checksum(checksum, &row.events);
            if checksum != row.checksum {
                return Err(damaged(format!("the checksum of event {} does not match", row.first_seq)));
            }
            let events = codec::decode_row(&row.events).map_err(|why| damaged(why.to_string()))?.events;
            let mut events = events.iter();
            if state.is_none() {
                let Some(crate::kernel::Event::InstanceCreated(created)) = events.next() else {
                    return Err(damaged("the journal does not begin with the creation".to_owned()));
                };
                state = Some(InstanceState::create(instance, workspace, created, row.at));
            }
            let Some(state) = state.as_mut() else { continue };
            events.try_for_each(|event| state.apply(&plan, event, row.at)).map_err(|why| damaged(why.to_string()))?;
            if state.seq + 1 != row.first_seq + u64::from(row.count) {
                return Err(damaged(format!("events are missing before {}", row.first_seq + u64::from(row.count))));
            }
        }
        let state = state.ok_or_else(|| damaged("there is neither a snapshot nor a journal".to_owned()))?;
        Ok(Self { checksum, snapshot_seq, ..Self::new(state, plan) })
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
            self.waiters.drain(..).for_each(|waiter| drop(waiter.send(Ok(state.clone()))));
        }
    }
}
