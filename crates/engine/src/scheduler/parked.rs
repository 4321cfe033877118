//! Attempts that came to the head of their line and may not run yet, beside the queue, so that they block nobody.

use super::Micros;
use super::line::LineIx;
use heddle_model::ids::{WorkflowId, WorkspaceId};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// What an attempt waits for beside the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Gate {
    /// The workflow is paused.
    Workflow(WorkflowId),
    /// The workspace has begun as many of this type as its rate allows.
    Rate(LineIx, WorkspaceId),
}

/// Where an attempt stands at a gate: its class, its arrival, its slot.
type Place = (u8, u64, u32);

/// Parked attempts by what they wait for, the highest priority first, then the oldest.
#[derive(Debug, Default)]
pub(super) struct Parked {
    gates: BTreeMap<Gate, BinaryHeap<Reverse<Place>>>,
    /// When the gates of rates open.
    wakes: BinaryHeap<Reverse<(Micros, LineIx, WorkspaceId)>>,
}

impl Parked {
    pub(super) fn park(&mut self, gate: Gate, at: Place, opens: Option<Micros>) {
        let waiting = self.gates.entry(gate).or_default();
        if let (true, Gate::Rate(line, workspace), Some(opens)) = (waiting.is_empty(), gate, opens) {
            self.wakes.push(Reverse((opens, line, workspace)));
        }
        waiting.push(Reverse(at));
    }

    /// Takes up to `most` from a gate.
    pub(super) fn release(&mut self, gate: Gate, most: u64) -> Vec<u32> {
        let Some(waiting) = self.gates.get_mut(&gate) else { return Vec::new() };
        let most = usize::try_from(most).unwrap_or(usize::MAX).min(waiting.len());
        let released = (0..most).filter_map(|_| waiting.pop()).map(|Reverse((.., slot))| slot).collect();
        if waiting.is_empty() {
            self.gates.remove(&gate);
        }
        released
    }

    /// A gate of a rate whose time has come, and who may be let through there next.
    pub(super) fn due(&mut self, now: Micros) -> Option<(LineIx, WorkspaceId)> {
        let Reverse((at, line, workspace)) = self.wakes.peek().copied()?;
        if at > now {
            return None;
        }
        self.wakes.pop();
        Some((line, workspace))
    }

    /// Some are left at a gate of a rate: it opens again then.
    pub(super) fn again(&mut self, line: LineIx, workspace: WorkspaceId, at: Micros) {
        if self.gates.contains_key(&Gate::Rate(line, workspace)) {
            self.wakes.push(Reverse((at, line, workspace)));
        }
    }

    /// When the next gate of a rate opens.
    pub(super) fn wake_at(&self) -> Option<Micros> {
        self.wakes.peek().map(|Reverse((at, ..))| *at)
    }

    /// Every attempt that waits for a rate, for all gates: the rates have changed.
    pub(super) fn release_rates(&mut self) -> Vec<u32> {
        self.wakes.clear();
        let gates: Vec<Gate> = self.gates.keys().copied().filter(|gate| matches!(gate, Gate::Rate(..))).collect();
        gates.into_iter().flat_map(|gate| self.release(gate, u64::MAX)).collect()
    }

    /// How many at this gate come before this one.
    pub(super) fn ahead(&self, gate: Gate, slot: u32) -> usize {
        let Some(waiting) = self.gates.get(&gate) else { return 0 };
        let own = waiting.iter().map(|Reverse(at)| at).find(|(.., other)| *other == slot);
        own.map_or(0, |own| waiting.iter().filter(|Reverse(at)| at < own).count())
    }
}
