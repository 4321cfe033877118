//! The hot row of an instance: what lists are made of. It is written when something changes that a list is sorted or filtered by, and
//! otherwise at most once a second: a step of an instance that runs costs its journal row alone.
//!
//! What is left out is only progress, the time and number of the last event. The journal has them at once, and so has every page that
//! shows one instance.

use super::actor::Actor;
use super::lane::Lane;
use super::message::Key;
use crate::storage::{CommitError, Head, HeadRow};
use heddle_model::limits::HEAD_LAG_MS;
use std::collections::VecDeque;

/// Hot rows written in one go.
const PER_ROUND: usize = 512;

/// Instances whose hot rows are behind, and when that must end, the first first.
#[derive(Default)]
pub(super) struct Behind(VecDeque<(i64, Key)>);

impl Behind {
    /// When the next one is to be written.
    pub(super) fn next(&self) -> i64 {
        self.0.front().map_or(i64::MAX, |(due, _)| *due)
    }
}

impl Actor {
    /// The hot row to write with a commit of now, where it must be written.
    pub(super) fn new_head(&mut self, now: i64) -> Option<Head> {
        let head = self.head_now();
        if let Some(written) = &self.head
            && is_alike(written, &head)
            && now - written.updated_at < HEAD_LAG_MS
        {
            return None;
        }
        self.head_behind = false;
        self.head = Some(head.clone());
        Some(head)
    }

    fn head_now(&self) -> Head {
        let state = &self.state;
        Head {
            status: state.status.as_str(),
            phase: state.phase.as_str(),
            seq: state.seq,
            nodes_ended: state.completed,
            nodes_expected: (self.plan.nodes().len() as u32).saturating_sub(state.skipped),
            incidents: state.incidents.len() as u32,
            runnable: state.is_runnable() || super::permits::must_ask_again(self),
            started_at: state.started_at,
            ended_at: state.ended_at,
            updated_at: state.updated_at,
            error: state.error.as_ref().and_then(|error| serde_json::to_string(error).ok()),
        }
    }
}

/// Whether lists sort and filter both alike.
fn is_alike(one: &Head, other: &Head) -> bool {
    let of = |head: &Head| (head.status, head.phase, head.incidents, head.runnable, head.started_at, head.ended_at);
    of(one) == of(other) && one.error == other.error
}

impl Lane {
    /// A commit left the instance's hot row as it was.
    pub(super) fn note_behind(&mut self, now: i64, key: Key) {
        let Some(actor) = self.actors.get_mut(&key.instance).filter(|actor| !actor.head_behind) else { return };
        actor.head_behind = true;
        self.behind.0.push_back((now + HEAD_LAG_MS, key));
    }

    /// Writes hot rows that have been behind for long.
    pub(super) async fn refresh_heads(&mut self, now: i64) {
        let mut rows = Vec::new();
        while rows.len() < PER_ROUND
            && let Some((_, key)) = self.behind.0.pop_front_if(|(due, _)| *due <= now)
        {
            // One that was written since, or has left, is behind no more.
            let Some(actor) = self.actors.get_mut(&key.instance).filter(|actor| actor.head_behind) else { continue };
            let head = actor.head_now();
            (actor.head_behind, actor.head) = (false, Some(head.clone()));
            rows.push(HeadRow { workspace: key.workspace, instance: key.instance, head });
        }
        if rows.is_empty() {
            return;
        }
        match self.shared.storage.refresh_heads(self.shared.fence(), &rows).await {
            Ok(()) => {}
            Err(CommitError::Fenced) => self.shared.lost_ownership(),
            Err(why) => {
                tracing::warn!(%why, "what lists show is behind; it is written again");
                for HeadRow { workspace, instance, .. } in rows {
                    if let Some(actor) = self.actors.get_mut(&instance) {
                        actor.head = None;
                    }
                    self.note_behind(now, Key { workspace, instance });
                }
            }
        }
    }
}
