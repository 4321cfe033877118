//! Instances in quarantine: the database refuses for good what they come to, or what is stored of them does not fit together.
//!
//! Of the first kind nothing is decided any more but what people command: what they change may be what the database takes. The first
//! commit that it takes ends the quarantine. One whose stored data were damaged goes on as soon as it can be read. Either begins with
//! what was lost: attempts whose result was part of what was refused.

use super::error::EngineError;
use super::lane::Lane;
use super::message::{Key, Message, Reply};
use super::remote;
use crate::kernel::{Command, Dispatch};
use crate::storage::{Content, Parcel, Quarantine, ReplyRow};
use heddle_model::ids::{InstanceId, ParcelId};
use std::collections::{HashMap, HashSet};

/// What a lane knows of instances in quarantine.
#[derive(Debug, Default)]
pub(super) struct Quarantined {
    /// What the database said of those that it refuses.
    refused: HashMap<InstanceId, String>,
    /// Parcels that were part of what it refused: requests among them are answered.
    spent: HashSet<ParcelId>,
    /// Incidents to be opened and closed, in order.
    due: Vec<(Key, Option<(Quarantine, String)>)>,
}

impl Quarantined {
    /// Other servers have these now.
    pub(super) fn forget(&mut self, goes: impl Fn(InstanceId) -> bool) {
        self.refused.retain(|&instance, _| !goes(instance));
        self.due.retain(|(key, _)| !goes(key.instance));
    }
}

/// Of several attempts of one execution only the last one begins: what a command dispatched may have been taken for lost at once.
pub(super) fn keep_last(dispatches: &mut Vec<Dispatch>) {
    let mut known = HashSet::new();
    dispatches.reverse();
    dispatches.retain(|dispatch| known.insert(dispatch.number));
    dispatches.reverse();
}

impl Lane {
    /// The database will never take what an instance came to.
    pub(super) fn quarantine_refused(&mut self, key: Key, taken: &[ParcelId], why: &str) {
        tracing::error!(instance = %key.instance, why, "the database refuses for good what an instance comes to; it is in quarantine");
        self.quarantined.spent.extend(taken);
        self.quarantined.refused.insert(key.instance, why.to_owned());
        self.quarantined.due.push((key, Some((Quarantine::Refused, why.to_owned()))));
    }

    /// What is stored of an instance does not fit together.
    pub(super) fn quarantine_damaged(&mut self, key: Key, why: &str) {
        self.quarantined.due.push((key, Some((Quarantine::Damaged, why.to_owned()))));
    }

    /// The database took something of an instance; gives whether that ends a quarantine.
    pub(super) fn end_quarantine(&mut self, key: Key) -> bool {
        let ends = self.quarantined.refused.remove(&key.instance).is_some();
        if ends {
            self.quarantined.due.push((key, None));
        }
        ends
    }

    /// An instance was read that has an open incident: its data were mended, or a server before this one opened it. It goes on with what
    /// was lost.
    pub(super) fn mended(&mut self, key: Key, messages: &mut Vec<Message>) {
        if self.quarantined.refused.contains_key(&key.instance) {
            return;
        }
        self.quarantined.due.push((key, None));
        let recovers = |message: &Message| matches!(message, Message::Recover { key: own, .. } if *own == key);
        if !messages.iter().any(recovers) {
            let (reply, _) = Reply::new(None);
            messages.insert(0, Message::Recover { key, reply });
        }
    }

    /// Takes out what is not to be decided, because the database would refuse it again.
    pub(super) fn hold_back(&mut self, messages: &mut Vec<Message>) {
        if self.quarantined.refused.is_empty() {
            return;
        }
        let mut recovers = HashSet::new();
        for message in std::mem::take(messages) {
            let key = message.needs().filter(|key| self.quarantined.refused.contains_key(&key.instance));
            let Some(key) = key else {
                messages.push(message);
                continue;
            };
            match message {
                Message::Command { ref request, .. } => {
                    // What was lost begins again after what the person changes, and with it.
                    let begins = !request.dry_run && !matches!(request.command, Command::Recover);
                    messages.push(message);
                    if begins && recovers.insert(key.instance) {
                        messages.push(Message::Recover { key, reply: Reply::new(None).0 });
                    }
                }
                Message::Wait { .. } => messages.push(message),
                Message::Parcel(parcel) => self.hold_back_parcel(key, *parcel, messages),
                other => {
                    let why = self.quarantined.refused.get(&key.instance).cloned().unwrap_or_default();
                    other.refuse(EngineError::Refused(why));
                }
            }
        }
    }

    /// A request of another server's door is heard once; what else came lies in the inbox until the quarantine ends.
    fn hold_back_parcel(&mut self, key: Key, parcel: Parcel, messages: &mut Vec<Message>) {
        let Content::Request { reply, .. } = &parcel.content else { return self.seen.reopen(parcel.id) };
        if !self.quarantined.spent.remove(&parcel.id) {
            return messages.push(Message::Parcel(Box::new(parcel)));
        }
        let why = self.quarantined.refused.get(&key.instance).cloned().unwrap_or_default();
        let content = remote::refusal(&EngineError::Refused(why));
        let row = ReplyRow { id: *reply, content, at: self.shared.clock.now() };
        self.nothing_but((parcel.shard(), parcel.id), Some(row));
    }

    /// Opens and closes incidents; what the database does not take now is tried again with the next round, at most a second later.
    pub(super) async fn write_quarantines(&mut self) {
        while let Some((key, cause)) = self.quarantined.due.first().cloned() {
            let storage = &self.shared.storage;
            let written = match &cause {
                Some((cause, why)) => storage.quarantine(key.workspace, key.instance, *cause, why).await,
                None => storage.end_quarantine(key.workspace, key.instance).await,
            };
            if let Err(why) = written {
                tracing::warn!(instance = %key.instance, %why, "the incident of a quarantine cannot be written yet");
                return;
            }
            self.quarantined.due.remove(0);
        }
    }
}
