//! How far batches are.

use crate::authz::{Allowed, authorize};
use crate::error::Result;
use crate::page;
use crate::service::Service;
use heddle_api::params::{ActionParams, GetBatch, ListBatchItems, ListBatches};
use heddle_api::view::{BatchItemView, BatchView};
use heddle_api::{ApiError, Page, Permission, RequestContext, Timestamp};
use heddle_model::ids::BatchId;
use heddle_model::lifecycle::BatchItemStatus;
use heddle_store::query::BatchRow;

impl Service {
    /// Batches, the newest first.
    pub(crate) async fn list_batches(&self, context: &RequestContext, params: ListBatches) -> Result<Page<BatchView>> {
        let allowed = authorize(context, Permission::InstanceView)?;
        let limit = page::limit(params.limit, context.lang)?;
        let after = page::number_cursor(params.cursor.as_deref(), context.lang)?;
        let rows = self.store.batches(allowed.workspace(), limit + 1, after).await?;
        let (rows, next_cursor) = page::cut(rows, limit, |row| row.id.to_string());
        let items = rows.into_iter().map(view).collect::<Result<Vec<_>>>()?;
        Ok(Page { items, next_cursor })
    }

    /// One batch.
    pub(crate) async fn get_batch(&self, context: &RequestContext, params: GetBatch) -> Result<BatchView> {
        let allowed = authorize(context, Permission::InstanceView)?;
        view(self.batch(allowed, params.id).await?)
    }

    /// Its items, in their order.
    pub(crate) async fn list_batch_items(
        &self,
        context: &RequestContext,
        params: ListBatchItems,
    ) -> Result<Page<BatchItemView>> {
        let allowed = authorize(context, Permission::InstanceView)?;
        let lang = context.lang;
        let limit = page::limit(params.limit, lang)?;
        let after = page::number_cursor(params.cursor.as_deref(), lang)?;
        let status = match params.status.as_deref().filter(|word| !word.is_empty()) {
            None => None,
            Some(word) => {
                let mut all = BatchItemStatus::ALL.iter().copied();
                let found = all.find(|status| status.as_str().eq_ignore_ascii_case(word));
                Some(found.ok_or_else(|| {
                    let known =
                        BatchItemStatus::ALL.iter().map(|status| status.as_str()).collect::<Vec<_>>().join(", ");
                    let (en, zh) = (
                        format!("`{word}` is not a status of an item; there are {known}."),
                        format!("`{word}` 不是有效的条目状态；可用：{known}。"),
                    );
                    ApiError::invalid("/status", en, zh, lang)
                })?)
            }
        };
        self.batch(allowed, params.id).await?;
        let rows = self.store.batch_items(allowed.workspace(), params.id, status, limit + 1, after).await?;
        let (rows, next_cursor) = page::cut(rows, limit, |row| row.number.to_string());
        let items = rows.into_iter().map(|row| BatchItemView {
            number: row.number,
            instance_id: row.instance,
            status: row.status.as_str().to_owned(),
            code: row.code,
            detail: row.detail.map(|(en, zh)| lang.pick(&en, &zh).to_owned()),
            ended_at: row.ended_at.map(Timestamp),
        });
        Ok(Page { items: items.collect(), next_cursor })
    }

    /// The batch, or 404.
    pub(super) async fn batch(&self, allowed: Allowed<'_>, id: BatchId) -> Result<BatchRow> {
        Ok(self.store.batch(allowed.workspace(), id).await?.ok_or_else(|| ApiError::not_found("batch", id))?)
    }
}

/// A batch as callers see it. Outputs and variables that it writes are not told: not everybody may see them.
pub(super) fn view(row: BatchRow) -> Result<BatchView> {
    let params: ActionParams = serde_json::from_str(&row.params).unwrap_or_default();
    Ok(BatchView {
        id: row.id,
        action: super::action_of(&row)?,
        filter: row.filter.as_deref().and_then(|filter| serde_json::from_str(filter).ok()),
        reason: params.reason,
        status: row.status.as_str().to_owned(),
        total: row.total,
        done: row.done,
        succeeded: row.succeeded,
        failed: row.failed,
        refused: row.refused,
        created_by: row.created_by,
        created_at: Timestamp(row.created_at),
        started_at: row.started_at.map(Timestamp),
        ended_at: row.ended_at.map(Timestamp),
    })
}
