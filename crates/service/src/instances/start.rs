//! Starting instances, one or many. What is asked of the database beside the engine's own commit comes from caches.

use super::view;
use crate::authz::{Allowed, authorize};
use crate::error::{Error, Result};
use crate::service::Service;
use crate::workflows::Latest;
use heddle_api::params::{BatchStart, StartInstance};
use heddle_api::view::{BatchItem, BatchStarted, InstanceView};
use heddle_api::{ApiError, ErrorCode, Lang, Permission, RequestContext};
use heddle_engine::runtime::{EngineError, StartRequest, Started};
use heddle_engine::storage::IdempotencyRow;
use heddle_model::ids::{InstanceId, WorkflowId};
use heddle_model::limits;
use std::sync::Arc;
use std::time::Duration;

/// A start that carries an idempotency key: claimed in the same transaction as the instance.
#[derive(Debug, Clone)]
pub struct StartKey {
    /// The key, with its operation.
    pub key: String,
    /// SHA-256 of the request.
    pub body_hash: [u8; 32],
}

impl Service {
    /// Starts an instance; the same key with the same request answers the same instance.
    pub async fn start_with_key(
        &self,
        context: &RequestContext,
        params: StartInstance,
        key: Option<StartKey>,
    ) -> Result<InstanceView> {
        let allowed = authorize(context, Permission::WorkflowRun)?;
        if let Some(key) = &key
            && let Some(known) = self.started_before(allowed, key).await?
        {
            return Ok(known);
        }
        let wait = params.wait_ms.map(|ms| Duration::from_millis(ms.min(limits::WAIT_MS)));
        let unique = params.unique_business_key;
        let mut request = self.request(allowed, params, context.lang).await?;
        request.wait = wait.filter(|wait| !wait.is_zero());
        request.idempotency = key.as_ref().map(|key| self.idempotency_row(key, request.instance));
        let answer = self.engine.start_instances(vec![request]).await.pop();
        match answer {
            Some(Ok(started)) => self.shown(allowed, &started).await,
            Some(Err(EngineError::Conflict(what))) => match &key {
                // Somebody sent the same key at the same time, and was first.
                Some(key) => match self.started_before(allowed, key).await? {
                    Some(known) => Ok(known),
                    None => Err(conflict(unique, &what)),
                },
                None => Err(conflict(unique, &what)),
            },
            Some(Err(error)) => Err(error.into()),
            None => Err(ErrorCode::Internal.into()),
        }
    }

    /// Starts many in one call of the engine; each succeeds or fails on its own.
    pub(crate) async fn start_batch(&self, context: &RequestContext, params: BatchStart) -> Result<BatchStarted> {
        self.start_batch_with_key(context, params, None).await
    }

    /// The same; under a key each start claims its place in the batch in its own transaction. So a repeat after a crash starts what
    /// was not started, and answers the rest.
    pub async fn start_batch_with_key(
        &self,
        context: &RequestContext,
        params: BatchStart,
        key: Option<StartKey>,
    ) -> Result<BatchStarted> {
        let allowed = authorize(context, Permission::WorkflowRun)?;
        if params.items.is_empty() || params.items.len() > limits::BATCH_STARTS {
            let (en, zh) = (
                format!("items holds 1 to {} starts.", limits::BATCH_STARTS),
                format!("items 应包含 1 至 {} 个启动项。", limits::BATCH_STARTS),
            );
            return Err(ApiError::invalid("/items", en, zh, context.lang).into());
        }
        let mut items: Vec<Option<BatchItem>> = Vec::with_capacity(params.items.len());
        let (mut requests, mut places) =
            (Vec::with_capacity(params.items.len()), Vec::with_capacity(params.items.len()));
        let refused = |error: Error| BatchItem {
            id: None,
            status: None,
            problem: Some(error.0.problem(context.lang, context.request_id)),
        };
        let key_of = |place: usize| {
            key.as_ref().map(|key| StartKey { key: format!("{} #{place}", key.key), body_hash: key.body_hash })
        };
        for start in params.items {
            let unique = start.unique_business_key;
            match self.request(allowed, start, context.lang).await {
                Ok(mut request) => {
                    request.idempotency = key_of(items.len()).map(|key| self.idempotency_row(&key, request.instance));
                    places.push((items.len(), unique));
                    requests.push(request);
                    items.push(None);
                }
                Err(error) => items.push(Some(refused(error))),
            }
        }
        let answers = if requests.is_empty() { Vec::new() } else { self.engine.start_instances(requests).await };
        if let Some(refused) = none_let_in(&answers)
            && items.iter().all(Option::is_none)
        {
            return Err(refused.into());
        }
        for ((place, unique), answer) in places.into_iter().zip(answers) {
            items[place] = Some(match answer {
                Ok(started) => BatchItem {
                    id: Some(started.instance),
                    status: Some(view::instance_status(started.state.status)),
                    problem: None,
                },
                Err(EngineError::Conflict(what)) => match self.item_before(allowed, key_of(place)).await {
                    Ok(Some(known)) => known,
                    Ok(None) => refused(conflict(unique, &what)),
                    Err(error) => refused(error),
                },
                Err(error) => refused(error.into()),
            });
        }
        let lost = || refused(ErrorCode::Internal.into());
        Ok(BatchStarted { items: items.into_iter().map(|item| item.unwrap_or_else(lost)).collect() })
    }

