//! Concurrency keys: at most so many at a time for each value of a key.
//!
//! [`Keys`] is the bookkeeping, pure: wishes and ends in, verdicts out. The storage in memory keeps its books with it; a database
//! keeps them in a table and comes to the same verdicts. What asks and what is told stand in `runtime::desk`.

use heddle_model::definition::AtLimit;
use heddle_model::ids::{InstanceId, WorkspaceId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// Whose key it is: keys of tasks and of whole instances never meet, or an instance could wait for itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PermitName {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Whether whole instances are limited, and not tasks.
    pub of_instances: bool,
    /// The value of the key.
    pub key: Arc<str>,
}

/// Who holds a permit, or waits for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Holder {
    /// A whole instance.
    Instance(InstanceId),
    /// An attempt of a built-in task: its execution and the attempt's number.
    Attempt(InstanceId, u32, u32),
    /// A job of an external worker: its execution.
    Job(InstanceId, u32),
}

impl Holder {
    /// The instance that it is, or is part of.
    pub const fn instance(self) -> InstanceId {
        match self {
            Self::Instance(instance) | Self::Attempt(instance, ..) | Self::Job(instance, _) => instance,
        }
    }

    /// Earlier attempts of the same execution: whoever begins anew has their place.
    fn earlier(self) -> Option<std::ops::Range<Self>> {
        match self {
            Self::Attempt(instance, number, attempt) => {
                Some(Self::Attempt(instance, number, 0)..Self::Attempt(instance, number, attempt))
            }
            _ => None,
        }
    }
}

/// A wish for a permit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermitWish {
    /// Of what.
    pub name: PermitName,
    /// For whom.
    pub holder: Holder,
    /// How many may hold it at a time.
    pub limit: u32,
    /// What happens where that many do.
    pub at_limit: AtLimit,
    /// 0–9, 9 goes first.
    pub priority: u8,
    /// It has begun already, under a server before this one: it holds the permit whatever the limit.
    pub has_begun: bool,
}

/// What became of a wish, at once or later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// It may begin.
    Granted(Holder),
    /// It is not to begin at all.
    Refused(Holder),
    /// It is to stop: another has taken its place.
    Replaced(Holder),
}

impl Verdict {
    /// Whom it is about.
    pub const fn holder(self) -> Holder {
        match self {
            Self::Granted(holder) | Self::Refused(holder) | Self::Replaced(holder) => holder,
        }
    }
}

/// Why a holder waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyWait {
    /// The value of the key.
    pub key: Arc<str>,
    /// How many may hold it.
    pub limit: u32,
    /// Who does.
    pub holders: Vec<Holder>,
    /// How many wait before this one.
    pub ahead: usize,
}

/// What is asked of the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyAsk {
    /// A permit is wished. Who has asked, or holds it, already, is not counted twice; a later attempt takes the place of an earlier one
    /// of its execution.
    Acquire(PermitWish),
    /// A permit is given back, or a wish withdrawn; nothing happens where there is neither.
    Release(WorkspaceId, Holder),
}

/// The books.
#[derive(Debug, Default)]
pub struct Keys {
    names: BTreeMap<PermitName, Key>,
    of: BTreeMap<Holder, PermitName>,
    arrived: u64,
}

#[derive(Debug, Default)]
struct Key {
    /// The oldest first.
    holders: VecDeque<Holder>,
    /// The highest priority first, then the oldest.
    waiting: BTreeMap<(u8, u64), (Holder, u32)>,
}

impl Keys {
    /// Somebody wishes a permit.
    pub fn acquire(&mut self, wish: PermitWish) -> Vec<Verdict> {
        let PermitWish { name, holder, limit, at_limit, priority, has_begun } = wish;
        self.take_place(holder);
        if self.of.get(&holder) == Some(&name) {
            return self.again(&name, holder, has_begun);
        }
        // With another value of the key it stands in another line.
        let mut verdicts = self.release(holder);
        let key = self.names.entry(name.clone()).or_default();
        let is_free = key.holders.len() < limit as usize && key.waiting.is_empty();
        if is_free || has_begun {
            key.holders.push_back(holder);
            verdicts.push(Verdict::Granted(holder));
        } else {
            match at_limit {
                AtLimit::Queue => {
                    self.arrived += 1;
                    key.waiting.insert((9 - priority.min(9), self.arrived), (holder, limit.max(1)));
                }
                AtLimit::Reject => {
                    verdicts.push(Verdict::Refused(holder));
                    return verdicts;
                }
                AtLimit::Replace => {
                    if let Some(oldest) = key.holders.pop_front() {
                        self.of.remove(&oldest);
                        verdicts.push(Verdict::Replaced(oldest));
                    }
                    key.holders.push_back(holder);
                    verdicts.push(Verdict::Granted(holder));
                }
            }
        }
        self.of.insert(holder, name);
        verdicts
    }

    /// Somebody who is known asks again.
    fn again(&mut self, name: &PermitName, holder: Holder, has_begun: bool) -> Vec<Verdict> {
        let Some(key) = self.names.get_mut(name) else { return Vec::new() };
        if !key.holders.contains(&holder) {
            if !has_begun {
                return Vec::new();
            }
            key.waiting.retain(|_, (other, _)| *other != holder);
            key.holders.push_back(holder);
        }
        vec![Verdict::Granted(holder)]
    }

    /// A later attempt of an execution has what an earlier one had.
    fn take_place(&mut self, holder: Holder) {
        let Some(earlier) = holder.earlier() else { return };
        let Some(before) = self.of.range(earlier).next_back().map(|(before, _)| *before) else { return };
        let Some(name) = self.of.remove(&before) else { return };
        if let Some(key) = self.names.get_mut(&name) {
            key.holders.iter_mut().filter(|other| **other == before).for_each(|other| *other = holder);
            key.waiting.values_mut().filter(|(other, _)| *other == before).for_each(|(other, _)| *other = holder);
        }
        self.of.insert(holder, name);
    }

    /// Somebody needs its permit no more, or wishes none any more.
    pub fn release(&mut self, holder: Holder) -> Vec<Verdict> {
        let Some(name) = self.of.remove(&holder) else { return Vec::new() };
        let Some(key) = self.names.get_mut(&name) else { return Vec::new() };
        key.holders.retain(|other| *other != holder);
        key.waiting.retain(|_, (other, _)| *other != holder);
        let mut verdicts = Vec::new();
        // Strictly in order: one with a higher limit does not overtake one with a lower, or that one might wait for ever.
        while let Some(next) = key.waiting.first_entry()
            && key.holders.len() < next.get().1 as usize
        {
            let (granted, _) = next.remove();
            key.holders.push_back(granted);
            verdicts.push(Verdict::Granted(granted));
        }
        if key.holders.is_empty() && key.waiting.is_empty() {
            self.names.remove(&name);
        }
        verdicts
    }

    /// Why somebody waits.
    pub fn why(&self, holder: Holder) -> Option<KeyWait> {
        let name = self.of.get(&holder)?;
        let key = self.names.get(name)?;
        let ahead = key.waiting.values().position(|(other, _)| *other == holder)?;
        let (_, limit) = key.waiting.values().nth(ahead)?;
        Some(KeyWait { key: name.key.clone(), limit: *limit, holders: key.holders.iter().copied().collect(), ahead })
    }

    /// Everyone who holds or waits.
    pub fn known(&self) -> BTreeSet<Holder> {
        self.of.keys().copied().collect()
    }

    /// What a holder holds or waits for.
    pub fn name_of(&self, holder: Holder) -> Option<&PermitName> {
        self.of.get(&holder)
    }
}
