//! Making a batch: its instances are found once, and kept.

use crate::audit::{self, Entry};
use crate::authz::Allowed;
use crate::error::Result;
use crate::instances::action;
use crate::service::Service;
use crate::source;
use heddle_api::params::{BatchFilter, BatchWish, CreateBatch};
use heddle_api::view::BatchView;
use heddle_api::{ApiError, Lang, Permission, RequestContext};
use heddle_model::ids::{BatchId, InstanceId};
use heddle_model::lifecycle::BatchStatus;
use heddle_model::limits;
use heddle_store::query::BatchRow;
use serde_json::json;
use std::collections::BTreeSet;

/// Instances read at a time.
const PAGE: u64 = 1_000;

impl Service {
    /// Makes a batch; a server begins with it at once.
    pub(crate) async fn create_batch(&self, context: &RequestContext, params: CreateBatch) -> Result<BatchView> {
        let wish = params.wish;
        let allowed = proven(context, &wish)?;
        let instances = self.targets(allowed, &wish, context.lang).await?;
        let filter = wish.filter.as_ref().and_then(|filter| serde_json::to_string(filter).ok());
        let batch = BatchRow {
            id: BatchId::from_u128(source::new_id()),
            workspace: allowed.workspace(),
            action: wish.action.as_str().to_owned(),
            params: serde_json::to_string(&wish.params).unwrap_or_default(),
            filter,
            status: BatchStatus::Running,
            created_by: allowed.actor(),
            created_at: self.engine.now_ms(),
            started_at: None,
            ended_at: None,
            total: instances.len() as u64,
            done: 0,
            succeeded: 0,
            failed: 0,
            refused: 0,
        };
        let reason = wish.params.reason.clone().unwrap_or_default();
        let entry = Entry {
            workspace: Some(allowed.workspace()),
            actor: allowed.actor(),
            action: "batch.create",
            target: batch.id.to_string(),
            details: json!({"action": batch.action, "total": batch.total, "reason": reason}),
        };
        self.store.batch_create(batch.clone(), instances, audit::row(context, entry)).await?;
        self.batch_bell.notify_one();
        super::read::view(batch)
    }

    /// The instances that a wish is about, in the order of their making; 422 when there are too many.
    pub(super) async fn targets(&self, allowed: Allowed<'_>, wish: &BatchWish, lang: Lang) -> Result<Vec<InstanceId>> {
        let filter = match (&wish.filter, &wish.ids) {
            (Some(filter), None) if *filter != BatchFilter::default() => filter,
            (None, Some(ids)) => return named(ids, lang),
            (Some(_), None) => {
                let (en, zh) = (
                    "An empty filter would take every instance of the workspace; name at least one condition.",
                    "空的 filter 会匹配工作区内的所有实例；请至少指定一个条件。",
                );
                return Err(ApiError::invalid("/filter", en, zh, lang).into());
            }
            _ => {
                let (en, zh) =
                    ("Exactly one of filter and ids says which instances.", "filter 与 ids 必须且只能提供一个。");
                return Err(ApiError::invalid("/filter", en, zh, lang).into());
            }
        };
        let Some(filter) = self.instance_filter(allowed, filter.list(), lang).await? else { return Ok(Vec::new()) };
        let mut found: Vec<InstanceId> = Vec::new();
        loop {
            let rows = self.store.instances(allowed.workspace(), &filter, true, PAGE, found.last().copied()).await?;
            let full = rows.len() as u64 == PAGE;
            found.extend(rows.into_iter().map(|row| row.id));
            if found.len() > limits::BATCH_ITEMS {
                return Err(too_many("/filter", lang).into());
            }
            if !full {
                return Ok(found);
            }
        }
    }
}

/// Who may; 422 where the action lacks what it needs.
pub(super) fn proven<'a>(context: &'a RequestContext, wish: &BatchWish) -> Result<Allowed<'a>> {
    let allowed = action::may(context, wish.action, &wish.params)?.and(Permission::InstanceView)?;
    if wish.params.expected_seq.is_some() {
        let (en, zh) = ("expected_seq is about one instance.", "expected_seq 仅适用于单个实例。");
        return Err(ApiError::invalid("/params/expected_seq", en, zh, context.lang).into());
    }
    if wish.params.to_seq.is_some() {
        let (en, zh) = ("A rollback to an event is about one instance.", "回滚到某个事件仅适用于单个实例。");
        return Err(ApiError::invalid("/params/to_seq", en, zh, context.lang).into());
    }
    let later = wish.params.version.map(action::Target::later);
    action::command(wish.action, wish.params.clone(), later, context.lang)?;
    Ok(allowed)
}

/// Each once, in the order of their making.
fn named(ids: &[String], lang: Lang) -> Result<Vec<InstanceId>> {
    if ids.len() > limits::BATCH_ITEMS {
        return Err(too_many("/ids", lang).into());
    }
    let mut found = BTreeSet::new();
    for (at, id) in ids.iter().enumerate() {
        let shown: String = id.chars().take(64).collect();
        found.insert(id.parse::<InstanceId>().map_err(|_| {
            let (en, zh) =
                (format!("`{shown}` is not the id of an instance."), format!("`{shown}` 不是有效的实例标识。"));
            ApiError::invalid(&format!("/ids/{at}"), en, zh, lang)
        })?);
    }
    Ok(found.into_iter().collect())
}

fn too_many(pointer: &str, lang: Lang) -> ApiError {
    let (en, zh) = (
        format!("A batch is about at most {} instances; narrow it down.", limits::BATCH_ITEMS),
        format!("一个批次最多包含 {} 个实例；请缩小范围。", limits::BATCH_ITEMS),
    );
    ApiError::invalid(pointer, en, zh, lang)
}
