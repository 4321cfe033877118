//! Requests for instances of other servers: through the inbox there, and the answer back.
//!
//! The owner takes the request in the commit of what follows from it, so it is done once or not at all, whoever dies. A caller who gives
//! up waiting does not know which, and is told so.

use super::engine::Engine;
use super::error::EngineError;
use super::lane::Lane;
use super::message::Key;
use super::pending::Decided;
use super::prepare::read_target;
use super::proof::Proof;
use super::request::{CommandRequest, Outcome};
use crate::kernel::{InstanceState, Preview, TaskResult, codec};
use crate::storage::{Content, Parcel};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use heddle_model::ids::{InstanceId, WorkspaceId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long an answer is awaited: a server's lease, and time for another one to take over.
const PATIENCE: Duration = Duration::from_secs(25);
/// How often it is asked for: at first, and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// A request as it lies in the inbox.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Request {
    /// Of a person or program.
    Command(CommandRequest),
    /// A worker's answer, its token already checked.
    JobEnded { number: u32, proof: Proof, result: TaskResult },
}

/// What is answered: what became of it, or the refusal.
type Answer = Result<Done, EngineError>;

/// What became of a request.
#[derive(Debug, Serialize, Deserialize)]
struct Done {
    /// The state after it, encoded.
    state: String,
    /// Of a dry run: what it would do.
    preview: Option<Preview>,
}

/// The answer to a request that was done: the state after it.
pub(super) fn answer(state: &InstanceState) -> String {
    done(state, None)
}

fn done(state: &InstanceState, preview: Option<Preview>) -> String {
    let answer: Answer = codec::encode_state(state)
        .map(|bytes| Done { state: BASE64.encode(bytes), preview })
        .map_err(|why| EngineError::Internal(why.to_string()));
    text(&answer)
}

/// The answer to a request that was refused.
pub(super) fn refusal(why: &EngineError) -> String {
    text(&Err(why.clone()))
}

fn text(answer: &Answer) -> String {
    // Neither text nor error can fail to be written; an empty answer would be told as damaged.
    serde_json::to_string(answer).unwrap_or_default()
}

fn read(text: &str) -> Result<Outcome, EngineError> {
    let damaged = |why: String| EngineError::Internal(format!("another server's answer cannot be read: {why}"));
    let answer: Answer = serde_json::from_str(text).map_err(|why| damaged(why.to_string()))?;
    let done = answer?;
    let bytes = BASE64.decode(done.state).map_err(|why| damaged(why.to_string()))?;
    let state = codec::decode_state(&bytes).map(Arc::new).map_err(|why| damaged(why.to_string()))?;
    Ok(Outcome { state, preview: done.preview })
}

impl Engine {
    /// Asks the owner of an instance that is not this server's.
    pub(super) async fn ask_owner(
        &self,
        workspace: WorkspaceId,
        instance: InstanceId,
        request: &Request,
    ) -> Result<Outcome, EngineError> {
        let shared = &self.shared;
        let request = serde_json::to_string(request).map_err(|why| EngineError::Internal(why.to_string()))?;
        let id = shared.ids.parcel(&shared.clock);
        let content = Content::Request { reply: id, request };
        let parcel = Parcel { id, workspace, instance, sent_at: shared.clock.now(), content };
        shared.storage.post(&parcel).await?;
        shared.hand_over([parcel]);
        let deadline = Instant::now() + PATIENCE;
        let mut pause = FIRST_PAUSE;
        while Instant::now() < deadline {
            if let Some(content) = shared.storage.reply(id).await? {
                return read(&content);
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
                () = shared.stop.cancelled() => break,
            }
        }
        Err(EngineError::Unavailable(
            "the server that owns the instance has not answered yet; the request may still be done".to_owned(),
        ))
    }
}

impl Lane {
    /// Decides what another server asks. `None`: it is part of the round, and is answered with its commit.
    pub(super) fn answer_request(
        &mut self,
        decided: &mut Decided,
        now: i64,
        key: Key,
        request: Request,
    ) -> Result<Option<String>, EngineError> {
        match request {
            Request::JobEnded { number, proof, result } => {
                let actor = self.actors.get(&key.instance).ok_or(EngineError::StaleToken)?;
                let command = actor.answer(number, proof, result)?;
                self.try_step(decided, now, (key, command, ""))?;
                Ok(None)
            }
            Request::Command(mut request) => {
                read_target(&mut request.command)?;
                let actor = self.checked(key, &request)?;
                if request.dry_run {
                    let outcome = self.what_if(now, actor, request)?;
                    return Ok(Some(done(&outcome.state, outcome.preview)));
                }
                let pending = self.try_step(decided, now, (key, request.command, &request.actor))?;
                pending.idempotency = pending.idempotency.take().or(request.idempotency);
                Ok(None)
            }
        }
    }
}

impl Request {
    /// Whether it must begin a commit.
    pub(super) fn begins_a_commit(&self) -> bool {
        matches!(self, Self::Command(request) if request.begins_a_commit())
    }

    /// Whether it claims a key.
    pub(super) const fn has_key(&self) -> bool {
        matches!(self, Self::Command(CommandRequest { dry_run: false, idempotency: Some(_), .. }))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::tasks::{ErrorClass, TaskError, TaskOutput};
    use heddle_model::value::json;

    #[test]
    fn requests_and_refusals_survive_the_way() {
        let output = TaskOutput {
            variables: vec![("金额".into(), Arc::new(json!(12)))],
            ..TaskOutput::value(json!({ "a": [1, 2.5] }))
        };
        for result in [Ok(output), Err(TaskError::new(ErrorClass::Timeout, "LATE", "太晚"))] {
            let request = Request::JobEnded { number: 7, proof: Proof::default(), result };
            let text = serde_json::to_string(&request).unwrap();
            let back: Request = serde_json::from_str(&text).unwrap();
            assert_eq!(format!("{back:?}"), format!("{request:?}"));
        }
        let why = EngineError::IllegalTransition { from: "PAUSED".into(), to: "PAUSED".into(), id: "wi_1".into() };
        assert!(matches!(read(&refusal(&why)), Err(EngineError::IllegalTransition { from, .. }) if from == "PAUSED"));
        assert!(matches!(read("{"), Err(EngineError::Internal(_))));
    }
}
