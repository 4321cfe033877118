//! The audit log: one chain per workspace, each row hashed over the one before it.

use super::sql::{Sql, serial};
use crate::entity::audit_log::{Column, Entity as Audit, Model};
use crate::row::{text, uuid};
use crate::{Store, StoreError};
use heddle_model::ids::{AuditId, WorkspaceId};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use sha2::{Digest, Sha256};

/// Rows that `audit_verify` holds in memory at once.
const PAGE: u64 = 1_000;

/// Something that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// Its id.
    pub id: AuditId,
    /// Where; `None`: it concerns the whole server.
    pub workspace: Option<WorkspaceId>,
    /// When.
    pub at: i64,
    /// Who: `usr_…`, `key_…` or `system`.
    pub actor: String,
    /// What, as `object.verb`.
    pub action: String,
    /// To what.
    pub target: String,
    /// More, as JSON.
    pub details: String,
    /// From where.
    pub address: Option<String>,
    /// In which request (`req_…`).
    pub request: String,
}

/// Where a chain is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditProblem {
    /// Number of the first row that does not fit.
    pub number: i64,
    /// What is wrong with it.
    pub what: &'static str,
}

fn chain(workspace: Option<WorkspaceId>) -> u128 {
    workspace.map_or(0, WorkspaceId::as_u128)
}

/// The hash of a row: over the hash before it and every column, each behind its length, so that nothing can move between columns.
fn digest(row: &Model) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(&row.previous_hash);
    let mut field = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    field(row.workspace_id.as_bytes());
    field(&row.number.to_be_bytes());
    field(row.id.as_bytes());
    field(&row.at.to_be_bytes());
    for column in [&row.actor, &row.action, &row.target, &row.details, &row.request] {
        field(column.as_bytes());
    }
    match &row.address {
        Some(address) => field(address.as_bytes()),
        None => hash.update([0xff]),
    }
    hash.finalize().to_vec()
}

/// Appends a row to its workspace's chain, inside the transaction that does what it tells of.
pub(super) async fn append(db: &DatabaseTransaction, row: &AuditRow) -> Result<(), StoreError> {
    let key = chain(row.workspace);
    serial(db, key).await?;
    let last =
        Audit::find().filter(Column::WorkspaceId.eq(uuid(key))).order_by_desc(Column::Number).limit(1).one(db).await?;
    let (number, previous_hash) = last.map_or_else(|| (1, vec![0; 32]), |last| (last.number + 1, last.hash));
    let mut model = Model {
        workspace_id: uuid(key),
        number,
        id: uuid(row.id.as_u128()),
        at: row.at,
        actor: text(&row.actor).into_owned(),
        action: row.action.clone(),
        target: text(&row.target).into_owned(),
        details: text(&row.details).into_owned(),
        request: row.request.clone(),
        address: row.address.clone(),
        previous_hash,
        hash: Vec::new(),
    };
    model.hash = digest(&model);
    Audit::insert(model.into_active_model()).exec_without_returning(db).await?;
    Ok(())
}

impl Store {
    /// Appends a row by itself (sign-ins and refusals, which change nothing else).
    pub async fn audit_append(&self, row: AuditRow) -> Result<(), StoreError> {
        self.write_unit(move |db| Box::pin(async move { append(db, &row).await })).await
    }

    /// Rows of a workspace, newest first, below a number.
    pub async fn audit(
        &self,
        workspace: Option<WorkspaceId>,
        below: Option<i64>,
        limit: u64,
    ) -> Result<Vec<(i64, AuditRow)>, StoreError> {
        self.run(move |store| async move {
            let rows = Audit::find()
                .filter(Column::WorkspaceId.eq(uuid(chain(workspace))))
                .filter(Column::Number.lt(below.unwrap_or(i64::MAX)))
                .order_by_desc(Column::Number)
                .limit(limit)
                .all(store.reader())
                .await?;
            Ok(rows.into_iter().map(|row| (row.number, from_model(workspace, row))).collect())
        })
        .await
    }

    /// Walks a workspace's chain from its beginning: how many rows it has, and the first that does not fit.
    pub async fn audit_verify(
        &self,
        workspace: Option<WorkspaceId>,
    ) -> Result<(u64, Option<AuditProblem>), StoreError> {
        self.run(move |store| async move {
            let (mut rows, mut expected) = (0u64, vec![0; 32]);
            loop {
                let page = Audit::find()
                    .filter(Column::WorkspaceId.eq(uuid(chain(workspace))))
                    .filter(Column::Number.gt(rows as i64))
                    .order_by_asc(Column::Number)
                    .limit(PAGE)
                    .all(store.reader())
                    .await?;
                if page.is_empty() {
                    return Ok((rows, None));
                }
                for row in page {
                    let what = match () {
                        () if row.number != rows as i64 + 1 => Some("a row is missing before it"),
                        () if row.previous_hash != expected => Some("it does not follow the row before it"),
                        () if row.hash != digest(&row) => Some("it has been changed"),
                        () => None,
                    };
                    if let Some(what) = what {
                        return Ok((rows, Some(AuditProblem { number: row.number, what })));
                    }
                    expected = row.hash;
                    rows += 1;
                }
            }
        })
        .await
    }

    /// Number of rows of a workspace's log.
    pub async fn audit_count(&self, workspace: Option<WorkspaceId>) -> Result<u64, StoreError> {
        let mut sql = Sql::new("SELECT coalesce(max(number), 0) AS last FROM audit_log");
        sql.push(" WHERE workspace_id = ?", [uuid(chain(workspace)).into()]);
        self.run(|store| async move {
            let rows = sql.all(store.reader()).await?;
            rows.first().map_or(Ok(0), |row| crate::row::get_u64(row, "last"))
        })
        .await
    }
}

fn from_model(workspace: Option<WorkspaceId>, row: Model) -> AuditRow {
    AuditRow {
        id: AuditId::from_u128(row.id.as_u128()),
        workspace,
        at: row.at,
        actor: row.actor,
        action: row.action,
        target: row.target,
        details: row.details,
        address: row.address,
        request: row.request,
    }
}
