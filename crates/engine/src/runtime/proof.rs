//! Answers of workers: whether the attempt that one is for is still the current one in the moment in which it is decided.
//!
//! The token was looked up before the answer came here. Meanwhile an answer to the same token may have been decided, the job offered
//! again, and this one would be taken for the next attempt's, which nobody has made yet.

use super::actor::Actor;
use super::error::EngineError;
use super::lane::Lane;
use super::message::Key;
use super::message::Message;
use super::remote::Request;
use crate::kernel::{Command, Effects, TaskResult};
use crate::storage::{Content, JobRow};
use futures::StreamExt;
use serde::{Deserialize, Serialize};

/// Rows read from the database at a time.
const READS: usize = 8;

/// Which offer of a job an answer is for, as its row said when its token was looked up.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct Proof {
    /// When it was offered.
    offered_at: i64,
    /// Attempts given out. An offer is given out once at least, so that its attempt is not above this; of two offers in the same
    /// millisecond the second one's is.
    given_out: u32,
    /// It is no answer: nobody who had the job before has given one.
    #[serde(default)]
    lost: bool,
}

impl Proof {
    /// Of an offer that was given out too often.
    pub(super) fn of_lost(row: &JobRow) -> Self {
        Self { lost: true, ..Self::from(row) }
    }
}

impl From<&JobRow> for Proof {
    fn from(row: &JobRow) -> Self {
        Self { offered_at: row.created_at, given_out: row.attempt, lost: false }
    }
}

impl Actor {
    /// Remembers which jobs stand offered, and since when.
    pub(super) fn note_offers(&mut self, effects: &Effects, now: i64) {
        effects.jobs_gone.iter().for_each(|number| {
            self.offers.remove(number);
        });
        self.offers.extend(effects.jobs.iter().map(|job| (job.number, now)));
    }

    /// What an answer comes to, where its proof is of the offer that stands.
    pub(super) fn answer(&self, number: u32, proof: Proof, result: TaskResult) -> Result<Command, EngineError> {
        let attempt = self.state.live.get(&number).map_or(u32::MAX, |execution| execution.attempt);
        if self.offers.get(&number) != Some(&proof.offered_at) || attempt > proof.given_out {
            return Err(EngineError::StaleToken);
        }
        // The attempt that has just been given out is not lost yet.
        Ok(if proof.lost {
            Command::JobLost { number, lost: proof.given_out - attempt }
        } else {
            Command::JobEnded { number, result }
        })
    }
}

impl Lane {
    /// Reads again what instances that came from the database do not remember; answers those that cannot be served.
    pub(super) async fn remember_offers(&mut self, messages: Vec<Message>) -> Vec<Message> {
        let unknown = |message: &Message| {
            let (key, number) = answered(message)?;
            let actor = self.actors.get(&key.instance)?;
            (!actor.offers.contains_key(&number)).then_some((key, number))
        };
        let mut wanted: Vec<_> = messages.iter().filter_map(unknown).collect();
        if wanted.is_empty() {
            return messages;
        }
        wanted.sort_unstable();
        wanted.dedup();
        let storage = &self.shared.storage;
        let reads = wanted.into_iter().map(|(key, number)| async move {
            ((key, number), storage.job(key.workspace, key.instance.job(number)).await)
        });
        let rows: Vec<_> = futures::stream::iter(reads).buffer_unordered(READS).collect().await;
        let mut unread = Vec::new();
        for ((key, number), row) in rows {
            match (row, self.actors.get_mut(&key.instance)) {
                (Ok(Some(row)), Some(actor)) => drop(actor.offers.insert(number, row.created_at)),
                (Err(why), _) => unread.push(((key, number), EngineError::from(why))),
                (Ok(_), _) => {}
            }
        }
        let mut fine = Vec::with_capacity(messages.len());
        for message in messages {
            let why = answered(&message)
                .and_then(|job| unread.iter().find(|(which, _)| *which == job).map(|(_, why)| why.clone()));
            match (why, message) {
                (Some(why), Message::Parcel(parcel)) => self.undeliverable(*parcel, &why),
                (Some(why), message) => message.refuse(why),
                (None, message) => fine.push(message),
            }
        }
        fine
    }
}

/// The job that a message answers, here or on behalf of another server.
fn answered(message: &Message) -> Option<(Key, u32)> {
    match message {
        Message::JobEnded { key, number, .. } => Some((*key, *number)),
        Message::Parcel(parcel) => {
            let Content::Request { request, .. } = &parcel.content else { return None };
            let Ok(Request::JobEnded { number, .. }) = serde_json::from_str(request) else { return None };
            Some((Key { workspace: parcel.workspace, instance: parcel.instance }, number))
        }
        _ => None,
    }
}
