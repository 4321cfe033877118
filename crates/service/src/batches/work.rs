//! Going through batches: one loop per server takes turns at the open batches of all workspaces, a few dozen items at a time.
//!
//! **Decision: each item's command claims an idempotency key of its own, in the same transaction as its events.**
//! A server may be killed between doing an item and writing down that it did. What a repeat must not do is do it again: a second `retry`
//! runs a task once more, a second `skip` may pass over another node. Three ways were weighed:
//! - *Asking whether the instance's `seq` has moved since the item was begun.* It moves for other reasons too (a timer, a worker), so a
//!   "yes" proves nothing.
//! - *Journaling the batch with the command and looking for it.* Exact, but each look reads journal rows, and a frozen server that thaws
//!   after its lease could still do the item once more between the look and the command.
//! - *A key per item (`batch bat_… #7`), claimed by the commit itself* (chosen). The commit of a second try is refused by the
//!   database, whoever sends it and whenever; "was it done?" is one read by key. It costs one row per item, which is pruned after
//!   a week.
//!
//! Items are marked `STARTED` before, so that only those of a turn that was cut off are asked about; their key says how it
//! ended. A turn is a lease in the database's time: while it holds, no other server takes the batch, and its results are written only with
//! its token. What a batch does is done in the name of who made it; that they might is asked when it is made.

use super::action_of;
use crate::error::{Error, Result};
use crate::instances::action;
use crate::service::Service;
use crate::source;
use futures::StreamExt;
use heddle_api::params::{ActionName, ActionParams};
use heddle_api::{ApiError, ErrorCode, Lang};
use heddle_engine::kernel::Command;
use heddle_engine::runtime::{CommandRequest, EngineError};
use heddle_engine::storage::IdempotencyRow;
use heddle_model::lifecycle::BatchStatus;
use heddle_model::limits;
use heddle_store::query::{BatchTurn, ItemEnd, ItemResult, TurnItem};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;

/// How often a server without work looks again though nothing rang: leases end, and other servers make batches too.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// A third of a turn's lease.
const KEEP: Duration = Duration::from_millis(limits::BATCH_LEASE_MS as u64 / 3);
/// How often an item is tried again when the engine has no room, or the database no ear, before it is left to a later turn.
const TRIES: usize = 5;
/// Longest time that an item waits for room in the engine before it asks again, in milliseconds.
const LONGEST_WAIT_MS: u64 = 5_000;

impl Service {
    /// Goes through batches until dropped. What is then under way is found by the next turn.
    pub async fn work_batches(&self, server: &str) {
        if let Err(error) = self.release_batches(server).await {
            tracing::warn!(%error, "turns at batches from before could not be given back; they end by themselves");
        }
        loop {
            match self.batch_turn(server).await {
                Ok(true) => {}
                Ok(false) => self.rest().await,
                Err(error) => {
                    tracing::warn!(%error, "a turn at a batch failed; it comes again");
                    self.rest().await;
                }
            }
        }
    }

    /// Gives back the turns that a server of this name holds.
    pub async fn release_batches(&self, server: &str) -> Result<()> {
        Ok(self.store.batch_turns_release(server).await?)
    }

    async fn rest(&self) {
        tokio::select! {
            () = self.batch_bell.notified() => {}
            () = tokio::time::sleep(LOOK_AGAIN) => {}
        }
    }

    /// One turn; whether there is a reason to take another one at once.
    async fn batch_turn(&self, server: &str) -> Result<bool> {
        let token = source::new_secret();
        let Some(turn) = self.store.batch_turn(server, &token, limits::BATCH_TURN_ITEMS).await? else {
            return Ok(false);
        };
        if turn.items.is_empty() {
            return Ok(true);
        }
        let Some(results) = self.keep_and_do(&turn).await? else {
            tracing::warn!(batch = %turn.batch.id, "another server has taken the turn at a batch");
            return Ok(true);
        };
        let all = results.len() == turn.items.len();
        if !self.store.batch_turn_end(turn, results).await? {
            tracing::warn!("a turn at a batch was lost before its results were written; the next one finds them");
        }
        Ok(all)
    }

