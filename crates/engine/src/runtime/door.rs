//! The door of the engine: asks the admission, by the clock.

use super::error::EngineError;
use crate::scheduler::{Admission, AdmissionLimits, Load, Micros};
use heddle_model::ids::WorkspaceId;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;

/// Counts requests in and out.
pub(super) struct Door {
    admission: Mutex<Admission>,
    began: Instant,
}

impl Door {
    pub(super) fn new(limits: AdmissionLimits, lanes: usize) -> Self {
        Self { admission: Mutex::new(Admission::new(limits, lanes)), began: Instant::now() }
    }

    /// Lets a request in, or refuses it at once.
    pub(super) fn ask(&self, workspace: WorkspaceId, load: Load) -> Result<(), EngineError> {
        let now = self.now();
        let Err(refused) = self.admission().ask(now, workspace, load) else { return Ok(()) };
        let why = if refused.over_share { "workspace" } else { "server" };
        metrics::counter!("heddle_refused_total", "why" => why).increment(1);
        let retry_after_ms = refused.retry_after_ms;
        Err(if refused.over_share {
            EngineError::OverShare { retry_after_ms }
        } else {
            EngineError::Overloaded { retry_after_ms }
        })
    }

    /// Requests of these workspaces were answered, one each time that a workspace is named.
    pub(super) fn done(&self, workspaces: &[WorkspaceId]) {
        if !workspaces.is_empty() {
            let mut admission = self.admission();
            workspaces.iter().for_each(|workspace| admission.done(*workspace, 1));
        }
    }

    /// A request that was let in goes round once more.
    pub(super) fn again(&self, workspace: WorkspaceId) {
        self.admission().again(workspace);
    }

    /// A lane begins a round.
    pub(super) fn begin(&self, lane: usize, backlog: usize) {
        let now = self.now();
        self.admission().begin(now, lane, backlog);
    }

    /// Its round is committed.
    pub(super) fn end(&self, lane: usize, messages: usize) {
        let now = self.now();
        self.admission().end(now, lane, messages);
    }

    /// Requests that wait or are being decided.
    pub(super) fn under_way(&self) -> usize {
        self.admission().under_way()
    }

    fn now(&self) -> Micros {
        self.began.elapsed().as_micros() as u64
    }

    fn admission(&self) -> MutexGuard<'_, Admission> {
        self.admission.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