    /// What an earlier try under the same key has started in this place.
    async fn item_before(&self, allowed: Allowed<'_>, key: Option<StartKey>) -> Result<Option<BatchItem>> {
        let Some(key) = key else { return Ok(None) };
        let known = self.started_before(allowed, &key).await?;
        Ok(known.map(|known| BatchItem { id: Some(known.id), status: Some(known.status), problem: None }))
    }

    async fn request(&self, allowed: Allowed<'_>, params: StartInstance, lang: Lang) -> Result<StartRequest> {
        if params.priority.is_some_and(|priority| priority > 9) {
            return Err(ApiError::invalid(
                "/priority", "priority is a number from 0 to 9.", "priority 为 0 至 9 的数字。", lang,
            )
            .into());
        }
        let key = &params.business_key;
        if key.as_ref().is_some_and(|key| key.is_empty() || key.len() > limits::NAME_BYTES)
            || (params.unique_business_key && key.is_none())
        {
            let (en, zh) = (
                format!("business_key has 1 to {} bytes.", limits::NAME_BYTES),
                format!("business_key 长度为 1 至 {} 字节。", limits::NAME_BYTES),
            );
            return Err(ApiError::invalid("/business_key", en, zh, lang).into());
        }
        let target = self.target(allowed, &params, lang).await?;
        let input = self.inputs.check(allowed.workspace(), &target, params.input, lang).await?;
        Ok(StartRequest {
            workspace: allowed.workspace(),
            workflow: target.workflow,
            version: target.version,
            version_number: target.number,
            instance: self.engine.new_instance_id(),
            input,
            business_key: params.business_key,
            unique_business_key: params.unique_business_key,
            priority: params.priority,
            actor: Arc::from(allowed.actor()),
            idempotency: None,
            test: false,
            start_at: params.start_at.map(|time| time.as_ms()),
            wait: None,
        })
    }

    /// The version that is meant.
    async fn target(&self, allowed: Allowed<'_>, params: &StartInstance, lang: Lang) -> Result<Latest> {
        let workspace = allowed.workspace();
        let latest = match (&params.workflow_id, &params.workflow) {
            (Some(id), None) => {
                let parsed: WorkflowId = id.parse().map_err(|_| ApiError::new(ErrorCode::MalformedId))?;
                self.latest.by_id(workspace, parsed).await?.ok_or_else(|| ApiError::not_found("workflow", id))?
            }
            (None, Some(name)) => {
                self.latest.by_name(workspace, name).await?.ok_or_else(|| ApiError::not_found("workflow", name))?
            }
            _ => {
                let (en, zh) = (
                    "Exactly one of workflow_id and workflow names what is to be started.",
                    "workflow_id 与 workflow 必须且只能提供一个。",
                );
                return Err(ApiError::invalid("/workflow", en, zh, lang).into());
            }
        };
        match params.version {
            None => Ok(latest),
            Some(number) => Ok(self
                .latest
                .at(workspace, latest, number)
                .await?
                .ok_or_else(|| ApiError::not_found("version", number))?),
        }
    }

    async fn shown(&self, allowed: Allowed<'_>, started: &Started) -> Result<InstanceView> {
        let plan = self.engine.plan(allowed.workspace(), started.state.version).await?;
        Ok(view::mask(view::instance(&started.state, &plan), allowed.principal().permissions))
    }

    /// The instance that was started with this key; 422 when the key was used for another request.
    async fn started_before(&self, allowed: Allowed<'_>, key: &StartKey) -> Result<Option<InstanceView>> {
        let Some(row) = self.store.idempotency(allowed.workspace(), &key.key).await? else { return Ok(None) };
        if row.expires_at <= crate::source::now_ms() {
            return Ok(None);
        }
        if row.body_hash != key.body_hash {
            return Err(ErrorCode::IdempotencyKeyReused.into());
        }
        let id: InstanceId = serde_json::from_str(&row.response).map_err(|error| {
            tracing::error!(%error, "a stored idempotency answer cannot be read");
            ApiError::new(ErrorCode::Internal)
        })?;
        self.instance_view(allowed, id).await.map(Some)
    }

    fn idempotency_row(&self, key: &StartKey, instance: InstanceId) -> IdempotencyRow {
        IdempotencyRow {
            key: key.key.clone(),
            body_hash: key.body_hash,
            response: format!("\"{instance}\""),
            expires_at: crate::source::now_ms() + i64::try_from(limits::IDEMPOTENCY_MS).unwrap_or(i64::MAX),
        }
    }
}

/// Where the engine let none of them in, the whole call is refused, so that the caller reads in a header when to come again.
fn none_let_in(answers: &[Result<Started, EngineError>]) -> Option<EngineError> {
    let is_refused = |answer: &_| matches!(answer, Err(EngineError::Overloaded { .. } | EngineError::OverShare { .. }));
    let last = answers.last()?.as_ref().err()?.clone();
    answers.iter().all(is_refused).then_some(last)
}

fn conflict(unique: bool, what: &str) -> Error {
    if unique {
        return ErrorCode::BusinessKeyTaken.into();
    }
    tracing::warn!(what, "a start clashed");
    ErrorCode::Conflict.into()
}
