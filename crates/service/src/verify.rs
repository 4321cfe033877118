//! `heddle verify`: reads everything and tells what does not fit: audit chains, journals, and the rows that were derived from them.

use crate::error::Result;
use heddle_api::{ApiError, ErrorCode};
use heddle_engine::kernel::codec;
use heddle_engine::storage::{JournalRow, Storage};
use heddle_model::ids::{InstanceId, WorkspaceId};
use heddle_model::limits;
use heddle_store::Store;
use heddle_store::query::{InstanceFilter, InstanceRow};

/// Journal rows read at once.
const ROWS: u32 = 1_000;

/// What verification has read and found.
#[derive(Debug, Default)]
pub struct Verified {
    /// Rows of audit logs.
    pub audit_rows: u64,
    /// Instances.
    pub instances: u64,
    /// Events of their journals.
    pub events: u64,
    /// What does not fit, one line each.
    pub problems: Vec<String>,
}

/// Reads the whole database.
pub async fn verify(store: &Store) -> Result<Verified> {
    let mut verified = Verified::default();
    let workspaces = store.workspaces().await?;
    for chain in std::iter::once(None).chain(workspaces.iter().map(|workspace| Some(workspace.id))) {
        let (rows, problem) = store.audit_verify(chain).await?;
        verified.audit_rows += rows;
        if let Some(problem) = problem {
            let name = chain.map_or_else(|| "the server".to_owned(), |workspace| workspace.to_string());
            verified.problems.push(format!("audit log of {name}: {problem:?}"));
        }
    }
    for workspace in workspaces {
        instances(store, workspace.id, &mut verified).await?;
    }
    Ok(verified)
}

async fn instances(store: &Store, workspace: WorkspaceId, verified: &mut Verified) -> Result<()> {
    let mut after: Option<InstanceId> = None;
    loop {
        let rows = store.instances(workspace, &InstanceFilter::default(), true, limits::PAGE_ROWS, after).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = Some(last.id);
        for row in &rows {
            verified.instances += 1;
            if let Err(why) = journal(store, workspace, row, &mut verified.events).await? {
                verified.problems.push(format!("instance {}: {why}", row.id));
            }
        }
    }
}

/// Reads one journal from its beginning. The inner error is what does not fit.
async fn journal(
    store: &Store,
    workspace: WorkspaceId,
    instance: &InstanceRow,
    events: &mut u64,
) -> Result<std::result::Result<(), String>> {
    let mut chain = Chain::default();
    loop {
        let rows = store.journal(workspace, instance.id, chain.seq, ROWS).await.map_err(|error| {
            tracing::error!(%error, "a journal cannot be read");
            ApiError::new(ErrorCode::Unavailable)
        })?;
        for row in &rows {
            if let Err(why) = chain.follow(row) {
                return Ok(Err(why));
            }
        }
        if rows.len() < ROWS as usize {
            break;
        }
    }
    *events += chain.seq;
    // An instance that runs meanwhile may have moved on since its row was read, never back.
    if chain.seq < instance.seq {
        return Ok(Err(format!("its row says {} events, its journal ends at {}", instance.seq, chain.seq)));
    }
    Ok(Ok(()))
}

/// Where a walk along a journal stands.
#[derive(Default)]
struct Chain {
    seq: u64,
    checksum: u32,
}

impl Chain {
    fn follow(&mut self, row: &JournalRow) -> std::result::Result<(), String> {
        if row.first_seq != self.seq + 1 {
            return Err(format!("event {} is missing", self.seq + 1));
        }
        self.checksum = codec::checksum(self.checksum, &row.events);
        if self.checksum != row.checksum {
            return Err(format!("the checksum of event {} does not match", row.first_seq));
        }
        let decoded = codec::decode_row(&row.events)
            .map_err(|error| format!("event {} cannot be read: {error}", row.first_seq))?;
        if decoded.events.len() as u64 != u64::from(row.count) {
            return Err(format!(
                "the row of event {} holds {} events and says {}",
                row.first_seq,
                decoded.events.len(),
                row.count
            ));
        }
        self.seq += u64::from(row.count);
        Ok(())
    }
}
