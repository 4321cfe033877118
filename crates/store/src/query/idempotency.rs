//! Idempotency keys that the service claims for requests which the engine does not commit itself.

use super::sql::Sql;
use crate::row::{get, uuid};
use crate::{Store, StoreError};
use heddle_engine::storage::IdempotencyRow;
use heddle_model::ids::WorkspaceId;
use sea_orm::QueryResult;

/// What became of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It is the caller's now: do the work, then finish or release it.
    Fresh,
    /// The work was done: repeat this answer.
    Done {
        /// As JSON.
        response: String,
    },
    /// The first request is still at work.
    InProgress,
    /// The key was used with another request.
    Other,
}

/// A row may vanish between two looks at it; then it is claimed again, at most so often.
const ROUNDS: usize = 3;

impl Store {
    /// Claims a key until `pending_until`. One that expired, or whose claim ran out, is free.
    #[expect(clippy::too_many_arguments, reason = "the columns of one row, given in one place of the service")]
    pub async fn idempotency_claim(
        &self,
        workspace: WorkspaceId,
        key: &str,
        body_hash: [u8; 32],
        now: i64,
        expires_at: i64,
        pending_until: i64,
    ) -> Result<Claim, StoreError> {
        let key = key.to_owned();
        self.run(move |store| async move {
            let id = uuid(workspace.as_u128());
            for _ in 0..ROUNDS {
                let mut sql = Sql::new("INSERT INTO idempotency_key AS k (workspace_id, key, body_hash, response, pending_until, created_at, expires_at) VALUES ");
                sql.push(
                    "(?, ?, ?, NULL, ?, ?, ?) ON CONFLICT (workspace_id, key) DO UPDATE SET body_hash = excluded.body_hash, response = NULL, \
                     pending_until = excluded.pending_until, created_at = excluded.created_at, expires_at = excluded.expires_at \
                     WHERE k.expires_at <= excluded.created_at OR (k.response IS NULL AND coalesce(k.pending_until, 0) <= excluded.created_at) RETURNING 1 AS fresh",
                    [id.into(), key.as_str().into(), body_hash.to_vec().into(), pending_until.into(), now.into(), expires_at.into()],
                );
                if !sql.all(&*store.writer().await).await?.is_empty() {
                    return Ok(Claim::Fresh);
                }
                let mut sql = Sql::new("SELECT body_hash, response, expires_at FROM idempotency_key WHERE ");
                sql.push("workspace_id = ? AND key = ?", [id.into(), key.as_str().into()]);
                let rows = sql.all(&*store.writer().await).await?;
                if let Some(row) = rows.first() {
                    return standing(row, &body_hash);
                }
            }
            Err(StoreError::Transient("an idempotency key came and went".to_owned()))
        })
        .await
    }

    /// Keeps the answer of a claimed key.
    pub async fn idempotency_finish(
        &self,
        workspace: WorkspaceId,
        key: &str,
        response: &str,
    ) -> Result<(), StoreError> {
        let mut sql = Sql::new("UPDATE idempotency_key SET ");
        sql.push(
            "response = ?, pending_until = NULL WHERE workspace_id = ? AND key = ?",
            [response.into(), uuid(workspace.as_u128()).into(), key.into()],
        );
        self.run(|store| async move { sql.execute(&*store.writer().await).await.map(drop) }).await
    }

    /// Forgets a claim that led to nothing.
    pub async fn idempotency_release(&self, workspace: WorkspaceId, key: &str) -> Result<(), StoreError> {
        let mut sql = Sql::new("DELETE FROM idempotency_key WHERE ");
        sql.push("workspace_id = ? AND key = ? AND response IS NULL", [uuid(workspace.as_u128()).into(), key.into()]);
        self.run(|store| async move { sql.execute(&*store.writer().await).await.map(drop) }).await
    }

    /// A key whose work was done.
    pub async fn idempotency(&self, workspace: WorkspaceId, key: &str) -> Result<Option<IdempotencyRow>, StoreError> {
        let name = key.to_owned();
        let mut sql = Sql::new("SELECT body_hash, response, expires_at FROM idempotency_key WHERE ");
        sql.push(
            "workspace_id = ? AND key = ? AND response IS NOT NULL",
            [uuid(workspace.as_u128()).into(), key.into()],
        );
        self.run(|store| async move {
            let rows = sql.all(&*store.writer().await).await?;
            let Some(row) = rows.first() else { return Ok(None) };
            let body_hash = get::<Vec<u8>>(row, "body_hash")?
                .try_into()
                .map_err(|_| StoreError::Fatal("a request's hash is not 32 bytes long".to_owned()))?;
            Ok(Some(IdempotencyRow {
                key: name,
                body_hash,
                response: get(row, "response")?,
                expires_at: get(row, "expires_at")?,
            }))
        })
        .await
    }

    /// Forgets those that expired; answers how many.
    pub async fn idempotency_prune(&self, now: i64) -> Result<u64, StoreError> {
        let mut sql = Sql::new("DELETE FROM idempotency_key WHERE ");
        sql.push("expires_at <= ?", [now.into()]);
        self.run(|store| async move { sql.execute(&*store.writer().await).await }).await
    }
}

fn standing(row: &QueryResult, body_hash: &[u8; 32]) -> Result<Claim, StoreError> {
    if get::<Vec<u8>>(row, "body_hash")? != body_hash {
        return Ok(Claim::Other);
    }
    Ok(get::<Option<String>>(row, "response")?.map_or(Claim::InProgress, |response| Claim::Done { response }))
}
