//! What an instance has to do with others: who called it, permits of names that it shares with others, and what others must know of
//! its waiting (docs/semantics, A.6, A.8, A.9).

use super::command::CommandError;
use super::decide::Step;
use super::effect::Effects;
use super::event::{Event, Failure, Json};
use super::state::{Active, Awaited, InstanceState, Letter};
use crate::storage::{Awaits, PermitRow, SubscriptionRow};
use heddle_model::definition::MutexLevel;
use heddle_model::lifecycle::NodeStatus;
use heddle_model::plan::{NodeIx, Plan};
use std::sync::Arc;

impl Step<'_> {
    /// A message that was sent by name, for this subscription; whoever sent it is told when nobody waits any more.
    pub(super) fn delivered(&mut self, subscription: u32, letter: Letter) -> Result<(), CommandError> {
        let waits = self.state.subscriptions.iter().find(|((_, number), wish)| {
            *number == subscription && matches!(&wish.event, Awaited::Message { name, .. } if *name == letter.name)
        });
        let Some((&key, _)) = waits else { return Err(CommandError::Stale) };
        if self.owner_waits(key.0) {
            return self.emit(Event::ResultHeld(super::state::Held::Message(letter)));
        }
        self.give(letter, Some(key))
    }

    /// Whether an execution may do its work: it has the permit of its shared mutex, or needs none; otherwise it asks, and waits.
    pub(super) fn has_permit(&mut self, number: u32, node: NodeIx) -> Result<bool, CommandError> {
        let Some(mutex) = self.context.plan.node(node).mutex.as_ref().filter(|it| it.level != MutexLevel::Instance)
        else {
            return Ok(true);
        };
        let undoes = self.state.live.get(&number).is_none_or(|execution| execution.undoes.is_some());
        if undoes || self.state.permits.contains(&number) {
            return Ok(true);
        }
        let name = mutex_name(self.state, mutex.level, &mutex.name);
        self.emit(Event::PermitAsked { number, name, permits: mutex.permits })?;
        Ok(false)
    }

    /// The permit that an execution waits for is its own.
    pub(super) fn granted(&mut self, number: u32, name: &str) -> Result<(), CommandError> {
        let waits = |active: &Active| matches!(active, Active::Permit(asked) if **asked == *name);
        if !self.state.live.get(&number).is_some_and(|execution| waits(&execution.active)) {
            return Err(CommandError::Stale);
        }
        self.emit(Event::PermitGranted { number })?;
        if self.waits(number) {
            return self.emit(Event::ResultHeld(super::state::Held::Granted(number)));
        }
        self.go_to_work(number)
    }

    /// An execution that waited for its permit does its work.
    pub(super) fn go_to_work(&mut self, number: u32) -> Result<(), CommandError> {
        let node = self.state.live.get(&number).map(|execution| execution.node);
        node.map_or(Ok(()), |node| self.work(number, node))
    }
}

impl InstanceState {
    pub(super) fn change_post(&mut self, event: &Event) -> Result<(), String> {
        match event {
            Event::CalledBy(caller) => self.caller = Some(*caller),
            Event::PermitAsked { number, name, .. } => {
                self.execution(*number)?.active = Active::Permit(name.clone());
                self.running(*number, |record| record.status = NodeStatus::Pending)?;
            }
            Event::PermitGranted { number } => {
                self.execution(*number)?.active = Active::Task;
                self.permits.insert(*number);
                self.running(*number, |record| record.status = NodeStatus::Running)?;
            }
            _ => return Err("no event about others".to_owned()),
        }
        Ok(())
    }

    /// Numbers of the subscriptions that others must know of.
    pub(super) fn shared_waits(&self) -> Vec<u32> {
        let shared = |event: &Awaited| matches!(event, Awaited::Message { .. } | Awaited::Signal(_));
        self.subscriptions.iter().filter(|(_, wish)| shared(&wish.event)).map(|((_, number), _)| *number).collect()
    }

