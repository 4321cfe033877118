//! The post in memory: parcels, mailboxes, permits.

use super::Data;
use crate::storage::{
    Awaits, CommitError, Content, MessageRow, Parcel, PermitRow, Post, Published, ReplyRow, Settlement, SignalRow,
    SubscriptionRow, Unit,
};
use heddle_model::ids::{InstanceId, MessageId, ParcelId, WorkspaceId, uuid_v7};
use heddle_model::limits::REPLY_KEPT_MS;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What lies between instances.
#[derive(Default)]
pub(super) struct Office {
    pub(super) parcels: BTreeMap<ParcelId, Parcel>,
    pub(super) replies: BTreeMap<ParcelId, ReplyRow>,
    subscriptions: BTreeMap<(InstanceId, u32), (WorkspaceId, SubscriptionRow)>,
    messages: BTreeMap<MessageId, MessageRow>,
    permits: BTreeMap<(InstanceId, u32), (WorkspaceId, PermitRow, bool)>,
    /// Ids for parcels that the office itself sends.
    drawn: u64,
}

/// A name and a key in a workspace.
type Address<'a> = (WorkspaceId, &'a Arc<str>, Option<&'a Arc<str>>);

impl Office {
    pub(super) fn check(&self, post: &Post) -> Result<(), CommitError> {
        let gone = post.taken.iter().find(|id| !self.parcels.contains_key(id));
        gone.map_or(Ok(()), |id| Err(CommitError::Conflict(format!("the parcel {id} is taken"))))
    }

    pub(super) fn write(&mut self, unit: &Unit, post: &Post) {
        let (workspace, instance) = (unit.workspace, unit.instance);
        post.taken.iter().for_each(|id| drop(self.parcels.remove(id)));
        self.parcels.extend(post.sent.iter().map(|parcel| (parcel.id, parcel.clone())));
        self.answer(&post.replies);
        post.unsubscribed.iter().for_each(|&number| drop(self.subscriptions.remove(&(instance, number))));
        for row in &post.subscribed {
            self.subscriptions.insert((instance, row.number), (workspace, row.clone()));
        }
        self.messages.extend(post.published.iter().map(|message| (message.id, message.clone())));
        for signal in &post.signals {
            self.spread(workspace, signal, Some(instance), unit.journal.at);
        }
        post.permits_gone.iter().for_each(|&number| drop(self.permits.remove(&(instance, number))));
        for row in &post.permits {
            self.permits.insert((instance, row.number), (workspace, row.clone(), false));
        }
    }

    pub(super) fn keep(&mut self, message: MessageRow) {
        self.messages.insert(message.id, message);
    }

    pub(super) fn settle(&mut self, settlement: &Settlement) {
        if self.parcels.remove(&settlement.taken.1).is_none() {
            return;
        }
        self.answer(settlement.reply.as_slice());
        self.parcels.extend(settlement.sent.iter().map(|parcel| (parcel.id, parcel.clone())));
        self.messages.extend(settlement.returned.iter().map(|message| (message.id, message.clone())));
    }

    pub(super) fn inbox(&self, shards: &[u16], limit: u32) -> Vec<Parcel> {
        let mut rows: Vec<_> = self.parcels.values().filter(|it| shards.contains(&it.shard())).cloned().collect();
        rows.sort_by_key(|parcel| (parcel.sent_at, parcel.id));
        rows.truncate(limit as usize);
        rows
    }

    pub(super) fn kept(&self, workspace: WorkspaceId) -> usize {
        self.messages.values().filter(|message| message.workspace == workspace).count()
    }

    /// The first answer stands.
    fn answer(&mut self, replies: &[ReplyRow]) {
        for reply in replies {
            self.replies.entry(reply.id).or_insert_with(|| reply.clone());
        }
    }

    pub(super) fn send(&mut self, workspace: WorkspaceId, instance: InstanceId, content: Content, at: i64) -> Parcel {
        self.drawn += 1;
        let id = ParcelId::from_u128(uuid_v7(at.max(0) as u64, u128::from(self.drawn)));
        let parcel = Parcel { id, workspace, instance, sent_at: at, content };
        self.parcels.insert(id, parcel.clone());
        parcel
    }

