//! Pauses: of the instance, and of one node with all that is inside it (docs/semantics, A.14, "Pause in detail").
//!
//! What comes for what is paused is held, in the order in which it came; what would begin there begins at resume. One question
//! decides all of it: does this execution, owner or timer wait? A rollback whose compensations run asks it too.

use super::command::CommandError;
use super::decide::Step;
use super::event::Event;
use super::state::{Active, AfterUndo, Execution, Held, InstanceState, Owner, TimerKind};
use heddle_model::lifecycle::InstanceStatus;
use heddle_model::plan::{NodeIx, Plan};
use std::collections::BTreeSet;

impl Step<'_> {
    pub(super) fn pause(&mut self, freeze: bool) -> Result<(), CommandError> {
        self.effects.hold_jobs = Some(true);
        self.emit(Event::PauseBegan { freeze })?;
        self.freeze()
    }

    pub(super) fn resume(&mut self) -> Result<(), CommandError> {
        // Timers that an earlier server froze, all of them, are armed by the event itself.
        let frozen = self.state.frozen;
        self.emit(Event::InstanceResumed)?;
        if frozen {
            self.effects.timers.extend(self.state.timers.iter().map(|(&number, timer)| (number, timer.due)));
        }
        self.effects.hold_jobs = Some(false);
        self.go_on_after_pause()
    }

    /// A node is paused by itself.
    pub(super) fn pause_node(&mut self, node: &str, freeze: bool, heard: Event) -> Result<(), CommandError> {
        let node = self.pausable(node)?;
        if self.state.paused.contains_key(&node) {
            return Err(CommandError::Nothing(format!("`{}` is paused already", self.context.plan.node(node).id)));
        }
        self.emit(heard)?;
        self.emit(Event::NodePaused { node, freeze })?;
        self.freeze()
    }

    /// A node that was paused by itself goes on.
    pub(super) fn resume_node(&mut self, node: &str, heard: Event) -> Result<(), CommandError> {
        let node = self.pausable(node)?;
        if !self.state.paused.contains_key(&node) {
            return Err(CommandError::Nothing(format!("`{}` is not paused", self.context.plan.node(node).id)));
        }
        self.emit(heard)?;
        self.emit(Event::NodeUnpaused { node })?;
        self.go_on_after_pause()
    }

    fn pausable(&self, node: &str) -> Result<NodeIx, CommandError> {
        let node = self.context.plan.find(node).ok_or_else(|| CommandError::NoSuchNode(node.to_owned()))?;
        if self.state.status.is_ended() { Err(self.illegal(InstanceStatus::Paused)) } else { Ok(node) }
    }

    /// Timers run again, what was held takes effect, items that could not start do; unless something else still pauses them.
    pub(super) fn go_on_after_pause(&mut self) -> Result<(), CommandError> {
        self.freeze()?;
        self.release_held()?;
        self.go_on_with_items()?;
        self.data_changed = true;
        self.touch_all();
        Ok(())
    }

    /// Makes frozen what a pause freezes, and nothing else.
    pub(super) fn freeze(&mut self) -> Result<(), CommandError> {
        let wanted = self.state.to_be_frozen(self.context.plan);
        let timers: Vec<u32> = wanted.difference(&self.state.frozen_timers).copied().collect();
        let thawed: Vec<u32> = self.state.frozen_timers.difference(&wanted).copied().collect();
        if !timers.is_empty() {
            self.emit(Event::TimersFrozen { timers })?;
        }
        if thawed.is_empty() { Ok(()) } else { self.emit(Event::TimersThawed { timers: thawed }) }
    }

    /// Applies what was held and need not wait any more, in the order in which it came.
    pub(super) fn release_held(&mut self) -> Result<(), CommandError> {
        let (mut places, mut free) = (Vec::new(), Vec::new());
        for (place, held) in self.state.held.iter().enumerate() {
            if !self.held_waits(held) {
                places.push(place as u32);
                free.push(held.clone());
            }
        }
        if free.is_empty() {
            return Ok(());
        }
        self.emit(if free.len() == self.state.held.len() { Event::HeldReleased } else { Event::HeldTaken { places } })?;
        for held in free {
            // One of them may have ended the instance, or withdrawn what another is about.
            if self.state.status.is_ended() {
                break;
            }
            self.release(held)?;
        }
        Ok(())
    }

    fn release(&mut self, held: Held) -> Result<(), CommandError> {
        let live = |state: &InstanceState, number: &u32| state.live.contains_key(number);
        match held {
            Held::Completed { number, output, variables } if live(self.state, &number) => {
                self.complete(number, output, variables)
            }
            Held::Failed { number, error } if live(self.state, &number) => self.fail(number, error, None),
            Held::Lost(number) if live(self.state, &number) => self.lost(number),
            Held::Begin(number) => self.begin(number),
            Held::Again(number) => self.begin_again(number),
            Held::Granted(number) if live(self.state, &number) => self.go_to_work(number),
            Held::Timer(timer) => self.timer_fired(timer),
            Held::Message(letter) => self.give(letter, None),
            Held::Signal { name, payload } => self.spread(&name, &payload),
            Held::Event { owner, subscription, payload } => self.happen((owner, subscription), payload),
            Held::Child { number, result } if live(self.state, &number) => self.child_result(number, result),
            Held::Completed { .. } | Held::Failed { .. } | Held::Lost(_) | Held::Child { .. } | Held::Granted(_) => {
                Ok(())
            }
        }
    }

    fn held_waits(&self, held: &Held) -> bool {
        match held {
            Held::Completed { number, .. }
            | Held::Failed { number, .. }
            | Held::Child { number, .. }
            | Held::Lost(number)
            | Held::Begin(number)
            | Held::Again(number)
            | Held::Granted(number) => self.waits(*number),
            Held::Timer(timer) => self.state.timers.get(timer).is_some_and(|timer| self.timer_waits(timer.kind)),
            Held::Message(letter) => match self.receiver(letter) {
                Some((owner, _)) => self.owner_waits(owner),
                None => self.state.stands_still(),
            },
            Held::Signal { .. } => self.state.stands_still(),
            Held::Event { owner, .. } => self.owner_waits(*owner),
        }
    }

    /// Whether what comes for an execution is to wait, and what it would do too.
    pub(super) fn waits(&self, number: u32) -> bool {
        match self.state.live.get(&number) {
            Some(execution) if execution.undoes.is_some() => self.state.undoing_waits(),
            Some(execution) => self.state.stands_still() || self.state.is_paused(self.context.plan, execution.node),
            None => self.state.stands_still(),
        }
    }

    /// The same of who waits for an event.
    pub(super) fn owner_waits(&self, owner: Owner) -> bool {
        match owner {
            Owner::Execution(number) => self.waits(number),
            Owner::Scope(scope) => match self.state.scopes.get(&scope) {
                Some(inner) => self.waits(inner.host),
                None => self.state.stands_still(),
            },
        }
    }

    /// The same of a timer.
    pub(super) fn timer_waits(&self, kind: TimerKind) -> bool {
        match kind {
            TimerKind::Start => false,
            TimerKind::Instance => self.state.stands_still(),
            TimerKind::Event(owner, _) => self.owner_waits(owner),
            TimerKind::Wait(number)
            | TimerKind::Retry(number)
            | TimerKind::JobTimeout(number)
            | TimerKind::Escalation(number)
            | TimerKind::Items(number) => self.waits(number),
        }
    }

    /// An execution begins again now, or as soon as what pauses it lets it.
    pub(super) fn begin_again_in_time(&mut self, number: u32) -> Result<(), CommandError> {
        if self.waits(number) {
            return self.emit(Event::ResultHeld(Held::Again(number)));
        }
        self.begin_again(number)
    }
}

