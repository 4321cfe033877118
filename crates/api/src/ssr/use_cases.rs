//! The use cases: what the REST handlers and the server functions call, one call each. `heddle-service` implements them.
//!
//! Every one asks for its permission itself; the workspace comes from the context's principal and from nowhere else.

use super::context::RequestContext;
use crate::error::ApiError;
use crate::feed::{InstanceFrame, ServerFrame};
use crate::page::Page;
use crate::params::*;
use crate::view::*;
use async_trait::async_trait;
use futures::stream::BoxStream;
use std::sync::Arc;

/// The use cases as both doors hold them.
pub type UseCasesRef = Arc<dyn UseCases>;

/// Frames until the subscription ends.
pub type FeedStream<T> = BoxStream<'static, T>;

type Answer<T> = Result<T, ApiError>;

/// Everything that can be asked of Heddle.
#[async_trait]
pub trait UseCases: Send + Sync + 'static {
    /// Whether the first administrator is missing. For anybody.
    async fn setup_state(&self, context: &RequestContext) -> Answer<SetupState>;
    /// Makes the first administrator and signs them in. For the holder of the one-time token.
    async fn set_up(&self, context: &RequestContext, params: SetUp) -> Answer<SignedIn>;
    /// Begins a session. For anybody, throttled.
    async fn sign_in(&self, context: &RequestContext, params: SignIn) -> Answer<SignedIn>;
    /// Ends the session of this request; nothing happens where there is none.
    async fn sign_out(&self, context: &RequestContext) -> Answer<()>;
    /// The password grant. For anybody, throttled.
    async fn token(&self, context: &RequestContext, params: PasswordGrant) -> Answer<AccessToken>;
    /// Who is signed in.
    async fn me(&self, context: &RequestContext) -> Answer<Me>;

    /// Workflows (`workflow:view`).
    async fn list_workflows(&self, context: &RequestContext, params: ListWorkflows) -> Answer<Page<WorkflowSummary>>;
    /// One workflow (`workflow:view`).
    async fn get_workflow(&self, context: &RequestContext, params: GetWorkflow) -> Answer<WorkflowView>;
    /// One definition as a file (`workflow:view`).
    async fn export_workflow(&self, context: &RequestContext, params: ExportWorkflow) -> Answer<Document>;
    /// Makes a workflow (`workflow:create`).
    async fn create_workflow(&self, context: &RequestContext, params: CreateWorkflow) -> Answer<WorkflowView>;
    /// Makes a new version (`workflow:publish`).
    async fn replace_workflow(&self, context: &RequestContext, params: ReplaceWorkflow) -> Answer<Applied>;
    /// Makes a workflow or a new version, by name (`workflow:create` or `workflow:publish`).
    async fn apply_workflow(&self, context: &RequestContext, params: ApplyWorkflow) -> Answer<Applied>;
    /// Deletes a workflow (`workflow:delete`).
    async fn delete_workflow(&self, context: &RequestContext, params: DeleteWorkflow) -> Answer<()>;
    /// Checks a definition (`workflow:view`).
    async fn validate_workflow(&self, context: &RequestContext, params: DefinitionText) -> Answer<Validation>;
    /// Versions, newest first (`workflow:view`).
    async fn list_versions(&self, context: &RequestContext, params: ListVersions) -> Answer<Page<VersionSummary>>;
    /// One version (`workflow:view`).
    async fn get_version(&self, context: &RequestContext, params: GetVersion) -> Answer<VersionView>;
    /// Registered task types (`workflow:view`).
    async fn task_types(&self, context: &RequestContext) -> Answer<Vec<TaskTypeView>>;

    /// Starts an instance (`workflow:run`). With `wait_ms` the answer may already be final.
    async fn start_instance(&self, context: &RequestContext, params: StartInstance) -> Answer<InstanceView>;
    /// Starts many (`workflow:run`).
    async fn start_batch(&self, context: &RequestContext, params: BatchStart) -> Answer<BatchStarted>;
    /// Instances (`instance:view`).
    async fn list_instances(&self, context: &RequestContext, params: ListInstances) -> Answer<Page<InstanceSummary>>;
    /// One instance (`instance:view`; values need `variable:view`).
    async fn get_instance(&self, context: &RequestContext, params: GetInstance) -> Answer<InstanceView>;
    /// Its node instances (`instance:view`).
    async fn list_nodes(&self, context: &RequestContext, params: ListNodes) -> Answer<Page<NodeView>>;
    /// Its journal (`instance:view`).
    async fn list_events(&self, context: &RequestContext, params: ListEvents) -> Answer<Page<EventView>>;
    /// Its log lines (`instance:view`).
    async fn list_logs(&self, context: &RequestContext, params: ListLogs) -> Answer<Page<LogView>>;
    /// Why its nodes wait (`instance:view`).
    async fn list_waiting(&self, context: &RequestContext, params: ListWaiting) -> Answer<Page<WaitingView>>;
    /// Steers it (`instance:operate`, `instance:modify`, `instance:terminate`).
    async fn act_on_instance(&self, context: &RequestContext, params: InstanceAction) -> Answer<InstanceView>;
    /// Steers a for-each of it (`instance:operate`).
    async fn steer_foreach(&self, context: &RequestContext, params: ForeachCommand) -> Answer<InstanceView>;
    /// Changes its variables (`variable:edit`).
    async fn patch_variables(&self, context: &RequestContext, params: PatchVariables) -> Answer<InstanceView>;
    /// Completes a waiting task (`task:work`).
    async fn complete_task(&self, context: &RequestContext, params: CompleteTask) -> Answer<InstanceView>;
    /// Fails a waiting task (`task:work`).
    async fn fail_task(&self, context: &RequestContext, params: FailTask) -> Answer<InstanceView>;
    /// Gives it a message (`message:send`).
    async fn send_message(&self, context: &RequestContext, params: SendMessage) -> Answer<InstanceView>;

    /// Sends a message by name and key (`message:send`).
    async fn publish_message(&self, context: &RequestContext, params: PublishMessage) -> Answer<MessageSent>;
    /// Sends a signal (`message:send`).
    async fn send_signal(&self, context: &RequestContext, params: SendSignal) -> Answer<SignalSent>;
    /// Instances that it called (`instance:view`).
    async fn list_children(&self, context: &RequestContext, params: ListChildren) -> Answer<Page<InstanceSummary>>;
    /// Incidents (`instance:view`).
    async fn list_incidents(&self, context: &RequestContext, params: ListIncidents) -> Answer<Page<IncidentSummary>>;
    /// Open incidents in groups (`instance:view`).
    async fn group_incidents(&self, context: &RequestContext, params: GroupIncidents) -> Answer<Page<IncidentGroup>>;
    /// One incident (`instance:view`).
    async fn get_incident(&self, context: &RequestContext, params: GetIncident) -> Answer<IncidentSummary>;
    /// Resolves it (`incident:manage`).
    async fn resolve_incident(&self, context: &RequestContext, params: ResolveIncident) -> Answer<IncidentSummary>;

    /// Tasks for people: all for those who see instances, else the caller's own and those they may take (`task:work` or `instance:view`).
    async fn list_human_tasks(&self, context: &RequestContext, params: ListHumanTasks) -> Answer<HumanTaskPage>;
    /// One task, likewise.
    async fn get_human_task(&self, context: &RequestContext, params: GetHumanTask) -> Answer<HumanTaskView>;
    /// Does something about it (`task:work`).
    async fn act_on_human_task(&self, context: &RequestContext, params: HumanTaskAction) -> Answer<HumanTaskView>;

    /// Does an action to many instances (what the action needs, and `instance:view`).
    async fn create_batch(&self, context: &RequestContext, params: CreateBatch) -> Answer<BatchView>;
    /// Tells what a batch would do (the same).
    async fn preview_batch(&self, context: &RequestContext, params: PreviewBatch) -> Answer<BatchPreview>;
    /// Batches (`instance:view`).
    async fn list_batches(&self, context: &RequestContext, params: ListBatches) -> Answer<Page<BatchView>>;
    /// One batch (`instance:view`).
    async fn get_batch(&self, context: &RequestContext, params: GetBatch) -> Answer<BatchView>;
    /// Its items (`instance:view`).
    async fn list_batch_items(&self, context: &RequestContext, params: ListBatchItems) -> Answer<Page<BatchItemView>>;
    /// Pauses, resumes or cancels it (what its action needs, and `instance:view`).
    async fn act_on_batch(&self, context: &RequestContext, params: BatchAction) -> Answer<BatchView>;

    /// Takes jobs (`job:work`).
    async fn activate_jobs(&self, context: &RequestContext, params: ActivateJobs) -> Answer<ActivatedJobs>;
    /// Completes a job (`job:work`).
    async fn complete_job(&self, context: &RequestContext, params: CompleteJob) -> Answer<()>;
    /// Fails a job (`job:work`).
    async fn fail_job(&self, context: &RequestContext, params: FailJob) -> Answer<()>;
    /// Keeps a job (`job:work`).
    async fn heartbeat_job(&self, context: &RequestContext, params: HeartbeatJob) -> Answer<HeartbeatView>;

    /// What is paused beyond single instances (`instance:view`).
    async fn list_pauses(&self, context: &RequestContext) -> Answer<Page<PauseView>>;
    /// Pauses a workflow (`instance:operate`), a task type or everything (`cluster:manage`).
    async fn put_pause(&self, context: &RequestContext, params: PutPause) -> Answer<PauseView>;
    /// Lifts a pause; the same permissions.
    async fn delete_pause(&self, context: &RequestContext, of: PauseOf) -> Answer<()>;

    /// Counts by workflow (`dashboard:view`).
    async fn workflow_stats(&self, context: &RequestContext, params: StatsRange) -> Answer<Vec<WorkflowStats>>;
    /// Counts by node (`dashboard:view`).
    async fn node_stats(&self, context: &RequestContext, params: StatsRange) -> Answer<Vec<NodeStats>>;

    /// Follows a topic of the feed (`instance:view`). Frames come in order, without gaps.
    async fn subscribe(
        &self,
        context: &RequestContext,
        topic: crate::feed::Topic,
        after: Option<String>,
    ) -> Answer<FeedStream<ServerFrame>>;
    /// Follows one instance (`instance:view`): a snapshot where `after` is absent, then each event.
    async fn watch_instance(
        &self,
        context: &RequestContext,
        params: WatchInstance,
    ) -> Answer<FeedStream<InstanceFrame>>;
}
