//! Repeating a request safely: a claimed key, and the answer to repeat. (Starts claim theirs in the engine's own transaction.)

use crate::error::Result;
use crate::service::Service;
use crate::source;
use heddle_model::ids::WorkspaceId;
use heddle_model::limits;
use heddle_store::query::Claim;

/// What became of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// Go on; then finish or release it.
    Fresh,
    /// It was answered before: this is the answer.
    Done(String),
    /// The same request is still under way.
    InProgress,
    /// The key belongs to another request.
    Other,
}

/// A claim whose request never finished (the server was killed) is given up after so long, in milliseconds.
const PENDING_MS: i64 = 120_000;

impl Service {
    /// Claims a key for a request.
    pub async fn claim(&self, workspace: WorkspaceId, key: &str, body_hash: [u8; 32]) -> Result<Claimed> {
        let now = source::now_ms();
        let until = now + i64::try_from(limits::IDEMPOTENCY_MS).unwrap_or(i64::MAX);
        Ok(match self.store.idempotency_claim(workspace, key, body_hash, now, until, now + PENDING_MS).await? {
            Claim::Fresh => Claimed::Fresh,
            Claim::Done { response } => Claimed::Done(response),
            Claim::InProgress => Claimed::InProgress,
            Claim::Other => Claimed::Other,
        })
    }

    /// Keeps the answer of a claimed request.
    pub async fn finish_claim(&self, workspace: WorkspaceId, key: &str, response: &str) -> Result<()> {
        Ok(self.store.idempotency_finish(workspace, key, response).await?)
    }

    /// Gives a claim up: the request failed in a way that another try may not.
    pub async fn release_claim(&self, workspace: WorkspaceId, key: &str) -> Result<()> {
        Ok(self.store.idempotency_release(workspace, key).await?)
    }
}