impl InstanceState {
    /// Whether a pause of its own, or of a container around it, covers a node.
    pub fn is_paused(&self, plan: &Plan, node: NodeIx) -> bool {
        self.covering(plan, node).next().is_some()
    }

    /// The pauses that cover a node, and whether each freezes timers.
    fn covering<'a>(&'a self, plan: &'a Plan, node: NodeIx) -> impl Iterator<Item = bool> + 'a {
        let first = (!self.paused.is_empty()).then_some(node);
        std::iter::successors(first, |&node| plan.scope(plan.node(node).scope).host)
            .filter_map(|node| self.paused.get(&node).copied())
    }

    /// Whether nothing at all moves: it is paused, or on its way back to an earlier moment.
    pub(super) fn stands_still(&self) -> bool {
        self.status == InstanceStatus::Paused
            || self.undoing.as_ref().is_some_and(|undoing| matches!(undoing.then, AfterUndo::Return(_)))
    }

    /// Whether even what undoes waits.
    pub(super) fn undoing_waits(&self) -> bool {
        let goes_on = self.undoing.as_ref().is_some_and(|undoing| match &undoing.then {
            AfterUndo::Return(back) => back.while_paused,
            _ => false,
        });
        self.status == InstanceStatus::Paused && !goes_on
    }