    /// Does the items and keeps the lease meanwhile; `None` when it was lost.
    async fn keep_and_do(&self, turn: &BatchTurn) -> Result<Option<Vec<ItemResult>>> {
        let work = self.do_items(turn);
        tokio::pin!(work);
        loop {
            tokio::select! {
                results = &mut work => return Ok(Some(results)),
                () = tokio::time::sleep(KEEP) => {
                    if !self.store.batch_keep(turn).await? {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Does the items of a turn; those that the engine could not take now are missing in the answer, and stay begun.
    async fn do_items(&self, turn: &BatchTurn) -> Vec<ItemResult> {
        let wish = wish_of(turn);
        let wish = &wish;
        let results = futures::stream::iter(turn.items.iter().copied())
            .map(|item| async move {
                let end = match wish {
                    Ok(wish) => self.do_item(turn, item, wish).await,
                    Err(error) => Some(not(error)),
                };
                end.map(|end| ItemResult { number: item.number, end })
            })
            .buffer_unordered(limits::BATCH_AT_ONCE);
        results.filter_map(std::future::ready).collect().await
    }

    /// A version's number means that of the instance's own workflow.
    async fn command_for(&self, turn: &BatchTurn, item: TurnItem, (name, params): &Wish) -> Result<Command> {
        let target = self.target_version(turn.batch.workspace, item.instance, params.version).await?;
        action::command(*name, params.clone(), target, Lang::En)
    }

    async fn do_item(&self, turn: &BatchTurn, item: TurnItem, wish: &Wish) -> Option<ItemEnd> {
        let (batch, key) = (&turn.batch, format!("batch {} #{}", turn.batch.id, item.number));
        for again in 0..TRIES {
            if again > 0 {
                tokio::time::sleep(Duration::from_millis(200 << again)).await;
            }
            if item.begun_before || again > 0 {
                // An earlier try may have been committed without our hearing of it.
                match self.store.idempotency(batch.workspace, &key).await {
                    Ok(Some(_)) => return Some(ItemEnd::Succeeded),
                    Ok(None) if batch.status != BatchStatus::Running => return Some(ItemEnd::Back),
                    Ok(None) => {}
                    Err(_) => continue,
                }
            }
            let command = match self.command_for(turn, item, wish).await {
                Ok(command) => command,
                Err(Error(error)) if error.retry_after.is_some() => continue,
                Err(Error(error)) => return Some(not(&error)),
            };
            let request = CommandRequest {
                command,
                actor: Arc::from(batch.created_by.as_str()),
                expected_seq: None,
                dry_run: false,
                idempotency: Some(claim(&key)),
            };
            match self.engine.command(batch.workspace, item.instance, request).await {
                Ok(_) => return Some(ItemEnd::Succeeded),
                // Others come before a batch: it waits as long as it is told to.
                Err(EngineError::Overloaded { retry_after_ms } | EngineError::OverShare { retry_after_ms }) => {
                    tokio::time::sleep(Duration::from_millis(retry_after_ms.min(LONGEST_WAIT_MS))).await;
                }
                Err(EngineError::Unavailable(_) | EngineError::Elsewhere) => {}
                // The key is taken: somebody with an older turn was faster. Or something else is, and the item is refused.
                Err(error @ EngineError::Conflict(_)) => match self.store.idempotency(batch.workspace, &key).await {
                    Ok(Some(_)) => return Some(ItemEnd::Succeeded),
                    Ok(None) => return Some(not(&Error::from(error).0)),
                    Err(_) => {}
                },
                Err(error) => return Some(not(&Error::from(error).0)),
            }
        }
        None
    }
}

/// What is done to each.
type Wish = (ActionName, ActionParams);

fn wish_of(turn: &BatchTurn) -> Result<Wish, ApiError> {
    let params: ActionParams = serde_json::from_str(&turn.batch.params).map_err(|error| {
        tracing::error!(batch = %turn.batch.id, %error, "the details of a batch cannot be read");
        ApiError::new(ErrorCode::Internal)
    })?;
    Ok((action_of(&turn.batch)?, params))
}

fn claim(key: &str) -> IdempotencyRow {
    IdempotencyRow {
        key: key.to_owned(),
        body_hash: Sha256::digest(key).into(),
        response: "null".to_owned(),
        expires_at: source::now_ms().saturating_add(limits::BATCH_KEY_MS),
    }
}

fn not(error: &ApiError) -> ItemEnd {
    let (title, help) = (error.code.title(), error.code.help());
    let general = || (format!("{}. {}", title.0, help.0), format!("{}。{}", title.1, help.1));
    ItemEnd::Not {
        refused: error.code.status() < 500,
        code: error.code.as_str().to_owned(),
        detail: error.detail.as_deref().cloned().unwrap_or_else(general),
    }
}
