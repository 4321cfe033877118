//! Folding a journal from its first event, and what must hold on the way.

use crate::world::{WORKSPACE, World};
use heddle_engine::kernel::{Active, Event, Held, InstanceState, Json, SkipCause, codec};
use heddle_engine::storage::{JournalRow, Stored};
use heddle_model::ids::InstanceId;
use heddle_model::plan::Plan;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A journal, folded.
pub(crate) struct Folded {
    pub(crate) state: InstanceState,
    pub(crate) plan: Arc<Plan>,
    /// Attempts that began: by the task's key and the attempt, the commit that said so.
    pub(crate) begun: BTreeMap<(String, u32), u64>,
    /// Results that were taken.
    pub(crate) taken: Vec<Taken>,
    /// Executions whose own policy passed over a failure, which leaves no word of the error.
    pub(crate) passed_over: BTreeSet<u32>,
    /// Who was heard, and how often.
    pub(crate) heard: BTreeMap<String, u32>,
    /// Messages by the number they carry: how often one was consumed, kept, held or dropped.
    pub(crate) messages: BTreeMap<u64, Message>,
}

/// A result that was taken.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) number: u32,
    pub(crate) node: Arc<str>,
    pub(crate) attempt: u32,
    /// When the commit landed.
    pub(crate) order: u64,
    /// What it gave, or the message that it failed with.
    pub(crate) what: Json,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Message {
    pub(crate) consumed: u32,
    pub(crate) dropped: u32,
    pub(crate) kept: u32,
    pub(crate) held: u32,
}

pub(crate) fn fold(world: &World, which: (InstanceId, Arc<Plan>), rows: &[JournalRow]) -> Result<Folded, String> {
    let (id, plan) = which;
    let (mut checksum, mut next) = (0, 1);
    let mut folded: Option<Folded> = None;
    let mut fired = BTreeSet::new();
    for row in rows {
        if row.first_seq != next {
            return Err(format!("I2: event {} follows event {}", row.first_seq, next - 1));
        }
        next += u64::from(row.count);
        checksum = codec::checksum(checksum, &row.events);
        if checksum != row.checksum {
            return Err(format!("I2: the chain breaks at event {}", row.first_seq));
        }
        let landed = *world.notes().landed.get(&(id, row.first_seq)).ok_or("a row that never landed")?;
        let events = codec::decode_row(&row.events).map_err(|why| why.to_string())?.events;
        if events.len() != row.count as usize {
            return Err(format!("I2: row {} holds {} events, not {}", row.first_seq, events.len(), row.count));
        }
        for event in &events {
            let Some(folded) = folded.as_mut() else {
                let Event::InstanceCreated(created) = event else {
                    return Err("I2: the first event is not the creation".to_owned());
                };
                folded = Some(Folded::new(InstanceState::create(id, WORKSPACE, created, row.at), plan.clone()));
                continue;
            };
            if let Event::TimerFired { timer } = event {
                let due = folded.state.timers.get(timer).map(|timer| timer.due);
                if !fired.insert(*timer) {
                    world.violation(format!("I5: timer {timer} of {id} fired twice"));
                }
                if due.is_none_or(|due| due > landed.at) {
                    world.violation(format!("I5: timer {timer} of {id} was due at {due:?} and fired at {}", landed.at));
                }
            }
            folded.see(event, landed.order);
            folded.state.apply(&plan, event, row.at).map_err(|why| format!("I2: {why}"))?;
            folded.see_after(event, landed.order);
        }
        if let Some(folded) = &folded {
            let told = world.notes().told.get(&(id, folded.state.seq)).copied();
            let is = codec::checksum(0, &codec::encode_state(&folded.state).unwrap());
            if told.is_some_and(|told| told != is) {
                world.violation(format!("I8: {id} was told differently at event {}", folded.state.seq));
            }
        }
    }
    folded.ok_or_else(|| "I2: there is no journal".to_owned())
}