    /// Whether a job of this execution is held back from workers; what undoes for a rollback is not.
    pub fn holds_job(&self, number: u32) -> bool {
        match self.live.get(&number) {
            Some(execution) if execution.undoes.is_some() => self.undoing_waits(),
            _ => self.status == InstanceStatus::Paused,
        }
    }

    /// Whether a timer keeps what is left of it.
    pub fn is_frozen(&self, timer: u32) -> bool {
        self.frozen || self.frozen_timers.contains(&timer)
    }

    /// Timeouts of tasks that run count on, because the task runs; so does what undoes during a pause.
    fn to_be_frozen(&self, plan: &Plan) -> BTreeSet<u32> {
        if !self.freeze && self.paused.values().all(|freeze| !freeze) {
            return BTreeSet::new();
        }
        let runs = |it: &Execution| matches!(it.active, Active::Task | Active::Job);
        let of_execution = |number: u32, is_timeout: bool| match self.live.get(&number) {
            Some(it) if it.undoes.is_some() => self.freeze && self.undoing_waits(),
            Some(it) if is_timeout && runs(it) => false,
            Some(it) => self.freeze || self.covering(plan, it.node).any(|freeze| freeze),
            None => self.freeze,
        };
        let freezes = |kind: TimerKind| match kind {
            TimerKind::Start => false,
            TimerKind::Instance => self.freeze,
            TimerKind::Event(Owner::Scope(scope), _) => match self.scopes.get(&scope) {
                Some(inner) => of_execution(inner.host, false),
                None => self.freeze,
            },
            TimerKind::JobTimeout(number) => of_execution(number, true),
            TimerKind::Event(Owner::Execution(number), _)
            | TimerKind::Wait(number)
            | TimerKind::Retry(number)
            | TimerKind::Escalation(number)
            | TimerKind::Items(number) => of_execution(number, false),
        };
        self.timers.iter().filter(|(_, timer)| freezes(timer.kind)).map(|(&number, _)| number).collect()
    }

    pub(super) fn change_pause(&mut self, event: &Event, at: i64) -> Result<(), String> {
        match event {
            Event::PauseBegan { freeze } => {
                self.set_status(InstanceStatus::Paused)?;
                self.freeze = *freeze;
            }
            Event::TimersFrozen { timers } => timers.iter().for_each(|number| {
                if let Some(timer) = self.timers.get_mut(number).filter(|_| self.frozen_timers.insert(*number)) {
                    timer.due = timer.due.saturating_sub(at).max(0);
                }
            }),
            Event::TimersThawed { timers } => timers.iter().for_each(|number| {
                if let Some(timer) = self.timers.get_mut(number).filter(|_| self.frozen_timers.contains(number)) {
                    timer.due = timer.due.saturating_add(at);
                }
                self.frozen_timers.remove(number);
            }),
            Event::NodePaused { node, freeze } => drop(self.paused.insert(*node, *freeze)),
            Event::NodeUnpaused { node } => {
                self.paused.remove(node).ok_or("the node is not paused")?;
            }
            Event::HeldTaken { places } => {
                let mut place = 0..;
                self.held.retain(|_| place.next().is_none_or(|place: u32| !places.contains(&place)));
            }
            _ => return Err("no event about a pause".to_owned()),
        }
        Ok(())
    }
}
