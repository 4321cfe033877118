//! What callers get: one type per thing, the same for both doors.

mod batch;
mod event;
mod human;
mod incident;
mod instance;
mod job;
mod message;
mod pause;
mod stats;
mod viewer;
mod waiting;
mod workflow;

pub use batch::{BatchItemView, BatchPreview, BatchView, NodeCount, RefusalCount};
pub use event::{EventView, LogView};
pub use human::{CandidatesView, HumanTaskCounts, HumanTaskPage, HumanTaskSummary, HumanTaskView};
pub use incident::{IncidentGroup, IncidentSummary};
pub use instance::{
    BatchItem, BatchStarted, ErrorView, IncidentView, InstanceStatus, InstanceSummary, InstanceView, NodeStatus,
    NodeView, Phase, PreviewView,
};
pub use job::{ActivatedJobs, HeartbeatView, JobView, TaskTypeView};
pub use message::{MessageSent, SignalSent};
pub use pause::PauseView;
pub use stats::{NodeStats, StatusCounts, WorkflowStats};
pub use viewer::{AccessToken, Me, SetupState, SignedIn, Viewer, WorkspaceView};
pub use waiting::{ReasonView, WaitingView};
pub use workflow::{
    Applied, ApplyOutcome, Document, Validation, VersionSummary, VersionView, WorkflowStatus, WorkflowSummary,
    WorkflowView,
};
