//! The use cases as the doors see them: one line each.

use crate::service::Service;
use async_trait::async_trait;
use heddle_api::feed::{InstanceFrame, ServerFrame, Topic};
use heddle_api::params::*;
use heddle_api::view::*;
use heddle_api::{ApiError, FeedStream, Page, RequestContext, UseCases};

macro_rules! use_cases {
    ($($name:ident($($param:ident: $type:ty),*) -> $answer:ty;)*) => {
        #[async_trait]
        impl UseCases for Service {
            $(async fn $name(&self, context: &RequestContext $(, $param: $type)*) -> Result<$answer, ApiError> {
                Ok(Self::$name(self, context $(, $param)*).await?)
            })*

            async fn setup_state(&self, _: &RequestContext) -> Result<SetupState, ApiError> {
                Ok(Self::setup_state(self).await?)
            }

            async fn task_types(&self, context: &RequestContext) -> Result<Vec<TaskTypeView>, ApiError> {
                Ok(Self::task_types(self, context)?)
            }

            async fn start_instance(&self, context: &RequestContext, params: StartInstance) -> Result<InstanceView, ApiError> {
                Ok(self.start_with_key(context, params, None).await?)
            }
        }
    };
}

use_cases! {
    set_up(params: SetUp) -> SignedIn;
    sign_in(params: SignIn) -> SignedIn;
    sign_out() -> ();
    token(params: PasswordGrant) -> AccessToken;
    me() -> Me;
    list_workflows(params: ListWorkflows) -> Page<WorkflowSummary>;
    get_workflow(params: GetWorkflow) -> WorkflowView;
    export_workflow(params: ExportWorkflow) -> Document;
    create_workflow(params: CreateWorkflow) -> WorkflowView;
    replace_workflow(params: ReplaceWorkflow) -> Applied;
    apply_workflow(params: ApplyWorkflow) -> Applied;
    delete_workflow(params: DeleteWorkflow) -> ();
    validate_workflow(params: DefinitionText) -> Validation;
    list_versions(params: ListVersions) -> Page<VersionSummary>;
    get_version(params: GetVersion) -> VersionView;
    start_batch(params: BatchStart) -> BatchStarted;
    list_instances(params: ListInstances) -> Page<InstanceSummary>;
    get_instance(params: GetInstance) -> InstanceView;
    list_nodes(params: ListNodes) -> Page<NodeView>;
    list_events(params: ListEvents) -> Page<EventView>;
    list_logs(params: ListLogs) -> Page<LogView>;
    list_waiting(params: ListWaiting) -> Page<WaitingView>;
    act_on_instance(params: InstanceAction) -> InstanceView;
    steer_foreach(params: ForeachCommand) -> InstanceView;
    patch_variables(params: PatchVariables) -> InstanceView;
    complete_task(params: CompleteTask) -> InstanceView;
    fail_task(params: FailTask) -> InstanceView;
    send_message(params: SendMessage) -> InstanceView;
    publish_message(params: PublishMessage) -> MessageSent;
    send_signal(params: SendSignal) -> SignalSent;
    list_children(params: ListChildren) -> Page<InstanceSummary>;
    list_incidents(params: ListIncidents) -> Page<IncidentSummary>;
    group_incidents(params: GroupIncidents) -> Page<IncidentGroup>;
    get_incident(params: GetIncident) -> IncidentSummary;
    resolve_incident(params: ResolveIncident) -> IncidentSummary;
    list_human_tasks(params: ListHumanTasks) -> HumanTaskPage;
    get_human_task(params: GetHumanTask) -> HumanTaskView;
    act_on_human_task(params: HumanTaskAction) -> HumanTaskView;
    create_batch(params: CreateBatch) -> BatchView;
    preview_batch(params: PreviewBatch) -> BatchPreview;
    list_batches(params: ListBatches) -> Page<BatchView>;
    get_batch(params: GetBatch) -> BatchView;
    list_batch_items(params: ListBatchItems) -> Page<BatchItemView>;
    act_on_batch(params: BatchAction) -> BatchView;
    activate_jobs(params: ActivateJobs) -> ActivatedJobs;
    complete_job(params: CompleteJob) -> ();
    fail_job(params: FailJob) -> ();
    heartbeat_job(params: HeartbeatJob) -> HeartbeatView;
    list_pauses() -> Page<PauseView>;
    put_pause(params: PutPause) -> PauseView;
    delete_pause(of: PauseOf) -> ();
    workflow_stats(params: StatsRange) -> Vec<WorkflowStats>;
    node_stats(params: StatsRange) -> Vec<NodeStats>;
    subscribe(topic: Topic, after: Option<String>) -> FeedStream<ServerFrame>;
    watch_instance(params: WatchInstance) -> FeedStream<InstanceFrame>;
}
