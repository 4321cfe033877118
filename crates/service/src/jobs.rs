//! Jobs for external workers.

use crate::authz::authorize;
use crate::error::Result;
use crate::service::Service;
use heddle_api::params::{ActivateJobs, CompleteJob, FailJob, HeartbeatJob};
use heddle_api::view::{ActivatedJobs, HeartbeatView, JobView};
use heddle_api::{ApiError, ErrorCode, Lang, Permission, RequestContext, Timestamp};
use heddle_engine::runtime::JobWish;
use heddle_engine::storage::JobRow;
use heddle_engine::tasks::{ErrorClass, TaskError};
use heddle_model::limits;
use std::time::Duration;

/// Job types that one activation may name.
const TYPES: usize = 100;

impl Service {
    /// Takes jobs; waits for the first one where asked.
    pub(crate) async fn activate_jobs(&self, context: &RequestContext, params: ActivateJobs) -> Result<ActivatedJobs> {
        let allowed = authorize(context, Permission::JobWork)?;
        if params.types.is_empty()
            || params.types.len() > TYPES
            || params.types.iter().any(|name| name.is_empty() || name.len() > limits::NAME_BYTES)
        {
            let (en, zh) =
                (format!("types names 1 to {TYPES} job types."), format!("types 应包含 1 至 {TYPES} 个任务类型。"));
            return Err(ApiError::invalid("/types", en, zh, context.lang).into());
        }
        let max = params.max_jobs.unwrap_or(1);
        if !(1..=limits::JOBS_PER_ACTIVATION).contains(&max) {
            let (en, zh) = (
                format!("max_jobs is a number from 1 to {}.", limits::JOBS_PER_ACTIVATION),
                format!("max_jobs 为 1 至 {} 的数字。", limits::JOBS_PER_ACTIVATION),
            );
            return Err(ApiError::invalid("/max_jobs", en, zh, context.lang).into());
        }
        let lease = checked_lease(params.lease_ms, context.lang)?;
        let wait = Duration::from_millis(params.wait_ms.unwrap_or(0).min(limits::WAIT_MS));
        let worker: String = params.worker.chars().take(limits::NAME_BYTES).collect();
        let wish = JobWish { types: params.types, worker, max, lease_ms: lease, wait };
        let rows = self.engine.activate_jobs(allowed.workspace(), wish).await?;
        Ok(ActivatedJobs { jobs: rows.into_iter().map(job).collect() })
    }

    /// Completes a job.
    pub(crate) async fn complete_job(&self, context: &RequestContext, params: CompleteJob) -> Result<()> {
        let allowed = authorize(context, Permission::JobWork)?;
        let token = token(&params.token)?;
        Ok(self.engine.complete_job(allowed.workspace(), params.id, token, params.output).await?)
    }

    /// Fails a job.
    pub(crate) async fn fail_job(&self, context: &RequestContext, params: FailJob) -> Result<()> {
        let allowed = authorize(context, Permission::JobWork)?;
        let token = token(&params.token)?;
        let class = if params.business { ErrorClass::Business } else { ErrorClass::System };
        let code = if params.code.is_empty() { "JOB_FAILED".to_owned() } else { params.code };
        let mut error = TaskError::new(class, code, params.message);
        error.retryable = params.retryable;
        Ok(self.engine.fail_job(allowed.workspace(), params.id, token, error).await?)
    }

    /// Keeps a job.
    pub(crate) async fn heartbeat_job(&self, context: &RequestContext, params: HeartbeatJob) -> Result<HeartbeatView> {
        let allowed = authorize(context, Permission::JobWork)?;
        let token = token(&params.token)?;
        let lease = checked_lease(params.lease_ms, context.lang)?;
        let until = self.engine.heartbeat_job(allowed.workspace(), params.id, token, lease).await?;
        Ok(HeartbeatView { lease_until: Timestamp(until) })
    }
}

fn checked_lease(lease_ms: Option<u64>, lang: Lang) -> Result<u64> {
    let lease = lease_ms.unwrap_or(limits::JOB_LEASE_MS);
    if limits::JOB_LEASE_RANGE_MS.contains(&lease) {
        return Ok(lease);
    }
    let (least, most) = (limits::JOB_LEASE_RANGE_MS.start(), limits::JOB_LEASE_RANGE_MS.end());
    let (en, zh) =
        (format!("lease_ms is a number from {least} to {most}."), format!("lease_ms 为 {least} 至 {most} 的数字。"));
    Err(ApiError::invalid("/lease_ms", en, zh, lang).into())
}

/// A token that cannot be read is nobody's.
fn token(text: &str) -> Result<u64> {
    u64::from_str_radix(text, 16).map_err(|_| ErrorCode::StaleToken.into())
}

fn job(row: JobRow) -> JobView {
    JobView {
        id: row.id,
        job_type: row.job_type.to_string(),
        key: row.key,
        token: format!("{:016x}", row.token),
        instance_id: row.instance,
        node_id: row.node.to_string(),
        attempt: row.attempt,
        input: serde_json::from_str(&row.input).unwrap_or_default(),
        lease_until: Timestamp(row.lease_until.unwrap_or_default()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn tokens_read_back_and_others_are_stale() {
        for number in [0, 1, u64::MAX] {
            assert_eq!(token(&format!("{number:016x}")).unwrap(), number);
        }
        for wrong in ["", "x", "-1", "10000000000000000"] {
            assert_eq!(token(wrong).unwrap_err().0.code, ErrorCode::StaleToken);
        }
    }

    #[test]
    fn leases_are_bounded() {
        assert_eq!(checked_lease(None, Lang::En).unwrap(), 30_000);
        assert!(checked_lease(Some(4_999), Lang::En).is_err() && checked_lease(Some(3_600_001), Lang::En).is_err());
    }
}
