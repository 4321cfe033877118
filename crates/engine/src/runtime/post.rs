//! The post of a lane: what its instances send with a commit, what comes for them, and what leads to nothing.

use super::actor::Actor;
use super::error::EngineError;
use super::lane::{Lane, Shared};
use super::message::{Key, Message};
use super::pending::Decided;
use super::remote::{self, Request};
use crate::kernel::{Command, Effects, Letter, Outgoing};
use crate::storage::{
    Awaits, Call, CommitError, Content, MessageRow, Parcel, Post, ReplyRow, Settlement, SignalRow, SubscriptionRow,
};
use crate::tasks::TaskError;
use heddle_model::ids::{ParcelId, WorkspaceId};
use heddle_model::limits;
use std::collections::{BTreeSet, HashSet, VecDeque};
use std::sync::Arc;

/// Parcels that were dealt with and whose second copy, from the inbox or from a neighbour, may still be on its way.
const REMEMBERED: usize = 8_192;

/// Parcels that a lane has seen.
#[derive(Debug, Default)]
pub(super) struct Seen {
    open: HashSet<ParcelId>,
    done: HashSet<ParcelId>,
    order: VecDeque<ParcelId>,
}

impl Seen {
    /// Whether it is new: neither under way nor dealt with.
    pub(super) fn begin(&mut self, id: ParcelId) -> bool {
        !self.done.contains(&id) && self.open.insert(id)
    }

    /// It is taken for good.
    pub(super) fn finish(&mut self, id: ParcelId) {
        self.open.remove(&id);
        if self.done.insert(id) {
            self.order.push_back(id);
        }
        while self.order.len() > REMEMBERED {
            if let Some(oldest) = self.order.pop_front() {
                self.done.remove(&oldest);
            }
        }
    }

    /// It lies in the inbox still, and is looked at again.
    pub(super) fn reopen(&mut self, id: ParcelId) {
        self.open.remove(&id);
    }

    /// Another server has the shards now.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

/// What a commit does to lines that others may stand in: those are looked at once it is durable.
#[derive(Debug, Default)]
pub(super) struct Lines {
    mailboxes: BTreeSet<(Arc<str>, Option<Arc<str>>)>,
    permits: BTreeSet<Arc<str>>,
}

/// The post of a unit; `None` for most.
pub(super) fn outgoing(
    shared: &Shared,
    actor: &Actor,
    effects: &mut Effects,
    (taken, replies): (&[ParcelId], &[ParcelId]),
    now: i64,
) -> (Option<Box<Post>>, Lines) {
    let mut lines = Lines::default();
    let nothing = effects.outgoing.is_empty() && effects.children.is_empty() && effects.children_gone.is_empty();
    let no_lines = effects.subscribed.is_empty() && effects.unsubscribed.is_empty() && effects.permits.is_empty();
    if nothing && no_lines && effects.permits_gone.is_empty() && effects.ended.is_none() && taken.is_empty() {
        return (None, lines);
    }
    let mut post = Post { taken: taken.to_vec(), ..Post::default() };
    let mut send = |instance, content| {
        let id = shared.ids.parcel(&shared.clock);
        post.sent.push(Parcel { id, workspace: actor.state.workspace, instance, sent_at: now, content });
    };
    for child in effects.children.drain(..) {
        let call = Call {
            caller: actor.state.id,
            number: child.number,
            wait: child.wait,
            depth: child.depth,
            workflow: child.workflow,
            version: child.version.into(),
            input: child.input,
            priority: actor.state.priority,
            started_by: actor.state.started_by.clone(),
            test: actor.state.test,
        };
        send(child.instance, Content::Start(Box::new(call)));
    }
    effects.children_gone.drain(..).for_each(|child| send(child, Content::Unwanted));
    if let Some((caller, result)) = effects.ended.take() {
        send(caller.instance, Content::ChildEnded { number: caller.number, result });
    }
    for outgoing in effects.outgoing.drain(..) {
        match outgoing {
            Outgoing::Signal { name, payload } => post.signals.push(SignalRow { name, payload }),
            Outgoing::Message { letter, at_once } => {
                lines.mailboxes.insert((letter.name.clone(), letter.key.clone()));
                post.published.push(message(shared, actor.state.workspace, letter, (at_once, now)));
            }
        }
    }
    for row in effects.subscribed.iter().filter(|row| row.awaits == Awaits::Message) {
        lines.mailboxes.insert((row.name.clone(), row.key.clone()));
    }
    lines.permits.extend(effects.permits.iter().map(|row| row.name.clone()));
    lines.permits.extend(effects.permits_gone.iter().map(|(_, name)| name.clone()));
    post.subscribed = std::mem::take(&mut effects.subscribed);
    post.unsubscribed = std::mem::take(&mut effects.unsubscribed);
    // What was armed and disarmed in the same commit leaves nothing behind.
    let armed = |rows: &[SubscriptionRow], number: u32| rows.iter().any(|row| row.number == number);
    post.unsubscribed.retain(|&number| !armed(&post.subscribed, number));
    post.permits = std::mem::take(&mut effects.permits);
    post.permits_gone = effects.permits_gone.drain(..).map(|(number, _)| number).collect();
    post.replies = replies.iter().map(|&id| ReplyRow { id, content: remote::answer(&actor.state), at: now }).collect();
    (Some(Box::new(post)), lines)
}

/// A message as its mailbox keeps it. One that may not wait is offered once: whoever waits now gets it within this time.
fn message(shared: &Shared, workspace: WorkspaceId, letter: Letter, (at_once, now): (bool, i64)) -> MessageRow {
    let expires = if at_once { now + limits::AT_ONCE_MS } else { letter.expires.unwrap_or(i64::MAX) };
    let letter = Letter { expires: Some(expires.min(now + limits::DURATION_MS as i64)), ..letter };
    MessageRow { id: shared.ids.message(&shared.clock), workspace, letter, sent_at: now }
}

impl Shared {
    /// Brings parcels that were just written to whoever takes them: a lane of this server, or another server.
    pub(super) fn hand_over(&self, parcels: impl IntoIterator<Item = Parcel>) {
        let mut elsewhere = false;
        for parcel in parcels {
            if self.shards.owns(parcel.shard()) {
                // A lane that is gone has stopped; the row is there.
                drop(self.lane_of(parcel.shard()).send(Message::Parcel(Box::new(parcel))));
            } else {
                elsewhere = true;
            }
        }
        if elsewhere {
            self.doorbell.ring();
        }
    }

