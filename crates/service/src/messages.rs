//! Messages by name and signals: to whoever waits, on whichever server.

use crate::audit::{self, Entry};
use crate::authz::{Allowed, authorize};
use crate::error::Result;
use crate::service::Service;
use heddle_api::params::{PublishMessage, SendSignal};
use heddle_api::view::{MessageSent, SignalSent};
use heddle_api::{ApiError, ErrorCode, Permission, RequestContext};
use heddle_engine::runtime;
use heddle_model::format::duration;
use heddle_model::limits;
use serde_json::{Value, json};

impl Service {
    /// Sends a message to the first that waits for its name and key, or keeps it.
    pub(crate) async fn publish_message(
        &self,
        context: &RequestContext,
        params: PublishMessage,
    ) -> Result<MessageSent> {
        let allowed = authorize(context, Permission::MessageSend)?;
        let ttl_ms = match params.ttl.as_ref().filter(|ttl| !ttl.is_null()) {
            None => limits::MESSAGE_TTL_MS,
            Some(ttl) => duration::of_seconds_or_text(ttl).ok_or_else(|| {
                let (en, zh) = (
                    "Not a duration: write \"2h\", or seconds as a number.",
                    "不是时长：请写成 \"2h\"，或以数字表示秒。",
                );
                ApiError::invalid("/ttl", en, zh, context.lang)
            })?,
        };
        let wish = runtime::SendMessage {
            workspace: allowed.workspace(),
            name: params.name.as_str().into(),
            key: params.key.map(Into::into),
            payload: params.payload,
            ttl_ms,
        };
        let Some(sent) = self.engine.send_message(wish).await? else {
            return Err(ApiError::new(ErrorCode::NoReceiver)
                .detail(
                    format!("Nobody waits for `{}` with this key, and `ttl` is 0.", params.name),
                    format!("没有实例在等待键相同的 `{}`，且 `ttl` 为 0。", params.name),
                )
                .into());
        };
        let details = json!({ "name": params.name, "receiver": sent.receiver.map(|id| id.to_string()) });
        self.note(context, allowed, ("message.send", sent.message.to_string()), details).await?;
        Ok(MessageSent { id: sent.message, receiver: sent.receiver })
    }

    /// Sends a signal to all who wait for it now.
    pub(crate) async fn send_signal(&self, context: &RequestContext, params: SendSignal) -> Result<SignalSent> {
        let allowed = authorize(context, Permission::MessageSend)?;
        let receivers =
            self.engine.send_signal(allowed.workspace(), params.name.as_str().into(), params.payload).await?;
        self.note(context, allowed, ("signal.send", params.name), json!({ "receivers": receivers })).await?;
        Ok(SignalSent { receivers })
    }

    async fn note(
        &self,
        context: &RequestContext,
        allowed: Allowed<'_>,
        (action, target): (&'static str, String),
        details: Value,
    ) -> Result<()> {
        let entry = Entry { workspace: Some(allowed.workspace()), actor: allowed.actor(), action, target, details };
        Ok(self.store.audit_append(audit::row(context, entry)).await?)
    }
}
