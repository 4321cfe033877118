//! The books of concurrency keys, as a server asks them: they stand in the database, for all servers and over restarts.
//!
//! What has gathered goes into one transaction, in the order in which it was asked. A server that dies between a commit and what follows
//! from it in the books leaves somebody in them who is gone: whoever owns the shard then finds out, and frees the permit.

use super::desk::AGAIN;
use super::engine::Engine;
use crate::scheduler::{Holder, KeyAsk, KeyWait, Queued, Verdict};
use crate::storage::StorageError;
use heddle_model::ids::{InstanceId, WorkspaceId};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;

/// Asks that go into one transaction.
const GATHER: usize = 256;
/// How often the books are compared with who is there. Who is found missing twice in a row is gone.
const COMPARE: Duration = Duration::from_secs(10);

impl Engine {
    /// Asks the books, until the engine stops.
    pub(super) async fn serve_books(self, mut asks: UnboundedReceiver<KeyAsk>) {
        let mut gathered = Vec::new();
        loop {
            tokio::select! {
                biased;
                () = self.shared.stop.cancelled() => return,
                count = asks.recv_many(&mut gathered, GATHER) => if count == 0 { return },
            }
            self.ask_books(std::mem::take(&mut gathered)).await;
        }
    }

    /// An unreachable database is waited for; of what it refuses for good, the rest is done.
    async fn ask_books(&self, asks: Vec<KeyAsk>) {
        let shared = &self.shared;
        let mut work = vec![asks];
        while let Some(mut asks) = work.pop() {
            match shared.storage.keep_books(shared.fence(), &asks).await {
                Ok((verdicts, parcels)) => {
                    for verdict in verdicts {
                        shared.verdict(workspace_of(&asks, verdict.holder()), verdict);
                    }
                    shared.hand_over(parcels);
                }
                Err(StorageError::Transient(why)) => {
                    tracing::warn!(%why, "the books of concurrency keys cannot be kept yet");
                    tokio::select! {
                        () = shared.stop.cancelled() => return,
                        () = tokio::time::sleep(AGAIN) => {}
                    }
                    work.push(asks);
                }
                Err(StorageError::Fatal(why)) if asks.len() == 1 => {
                    tracing::error!(%why, "the books of concurrency keys refuse what was asked");
                    for ask in asks {
                        if let KeyAsk::Acquire(wish) = ask {
                            shared.verdict(wish.name.workspace, Verdict::Refused(wish.holder));
                        }
                    }
                }
                Err(StorageError::Fatal(_)) => {
                    let right = asks.split_off(asks.len() / 2);
                    work.push(right);
                    work.push(asks);
                }
            }
        }
    }

    /// Compares the books with who is there, until the engine stops.
    pub(super) async fn compare_books(self) {
        let mut missing = BTreeSet::new();
        loop {
            tokio::select! {
                biased;
                () = self.shared.stop.cancelled() => return,
                () = tokio::time::sleep(COMPARE) => {}
            }
            missing = self.free_the_missing(missing).await;
        }
    }

    /// Frees what those hold who were missing before and are so now; gives those who are missing for the first time.
    async fn free_the_missing(&self, before: BTreeSet<Holder>) -> BTreeSet<Holder> {
        let shared = &self.shared;
        // Until all are recovered, nobody knows who is missing.
        if *shared.recovering.borrow() > 0 {
            return BTreeSet::new();
        }
        let known = match shared.storage.key_holders(&shared.shards.list()).await {
            Ok(known) => known,
            Err(why) => {
                tracing::warn!(%why, "the books of concurrency keys cannot be read yet");
                return BTreeSet::new();
            }
        };
        let is_missing = |holder: &Holder| shared.shards.owns(holder.instance().shard()) && !shared.desk.knows(*holder);
        let missing: Vec<_> = known.into_iter().filter(|(_, holder)| is_missing(holder)).collect();
        let gone: Vec<KeyAsk> = missing
            .iter()
            .filter(|(_, holder)| before.contains(holder))
            .map(|(workspace, holder)| KeyAsk::Release(*workspace, *holder))
            .collect();
        if !gone.is_empty() {
            tracing::info!(permits = gone.len(), "freed permits of concurrency keys that were left behind");
            self.ask_books(gone).await;
        }
        missing.into_iter().map(|(_, holder)| holder).collect()
    }

    /// Why the attempt, or the job, of this execution has not begun: what is ahead of it, and what holds it back. `None`: it is not
    /// queued in this server, because it runs, or because it waits for something else.
    pub async fn why_queued(&self, instance: InstanceId, number: u32) -> Option<Queued> {
        let Some((workspace, holder, (task_type, priority))) = self.shared.desk.waiting(instance, number) else {
            return self.shared.pool.why(instance, number);
        };
        let wait = self.key_wait(workspace, holder).await?;
        Some(Queued::by_key(task_type.to_string(), priority, wait))
    }

    /// Why a whole instance has not begun: the concurrency key of its workflow. `None`: it has begun, or waits for something else.
    pub async fn why_not_begun(&self, instance: InstanceId) -> Option<KeyWait> {
        let workspace = self.shared.desk.waiting_instance(instance)?;
        self.key_wait(workspace, Holder::Instance(instance)).await
    }

    async fn key_wait(&self, workspace: WorkspaceId, holder: Holder) -> Option<KeyWait> {
        match self.shared.storage.key_wait(workspace, holder).await {
            Ok(wait) => wait,
            Err(why) => {
                tracing::warn!(%why, "the books of concurrency keys cannot be read yet");
                None
            }
        }
    }
}

/// The workspace of somebody who asked.
fn workspace_of(asks: &[KeyAsk], holder: Holder) -> WorkspaceId {
    let of = |ask: &KeyAsk| match ask {
        KeyAsk::Acquire(wish) if wish.holder == holder => Some(wish.name.workspace),
        _ => None,
    };
    asks.iter().find_map(of).unwrap_or(WorkspaceId::from_u128(0))
}
