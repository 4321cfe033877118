//! Messages, signals and escalations: as they come, and as nodes give them away.

use super::super::command::CommandError;
use super::super::decide::Step;
use super::super::event::{Edges, Event, Failure, Json};
use super::super::state::{Awaited, Held, Letter};
use super::{Key, plain};
use crate::tasks::{Audience, Publication};
use heddle_model::format::duration::of_seconds_or_text;
use heddle_model::plan::{Keep, Send, SendKind, Trigger};
use heddle_model::value::{Value, json};
use std::sync::Arc;

/// What a node gave away for others than its own instance.
#[derive(Debug, Clone, PartialEq)]
pub enum Outgoing {
    /// To the first receiver of that name and key.
    Message {
        /// The message.
        letter: Letter,
        /// Refused where nobody waits and it may not wait either.
        at_once: bool,
    },
    /// To all who wait now.
    Signal {
        /// Its name.
        name: Arc<str>,
        /// What it carries.
        payload: Json,
    },
}

impl Step<'_> {
    /// A message came: the first that waits for it takes it, else it is kept as its receiver says.
    pub(in crate::kernel) fn message_came(
        &mut self,
        name: Arc<str>,
        key: Option<Arc<str>>,
        payload: Value,
        expires: Option<i64>,
    ) -> Result<(), CommandError> {
        if self.state.status.is_ended() {
            return Err(CommandError::Nothing("the instance has ended".to_owned()));
        }
        let letter = Letter { name, key, payload: payload.into(), expires };
        let waiting = self.receiver(&letter);
        if waiting.is_some_and(|(owner, _)| self.owner_waits(owner)) {
            return self.emit(Event::ResultHeld(Held::Message(letter)));
        }
        self.give(letter, waiting)
    }

    /// Hands a message to who waits for it, or keeps it.
    pub(in crate::kernel) fn give(&mut self, letter: Letter, waiting: Option<Key>) -> Result<(), CommandError> {
        match waiting.or_else(|| self.receiver(&letter)) {
            Some(key) => self.happen(key, letter.payload),
            None => {
                let keep = self.keep_of(&letter.name);
                let expires = match keep {
                    Keep::Never => return self.emit(Event::MessageDropped(letter)),
                    Keep::Always => letter.expires,
                    Keep::For(ms) => Some(letter.expires.unwrap_or(i64::MAX).min(self.due(ms))),
                };
                if self.state.mailbox.len() >= heddle_model::limits::MAILBOX_MESSAGES {
                    return Err(CommandError::Nothing("the mailbox of the instance is full".to_owned()));
                }
                self.emit(Event::MessageKept(Letter { expires, ..letter }))
            }
        }
    }

    /// The first subscription that takes a message.
    pub(in crate::kernel) fn receiver(&self, letter: &Letter) -> Option<Key> {
        let mut waiting: Vec<Key> = self
            .state
            .subscriptions
            .iter()
            .filter(|(_, wish)| takes(&wish.event, letter))
            .map(|(&key, _)| key)
            .collect();
        waiting.sort_unstable_by_key(|(_, subscription)| *subscription);
        waiting.first().copied()
    }

    /// Someone waits now: a message that came before is theirs.
    pub(super) fn look_into_mailbox(&mut self, key: Key) -> Result<(), CommandError> {
        let now = self.context.now;
        while let Some(late) = self.state.mailbox.iter().find(|it| it.expires.is_some_and(|at| at <= now)).cloned() {
            self.emit(Event::MessageDropped(late))?;
        }
        let Some(event) = self.state.subscriptions.get(&key).map(|wish| wish.event.clone()) else { return Ok(()) };
        let Some(place) = self.state.mailbox.iter().position(|letter| takes(&event, letter)) else { return Ok(()) };
        let letter = self.state.mailbox[place].clone();
        self.emit(Event::MessageTaken { place: place as u32 })?;
        self.happen(key, letter.payload)
    }

    /// A signal came: all who wait for it now hear it, nobody later.
    pub(in crate::kernel) fn signal_came(&mut self, name: &Arc<str>, payload: Value) -> Result<(), CommandError> {
        let waiting = self.listeners(name);
        if waiting.is_empty() || self.state.status.is_ended() {
            return Ok(());
        }
        let payload = Json::from(payload);
        if self.state.stands_still() {
            return self.emit(Event::ResultHeld(Held::Signal { name: name.clone(), payload }));
        }
        self.spread(name, &payload)
    }

    fn listeners(&self, name: &str) -> Vec<Key> {
        let hears = |event: &Awaited| matches!(event, Awaited::Signal(own) if **own == *name);
        self.state.subscriptions.iter().filter(|(_, wish)| hears(&wish.event)).map(|(&key, _)| key).collect()
    }

    /// Everyone who waited when the signal came hears it, unless another's hearing ended the waiting; who is paused hears it later.
    pub(in crate::kernel) fn spread(&mut self, name: &str, payload: &Json) -> Result<(), CommandError> {
        self.listeners(name).into_iter().try_for_each(|key| {
            let ((owner, subscription), payload) = (key, payload.clone());
            if !self.owner_waits(owner) {
                return self.happen(key, payload);
            }
            self.emit(Event::ResultHeld(Held::Event { owner, subscription, payload }))
        })
    }

    /// A node gives something away, and completes.
    pub(in crate::kernel) fn send(&mut self, number: u32, send: &Send) -> Result<(), CommandError> {
        let read = |step: &Self, template: &Option<heddle_expr::Template>| {
            let value = template.as_ref().map(|template| step.evaluate(number, template)).transpose();
            value.map_err(|why| Failure::expression(&why))
        };
        let parts = self.evaluate(number, &send.name).map_err(|why| Failure::expression(&why)).and_then(|name| {
            Ok((plain(&name), read(self, &send.key)?, read(self, &send.payload)?, read(self, &send.ttl)?))
        });
        let (name, key, payload, ttl) = match parts {
            Ok(parts) => parts,
            Err(why) => return self.fail(number, why, None),
        };
        let payload = payload.map(Json).unwrap_or_default();
        let to = match send.kind {
            SendKind::Escalation => {
                self.complete(number, Json::default(), Vec::new())?;
                return self.escalate(number, &name, payload);
            }
            SendKind::Signal => Audience::All,
            SendKind::Message => {
                let ttl_ms = ttl.as_ref().and_then(|ttl| of_seconds_or_text(ttl));
                Audience::One { key: key.map(|key| plain(&key)), ttl_ms }
            }
        };
        self.give_away(number, Publication { to, name, payload: payload.0 }, Json::default())
    }

    /// A task gives something away, and completes with a receipt.
    pub(in crate::kernel) fn publish(&mut self, number: u32, publication: Publication) -> Result<(), CommandError> {
        let name = &*publication.name;
        let receipt = match &publication.to {
            Audience::All => json!({ "signal": name }),
            Audience::One { key, ttl_ms } => {
                json!({ "message": name, "key": key.as_deref(), "expires_at": self.expires(*ttl_ms) })
            }
        };
        self.give_away(number, publication, receipt.into())
    }

    /// When a message that is sent now is let go.
    fn expires(&self, ttl_ms: Option<u64>) -> i64 {
        self.due(ttl_ms.unwrap_or(heddle_model::limits::MESSAGE_TTL_MS))
    }

    /// What an execution sends goes out with the commit in which it completes; who waits in its own instance is served at once.
    fn give_away(&mut self, number: u32, gift: Publication, output: Json) -> Result<(), CommandError> {
        let (name, payload) = (gift.name, Json(gift.payload));
        match gift.to {
            Audience::All => {
                self.effects.outgoing.push(Outgoing::Signal { name: name.clone(), payload: payload.clone() });
                self.complete(number, output, Vec::new())?;
                self.spread(&name, &payload)
            }
            Audience::One { key, ttl_ms } => {
                let letter = Letter { name, key, payload, expires: Some(self.expires(ttl_ms)) };
                let own = self.receiver(&letter);
                self.complete(number, output, Vec::new())?;
                match own {
                    Some(key) => self.happen(key, letter.payload),
                    None => {
                        self.effects.outgoing.push(Outgoing::Message { letter, at_once: ttl_ms == Some(0) });
                        Ok(())
                    }
                }
            }
        }
    }

    /// Something inside a scope escalates: the nearest handler around takes it; without one nothing happens.
    pub(in crate::kernel) fn escalate(&mut self, number: u32, code: &str, payload: Json) -> Result<(), CommandError> {
        let plan = self.context.plan;
        let Some(mut scope) = self.thrown_from(number) else { return Ok(()) };
        loop {
            let handlers = &plan.scope(self.state.scope_ix(scope)).handlers;
            if let Some(handler) = handlers.iter().find(|handler| hears_escalation(&handler.trigger, code)) {
                if handler.interrupting {
                    self.cancel_scope_content(scope, None)?;
                }
                return self.begin_handler(scope, handler.node, payload);
            }
            let Some(inner) = self.state.scopes.get(&scope) else { return Ok(()) };
            let (host, parent) = (inner.host, inner.parent);
            let events = self.state.live.get(&host).map(|it| &plan.node(it.node).events);
            let way = events.and_then(|events| {
                let hears = |exact: bool| {
                    events.iter().copied().find(|&edge| {
                        plan.edge(edge).way.as_ref().is_some_and(|way| {
                            hears_escalation(&way.trigger, code)
                                && (!exact
                                    || matches!(&way.trigger, Trigger::Escalation { codes } if !codes.is_empty()))
                        })
                    })
                };
                hears(true).or_else(|| hears(false))
            });
            if let Some(edge) = way {
                if plan.edge(edge).is_interrupting() {
                    self.clear(host)?;
                    self.emit(Event::NodeInterrupted { number: host, taken: Edges::from_slice(&[edge]) })?;
                } else {
                    self.emit(Event::TokensAdded { scope: parent, edges: Edges::from_slice(&[edge]) })?;
                }
                return self.pass_on(parent, edge, payload);
            }
            scope = parent;
        }
    }

    /// The scope of an execution that may have ended a moment ago.
    fn thrown_from(&self, number: u32) -> Option<u32> {
        let live = self.state.live.get(&number).map(|execution| execution.scope);
        live.or_else(|| {
            let own = |nodes: &std::collections::BTreeMap<_, super::super::state::NodeRecord>| {
                nodes.values().any(|record| record.number == Some(number))
            };
            let inner = self.state.scopes.iter().rev().find(|(_, scope)| own(&scope.nodes)).map(|(&number, _)| number);
            inner.or(Some(super::super::marking::ROOT))
        })
    }
}

fn hears_escalation(trigger: &Trigger, code: &str) -> bool {
    matches!(trigger, Trigger::Escalation { codes } if codes.is_empty() || codes.iter().any(|known| **known == *code))
}

/// Whether a wish takes a message: the name is the same, and the key where the receiver names one.
fn takes(event: &Awaited, letter: &Letter) -> bool {
    match event {
        Awaited::Message { name, key } => *name == letter.name && (key.is_none() || *key == letter.key),
        _ => false,
    }
}
