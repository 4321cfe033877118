//! Why a ready attempt has not begun: the answer to "why is this queued?".

use super::Micros;
use super::core::{Scheduler, Wanted};
use super::entries::Entry;
use super::keys::KeyWait;
use super::line::class_of;
use heddle_model::ids::WorkflowId;

/// An attempt that is ready and has not begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    /// The task type.
    pub task_type: String,
    /// 0–9.
    pub priority: u8,
    /// The level of the feedback queue: 0 for who has used little lately.
    pub level: u8,
    /// What comes before it.
    pub ahead: Ahead,
    /// What holds it back beside that, the widest first. None: it waits for its turn alone.
    pub blocked: Vec<Blocked>,
}

impl Queued {
    /// Who waits for a permit of a concurrency key, and for nothing else yet.
    pub fn by_key(task_type: String, priority: u8, wait: KeyWait) -> Self {
        let ahead = Ahead { attempts: wait.ahead, ..Ahead::default() };
        Self { task_type, priority, level: 0, ahead, blocked: vec![Blocked::Key(wait)] }
    }
}

/// What comes before an attempt, if nothing new came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ahead {
    /// Attempts that are ready and stand before it, of all types that could run now, at most.
    pub attempts: usize,
    /// Attempts of its own type among them.
    pub of_type: usize,
    /// Attempts of its own workspace, type and priority among them.
    pub of_workspace: usize,
}

/// What holds an attempt back beside its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blocked {
    /// The whole engine is paused.
    Engine,
    /// Its task type is paused.
    Type,
    /// Its workflow is paused.
    Workflow(WorkflowId),
    /// As many as its concurrency key allows are at work; it is not with the scheduler yet.
    Key(KeyWait),
    /// Every slot of the server is taken.
    Slots {
        /// How many there are.
        slots: usize,
    },
    /// Every slot of its type is taken.
    TypeSlots {
        /// How many there are.
        slots: usize,
    },
    /// Its type has begun as often as its rate allows.
    Rate {
        /// Until it may begin again, in milliseconds.
        opens_in_ms: u64,
    },
    /// Its workspace has begun this type as often as its rate allows.
    WorkspaceRate {
        /// Until it may begin again, in milliseconds.
        opens_in_ms: u64,
    },
}

impl Blocked {
    /// The word for it, in JSON.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Engine => "engine_paused",
            Self::Type => "type_paused",
            Self::Workflow(_) => "workflow_paused",
            Self::Key(_) => "concurrency_key",
            Self::Slots { .. } => "slots",
            Self::TypeSlots { .. } => "type_slots",
            Self::Rate { .. } => "rate",
            Self::WorkspaceRate { .. } => "workspace_rate",
        }
    }
}

impl<T: Wanted> Scheduler<T> {
    /// The first attempt that is ready and meant, and why it has not begun. This looks at everything that is ready.
    pub fn why(&self, now: Micros, is_meant: impl Fn(&T) -> bool) -> Option<Queued> {
        let (slot, entry) = self.entries.iter().find(|(_, entry)| is_meant(&entry.what))?;
        let line = &self.lines[entry.line.0 as usize];
        let class = class_of(entry.about.priority);
        let mut ahead = Ahead::default();
        let mut level = 0;
        if let Some((own_level, own, others)) = line.class(class).place_of(entry.about.workspace, slot) {
            level = own_level;
            ahead = Ahead { attempts: own + others, of_type: own + others, of_workspace: own };
            for (ix, other) in self.lines.iter().enumerate().filter(|(_, other)| other.is_open(now)) {
                let is_own = ix == entry.line.0 as usize;
                let higher: usize = (0..class).map(|class| other.class(class).len()).sum();
                // Other types take turns with this one.
                let beside = if is_own { 0 } else { other.class(class).len().min(own + others + 1) };
                ahead.attempts += higher + beside;
                ahead.of_type += if is_own { higher } else { 0 };
            }
        } else if let Some(gate) = entry.parked {
            ahead.of_type = self.parked.ahead(gate, slot);
            ahead.attempts = ahead.of_type;
        }
        Some(Queued {
            task_type: line.name.clone(),
            priority: entry.about.priority,
            level,
            ahead,
            blocked: self.blocked(now, entry),
        })
    }

    fn blocked(&self, now: Micros, entry: &Entry<T>) -> Vec<Blocked> {
        let line = &self.lines[entry.line.0 as usize];
        let left = |at: Micros| at.saturating_sub(now).div_ceil(1_000);
        let mut blocked = Vec::new();
        if self.is_paused {
            blocked.push(Blocked::Engine);
        }
        if line.paused {
            blocked.push(Blocked::Type);
        }
        if self.paused_workflows.contains(&entry.about.workflow) {
            blocked.push(Blocked::Workflow(entry.about.workflow));
        }
        if self.running >= self.limits.slots {
            blocked.push(Blocked::Slots { slots: self.limits.slots });
        }
        if let Some(slots) = line.slots.filter(|slots| line.running >= *slots) {
            blocked.push(Blocked::TypeSlots { slots });
        }
        if let Some(rate) = line.rate.filter(|rate| rate.room(now) == 0) {
            blocked.push(Blocked::Rate { opens_in_ms: left(rate.ready_at()) });
        }
        if let Some(bucket) = line.buckets.get(&entry.about.workspace).filter(|bucket| bucket.room(now) == 0) {
            blocked.push(Blocked::WorkspaceRate { opens_in_ms: left(bucket.ready_at()) });
        }
        blocked
    }
}
