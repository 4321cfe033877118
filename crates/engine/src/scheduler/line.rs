//! A line: the ready attempts of one task type, by priority, and how many of them may run.

use super::Micros;
use super::limits::{Limits, Rate};
use super::rate::Bucket;
use super::share::Share;
use super::turns::Filled;
use heddle_model::ids::WorkspaceId;
use std::collections::HashMap;

/// Priorities, 9 before 0.
pub(super) const CLASSES: usize = 10;

/// A line's place in its scheduler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineIx(pub(super) u32);

impl LineIx {
    /// Lines count from 0 in the order in which they were first asked for.
    pub const fn place(self) -> usize {
        self.0 as usize
    }
}

/// The class of a priority: its place among the priorities, the highest first.
pub(super) const fn class_of(priority: u8) -> u8 {
    9 - if priority > 9 { 9 } else { priority }
}

/// The ready attempts of one task type.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) name: String,
    /// What the type says of itself.
    own_slots: Option<usize>,
    pub(super) slots: Option<usize>,
    pub(super) running: usize,
    pub(super) rate: Option<Bucket>,
    pub(super) paused: bool,
    workspace_rate: Option<Rate>,
    /// Rates that the operator has set for one workspace.
    rates: HashMap<WorkspaceId, Rate>,
    pub(super) buckets: HashMap<WorkspaceId, Bucket>,
    filled: Filled,
    classes: [Share; CLASSES],
}

impl Line {
    pub(super) fn new(name: &str, own_slots: Option<usize>, limits: &Limits) -> Self {
        let mut line = Self {
            name: name.to_owned(),
            own_slots,
            slots: own_slots,
            running: 0,
            rate: None,
            paused: false,
            workspace_rate: None,
            rates: HashMap::new(),
            buckets: HashMap::new(),
            filled: Filled::default(),
            classes: std::array::from_fn(|_| Share::default()),
        };
        line.set_limits(limits);
        line
    }

    pub(super) fn set_limits(&mut self, limits: &Limits) {
        let own = limits.types.get(&self.name).copied().unwrap_or_default();
        self.slots = own.slots.or(self.own_slots);
        self.rate = own.rate.map(Bucket::new);
        self.workspace_rate = own.workspace_rate;
        let of =
            |(workspace, of): (&WorkspaceId, &super::WorkspaceLimits)| Some((*workspace, *of.rates.get(&self.name)?));
        self.rates = limits.workspaces.iter().filter_map(of).collect();
        self.buckets.clear();
    }

    /// Whether an attempt of this type could begin now, whosever it is.
    pub(super) fn is_open(&self, now: Micros) -> bool {
        !self.paused
            && self.slots.is_none_or(|slots| self.running < slots)
            && self.rate.is_none_or(|rate| rate.room(now) > 0)
    }

    /// Priorities with attempts that wait.
    pub(super) const fn filled(&self) -> Filled {
        self.filled
    }

    pub(super) const fn class(&self, class: u8) -> &Share {
        &self.classes[class as usize]
    }

    pub(super) const fn class_mut(&mut self, class: u8) -> &mut Share {
        self.filled.insert(class);
        &mut self.classes[class as usize]
    }

    /// Takes the first of a class.
    pub(super) fn pop(&mut self, class: u8) -> Option<u32> {
        let share = &mut self.classes[usize::from(class)];
        let slot = share.pop();
        if share.is_empty() {
            self.filled.remove(class);
        }
        slot
    }

    /// How many more a workspace may begin now.
    pub(super) fn room_of(&mut self, workspace: WorkspaceId, now: Micros) -> u64 {
        self.bucket(workspace).map_or(u64::MAX, |bucket| bucket.room(now))
    }

    /// When a workspace may begin the next.
    pub(super) fn ready_at(&mut self, workspace: WorkspaceId) -> Micros {
        self.bucket(workspace).map_or(0, |bucket| bucket.ready_at())
    }

    /// One begins.
    pub(super) fn enter(&mut self, workspace: WorkspaceId, now: Micros) {
        self.running += 1;
        if let Some(rate) = &mut self.rate {
            rate.take(now);
        }
        if let Some(bucket) = self.bucket(workspace) {
            bucket.take(now);
        }
    }

    fn bucket(&mut self, workspace: WorkspaceId) -> Option<&mut Bucket> {
        if self.workspace_rate.is_none() && self.rates.is_empty() {
            return None;
        }
        let rate = self.rates.get(&workspace).copied().or(self.workspace_rate)?;
        Some(self.buckets.entry(workspace).or_insert_with(|| Bucket::new(rate)))
    }
}