    /// Somebody joined or left these lines: whoever is served now is told. In a task of its own, so that no commit waits for it.
    pub(super) fn serve(self: &Arc<Self>, workspace: WorkspaceId, lines: Lines) {
        if lines.mailboxes.is_empty() && lines.permits.is_empty() {
            return;
        }
        let shared = self.clone();
        self.machine.spawn(Box::pin(async move {
            for (name, key) in lines.mailboxes {
                match shared.storage.pair(workspace, &name, key.as_ref()).await {
                    Ok(parcels) => shared.hand_over(parcels),
                    Err(why) => tracing::warn!(%name, %why, "a mailbox is looked at later"),
                }
            }
            for name in lines.permits {
                match shared.storage.grant(workspace, &name).await {
                    Ok(parcels) => shared.hand_over(parcels),
                    Err(why) => tracing::warn!(%name, %why, "a line for permits is looked at later"),
                }
            }
        }));
    }

    /// All lanes look into their inboxes.
    pub(super) fn look(&self) {
        self.lanes.iter().for_each(|lane| drop(lane.send(Message::Look)));
    }
}

impl Lane {
    /// Reads the inbox; what is new in it joins the messages of this round.
    pub(super) async fn read_inbox(&mut self, now: i64, messages: &mut Vec<Message>) {
        if self.shards.is_empty() {
            self.inbox_at = now + super::lane::LOOK_MS;
            return;
        }
        match self.shared.storage.inbox(&self.shards, limits::INBOX_PAGE).await {
            Ok(parcels) => {
                let full = parcels.len() >= limits::INBOX_PAGE as usize;
                let before = messages.len();
                messages.extend(parcels.into_iter().map(|parcel| Message::Parcel(Box::new(parcel))));
                let new = messages.len() > before;
                // A full page of what is under way already must not keep the lane reading.
                self.inbox_at = now + if full && new { 0 } else { super::lane::LOOK_MS };
            }
            Err(why) => {
                tracing::warn!(%why, "the inbox cannot be read yet");
                self.inbox_at = now + super::lane::LOOK_MS;
            }
        }
    }

