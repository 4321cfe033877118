//! The door of the engine: asks the admission, by the clock.

use super::error::EngineError;
use crate::scheduler::{Admission, AdmissionLimits, Load, Micros, Refused};
use heddle_model::ids::WorkspaceId;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;

/// Counts requests in and out.
pub(super) struct Door {
    admission: Mutex<Admission>,
    began: Instant,
}

/// A place under way, given back when it is dropped.
pub(super) struct Place {
    door: Arc<Door>,
    workspace: WorkspaceId,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.door.admission().done(self.workspace, 1);
    }
}

impl Door {
    pub(super) fn new(limits: AdmissionLimits, lanes: usize) -> Self {
        Self { admission: Mutex::new(Admission::new(limits, lanes)), began: Instant::now() }
    }

    /// Lets a request in, or refuses it at once.
    pub(super) fn enter(self: &Arc<Self>, workspace: WorkspaceId, load: Load) -> Result<Place, EngineError> {
        self.try_enter(workspace, load).map_err(refuse)
    }

    /// Lets a request in, or tells why not: who is told may wait for a place.
    pub(super) fn try_enter(self: &Arc<Self>, workspace: WorkspaceId, load: Load) -> Result<Place, Refused> {
        let now = self.now();
        self.admission().ask(now, workspace, load)?;
        Ok(Place { door: self.clone(), workspace })
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

/// What a caller is told that is not let in.
pub(super) fn refuse(refused: Refused) -> EngineError {
    let why = if refused.over_share { "workspace" } else { "server" };
    metrics::counter!("heddle_refused_total", "why" => why).increment(1);
    let retry_after_ms = refused.retry_after_ms;
    if refused.over_share {
        EngineError::OverShare { retry_after_ms }
    } else {
        EngineError::Overloaded { retry_after_ms }
    }
}
