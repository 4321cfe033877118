//! Fair shares: workspaces take turns within a priority, each by its weight; within a workspace the light go before the heavy.
//!
//! This is start-time fair queueing (Goyal, Vin, Cheng 1996): each workspace has a tag, which moves on by a stride with each start; the
//! lowest tag goes first; who comes new begins at the virtual time, that is at the tag last served. So a workspace with a hundred
//! thousand attempts and one with a single attempt stand side by side.

use super::feedback::{IdHasher, LEVELS};
use super::turns::{Filled, Turns};
use heddle_model::ids::WorkspaceId;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::hash::BuildHasherDefault;

/// How far a tag moves with each start of a workspace of weight 1.
const STRIDE: u64 = 1 << 20;

/// An attempt where it waits: its arrival, its slot.
pub(super) type Place = (u64, u32);

/// The attempts of one type and one priority.
#[derive(Debug, Default)]
pub(super) struct Share {
    flows: Vec<Flow>,
    known: HashMap<u128, u32, BuildHasherDefault<IdHasher>>,
    /// Workspaces that have something here: tag, arrival of their first, place in `flows`.
    heads: BinaryHeap<Reverse<(u64, u64, u32)>>,
    /// By how much all tags are moved: a type that was closed has no claim to what others used meanwhile.
    shift: u64,
}

/// The attempts of one workspace.
#[derive(Debug)]
struct Flow {
    weight: u32,
    tag: u64,
    levels: [VecDeque<Place>; LEVELS],
    filled: Filled,
    turns: Turns,
}

impl Flow {
    const fn stride(&self) -> u64 {
        STRIDE / self.weight as u64
    }

    fn len(&self) -> usize {
        self.levels.iter().map(VecDeque::len).sum()
    }
}

impl Share {
    pub(super) fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.flows.iter().map(Flow::len).sum()
    }

    /// Puts an attempt at the end of its workspace's level. `virtual_time` is that of the priority, over all types.
    pub(super) fn push(&mut self, whose: (WorkspaceId, u32), level: u8, place: Place, virtual_time: u64) {
        let (workspace, weight) = whose;
        let ix = *self.known.entry(workspace.as_u128()).or_insert_with(|| {
            let levels = std::array::from_fn(|_| VecDeque::new());
            self.flows.push(Flow { weight: 1, tag: 0, levels, filled: Filled::default(), turns: Turns::default() });
            (self.flows.len() - 1) as u32
        });
        let flow = &mut self.flows[ix as usize];
        flow.weight = weight.max(1);
        if flow.filled.is_empty() {
            flow.tag = flow.tag.max(virtual_time.saturating_sub(self.shift));
            self.heads.push(Reverse((flow.tag, place.0, ix)));
        }
        flow.levels[usize::from(level)].push_back(place);
        flow.filled.insert(level);
    }

    /// The tag of the first, as others see it, and its arrival.
    pub(super) fn head(&mut self, virtual_time: u64) -> Option<(u64, u64)> {
        let Reverse((tag, arrived, _)) = *self.heads.peek()?;
        if tag + self.shift < virtual_time {
            self.shift = virtual_time - tag;
        }
        Some((tag + self.shift, arrived))
    }

    /// Takes the first.
    pub(super) fn pop(&mut self) -> Option<u32> {
        let Reverse((_, _, ix)) = self.heads.pop()?;
        let flow = &mut self.flows[ix as usize];
        let level = flow.turns.choose(flow.filled)?;
        flow.turns.served(level);
        let queue = &mut flow.levels[usize::from(level)];
        let (_, slot) = queue.pop_front()?;
        if queue.is_empty() {
            flow.filled.remove(level);
        }
        flow.tag += flow.stride();
        if let Some((arrived, _)) = flow.levels.iter().find_map(VecDeque::front) {
            self.heads.push(Reverse((flow.tag, *arrived, ix)));
        }
        Some(slot)
    }

    /// Where an attempt stands: its level, how many of its own workspace go before it, and how many of others.
    pub(super) fn place_of(&self, workspace: WorkspaceId, slot: u32) -> Option<(u8, usize, usize)> {
        let own_ix = *self.known.get(&workspace.as_u128())?;
        let own = &self.flows[own_ix as usize];
        let (level, place) = own.levels.iter().enumerate().find_map(|(level, queue)| {
            queue.iter().position(|(_, other)| *other == slot).map(|place| (level, place))
        })?;
        let before = own.levels[..level].iter().map(VecDeque::len).sum::<usize>() + place;
        // Until its turn has come each other workspace gets as many turns as it does, by their weights, and those that it is behind.
        let reach = own.tag + own.stride() * before as u64;
        let others =
            self.flows.iter().enumerate().filter(|(ix, flow)| *ix != own_ix as usize && !flow.filled.is_empty());
        let ahead = others
            .map(|(_, flow)| {
                let turns = if flow.tag > reach { 0 } else { (reach - flow.tag) / flow.stride() + 1 };
                flow.len().min(usize::try_from(turns).unwrap_or(usize::MAX))
            })
            .sum();
        Some((level as u8, before, ahead))
    }
}