    pub(super) fn spread(
        &mut self,
        workspace: WorkspaceId,
        signal: &SignalRow,
        without: Option<InstanceId>,
        at: i64,
    ) -> u64 {
        let hears = |row: &SubscriptionRow| row.awaits == Awaits::Signal && row.name == signal.name;
        let waiting: BTreeSet<InstanceId> = self
            .subscriptions
            .iter()
            .filter(|((instance, _), (own, row))| *own == workspace && Some(*instance) != without && hears(row))
            .map(|((instance, _), _)| *instance)
            .collect();
        for &instance in &waiting {
            let content = Content::Signal { name: signal.name.clone(), payload: signal.payload.clone() };
            self.send(workspace, instance, content, at);
        }
        waiting.len() as u64
    }

    fn first_in_line(&self, (workspace, name, key): Address<'_>) -> Option<(InstanceId, u32)> {
        let fits =
            |row: &SubscriptionRow| row.awaits == Awaits::Message && row.name == *name && row.key.as_ref() == key;
        let waiting = self.subscriptions.iter().filter(|(_, (own, row))| *own == workspace && fits(row));
        waiting.min_by_key(|(at, (_, row))| (row.since, **at)).map(|(at, _)| *at)
    }

    fn deliver(&mut self, to: (InstanceId, u32), message: &MessageRow, at: i64) -> Parcel {
        self.subscriptions.remove(&to);
        let content = Content::Message { id: message.id, subscription: to.1, letter: message.letter.clone() };
        self.send(message.workspace, to.0, content, at)
    }

    pub(super) fn publish(&mut self, message: &MessageRow, at_once: bool, at: i64) -> Published {
        let letter = &message.letter;
        match self.first_in_line((message.workspace, &letter.name, letter.key.as_ref())) {
            Some(to) => Published::Sent(Box::new(self.deliver(to, message, at))),
            None if at_once => Published::Refused,
            None => {
                self.messages.insert(message.id, message.clone());
                Published::Kept
            }
        }
    }

    pub(super) fn pair(&mut self, address: Address<'_>, at: i64) -> Vec<Parcel> {
        let (workspace, name, key) = address;
        let mut sent = Vec::new();
        while let Some(to) = self.first_in_line(address) {
            let fits = |it: &&MessageRow| {
                it.workspace == workspace
                    && it.letter.name == *name
                    && it.letter.key.as_ref() == key
                    && it.letter.expires.is_none_or(|until| until > at)
            };
            let oldest = self.messages.values().filter(fits).min_by_key(|message| (message.sent_at, message.id));
            let Some(message) = oldest.cloned() else { break };
            self.messages.remove(&message.id);
            sent.push(self.deliver(to, &message, at));
        }
        sent
    }

    pub(super) fn grant(&mut self, workspace: WorkspaceId, name: &Arc<str>, at: i64) -> Vec<Parcel> {
        let mut line: Vec<_> =
            self.permits.iter().filter(|(_, (own, row, _))| *own == workspace && row.name == *name).collect();
        line.sort_by_key(|(at, (_, row, _))| (row.since, **at));
        let held = line.iter().filter(|(_, (.., granted))| *granted).count();
        let waiting = line.into_iter().filter(|(_, (.., granted))| !granted);
        let fits = |((_, (_, row, _)), held): &((_, &(_, PermitRow, _)), usize)| *held < row.permits as usize;
        let next: Vec<_> = waiting.zip(held..).take_while(fits).map(|((at, _), _)| *at).collect();
        let mut sent = Vec::with_capacity(next.len());
        for (instance, number) in next {
            if let Some((.., granted)) = self.permits.get_mut(&(instance, number)) {
                *granted = true;
            }
            sent.push(self.send(workspace, instance, Content::Granted { number, name: name.clone() }, at));
        }
        sent
    }

    pub(super) fn sweep(&mut self, at: i64) -> Vec<Parcel> {
        self.messages.retain(|_, message| message.letter.expires.is_none_or(|until| until > at));
        self.replies.retain(|_, reply| reply.at + REPLY_KEPT_MS > at);
        let addresses: BTreeSet<_> = self
            .messages
            .values()
            .map(|message| (message.workspace, message.letter.name.clone(), message.letter.key.clone()))
            .collect();
        let names: BTreeSet<_> = self.permits.values().map(|(own, row, _)| (*own, row.name.clone())).collect();
        let mut sent = Vec::new();
        for (workspace, name, key) in addresses {
            sent.extend(self.pair((workspace, &name, key.as_ref()), at));
        }
        for (workspace, name) in names {
            sent.extend(self.grant(workspace, &name, at));
        }
        sent
    }
}

impl Data {
    /// What the office has to do with a unit.
    pub(super) fn write_post(&mut self, unit: &Unit) {
        if let Some(post) = &unit.post {
            self.office.write(unit, post);
        }
    }
}
