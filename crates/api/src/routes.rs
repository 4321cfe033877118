//! Addresses of the REST API and the sockets, written once.

/// Everything of the first version stands under this.
pub const V1: &str = "/api/v1";
/// The password grant.
pub const TOKEN: &str = "/api/v1/auth/token";
/// Begins and ends browser sessions.
pub const SESSION: &str = "/api/v1/auth/session";
/// Whether set-up is needed, and doing it.
pub const SETUP: &str = "/api/v1/setup";
/// Who is signed in.
pub const ME: &str = "/api/v1/me";
/// Workflows.
pub const WORKFLOWS: &str = "/api/v1/workflows";
/// Checks a definition without storing it.
pub const WORKFLOWS_VALIDATE: &str = "/api/v1/workflows/validate";
/// Applies a definition by name.
pub const WORKFLOW_BY_NAME: &str = "/api/v1/workflows/by-name/{name}";
/// One workflow.
pub const WORKFLOW: &str = "/api/v1/workflows/{id}";
/// Its versions.
pub const VERSIONS: &str = "/api/v1/workflows/{id}/versions";
/// One version.
pub const VERSION: &str = "/api/v1/workflows/{id}/versions/{number}";
/// Registered task types.
pub const TASK_TYPES: &str = "/api/v1/task-types";
/// Instances.
pub const INSTANCES: &str = "/api/v1/workflow-instances";
/// Many starts in one call.
pub const INSTANCES_BATCH: &str = "/api/v1/workflow-instances/batch";
/// One instance.
pub const INSTANCE: &str = "/api/v1/workflow-instances/{id}";
/// Its node instances.
pub const INSTANCE_NODES: &str = "/api/v1/workflow-instances/{id}/nodes";
/// Its journal.
pub const INSTANCE_EVENTS: &str = "/api/v1/workflow-instances/{id}/events";
/// Why its nodes wait.
pub const INSTANCE_WAITING: &str = "/api/v1/workflow-instances/{id}/waiting";
/// Adds items to an open for-each.
pub const FOREACH_ITEMS: &str = "/api/v1/workflow-instances/{id}/foreach/{node}/items";
/// No more items join a for-each.
pub const FOREACH_CLOSE: &str = "/api/v1/workflow-instances/{id}/foreach/{node}/close";
/// Ends a for-each.
pub const FOREACH_COMPLETE: &str = "/api/v1/workflow-instances/{id}/foreach/{node}/complete";
/// Withdraws a for-each.
pub const FOREACH_CANCEL: &str = "/api/v1/workflow-instances/{id}/foreach/{node}/cancel";
/// What can be done to it.
pub const INSTANCE_ACTION: &str = "/api/v1/workflow-instances/{id}/actions/{action}";
/// Its variables.
pub const INSTANCE_VARIABLES: &str = "/api/v1/workflow-instances/{id}/variables";
/// Completes a waiting task.
pub const TASK_COMPLETE: &str = "/api/v1/workflow-instances/{id}/tasks/{task}/complete";
/// Fails a waiting task.
pub const TASK_FAIL: &str = "/api/v1/workflow-instances/{id}/tasks/{task}/fail";
/// Gives it a message.
pub const INSTANCE_MESSAGE: &str = "/api/v1/workflow-instances/{id}/messages/{name}";
/// Instances that it called.
pub const INSTANCE_CHILDREN: &str = "/api/v1/workflow-instances/{id}/children";
/// Messages by name and key, to one receiver.
pub const MESSAGE: &str = "/api/v1/messages/{name}";
/// Signals, to all who wait.
pub const SIGNAL: &str = "/api/v1/signals/{name}";
/// Its log lines.
pub const INSTANCE_LOGS: &str = "/api/v1/logs/workflow-instances/{id}";
/// What needs a person.
pub const INCIDENTS: &str = "/api/v1/incidents";
/// The same by workflow, node and code.
pub const INCIDENT_GROUPS: &str = "/api/v1/incidents/groups";
/// One incident.
pub const INCIDENT: &str = "/api/v1/incidents/{id}";
/// Resolves it.
pub const INCIDENT_RESOLVE: &str = "/api/v1/incidents/{id}/resolve";
/// Tasks for people.
pub const HUMAN_TASKS: &str = "/api/v1/human-tasks";
/// One of them.
pub const HUMAN_TASK: &str = "/api/v1/human-tasks/{id}";
/// Takes it.
pub const HUMAN_TASK_CLAIM: &str = "/api/v1/human-tasks/{id}/claim";
/// Gives it back.
pub const HUMAN_TASK_RELEASE: &str = "/api/v1/human-tasks/{id}/release";
/// Gives it to somebody.
pub const HUMAN_TASK_ASSIGN: &str = "/api/v1/human-tasks/{id}/assign";
/// Keeps what is filled in so far.
pub const HUMAN_TASK_DRAFT: &str = "/api/v1/human-tasks/{id}/draft";
/// Does it.
pub const HUMAN_TASK_COMPLETE: &str = "/api/v1/human-tasks/{id}/complete";
/// One action on many instances.
pub const BATCHES: &str = "/api/v1/batches";
/// One batch.
pub const BATCH: &str = "/api/v1/batches/{id}";
/// Its items.
pub const BATCH_ITEMS: &str = "/api/v1/batches/{id}/items";
/// What can be done to it.
pub const BATCH_ACTION: &str = "/api/v1/batches/{id}/actions/{action}";
/// Takes jobs.
pub const JOBS_ACTIVATE: &str = "/api/v1/jobs/activate";
/// Completes a job.
pub const JOB_COMPLETE: &str = "/api/v1/jobs/{id}/complete";
/// Fails a job.
pub const JOB_FAIL: &str = "/api/v1/jobs/{id}/fail";
/// Keeps a job.
pub const JOB_HEARTBEAT: &str = "/api/v1/jobs/{id}/heartbeat";
/// Pauses wider than an instance.
pub const PAUSES: &str = "/api/v1/cluster/pauses";
/// One of them.
pub const PAUSE: &str = "/api/v1/cluster/pauses/{scope}/{subject}";
/// Counts by workflow.
pub const STATS_WORKFLOWS: &str = "/api/v1/stats/workflows";
/// Counts by node.
pub const STATS_NODES: &str = "/api/v1/stats/nodes";
/// The browser's one socket.
pub const WS_FEED: &str = "/ws/feed";
/// One instance, for programs.
pub const WS_INSTANCE: &str = "/ws/workflow-instances/{id}";
/// The OpenAPI document.
pub const OPENAPI: &str = "/api/openapi.json";
/// Alive.
pub const HEALTHZ: &str = "/healthz";
/// Ready to serve.
pub const READYZ: &str = "/readyz";
/// Prometheus text.
pub const METRICS: &str = "/metrics";
