//! The scheduler: attempts come, run and end; given the time it says which one is next.

use super::Micros;
use super::entries::{Entries, Entry};
use super::feedback::Feedback;
use super::limits::{Limits, LimitsError};
use super::line::{CLASSES, Line, LineIx, class_of};
use super::parked::{Gate, Parked};
use super::turns::{Filled, Turns};
use heddle_model::ids::{InstanceId, WorkflowId, WorkspaceId};
use std::collections::{BTreeMap, BTreeSet};

/// Whose attempt it is, and how urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The workflow.
    pub workflow: WorkflowId,
    /// The instance.
    pub instance: InstanceId,
    /// 0–9, 9 goes first.
    pub priority: u8,
}

/// What is scheduled.
pub trait Wanted {
    /// Whether anyone still wants it to run; what nobody wants is dropped when its turn comes.
    fn is_wanted(&self) -> bool {
        true
    }
}

/// An attempt that is to run now.
#[derive(Debug)]
pub struct Started<T> {
    /// Given back when it has ended.
    pub ticket: Ticket,
    /// The attempt.
    pub what: T,
}

/// The slot of an attempt that runs.
#[derive(Debug, Clone, Copy)]
pub struct Ticket {
    /// Its task type.
    pub line: LineIx,
    instance: InstanceId,
    workflow: WorkflowId,
}

/// Which attempt runs next. Push and pop cost a look at each task type, and
/// O(log n) of the workspaces that have something waiting, however many attempts that is.
#[derive(Debug)]
pub struct Scheduler<T> {
    pub(super) limits: Limits,
    pub(super) lines: Vec<Line>,
    pub(super) names: BTreeMap<String, LineIx>,
    pub(super) entries: Entries<T>,
    pub(super) parked: Parked,
    pub(super) feedback: Feedback,
    pub(super) turns: Turns,
    pub(super) virtual_time: [u64; CLASSES],
    pub(super) arrived: u64,
    pub(super) running: usize,
    pub(super) is_paused: bool,
    pub(super) paused_workflows: BTreeSet<WorkflowId>,
    pub(super) paused_types: BTreeSet<String>,
}

