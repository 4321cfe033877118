//! Applying events: the only function that changes an instance, live and in replay. It decides nothing.
//!
//! An event that does not fit the state is a damaged or foreign journal: it is refused, never guessed at. Here: the instance, its
//! timers, incidents and variables; `node` has the executions; every construct has its own events beside its own decisions.

mod node;

use super::event::{Created, Event, Failure, Json};
use super::marking::{Marking, ROOT};
use super::state::{Execution, Incident, InstanceState, Phase, Timer, TimerKind};
use heddle_model::ids::{InstanceId, WorkspaceId};
use heddle_model::lifecycle::{InstanceStatus, NodeStatus};
use heddle_model::plan::Plan;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// An event that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event {seq} of {instance} does not fit: {what}")]
pub struct ApplyError {
    /// The instance.
    pub instance: InstanceId,
    /// The event's number.
    pub seq: u64,
    /// Why not.
    pub what: String,
}

impl InstanceState {
    /// The state after an instance's first event.
    pub fn create(id: InstanceId, workspace: WorkspaceId, created: &Created, at: i64) -> Self {
        Self {
            id,
            workspace,
            workflow: created.workflow,
            version: created.version,
            version_number: created.version_number,
            business_key: created.business_key.clone(),
            priority: created.priority,
            started_by: created.started_by.clone(),
            test: created.test,
            status: InstanceStatus::Created,
            phase: Phase::Forward,
            seq: 1,
            created_at: at,
            started_at: None,
            ended_at: None,
            updated_at: at,
            input: created.input.clone(),
            variables: created.variables.iter().cloned().collect(),
            output: None,
            error: None,
            nodes: BTreeMap::new(),
            live: BTreeMap::new(),
            suspended: BTreeMap::new(),
            root: Marking::default(),
            scopes: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            mailbox: Vec::new(),
            mutexes: BTreeMap::new(),
            undoing: None,
            timers: BTreeMap::new(),
            incidents: BTreeMap::new(),
            held: Vec::new(),
            frozen: false,
            skipped: 0,
            completed: 0,
            next_execution: 0,
            next_timer: 0,
            next_incident: 0,
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

    /// Changes the state by one event that happened at `at`.
    pub fn apply(&mut self, plan: &Plan, event: &Event, at: i64) -> Result<(), ApplyError> {
        self.seq += 1;
        self.updated_at = at;
        self.change(plan, event, at).map_err(|what| ApplyError { instance: self.id, seq: self.seq, what })
    }

    fn change(&mut self, plan: &Plan, event: &Event, at: i64) -> Result<(), String> {
        match event {
            Event::InstanceCreated(_) => return Err("it is created twice".to_owned()),
            Event::InstanceStarted => {
                self.set_status(InstanceStatus::Running)?;
                self.started_at = Some(at);
            }
            Event::InstancePaused { freeze } => self.pause(*freeze, at)?,
            Event::InstanceResumed => self.resume(at)?,
            Event::InstanceCompleted { output } => {
                self.end(InstanceStatus::Completed, at)?;
                self.output = Some(output.clone());
            }
            Event::InstanceFailed { error } => self.fail_instance(error, at)?,
            Event::InstanceTerminated { .. } => {
                self.end(InstanceStatus::Terminated, at)?;
                self.suspended.clear();
                self.scopes.clear();
                self.root = Marking::default();
            }
            Event::InstanceRevived => self.revive_instance(plan)?,
            Event::VariablesChanged { changes } => self.write_variables(changes),
            Event::Commanded { .. } => {}
            Event::HeldReleased => self.held.clear(),
            Event::ResultHeld(held) => self.held.push(held.clone()),
            Event::NodesSkipped { nodes } => {
                nodes.iter().for_each(|&node| self.skip_unreached(plan, (ROOT, node), at));
            }
            Event::NodesSkippedInside { scope, nodes } => {
                nodes.iter().for_each(|&node| self.skip_unreached(plan, (*scope, node), at));
            }
            Event::IncidentOpened { .. } | Event::IncidentResolved { .. } => self.change_incidents(event, at),
            Event::TimerArmed { .. } | Event::TimerFired { .. } | Event::TimerDisarmed { .. } => {
                self.change_timers(event)
            }
            Event::TokensAdded { .. }
            | Event::TokensCancelled { .. }
            | Event::JoinDelivered { .. }
            | Event::JoinClosed { .. } => self.change_tokens(plan, event)?,
            Event::ScopeOpened { .. } | Event::ScopeClosed { .. } => self.change_scopes(plan, event)?,
            Event::ItemsListed { .. }
            | Event::ItemAdded { .. }
            | Event::ItemsClosed { .. }
            | Event::ItemsStopped { .. }
            | Event::ItemsAgain { .. } => self.change_items(event)?,
            Event::EventAwaited { .. }
            | Event::EventHappened { .. }
            | Event::EventDismissed { .. }
            | Event::MessageKept(_)
            | Event::MessageDropped(_)
            | Event::MessageTaken { .. } => self.change_waits(event)?,
            Event::HumanAsked { .. } | Event::HumanChanged { .. } => self.change_human(event)?,
            Event::ChildCalled { .. } => self.change_call(event)?,
            Event::CalledBy(_) | Event::PermitAsked { .. } | Event::PermitGranted { .. } => self.change_post(event)?,
            Event::PauseBegan { .. }
            | Event::TimersFrozen { .. }
            | Event::TimersThawed { .. }
            | Event::NodePaused { .. }
            | Event::NodeUnpaused { .. }
            | Event::HeldTaken { .. } => self.change_pause(event, at)?,
            Event::RolledBack { state, .. } => self.change_back(state, at)?,
            Event::InstanceMigrated(migrated) => self.change_version(migrated)?,
            Event::UndoStarted { .. } | Event::UndoBegun { .. } | Event::NodeCompensated { .. } | Event::UndoEnded => {
                self.change_undo(plan, event, at)?
            }
            _ => self.change_node(plan, event, at)?,
        }
        Ok(())
    }

    pub(in crate::kernel) fn set_status(&mut self, to: InstanceStatus) -> Result<(), String> {
        self.status = self.status.to(to, self.id).map_err(|illegal| illegal.to_string())?;
        Ok(())
    }

    fn end(&mut self, status: InstanceStatus, at: i64) -> Result<(), String> {
        self.set_status(status)?;
        self.ended_at = Some(at);
        self.phase = Phase::Forward;
        self.undoing = None;
        self.timers.clear();
        self.subscriptions.clear();
        self.mutexes.clear();
        self.permits.clear();
        self.mailbox.clear();
        self.held.clear();
        self.frozen = false;
        self.freeze = false;
        self.frozen_timers.clear();
        Ok(())
    }

    fn pause(&mut self, freeze: bool, at: i64) -> Result<(), String> {
        self.set_status(InstanceStatus::Paused)?;
        self.frozen = freeze;
        if freeze {
            self.timers.values_mut().for_each(|timer| timer.due = (timer.due - at).max(0));
        }
        Ok(())
    }

    fn resume(&mut self, at: i64) -> Result<(), String> {
        self.set_status(InstanceStatus::Running)?;
        self.freeze = false;
        if std::mem::take(&mut self.frozen) {
            self.timers.values_mut().for_each(|timer| timer.due += at);
        }
        Ok(())
    }

    /// Timers end with the instance; what its executions were doing is kept beside their numbers for repair.
    fn fail_instance(&mut self, error: &Failure, at: i64) -> Result<(), String> {
        let mailbox = std::mem::take(&mut self.mailbox);
        self.end(InstanceStatus::Failed, at)?;
        self.mailbox = mailbox;
        self.error = Some(error.clone());
        for (number, execution) in std::mem::take(&mut self.live) {
            self.change_record((execution.scope, execution.node), number, |record| {
                if !record.status.is_ended() {
                    record.status = NodeStatus::Cancelled;
                    record.ended_at = Some(at);
                }
            });
            if let Some(marking) = self.marking_mut(execution.scope) {
                marking.exit(number);
            }
            self.suspended.insert(number, execution);
        }
        Ok(())
    }

    fn revive_instance(&mut self, plan: &Plan) -> Result<(), String> {
        self.set_status(InstanceStatus::Running)?;
        self.ended_at = None;
        self.error = None;
        let (failed, others): (BTreeMap<u32, Execution>, _) =
            std::mem::take(&mut self.suspended).into_iter().partition(|(_, execution)| execution.active.is_failed());
        self.suspended = others;
        for (number, execution) in failed {
            self.put_live(plan, number, execution)?;
        }
        Ok(())
    }

    fn change_incidents(&mut self, event: &Event, at: i64) {
        match event {
            Event::IncidentOpened { incident, kind, node, execution, code, message } => {
                self.next_incident = self.next_incident.max(incident + 1);
                self.incidents.insert(
                    *incident,
                    Incident {
                        kind: *kind,
                        node: *node,
                        execution: *execution,
                        code: code.clone(),
                        message: message.clone(),
                        opened_at: at,
                    },
                );
            }
            Event::IncidentResolved { incident } => {
                self.incidents.remove(incident);
            }
            _ => {}
        }
    }

    fn change_timers(&mut self, event: &Event) {
        match event {
            Event::TimerArmed { timer, kind, due } => self.arm(*timer, *kind, *due),
            Event::TimerFired { timer } | Event::TimerDisarmed { timer } => {
                self.timers.remove(timer);
            }
            _ => {}
        }
    }

    pub(in crate::kernel) fn arm(&mut self, timer: u32, kind: TimerKind, due: i64) {
        self.next_timer = self.next_timer.max(timer + 1);
        // While its timers are frozen, a new one is too: what it has left is kept, not when it is due.
        let due = if self.frozen { (due - self.updated_at).max(0) } else { due };
        self.timers.insert(timer, Timer { due, kind });
    }

    /// Writes where the scope's variables are: an item's own, or the instance's.
    pub(in crate::kernel) fn assign(&mut self, plan: &Plan, scope: u32, variables: &[(Arc<str>, Json)]) {
        if variables.is_empty() {
            return;
        }
        let owner = if self.scopes.is_empty() { ROOT } else { self.owner_of_variables(plan, scope) };
        let target = match self.scopes.get_mut(&owner) {
            Some(inner) => &mut inner.variables,
            None => &mut self.variables,
        };
        target.extend(variables.iter().cloned());
    }

    fn write_variables(&mut self, changes: &[(Arc<str>, Option<Json>)]) {
        for (name, value) in changes {
            match value {
                Some(value) => self.variables.insert(name.clone(), value.clone()),
                None => self.variables.remove(name),
            };
        }
    }

    pub(in crate::kernel) fn execution(&mut self, number: u32) -> Result<&mut Execution, String> {
        self.live.get_mut(&number).ok_or_else(|| format!("there is no live execution {number}"))
    }
}
