//! Snapshots of format 1, from before there were scopes. Rows of format 1 need no translation: their events kept their places.

use crate::kernel::event::{Failure, Json};
use crate::kernel::marking::Marking;
use crate::kernel::state::{self, Held, Incident, InstanceState, NodeRecord, Phase, Timer, Variables};
use heddle_model::ids::{InstanceId, VersionId, WorkflowId, WorkspaceId};
use heddle_model::lifecycle::InstanceStatus;
use heddle_model::plan::{EdgeIx, NodeIx};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The state as it was written. Fields and their order never change again.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct State {
    id: InstanceId,
    workspace: WorkspaceId,
    workflow: WorkflowId,
    version: VersionId,
    version_number: u32,
    business_key: Option<Arc<str>>,
    priority: u8,
    started_by: Arc<str>,
    test: bool,
    status: InstanceStatus,
    phase: Phase,
    seq: u64,
    created_at: i64,
    started_at: Option<i64>,
    ended_at: Option<i64>,
    updated_at: i64,
    input: Json,
    variables: Variables,
    output: Option<Json>,
    error: Option<Failure>,
    nodes: BTreeMap<NodeIx, NodeRecord>,
    live: BTreeMap<u32, Execution>,
    suspended: BTreeMap<u32, Execution>,
    tokens: Vec<EdgeIx>,
    settled: BTreeMap<NodeIx, u32>,
    timers: BTreeMap<u32, Timer>,
    incidents: BTreeMap<u32, Incident>,
    held: Vec<Held>,
    frozen: bool,
    skipped: u32,
    completed: u32,
    next_execution: u32,
    next_timer: u32,
    next_incident: u32,
}

#[derive(Debug, Serialize, Deserialize)]
struct Execution {
    node: NodeIx,
    iteration: u32,
    attempt: u32,
    forgiven: u32,
    lost: u32,
    active: state::Active,
    started_at: i64,
}

impl From<Execution> for state::Execution {
    fn from(old: Execution) -> Self {
        Self {
            node: old.node,
            scope: 0,
            iteration: old.iteration,
            attempt: old.attempt,
            forgiven: old.forgiven,
            lost: old.lost,
            active: old.active,
            started_at: old.started_at,
            round: 0,
            released: false,
            items: None,
            undoes: None,
        }
    }
}

impl From<State> for InstanceState {
    fn from(old: State) -> Self {
        let live: BTreeMap<u32, state::Execution> = old.live.into_iter().map(|(n, it)| (n, it.into())).collect();
        let root = Marking {
            tokens: old.tokens,
            settled: old.settled,
            live: live.keys().copied().collect(),
            ..Marking::default()
        };
        Self {
            id: old.id,
            workspace: old.workspace,
            workflow: old.workflow,
            version: old.version,
            version_number: old.version_number,
            business_key: old.business_key,
            priority: old.priority,
            started_by: old.started_by,
            test: old.test,
            status: old.status,
            phase: old.phase,
            seq: old.seq,
            created_at: old.created_at,
            started_at: old.started_at,
            ended_at: old.ended_at,
            updated_at: old.updated_at,
            input: old.input,
            variables: old.variables,
            output: old.output,
            error: old.error,
            nodes: old.nodes,
            live,
            suspended: old.suspended.into_iter().map(|(n, it)| (n, it.into())).collect(),
            root,
            scopes: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            mailbox: Vec::new(),
            mutexes: BTreeMap::new(),
            undoing: None,
            timers: old.timers,
            incidents: old.incidents,
            held: old.held,
            frozen: old.frozen,
            skipped: old.skipped,
            completed: old.completed,
            next_execution: old.next_execution,
            next_timer: old.next_timer,
            next_incident: old.next_incident,
            next_scope: 1,
            next_subscription: 0,
            caller: None,
            permits: BTreeSet::new(),
            freeze: false,
            frozen_timers: BTreeSet::new(),
            paused: BTreeMap::new(),
            fired: BTreeMap::new(),
            undone: false,
            versions: Vec::new(),
            handlers: Vec::new(),
            made: BTreeMap::new(),
        }
    }
}
