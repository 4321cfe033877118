//! The auditor: every open instance must have something that will move it, or somebody who must. What has nothing would wait for ever and nobody would hear
//! of it, so it is looked for all the time and told by a figure that must be 0.
//!
//! Most causes are rows: a timer, a job, a subscription, a permit, a child, a parcel. What the rows do not show (a guard that is false, a node that is
//! paused) is asked of the kernel, which gives a reason for every node that waits; but of its reasons only those count here that need no
//! row, because the rows were looked for and not found. Something may be on its way at that moment: an instance counts only when a little
//! later it still stands at the same event.

use crate::error::Result;
use crate::service::Service;
use heddle_engine::kernel::{self, Reason};
use heddle_model::ids::{InstanceId, WorkspaceId};
use heddle_model::limits;
use heddle_store::query::CausePlace;
use std::time::Duration;

/// The first look comes soon after the start: a start is when things get lost.
const FIRST: Duration = Duration::from_secs(3);
/// How often it looks.
const PERIOD: Duration = Duration::from_secs(60);
/// How long something may be on its way: a few looks into the inbox.
const ON_ITS_WAY: Duration = Duration::from_secs(5);

/// A walk over all open instances, a part of it at a time.
#[derive(Debug, Default)]
struct Walk {
    place: Option<CausePlace>,
    found: usize,
    /// What the walk before this one found.
    before: usize,
}

impl Service {
    /// Looks for instances that nothing will ever move, until dropped.
    pub async fn watch_causes(&self) {
        let mut walk = Walk::default();
        let mut pause = FIRST;
        loop {
            tokio::time::sleep(pause).await;
            pause = PERIOD;
            match self.walk_on(&mut walk).await {
                Ok(()) => metrics::gauge!("heddle_instances_without_cause").set(walk.found.max(walk.before) as f64),
                Err(error) => tracing::warn!(%error, "open instances could not be looked at; the next look comes"),
            }
        }
    }

    /// One part of the walk.
    async fn walk_on(&self, walk: &mut Walk) -> Result<()> {
        let mut suspects = Vec::new();
        let mut looked = 0;
        loop {
            let page = self.store.causes(walk.place, limits::AUDIT_PAGE).await?;
            looked += page.looked;
            suspects.extend(page.unmoved);
            walk.place = page.next;
            if walk.place.is_none() || looked >= limits::AUDIT_ROWS {
                break;
            }
        }
        metrics::counter!("heddle_instances_audited_total").increment(looked);
        let mut still = Vec::new();
        for (workspace, instance) in suspects {
            if let Some(seq) = self.stands_still(workspace, instance).await {
                still.push((workspace, instance, seq));
            }
        }
        if !still.is_empty() {
            tokio::time::sleep(ON_ITS_WAY).await;
        }
        for (workspace, instance, seq) in still {
            let stuck = self.store.is_unmoved(workspace, instance).await?
                && self.stands_still(workspace, instance).await == Some(seq);
            if stuck {
                tracing::error!(%workspace, %instance, "nothing will ever move this instance");
                walk.found += 1;
            }
        }
        if walk.place.is_none() {
            (walk.before, walk.found) = (walk.found, 0);
        }
        Ok(())
    }

    /// The event at which an open instance stands, where it waits for nothing that needs no row. 0 where it cannot be read: such a one does not go on
    /// either.
    async fn stands_still(&self, workspace: WorkspaceId, instance: InstanceId) -> Option<u64> {
        let Ok(Some(loaded)) = self.engine.load(workspace, instance).await else { return Some(0) };
        let state = &loaded.state;
        let needs_no_row = |reason: &Reason| {
            matches!(reason, Reason::Paused | Reason::Guard(_) | Reason::Condition | Reason::Human(_) | Reason::Open)
        };
        let waiting = kernel::why(&loaded.plan, state, self.engine.now_ms());
        let moves = state.status.is_ended() || waiting.iter().any(|it| it.reasons.iter().any(needs_no_row));
        (!moves).then_some(state.seq)
    }
}