/// I8: the snapshot and the rows after it give the same as the whole journal.
pub(crate) fn same_from_snapshot(world: &World, folded: &Folded, stored: &Stored) {
    let Some(snapshot) = &stored.snapshot else { return };
    let mut state = codec::decode_state(&snapshot.state).unwrap();
    let mut checksum = snapshot.checksum;
    for row in &stored.journal {
        checksum = codec::checksum(checksum, &row.events);
        if checksum != row.checksum {
            world.violation(format!("I8: {} has a chain that does not go on from its snapshot", state.id));
        }
        for event in codec::decode_row(&row.events).unwrap().events {
            if let Err(why) = state.apply(&folded.plan, &event, row.at) {
                return world.violation(format!("I8: {} cannot go on from its snapshot: {why}", state.id));
            }
        }
    }
    if state != folded.state {
        world.violation(format!("I8: {} is different from its snapshot on", state.id));
    }
}

impl Folded {
    fn new(state: InstanceState, plan: Arc<Plan>) -> Self {
        Self {
            state,
            plan,
            begun: BTreeMap::new(),
            taken: Vec::new(),
            passed_over: BTreeSet::new(),
            heard: BTreeMap::new(),
            messages: BTreeMap::new(),
        }
    }

    /// Before the event is applied: an execution that it ends is still there.
    fn see(&mut self, event: &Event, order: u64) {
        match event {
            Event::Commanded { actor, .. } => *self.heard.entry(actor.to_string()).or_default() += 1,
            Event::NodeCompleted { number, output, .. } | Event::NodeRepeated { number, output, .. } => {
                self.take(*number, output, order);
            }
            Event::NodeSkipped { number, cause: SkipCause::Policy, .. } => drop(self.passed_over.insert(*number)),
            Event::NodeSplitFailed { number, output, .. } => self.take(*number, output, order),
            Event::NodeRetrying { number, error, .. } | Event::NodeFailed { number, error, .. } => {
                self.take_error(*number, &error.message, order);
            }
            Event::EventHappened { payload, .. } => self.message(payload, |message| message.consumed += 1),
            Event::MessageKept(letter) => self.message(&letter.payload, |message| message.kept += 1),
            Event::MessageDropped(letter) => self.message(&letter.payload, |message| message.dropped += 1),
            Event::ResultHeld(Held::Completed { number, output, .. }) => self.take(*number, output, order),
            Event::ResultHeld(Held::Failed { number, error }) => self.take_error(*number, &error.message, order),
            Event::ResultHeld(Held::Message(letter)) => self.message(&letter.payload, |message| message.held += 1),
            _ => {}
        }
    }

    fn see_after(&mut self, event: &Event, order: u64) {
        if let Event::NodeStarted { number, attempt, .. } = event
            && let Some(execution) = self.state.live.get(number)
        {
            let undo = execution.undoes.as_ref().map_or_else(String::new, |record| format!("/undo/{}", record.number));
            let key = format!("{}/{}/{}{undo}", self.state.id, self.plan.node(execution.node).id, execution.iteration);
            self.begun.entry((key, *attempt)).or_insert(order);
        }
    }

    fn take(&mut self, number: u32, what: &Json, order: u64) {
        let Some(execution) = self.state.live.get(&number) else { return };
        // Containers fail with what failed inside them, and a split that is decided again has the result that was taken before.
        if !matches!(execution.active, Active::Task | Active::Job) {
            return;
        }
        self.taken.push(Taken {
            number,
            node: self.plan.node(execution.node).id.clone(),
            attempt: execution.attempt,
            order,
            what: what.clone(),
        });
    }

    fn take_error(&mut self, number: u32, message: &str, order: u64) {
        self.take(number, &Json::from(heddle_model::value::Value::from(message)), order);
    }

    fn message(&mut self, payload: &Json, note: impl FnOnce(&mut Message)) {
        if let Some(number) = payload.0.get("message").and_then(heddle_model::value::Value::as_u64) {
            note(self.messages.entry(number).or_default());
        }
    }
}