impl<T: Wanted> Scheduler<T> {
    /// A scheduler under these limits.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            lines: Vec::new(),
            names: BTreeMap::new(),
            entries: Entries::default(),
            parked: Parked::default(),
            feedback: Feedback::default(),
            turns: Turns::default(),
            virtual_time: [0; CLASSES],
            arrived: 0,
            running: 0,
            is_paused: false,
            paused_workflows: BTreeSet::new(),
            paused_types: BTreeSet::new(),
        }
    }

    /// The line of a task type; `own_slots` is what the type says of itself, asked when it is first seen.
    pub fn line(&mut self, name: &str, own_slots: impl FnOnce() -> Option<usize>) -> LineIx {
        if let Some(line) = self.names.get(name) {
            return *line;
        }
        let ix = LineIx(self.lines.len() as u32);
        let mut line = Line::new(name, own_slots(), &self.limits);
        line.paused = self.paused_types.contains(name);
        self.lines.push(line);
        self.names.insert(name.to_owned(), ix);
        ix
    }

    /// An attempt is ready.
    pub fn push(&mut self, now: Micros, line: LineIx, about: About, what: T) {
        self.arrived += 1;
        let arrived = self.arrived;
        let slot = self.entries.insert(Entry { about, line, arrived, parked: None, what });
        self.enqueue(now, slot);
        // Counted when it comes, not when it runs: what is pushed in one go sinks as it is pushed.
        self.feedback.add(now, (about.instance, about.workflow), 1);
    }

    /// How many are ready and have not begun.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is ready.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many run.
    pub const fn running(&self) -> usize {
        self.running
    }

    /// The attempt that is to run now, where one may.
    pub fn pop(&mut self, now: Micros) -> Option<Started<T>> {
        self.open_rates(now);
        while !self.is_paused && self.running < self.limits.slots {
            let (ix, class) = self.choose(now)?;
            let slot = self.lines[ix].pop(class)?;
            let Some(entry) = self.entries.get(slot) else { continue };
            if !entry.what.is_wanted() {
                self.entries.remove(slot);
                continue;
            }
            let (about, arrived) = (entry.about, entry.arrived);
            if let Some((gate, opens)) = self.gate(now, ix, &about) {
                if let Some(entry) = self.entries.get_mut(slot) {
                    entry.parked = Some(gate);
                }
                self.parked.park(gate, (class, arrived, slot), opens);
                continue;
            }
            let Some(entry) = self.entries.remove(slot) else { continue };
            self.turns.served(class);
            self.running += 1;
            self.lines[ix].enter(about.workspace, now);
            let ticket = Ticket { line: entry.line, instance: about.instance, workflow: about.workflow };
            return Some(Started { ticket, what: entry.what });
        }
        None
    }

    /// An attempt has ended: its slot is free. `ran_ms` is how long it held it.
    pub fn leave(&mut self, now: Micros, ticket: Ticket, ran_ms: u64) {
        self.running = self.running.saturating_sub(1);
        if let Some(line) = self.lines.get_mut(ticket.line.0 as usize) {
            line.running = line.running.saturating_sub(1);
        }
        if ran_ms > 0 {
            self.feedback.add(now, (ticket.instance, ticket.workflow), ran_ms);
        }
    }

    /// When to ask again though nothing came and nothing ended: a rate allows more then.
    pub fn wake_at(&self, now: Micros) -> Option<Micros> {
        if self.is_paused || self.entries.len() == 0 {
            return None;
        }
        let waits = self.lines.iter().filter(|line| !line.paused && !line.filled().is_empty());
        let rates = waits.filter_map(|line| line.rate.map(|rate| rate.ready_at())).filter(|at| *at > now);
        rates.chain(self.parked.wake_at()).min()
    }

    /// The limits in force.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Changes them. What runs goes on, though it be more than is allowed now; rates begin anew.
    ///
    /// # Errors
    /// Limits that make no sense; nothing has changed then.
    pub fn set_limits(&mut self, now: Micros, limits: Limits) -> Result<(), LimitsError> {
        limits.check()?;
        self.lines.iter_mut().for_each(|line| line.set_limits(&limits));
        self.limits = limits;
        self.parked.release_rates().into_iter().for_each(|slot| self.enqueue(now, slot));
        Ok(())
    }

    /// Pauses or resumes everything.
    pub const fn pause_all(&mut self, paused: bool) {
        self.is_paused = paused;
    }

    /// Pauses or resumes a task type.
    pub fn pause_type(&mut self, name: &str, paused: bool) {
        if paused {
            self.paused_types.insert(name.to_owned());
        } else {
            self.paused_types.remove(name);
        }
        if let Some(line) = self.names.get(name) {
            self.lines[line.0 as usize].paused = paused;
        }
    }

    /// Pauses or resumes a workflow.
    pub fn pause_workflow(&mut self, now: Micros, workflow: WorkflowId, paused: bool) {
        if paused {
            self.paused_workflows.insert(workflow);
        } else if self.paused_workflows.remove(&workflow) {
            let held = self.parked.release(Gate::Workflow(workflow), u64::MAX);
            held.into_iter().for_each(|slot| self.enqueue(now, slot));
        }
    }

    /// Into its line, at the end of its workspace's part of its class.
    fn enqueue(&mut self, now: Micros, slot: u32) {
        let Some(entry) = self.entries.get_mut(slot) else { return };
        entry.parked = None;
        let (about, line, arrived) = (entry.about, entry.line, entry.arrived);
        let class = class_of(about.priority);
        let level = self.feedback.level(now, (about.instance, about.workflow));
        let weight = match self.limits.workspaces.is_empty() {
            true => 1,
            false => self.limits.workspaces.get(&about.workspace).map_or(1, |of| of.weight),
        };
        let virtual_time = self.virtual_time[usize::from(class)];
        let share = self.lines[line.0 as usize].class_mut(class);
        share.push((about.workspace, weight), level, (arrived, slot), virtual_time);
    }

    /// The line and the class to serve: the class whose turn it is, in it the lowest tag of all lines that are open.
    fn choose(&mut self, now: Micros) -> Option<(usize, u8)> {
        let mut filled = Filled::default();
        for line in &self.lines {
            if !line.filled().is_empty() && line.is_open(now) {
                filled = filled.with(line.filled());
            }
        }
        let class = self.turns.choose(filled)?;
        let virtual_time = self.virtual_time[usize::from(class)];
        let mut best: Option<((u64, u64), usize)> = None;
        for (ix, line) in self.lines.iter_mut().enumerate() {
            if !line.filled().contains(class) || !line.is_open(now) {
                continue;
            }
            if let Some(head) = line.class_mut(class).head(virtual_time)
                && best.is_none_or(|(known, _)| head < known)
            {
                best = Some((head, ix));
            }
        }
        let ((tag, _), ix) = best?;
        self.virtual_time[usize::from(class)] = tag;
        Some((ix, class))
    }

    /// What keeps an attempt from running though its line is open, and when that ends, where a clock tells.
    fn gate(&mut self, now: Micros, ix: usize, about: &About) -> Option<(Gate, Option<Micros>)> {
        if !self.paused_workflows.is_empty() && self.paused_workflows.contains(&about.workflow) {
            return Some((Gate::Workflow(about.workflow), None));
        }
        let line = &mut self.lines[ix];
        if line.room_of(about.workspace, now) > 0 {
            return None;
        }
        let opens = line.ready_at(about.workspace);
        Some((Gate::Rate(LineIx(ix as u32), about.workspace), Some(opens)))
    }

    /// Back into its line, for an attempt whose workspace may begin one more; `false`: it cannot use that.
    fn leave_rate(&mut self, now: Micros, slot: u32) -> bool {
        let Some(entry) = self.entries.get_mut(slot) else { return false };
        if !entry.what.is_wanted() {
            self.entries.remove(slot);
            return false;
        }
        let (workflow, at) = (entry.about.workflow, (class_of(entry.about.priority), entry.arrived, slot));
        if self.paused_workflows.contains(&workflow) {
            entry.parked = Some(Gate::Workflow(workflow));
            self.parked.park(Gate::Workflow(workflow), at, None);
            return false;
        }
        self.enqueue(now, slot);
        true
    }

    /// Lets those through whose workspace may begin more of their type.
    fn open_rates(&mut self, now: Micros) {
        while let Some((line, workspace)) = self.parked.due(now) {
            let mut room = self.lines[line.0 as usize].room_of(workspace, now);
            while room > 0
                && let Some(slot) = self.parked.release(Gate::Rate(line, workspace), 1).pop()
            {
                room -= u64::from(self.leave_rate(now, slot));
            }
            let opens = self.lines[line.0 as usize].ready_at(workspace).max(now + 1);
            self.parked.again(line, workspace, opens);
        }
    }
}
