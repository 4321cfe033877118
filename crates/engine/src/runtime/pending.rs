//! What a round has decided and not yet committed, and who waits for it.

use super::error::EngineError;
use super::message::{Key, Reply, SharedState};
use super::post::Lines;
use super::request::Outcome;
use crate::kernel::{Decision, Effects, Event};
use crate::storage::{self, IdempotencyRow};
use heddle_model::ids::{InstanceId, ParcelId};
use heddle_model::plan::NodeIx;
use indexmap::IndexMap;

/// What a round has decided for one instance.
pub(super) struct Pending {
    pub(super) key: Key,
    pub(super) first_seq: u64,
    pub(super) events: Vec<Event>,
    pub(super) executions: Vec<(u32, NodeIx)>,
    pub(super) effects: Effects,
    pub(super) created: Option<storage::Created>,
    pub(super) idempotency: Option<IdempotencyRow>,
    pub(super) answers: Vec<Answer>,
    /// Parcels that it follows from.
    pub(super) taken: Vec<ParcelId>,
    /// Requests of other servers that are answered with it.
    pub(super) replies: Vec<ParcelId>,
    /// The request of another server whose key it claims: its parcel, and its answer.
    pub(super) keyed: Option<(ParcelId, ParcelId)>,
    /// Lines that it joins or leaves.
    pub(super) lines: Lines,
    /// Nothing was absorbed yet.
    is_fresh: bool,
}

/// Who is told when the round is durable.
pub(super) enum Answer {
    State(Reply<SharedState>),
    Command(Reply<Outcome>),
    /// When the instance has ended.
    End(Reply<SharedState>),
    Done(Reply<()>),
    Peek(Reply<Option<SharedState>>),
}

/// In boxes: they pass through many hands, and are large.
pub(super) type Decided = IndexMap<InstanceId, Box<Pending>>;

/// What is decided so far for an instance; `first_seq` is the number of its next event where nothing is.
pub(super) fn of(decided: &mut Decided, key: Key, first_seq: u64) -> &mut Pending {
    decided.entry(key.instance).or_insert_with(|| Box::new(Pending::new(key, first_seq)))
}

impl Pending {
    pub(super) fn new(key: Key, first_seq: u64) -> Self {
        Self {
            key,
            first_seq,
            events: Vec::new(),
            executions: Vec::new(),
            effects: Effects::default(),
            created: None,
            idempotency: None,
            answers: Vec::new(),
            taken: Vec::new(),
            replies: Vec::new(),
            keyed: None,
            lines: Lines::default(),
            is_fresh: true,
        }
    }

    pub(super) fn absorb(&mut self, decision: Decision) {
        if std::mem::take(&mut self.is_fresh) && self.events.is_empty() {
            (self.events, self.executions, self.effects) = (decision.events, decision.executions, decision.effects);
            return;
        }
        self.events.extend(decision.events);
        for known in decision.executions {
            if !self.executions.contains(&known) {
                self.executions.push(known);
            }
        }
        self.effects.absorb(decision.effects);
    }
}

impl Answer {
    pub(super) fn refuse(self, error: EngineError) {
        match self {
            Self::State(reply) | Self::End(reply) => reply.send(Err(error)),
            Self::Command(reply) => reply.send(Err(error)),
            Self::Done(reply) => reply.send(Err(error)),
            // What was refused is none of a reader's business: the database has what holds.
            Self::Peek(reply) => reply.send(Ok(None)),
        }
    }
}
