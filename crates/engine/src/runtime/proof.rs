//! Answers of workers: whether the attempt that one is for is still the current one in the moment in which it is decided.
//!
//! The token was looked up before the answer came here. Meanwhile an answer to the same token may have been decided, the job offered
//! again, and this one would be taken for the next attempt's, which nobody has made yet.

use super::actor::Actor;
use super::error::EngineError;
use super::lane::Lane;
use super::message::Message;
use crate::kernel::Effects;
use crate::storage::JobRow;
use futures::StreamExt;

/// Rows read from the database at a time.
const READS: usize = 8;

/// Which offer of a job an answer is for, as its row said when its token was looked up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Proof {
    /// When it was offered.
    offered_at: i64,
    /// Attempts given out. An offer is given out once at least, so that its attempt is not above this; of two offers in the same
    /// millisecond the second one's is.
    given_out: u32,
}

impl From<&JobRow> for Proof {
    fn from(row: &JobRow) -> Self {
        Self { offered_at: row.created_at, given_out: row.attempt }
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

    /// Whether the proof is of the offer that stands.
    pub(super) fn is_offered(&self, number: u32, proof: Proof) -> bool {
        let attempt = self.state.live.get(&number).map_or(u32::MAX, |execution| execution.attempt);
        self.offers.get(&number) == Some(&proof.offered_at) && attempt <= proof.given_out
    }
}

impl Lane {
    /// Reads again what instances that came from the database do not remember; answers those that cannot be served.
    pub(super) async fn remember_offers(&mut self, messages: Vec<Message>) -> Vec<Message> {
        let unknown = |message: &Message| match message {
            Message::JobEnded { key, number, .. } => {
                let actor = self.actors.get(&key.instance)?;
                (!actor.offers.contains_key(number)).then_some((*key, *number))
            }
            _ => None,
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
            let why = match &message {
                Message::JobEnded { key, number, .. } => {
                    unread.iter().find(|(which, _)| which == &(*key, *number)).map(|(_, why)| why.clone())
                }
                _ => None,
            };
            match why {
                Some(why) => self.refuse(message, why),
                None => fine.push(message),
            }
        }
        fine
    }
}
