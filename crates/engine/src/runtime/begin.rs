//! How instances come in through the door, one or many in one call.
//!
//! **Decision: a call that starts many never fails for its own size.** What it has under way already is the load that stands in the way
//! of its next start, so that one waits until an earlier one of the same call is on disk, and asks again. Only what others have under
//! way refuses it. So a batch of a thousand is let in whole on a slow disk, and never has more under way than its share.

use super::door::{Place, refuse};
use super::engine::{Engine, stopping};
use super::error::EngineError;
use super::message::Message;
use super::request::{StartRequest, Started};
use crate::scheduler::Load;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use std::time::Duration;
use tokio::time::Instant;

/// How soon a start that is not durable yet is looked for again.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

type Answer = Result<Started, EngineError>;

impl Engine {
    /// Starts instances; each is answered in the order asked, after its first commit or, where it waits, at its end.
    pub async fn start_instances(&self, requests: Vec<StartRequest>) -> Vec<Answer> {
        let mut answers: Vec<Option<Answer>> = requests.iter().map(|_| None).collect();
        let mut under_way = FuturesUnordered::new();
        for (number, request) in requests.into_iter().enumerate() {
            let entered = loop {
                match self.shared.door.try_enter(request.workspace, Load::More) {
                    Ok(place) => break Ok(place),
                    Err(refused) => match under_way.next().await {
                        Some((earlier, answer)) => answers[earlier] = Some(answer),
                        None => break Err(refuse(refused)),
                    },
                }
            };
            match entered {
                Ok(place) => under_way.push(async move { (number, self.start_one(request, place).await) }),
                Err(refused) => answers[number] = Some(Err(refused)),
            }
        }
        while let Some((number, answer)) = under_way.next().await {
            answers[number] = Some(answer);
        }
        answers.into_iter().map(|answer| answer.unwrap_or_else(|| Err(stopping()))).collect()
    }

    async fn start_one(&self, request: StartRequest, place: Place) -> Answer {
        let (instance, workspace, wait) = (request.instance, request.workspace, request.wait);
        let plan = self.shared.plans.get(workspace, request.version).await?;
        let message = |reply| Message::Start { request: Box::new(request), plan, reply, has_permit: false };
        let answer = self.send(instance, Some(place), message);
        let Some(wait) = wait else { return Ok(Started { instance, state: answer.await? }) };
        let mut answer = std::pin::pin!(answer);
        let deadline = Instant::now() + wait;
        let mut until = deadline;
        let state = loop {
            match tokio::time::timeout_at(until, answer.as_mut()).await {
                // It is on disk, and its shard went to another server while its end was waited for: that one is watched instead.
                Ok(Err(EngineError::Elsewhere)) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    let found = self.wait_end(workspace, instance, left).await?;
                    break found.ok_or(EngineError::Elsewhere)?.state;
                }
                Ok(answer) => break answer?,
                Err(_) => {
                    if let Some(found) = self.load(workspace, instance).await? {
                        break found.state;
                    }
                    // Its first commit is still under way: until that is decided nobody can say that there is none.
                    until = Instant::now() + LOOK_AGAIN;
                }
            }
        };
        Ok(Started { instance, state })
    }
}