    /// Whether its number asks for a permit or holds one.
    pub(super) fn has_asked(&self, number: u32) -> bool {
        self.permits.contains(&number)
            || self.live.get(&number).is_some_and(|execution| matches!(execution.active, Active::Permit(_)))
    }
}

/// What others knew of an instance before an event.
pub(super) struct Known {
    waits: Vec<u32>,
    asked: Vec<(u32, NodeIx)>,
}

impl Known {
    /// Nothing, for most instances: that must cost nothing.
    pub(super) fn of(state: &InstanceState, plan: &Plan) -> Option<Self> {
        if state.subscriptions.is_empty() && !plan.shares_names {
            return None;
        }
        let asked = state.live.iter().filter(|(number, _)| state.has_asked(**number));
        let asked = asked.map(|(&number, execution)| (number, execution.node)).collect();
        Some(Self { waits: state.shared_waits(), asked })
    }
}

impl Effects {
    /// What others must be told after an event.
    pub(super) fn tell_others(&mut self, plan: &Plan, state: &InstanceState, event: &Event, known: Option<&Known>) {
        if let Some(known) = known {
            let now = state.shared_waits();
            for &number in known.waits.iter().filter(|number| !now.contains(number)) {
                self.subscribed.retain(|row| row.number != number);
                self.unsubscribed.push(number);
            }
            for &(number, node) in known.asked.iter().filter(|(number, _)| !state.has_asked(*number)) {
                self.permit_gone(plan, state, (number, node));
            }
        }
        match event {
            Event::EventAwaited { subscription, wish, .. } => self.subscribe(state, *subscription, &wish.event),
            // One that goes on waiting was taken off the list when the message was found for it.
            Event::EventHappened { subscription, owner, stays: true, .. } => {
                if let Some(wish) = state.subscriptions.get(&(*owner, *subscription)) {
                    self.subscribe(state, *subscription, &wish.event);
                }
            }
            Event::PermitAsked { number, name, permits } => {
                self.permits_gone.retain(|(gone, _)| gone != number);
                let (name, since) = (name.clone(), state.updated_at);
                self.permits.push(PermitRow { number: *number, name, permits: *permits, since });
            }
            Event::InstanceCompleted { output } => self.tell_caller(state, Ok(output.clone())),
            Event::InstanceFailed { error } => self.tell_caller(state, Err(error.clone())),
            Event::InstanceTerminated { reason } => self.tell_caller(state, Err(Failure::terminated(reason))),
            _ => {}
        }
    }

    fn subscribe(&mut self, state: &InstanceState, number: u32, event: &Awaited) {
        let (awaits, name, key) = match event {
            Awaited::Message { name, key } => (Awaits::Message, name.clone(), key.clone()),
            Awaited::Signal(name) => (Awaits::Signal, name.clone(), None),
            Awaited::Timer { .. } | Awaited::Condition => return,
        };
        self.subscribed.retain(|row| row.number != number);
        self.subscribed.push(SubscriptionRow { number, awaits, name, key, since: state.updated_at });
    }

    /// A permit that was asked for in this very decision never becomes a row.
    fn permit_gone(&mut self, plan: &Plan, state: &InstanceState, (number, node): (u32, NodeIx)) {
        let asked = self.permits.len();
        self.permits.retain(|row| row.number != number);
        if self.permits.len() == asked
            && let Some(mutex) = &plan.node(node).mutex
        {
            self.permits_gone.push((number, mutex_name(state, mutex.level, &mutex.name)));
        }
    }

    fn tell_caller(&mut self, state: &InstanceState, result: Result<Json, Failure>) {
        if let Some(caller) = state.caller.filter(|caller| caller.wait) {
            self.ended = Some((caller, result));
        }
    }
}

fn mutex_name(state: &InstanceState, level: MutexLevel, name: &str) -> Arc<str> {
    match level {
        MutexLevel::Workflow => format!("mutex/{}/{name}", state.workflow).into(),
        _ => format!("mutex/{name}").into(),
    }
}
