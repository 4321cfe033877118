//! Admission: how many requests may be under way, measured. Refusing early and cheaply keeps what was accepted quick.
//!
//! A request waits for the round under way and for those before it in its lane. So the wait is foretold from what rounds took lately;
//! where it would be longer than the budget, the request is refused. Nobody may have more than a share: of what fits, a part is kept
//! free for those who have nothing under way yet.

use super::Micros;
use heddle_model::ids::WorkspaceId;
use heddle_model::limits::{ADMISSION_LATENCY_MS, ADMISSION_LEAST, ADMISSION_REQUESTS, ADMISSION_ROUND};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What an operator sets about admission: `[admission]` of the server's configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdmissionLimits {
    /// How long an accepted request may wait for its commit, in milliseconds, as far as that can be foretold.
    pub latency_ms: u64,
    /// Requests that may be under way at most, whatever the wait: each takes memory.
    pub requests: usize,
}

impl Default for AdmissionLimits {
    fn default() -> Self {
        Self { latency_ms: ADMISSION_LATENCY_MS, requests: ADMISSION_REQUESTS }
    }
}

/// What a request does to the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Load {
    /// It brings work.
    More,
    /// It ends work, or steers it: let in as long as twice the budget allows.
    Less,
}

/// A request that is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// Its workspace has its share under way: others may still be let in.
    pub over_share: bool,
    /// When another try makes sense.
    pub retry_after_ms: u64,
}

/// Requests under way, and how long they take.
#[derive(Debug)]
pub struct Admission {
    limits: AdmissionLimits,
    lanes: Vec<Lane>,
    /// Microseconds of a lane for each message, smoothed.
    cost: f64,
    total: usize,
    by: BTreeMap<WorkspaceId, usize>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Lane {
    /// When its round under way began.
    began: Option<Micros>,
    /// Messages of the engine's own that waited when its last round began.
    backlog: usize,
}

impl Admission {
    /// Nothing is under way in these lanes.
    pub fn new(limits: AdmissionLimits, lanes: usize) -> Self {
        Self { limits, lanes: vec![Lane::default(); lanes.max(1)], cost: 0.0, total: 0, by: BTreeMap::new() }
    }

    /// Requests under way.
    pub const fn under_way(&self) -> usize {
        self.total
    }

    /// How long a request would wait now, in microseconds.
    pub fn wait(&self, now: Micros) -> u64 {
        (self.cost * self.queued() as f64 / self.lanes.len() as f64) as u64 + self.stalled(now)
    }

    /// Lets a request in, or says when to come again. Who is let in is given back with [`Self::done`].
    ///
    /// # Errors
    /// Too much is under way, of everybody's or of this workspace's.
    pub fn ask(&mut self, now: Micros, workspace: WorkspaceId, load: Load) -> Result<(), Refused> {
        let room = self.room(now, load);
        let own = self.by.get(&workspace).copied().unwrap_or(0);
        // Of the room a fifth is nobody's share: who comes new finds a place at once.
        let others = self.by.len() - usize::from(own > 0);
        let share = (room - room / 5).div_ceil(others + 1).max(1);
        if own >= share || self.total >= room {
            let retry_after_ms = (self.wait(now) / 1_000).clamp(250, 30_000);
            return Err(Refused { over_share: own >= share, retry_after_ms });
        }
        self.total += 1;
        *self.by.entry(workspace).or_default() += 1;
        Ok(())
    }

    /// Requests of a workspace have been answered.
    pub fn done(&mut self, workspace: WorkspaceId, requests: usize) {
        self.total = self.total.saturating_sub(requests);
        if let Some(own) = self.by.get_mut(&workspace) {
            *own = own.saturating_sub(requests);
            if *own == 0 {
                self.by.remove(&workspace);
            }
        }
    }

    /// A lane begins a round; so many messages wait behind it.
    pub fn begin(&mut self, now: Micros, lane: usize, backlog: usize) {
        // Requests wait there too, and are counted already.
        let backlog = backlog.saturating_sub(self.total / self.lanes.len());
        if let Some(lane) = self.lanes.get_mut(lane) {
            *lane = Lane { began: Some(now), backlog };
        }
    }

    /// Its round of so many messages is committed.
    pub fn end(&mut self, now: Micros, lane: usize, messages: usize) {
        let Some(began) = self.lanes.get_mut(lane).and_then(|lane| lane.began.take()) else { return };
        // A round of one takes hardly less than a round of many: it tells little about what one message costs.
        let cost = now.saturating_sub(began) as f64 / messages.max(ADMISSION_ROUND) as f64;
        self.cost = if self.cost == 0.0 { cost } else { self.cost + (cost - self.cost) / 8.0 };
    }

    /// How many requests may be under way.
    fn room(&self, now: Micros, load: Load) -> usize {
        let (latency, most) = match load {
            Load::More => (self.limits.latency_ms, self.limits.requests),
            Load::Less => (self.limits.latency_ms.saturating_mul(2), self.limits.requests.saturating_mul(2)),
        };
        let budget = latency.saturating_mul(1_000).saturating_sub(self.stalled(now));
        let fits = if self.cost > 0.0 { (budget as f64 / self.cost * self.lanes.len() as f64) as usize } else { most };
        // What the engine has to do for itself comes in the same queue.
        let own: usize = self.lanes.iter().map(|lane| lane.backlog).sum();
        // Without a few under way nothing would be measured any more, and a slow disk would shut everybody out.
        fits.saturating_sub(own).max(ADMISSION_LEAST).min(most).max(1)
    }

    fn queued(&self) -> usize {
        self.total + self.lanes.iter().map(|lane| lane.backlog).sum::<usize>()
    }

    /// How long the longest round under way has lasted, beyond what it was to take anyhow.
    fn stalled(&self, now: Micros) -> u64 {
        let usual = (self.cost * ADMISSION_ROUND as f64) as u64;
        let longest = self.lanes.iter().filter_map(|lane| lane.began).map(|began| now.saturating_sub(began)).max();
        longest.unwrap_or(0).saturating_sub(usual)
    }
}
