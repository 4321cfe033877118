//! Jobs for external workers: given out, prolonged, answered.

use super::engine::Engine;
use super::error::EngineError;
use super::message::{Key, Message};
use super::proof::Proof;
use super::remote::Request;
use crate::kernel::TaskResult;
use crate::scheduler::Load;
use crate::storage::{Activation, JobRow, JobState};
use crate::tasks::{ErrorClass, TaskError, TaskOutput};
use heddle_model::ids::{InstanceId, JobId, WorkspaceId};
use heddle_model::limits;
use heddle_model::value::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// How often a waiting worker looks again though nothing rang: leases end, and other servers offer jobs too.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Rings when a job was offered. Those who wait hear it in the order in which they came.
#[derive(Default)]
pub(super) struct JobBell {
    rings: Notify,
}

impl JobBell {
    pub(super) fn ring(&self) {
        self.rings.notify_waiters();
    }
}

impl Engine {
    /// Gives jobs of these types to a worker, for `lease_ms`; waits up to `wait` for the first.
    pub async fn activate_jobs(&self, workspace: WorkspaceId, wish: JobWish) -> Result<Vec<JobRow>, EngineError> {
        let deadline = Instant::now() + wish.wait;
        let max = wish.max.clamp(1, limits::JOBS_PER_ACTIVATION);
        let lease_ms = wish.lease_ms.clamp(*limits::JOB_LEASE_RANGE_MS.start(), *limits::JOB_LEASE_RANGE_MS.end());
        loop {
            // Hears what rings from here on, also before it is awaited.
            let ring = self.shared.bell.rings.notified();
            let types = self.shared.pauses.open_types(&wish.types);
            let jobs = if types.is_empty() {
                Vec::new()
            } else {
                let tokens = (0..max).map(|_| self.shared.ids.token()).collect();
                let activation = Activation { workspace, types, worker: wish.worker.clone(), max, lease_ms, tokens };
                self.without_poison(self.shared.storage.activate_jobs(&activation).await?).await
            };
            let now = Instant::now();
            if !jobs.is_empty() || now >= deadline || self.shared.stop.is_cancelled() {
                return Ok(jobs);
            }
            tokio::select! {
                biased;
                () = self.shared.stop.cancelled() => {}
                () = ring => {}
                () = tokio::time::sleep((deadline - now).min(LOOK_AGAIN)) => {}
            }
        }
    }

    /// Leaves out what was given out again and again while nobody answered: it becomes an incident. Attempts are counted as
    /// they are given out, so that a job which kills its worker is found too.
    async fn without_poison(&self, mut given: Vec<JobRow>) -> Vec<JobRow> {
        let often: Vec<usize> = (0..given.len()).filter(|&at| given[at].attempt > limits::LOST_ATTEMPTS).collect();
        for at in often.into_iter().rev() {
            let row = &given[at];
            let lost = Err(TaskError::new(ErrorClass::System, "POISONED", "no worker has answered"));
            match self.settle_job((row.workspace, row.instance, row.number), Proof::of_lost(row), lost).await {
                // These were answered, by failing: the next attempt is as good as the first.
                Err(EngineError::StaleToken) => {}
                Ok(()) => drop(given.remove(at)),
                Err(why) => {
                    tracing::warn!(job = %row.id, %why, "a job that nobody answers is not given out");
                    given.remove(at);
                }
            }
        }
        given
    }

    /// A worker has done its job. A token that is no longer the current one changes nothing.
    pub async fn complete_job(
        &self,
        workspace: WorkspaceId,
        job: JobId,
        token: u64,
        output: Value,
    ) -> Result<(), EngineError> {
        self.answer_job(workspace, job, token, Ok(TaskOutput::value(Arc::new(output)))).await
    }

    /// A worker could not do its job.
    pub async fn fail_job(
        &self,
        workspace: WorkspaceId,
        job: JobId,
        token: u64,
        error: TaskError,
    ) -> Result<(), EngineError> {
        self.answer_job(workspace, job, token, Err(error)).await
    }

    /// Prolongs a worker's lease; gives its new end.
    pub async fn heartbeat_job(
        &self,
        workspace: WorkspaceId,
        job: JobId,
        token: u64,
        lease_ms: u64,
    ) -> Result<i64, EngineError> {
        let lease_ms = lease_ms.clamp(*limits::JOB_LEASE_RANGE_MS.start(), *limits::JOB_LEASE_RANGE_MS.end());
        self.shared.storage.heartbeat_job(workspace, job, token, lease_ms).await?.ok_or(EngineError::StaleToken)
    }

    /// The token is looked up here, the offer again where it is decided: whoever comes second finds another one, or none.
    async fn answer_job(
        &self,
        workspace: WorkspaceId,
        job: JobId,
        token: u64,
        result: TaskResult,
    ) -> Result<(), EngineError> {
        let row = self.shared.storage.job(workspace, job).await?.ok_or(EngineError::StaleToken)?;
        if row.state != JobState::Leased || row.token != token {
            return Err(EngineError::StaleToken);
        }
        self.settle_job((workspace, row.instance, row.number), Proof::from(&row), result).await
    }

    async fn settle_job(
        &self,
        (workspace, instance, number): (WorkspaceId, InstanceId, u32),
        proof: Proof,
        result: TaskResult,
    ) -> Result<(), EngineError> {
        let key = Key { workspace, instance };
        if self.shared.shards.owns(key.instance.shard()) {
            let own = result.clone();
            match self
                .ask(key.instance, (key.workspace, Load::Less), |reply| Message::JobEnded {
                    key,
                    number,
                    proof,
                    result: own,
                    reply,
                })
                .await
            {
                Err(EngineError::Elsewhere) => {}
                answer => return answer,
            }
        }
        self.ask_owner(workspace, key.instance, &Request::JobEnded { number, proof, result }).await.map(drop)
    }
}

/// What a worker asks for.
#[derive(Debug, Clone)]
pub struct JobWish {
    /// Types wanted.
    pub types: Vec<String>,
    /// The worker's name.
    pub worker: String,
    /// At most so many (1–500).
    pub max: u32,
    /// For how long, in milliseconds (5 s – 1 h).
    pub lease_ms: u64,
    /// How long to wait for the first.
    pub wait: Duration,
}
