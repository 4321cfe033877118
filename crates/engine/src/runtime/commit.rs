//! Committing a batch: halves on failure until the culprit is alone, and reads again after an unknown outcome.

use crate::storage::{Batch, CommitError, Storage, StorageError, Unit};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// What became of one unit.
pub(super) type Outcome = Result<(), CommitError>;

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Commits a batch. The outcomes are in the order of its units. Comes back only when each is certain: an unreachable database is
/// waited for, because giving up would leave callers with "perhaps".
///
/// `positions` are the last places given in each shard; what is written moves them on, what is refused leaves no gap.
pub(super) async fn commit(
    storage: &Arc<dyn Storage>,
    batch: Batch,
    positions: &mut HashMap<u16, u64>,
) -> Vec<(Unit, Outcome)> {
    let mut done = Vec::with_capacity(batch.units.len());
    let (fence, slot) = (batch.fence, batch.slot);
    // Depth first and left to right, so that the order of the units is kept.
    let mut work = vec![batch.units];
    while let Some(mut units) = work.pop() {
        if units.is_empty() {
            continue;
        }
        let before: Vec<(u16, u64)> = units.iter_mut().map(|unit| place(unit, positions)).collect();
        let part = Batch { fence, units, slot };
        let result = attempt(storage, &part).await;
        units = part.units;
        if result.is_err() {
            // In reverse: a shard that is named twice gets back what it had first.
            positions.extend(before.into_iter().rev());
        }
        match result {
            Ok(()) => done.extend(units.into_iter().map(|unit| (unit, Ok(())))),
            Err(CommitError::Fenced) => done.extend(units.into_iter().map(|unit| (unit, Err(CommitError::Fenced)))),
            Err(why) if units.len() == 1 => done.extend(units.into_iter().map(|unit| (unit, Err(why.clone())))),
            Err(_) => {
                let right = units.split_off(units.len() / 2);
                work.push(right);
                work.push(units);
            }
        }
    }
    done
}

/// Gives a unit the next place in its shard; what the shard's last place was before.
fn place(unit: &mut Unit, positions: &mut HashMap<u16, u64>) -> (u16, u64) {
    let position = positions.entry(unit.shard).or_default();
    let before = (unit.shard, *position);
    *position += 1;
    unit.journal.pos = *position;
    before
}

/// One transaction, tried until its outcome is known.
async fn attempt(storage: &Arc<dyn Storage>, batch: &Batch) -> Outcome {
    let (mut pause, mut in_doubt) = (FIRST_PAUSE, false);
    loop {
        match storage.commit(batch).await {
            Err(CommitError::Transient(why)) => tracing::warn!(%why, "the commit will be tried again"),
            Err(CommitError::Unknown(why)) => {
                tracing::warn!(%why, "the outcome of a commit is unknown; reading the journal");
                in_doubt = true;
                if landed(storage, batch).await {
                    return Ok(());
                }
            }
            // The one that nobody knew about may have landed after the journal was read, and be what this one clashes with.
            Err(CommitError::Conflict(_)) if in_doubt && landed(storage, batch).await => return Ok(()),
            certain => return certain,
        }
        metrics::counter!("heddle_commit_retries_total").increment(1);
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Whether the transaction took place. It is all or nothing, so one of its units tells for all.
async fn landed(storage: &Arc<dyn Storage>, batch: &Batch) -> bool {
    let Some(unit) = batch.units.first() else { return true };
    let mut pause = FIRST_PAUSE;
    loop {
        match has_landed(storage, unit).await {
            Ok(landed) => return landed,
            Err(why) => tracing::warn!(%why, "the journal cannot be read yet"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Whether the row with this number is the unit's own: another owner may have written it in the meantime.
async fn has_landed(storage: &Arc<dyn Storage>, unit: &Unit) -> Result<bool, StorageError> {
    let rows = storage.journal(unit.workspace, unit.instance, unit.journal.first_seq - 1, 1).await?;
    // Its time is part of it: another owner may have come to the very same events.
    Ok(rows.first().is_some_and(|row| *row == unit.journal))
}