    /// Decides what a parcel brings.
    pub(super) fn parcel(&mut self, decided: &mut Decided, now: i64, parcel: Parcel) {
        let key = Key { workspace: parcel.workspace, instance: parcel.instance };
        let id = parcel.id;
        let command = match parcel.content {
            Content::Message { subscription, ref letter, .. } => {
                Command::Delivered { subscription, letter: letter.clone() }
            }
            Content::Signal { ref name, ref payload } => {
                Command::Signal { name: name.clone(), payload: (*payload.0).clone() }
            }
            Content::ChildEnded { number, ref result } => {
                let result = result.as_ref().map(|output| (*output.0).clone()).map_err(TaskError::from);
                Command::ChildEnded { number, result }
            }
            Content::Unwanted => Command::Terminate { reason: "nobody waits for it any more".to_owned() },
            Content::Granted { number, ref name } => Command::Granted { number, name: name.clone() },
            Content::Request { reply, ref request } => {
                return self.request(decided, now, (key, id), (reply, request));
            }
            Content::Start(call) => return self.called((key, id), *call),
            Content::Verdict(verdict) => {
                self.shared.verdict(key.workspace, verdict);
                return self.nothing_but((key.instance.shard(), id), None);
            }
        };
        match self.try_step(decided, now, (key, command, "")) {
            Ok(pending) => pending.taken.push(id),
            Err(_) => self.leads_to_nothing(parcel),
        }
    }

    /// What the door of another server asks.
    fn request(&mut self, decided: &mut Decided, now: i64, (key, id): (Key, ParcelId), wish: (ParcelId, &str)) {
        let (reply, text) = wish;
        let shard = key.instance.shard();
        let read = serde_json::from_str::<Request>(text)
            .map_err(|why| EngineError::Internal(format!("a request of another server cannot be read: {why}")));
        if decided.contains_key(&key.instance) && read.as_ref().is_ok_and(Request::begins_a_commit) {
            // It lies in the inbox, and is looked at again in the next round.
            self.inbox_at = now;
            return self.seen.reopen(id);
        }
        let has_key = read.as_ref().is_ok_and(Request::has_key);
        let result = read.and_then(|request| self.answer_request(decided, now, key, request));
        match result {
            Ok(None) => {
                if let Some(pending) = decided.get_mut(&key.instance) {
                    pending.keyed = pending.keyed.or(has_key.then_some((id, reply)));
                    pending.taken.push(id);
                    pending.replies.push(reply);
                }
            }
            Ok(Some(content)) => {
                self.nothing_but((shard, id), Some(ReplyRow { id: reply, content, at: now }));
            }
            Err(why) => {
                self.nothing_but((shard, id), Some(ReplyRow { id: reply, content: remote::refusal(&why), at: now }));
            }
        }
    }

    /// A parcel is taken without an event, and perhaps answered.
    pub(super) fn nothing_but(&mut self, taken: (u16, ParcelId), reply: Option<ReplyRow>) {
        self.settlements.push(Settlement { taken, reply, sent: None, returned: None });
    }

    /// A parcel is taken without an event. A message goes back to its mailbox: its receiver waits no longer, another one may.
    fn leads_to_nothing(&mut self, parcel: Parcel) {
        let taken = (parcel.shard(), parcel.id);
        let returned = match parcel.content {
            Content::Message { id, letter, .. } => {
                Some(MessageRow { id, workspace: parcel.workspace, letter, sent_at: parcel.sent_at })
            }
            _ => None,
        };
        self.settlements.push(Settlement { taken, reply: None, sent: None, returned });
    }

    /// The instance of a parcel does not exist, or its version cannot be found.
    pub(super) fn undeliverable(&mut self, parcel: Parcel, why: &EngineError) {
        if !matches!(why, EngineError::NotFound) {
            // It lies in the inbox, and is looked at again.
            self.seen.reopen(parcel.id);
            return;
        }
        if let Content::Request { reply, .. } = &parcel.content {
            let at = self.shared.clock.now();
            let reply = ReplyRow { id: *reply, content: remote::refusal(why), at };
            return self.nothing_but((parcel.shard(), parcel.id), Some(reply));
        }
        self.leads_to_nothing(parcel);
    }

    /// Writes down what led to nothing.
    pub(super) async fn settle(&mut self) {
        self.write_quarantines().await;
        let settlements = std::mem::take(&mut self.settlements);
        if settlements.is_empty() {
            return;
        }
        match self.shared.storage.settle(self.shared.fence(), &settlements).await {
            Ok(()) => settlements.into_iter().for_each(|settlement| self.settled(settlement)),
            Err(why) => {
                if matches!(why, CommitError::Fenced) {
                    self.shared.lost_ownership();
                }
                tracing::warn!(%why, "parcels are looked at again");
                settlements.iter().for_each(|settlement| self.seen.reopen(settlement.taken.1));
            }
        }
    }

    fn settled(&mut self, settlement: Settlement) {
        self.seen.finish(settlement.taken.1);
        self.shared.hand_over(settlement.sent);
        if let Some(message) = settlement.returned {
            let mailboxes = [(message.letter.name, message.letter.key)].into();
            self.shared.serve(message.workspace, Lines { mailboxes, ..Lines::default() });
        }
    }
}
