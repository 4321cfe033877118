//! What people do to an instance: terminate, retry, skip, complete, fail, write variables (docs/semantics, A.14).
//!
//! `pause` has pauses, `rollback` and `migrate` what reaches beyond the moment, `steer` the commands about one construct of the flow. Every precondition is checked before the first event, so that a refused command changes nothing.

use super::command::{Command, CommandError};
use super::decide::Step;
use super::event::{Event, IncidentKind, Json, SkipCause};
use super::join::{self, Place};
use super::state::{Active, Held, InstanceState, Owner};
use heddle_model::ids::NodeInstanceId;
use heddle_model::lifecycle::{IllegalTransition, InstanceStatus, NodeStatus};
use heddle_model::plan::{NodeIx, NodeKind};
use heddle_model::value::{Map, Value};
use std::sync::Arc;

impl Step<'_> {
    pub(super) fn repair(&mut self, command: Command, actor: &str) -> Result<(), CommandError> {
        let name = command.name();
        let reason = if let Command::Terminate { reason } = &command { reason.clone() } else { String::new() };
        let heard = Event::Commanded { command: name.to_owned(), actor: actor.into(), reason };
        match command {
            Command::Pause { freeze } => {
                self.state.status.to(InstanceStatus::Paused, self.state.id)?;
                self.emit(heard)?;
                self.pause(freeze)
            }
            Command::Resume => {
                if self.state.status != InstanceStatus::Paused {
                    return Err(self.illegal(InstanceStatus::Running));
                }
                self.emit(heard)?;
                self.resume()
            }
            Command::Terminate { reason } => {
                self.state.status.to(InstanceStatus::Terminated, self.state.id)?;
                self.emit(heard)?;
                self.terminate(reason)
            }
            Command::PauseNode { node, freeze } => self.pause_node(&node, freeze, heard),
            Command::ResumeNode { node } => self.resume_node(&node, heard),
            Command::Rollback(wish) => self.roll_back(*wish, heard),
            Command::Migrate(wish) => self.migrate(&wish, heard),
            Command::Rerun(wish) => self.rerun(*wish, heard),
            Command::Retry { node, variables } => self.retry(node.as_deref(), variables, heard),
            Command::Skip { node, output } => self.skip(&node, output, heard),
            Command::Complete { node, output } => self.complete_by_hand(&node, output, heard),
            Command::Fail { node, error } => {
                let number = self.find(&node)?;
                self.must_be_open()?;
                if !matches!(self.state.live.get(&number).map(|it| &it.active), Some(Active::Job | Active::Timer(_))) {
                    return Err(CommandError::Nothing(format!("`{node}` does not wait for anyone's answer")));
                }
                self.emit(heard)?;
                self.withdraw(number)?;
                self.fail(number, error.into(), None)
            }
            Command::SetVariables { patch } => {
                self.must_be_open()?;
                self.emit(heard)?;
                self.write(patch)
            }
            other => self.steer(other, heard),
        }
    }

    pub(super) fn illegal(&self, to: InstanceStatus) -> CommandError {
        IllegalTransition { from: self.state.status.as_str(), to: to.as_str(), id: self.state.id.to_string() }.into()
    }

    pub(super) fn must_be_open(&self) -> Result<(), CommandError> {
        if matches!(self.state.status, InstanceStatus::Completed | InstanceStatus::Terminated) {
            Err(self.illegal(InstanceStatus::Running))
        } else {
            Ok(())
        }
    }

    pub(super) fn terminate(&mut self, reason: String) -> Result<(), CommandError> {
        self.cancel_live()?;
        self.resolve_all()?;
        self.disarm_all();
        self.emit(Event::InstanceTerminated { reason })
    }

    /// The failed executions that a retry is about; everything that could be wrong with it.
    pub(super) fn may_retry(&self, node: Option<&str>) -> Result<Vec<u32>, CommandError> {
        self.must_be_open()?;
        let failed = self.state.status == InstanceStatus::Failed;
        if failed && self.state.undone {
            let why = "everything was undone; run it again from the start, or go back to an earlier step";
            return Err(CommandError::Nothing(why.to_owned()));
        }
        let chosen = node.map(|node| self.find(node)).transpose()?;
        let all = self.state.live.iter().chain(&self.state.suspended);
        let wanted: Vec<u32> = all
            .filter(|(number, execution)| {
                chosen.is_none_or(|chosen| chosen == **number)
                    && (execution.active.is_failed() || matches!(execution.active, Active::Retry(_)) && !failed)
            })
            .map(|(&number, _)| number)
            .collect();
        let stuck = chosen.is_none()
            && self.state.incidents.values().any(|it| matches!(it.kind, IncidentKind::Limit | IncidentKind::Deadlock));
        if wanted.is_empty() && !stuck && !failed {
            return Err(CommandError::Nothing("nothing has failed, so there is nothing to retry".to_owned()));
        }
        Ok(wanted)
    }

    fn retry(&mut self, node: Option<&str>, variables: Map<String, Value>, heard: Event) -> Result<(), CommandError> {
        self.may_retry(node)?;
        self.emit(heard)?;
        self.retry_now(node, variables)
    }

    pub(super) fn retry_now(&mut self, node: Option<&str>, variables: Map<String, Value>) -> Result<(), CommandError> {
        let wanted = self.may_retry(node).unwrap_or_default();
        self.write(variables)?;
        let refired = self.revive_instance()?;
        self.resolve_where(|incident| incident.execution.is_none())?;
        for number in wanted {
            self.resolve_where(|incident| incident.execution == Some(number))?;
            self.clear(number)?;
            self.emit(Event::NodeRevived { number })?;
            self.begin_again_in_time(number)?;
        }
        self.go_on(&refired, None)
    }

    /// A FAILED instance is RUNNING again; gives the executions that its failure had cancelled, old and new, still to be begun.
    pub(super) fn revive_instance(&mut self) -> Result<Vec<(u32, u32)>, CommandError> {
        if self.state.status != InstanceStatus::Failed {
            return Ok(Vec::new());
        }
        self.emit(Event::InstanceRevived)?;
        self.arm_instance_timeout()?;
        let scopes: Vec<u32> = self.state.open_scopes().collect();
        scopes.into_iter().try_for_each(|scope| self.listen_in(scope))?;
        let cancelled: Vec<(u32, NodeIx)> =
            self.state.suspended.iter().map(|(&number, execution)| (number, execution.node)).collect();
        let mut refired = Vec::with_capacity(cancelled.len());
        for (before, node) in cancelled {
            let number = self.state.next_execution;
            self.emit(Event::NodeRefired { number, node, before })?;
            refired.push((before, number));
        }
        Ok(refired)
    }

    /// An execution does its work again from the beginning (only its split, where that was what failed).
    pub(super) fn begin_again(&mut self, number: u32) -> Result<(), CommandError> {
        let Some(execution) = self.state.live.get(&number) else { return Ok(()) };
        let (node, attempt) = (execution.node, execution.attempt + 1);
        if !self.has_permit(number, node)? {
            return Ok(());
        }
        let Some(execution) = self.state.live.get(&number) else { return Ok(()) };
        match execution.active {
            Active::Split { .. } => return self.split_again(number),
            // A container goes on with what is inside it.
            Active::Scope | Active::Items => return self.listen_around(number, node),
            _ => {}
        }
        if execution.undoes.is_some() {
            return self.attempt(number);
        }
        if !matches!(self.context.plan.node(node).kind, NodeKind::Task { .. }) {
            let attempt = attempt.max(2);
            self.emit(Event::NodeStarted { number, attempt, job: false })?;
        }
        let owner = Owner::Execution(number);
        if self.state.subscriptions.range((owner, 0)..=(owner, u32::MAX)).next().is_none() {
            self.listen_around(number, node)?;
        }
        if self.state.live.contains_key(&number) { self.work(number, node) } else { Ok(()) }
    }

    fn skip(&mut self, node: &str, output: Value, heard: Event) -> Result<(), CommandError> {
        self.must_be_open()?;
        let waiting = self.waiting_place(node);
        let number = match waiting {
            Some(_) => None,
            None => Some(self.find_open(node)?),
        };
        self.emit(heard)?;
        let refired = self.revive_instance()?;
        let number = match (waiting, number) {
            (Some(ix), _) => self.enable_waiting(ix)?,
            (None, Some(number)) => renamed(&refired, number),
            (None, None) => return Ok(()),
        };
        self.take_over(number)?;
        self.pass_over(number, SkipCause::Command, output.into())?;
        self.go_on(&refired, Some(number))
    }

    /// Where a node that is not live waits with tokens.
    fn waiting_place(&self, node: &str) -> Option<Place> {
        let plan = self.context.plan;
        let ix = plan.find(node).filter(|&ix| self.state.live_of(ix).is_none())?;
        let waits = |marking: &super::marking::Marking| marking.waiting(plan).any(|waiting| waiting == ix);
        let mut scopes = self.state.open_scopes();
        scopes.find(|&scope| self.state.marking(scope).is_some_and(waits)).map(|scope| (scope, ix))
    }

    /// A join that still waits is passed over with the tokens it has.
    fn enable_waiting(&mut self, place: Place) -> Result<u32, CommandError> {
        let consumed = join::waiting(self.context.plan, self.state, place);
        self.enable(place, &consumed)
    }

    fn complete_by_hand(&mut self, node: &str, output: Value, heard: Event) -> Result<(), CommandError> {
        self.must_be_open()?;
        let number = self.find_open(node)?;
        let execution = self.state.live.get(&number).or_else(|| self.state.suspended.get(&number));
        let failed_instance = self.state.status == InstanceStatus::Failed;
        match execution.map(|it| &it.active) {
            // What is to begin again at resume is no further than what waits for its next attempt.
            Some(_) if self.state.held.contains(&Held::Again(number)) => {
                return Err(self.illegal_node(NodeStatus::Pending, node));
            }
            Some(Active::Retry(_)) => return Err(self.illegal_node(NodeStatus::Pending, node)),
            Some(active) if failed_instance && !active.is_failed() => {
                return Err(self.illegal_node(NodeStatus::Cancelled, node));
            }
            _ => {}
        }
        self.emit(heard)?;
        let refired = self.revive_instance()?;
        self.take_over(number)?;
        self.complete(number, output.into(), Vec::new())?;
        self.go_on(&refired, Some(number))
    }

    fn illegal_node(&self, from: NodeStatus, node: &str) -> CommandError {
        IllegalTransition { from: from.as_str(), to: NodeStatus::Completed.as_str(), id: node.to_owned() }.into()
    }

    /// The execution is in a person's hands now: what it had outside goes, its incidents are resolved.
    fn take_over(&mut self, number: u32) -> Result<(), CommandError> {
        self.clear(number)?;
        self.resolve_where(|incident| incident.execution == Some(number))
    }

    /// After a repair: what the failure had cancelled is begun again, what failed and was not repaired waits for a person.
    pub(super) fn go_on(&mut self, refired: &[(u32, u32)], repaired: Option<u32>) -> Result<(), CommandError> {
        for &(_, number) in refired.iter().filter(|(_, number)| Some(*number) != repaired) {
            self.begin_again_in_time(number)?;
        }
        let unattended: Vec<(u32, NodeIx)> = self
            .state
            .live
            .iter()
            .filter(|(number, it)| {
                it.active.is_failed()
                    && self.state.incidents.values().all(|incident| incident.execution != Some(**number))
            })
            .map(|(&number, execution)| (number, execution.node))
            .collect();
        for (number, node) in unattended {
            let error = self.state.nodes.get(&node).and_then(|record| record.error.clone());
            let (code, message) =
                error.map_or_else(|| ("ERROR".to_owned(), String::new()), |error| (error.code, error.message));
            self.open_incident(IncidentKind::Error, (Some(node), Some(number)), &code, message)?;
        }
        self.touch_all();
        Ok(())
    }

    pub(super) fn resolve_where(
        &mut self,
        wanted: impl Fn(&super::state::Incident) -> bool,
    ) -> Result<(), CommandError> {
        let numbers: Vec<u32> =
            self.state.incidents.iter().filter(|(_, incident)| wanted(incident)).map(|(&number, _)| number).collect();
        numbers.into_iter().try_for_each(|number| self.resolve(number))
    }

    pub(super) fn write(&mut self, patch: Map<String, Value>) -> Result<(), CommandError> {
        if patch.is_empty() {
            return Ok(());
        }
        let changes = self.state.patched(patch);
        self.emit(Event::VariablesChanged { changes })
    }

    /// As `find`, of what is live.
    pub(super) fn find_live(&self, node: &str) -> Result<u32, CommandError> {
        let number = self.find(node)?;
        let gone = || CommandError::Nothing(format!("`{node}` is not at work"));
        self.state.live.contains_key(&number).then_some(number).ok_or_else(gone)
    }

    /// The execution that a node's id, or a node instance's, names.
    fn find(&self, node: &str) -> Result<u32, CommandError> {
        let unknown = || CommandError::NoSuchNode(node.to_owned());
        let all = || self.state.live.iter().chain(&self.state.suspended);
        if let Ok(id) = node.parse::<NodeInstanceId>() {
            return all()
                .map(|(&number, _)| number)
                .find(|&number| self.state.id.node_instance(number) == id)
                .ok_or_else(unknown);
        }
        let ix = self.context.plan.find(node).ok_or_else(unknown)?;
        all().find(|(_, execution)| execution.node == ix).map(|(&number, _)| number).ok_or_else(|| {
            let status = self.state.node_status(ix);
            CommandError::Illegal(IllegalTransition {
                from: status.as_str(),
                to: NodeStatus::Running.as_str(),
                id: node.to_owned(),
            })
        })
    }

    fn find_open(&self, node: &str) -> Result<u32, CommandError> {
        self.find(node).map_err(|error| match error {
            CommandError::Illegal(mut illegal) => {
                illegal.to = NodeStatus::Completed.as_str();
                CommandError::Illegal(illegal)
            }
            other => other,
        })
    }
}

/// The number that an execution goes by after its instance was revived.
fn renamed(refired: &[(u32, u32)], number: u32) -> u32 {
    refired.iter().find(|(before, _)| *before == number).map_or(number, |&(_, after)| after)
}

impl InstanceState {
    /// What a patch makes of the variables; `None` removes one.
    fn patched(&self, patch: Map<String, Value>) -> Vec<(Arc<str>, Option<Json>)> {
        let one = |(name, patch): (String, Value)| {
            if patch.is_null() {
                return (Arc::from(name), None);
            }
            let mut value = self.variables.get(name.as_str()).map_or(Value::Null, |value| (*value.0).clone());
            merge(&mut value, patch);
            (Arc::from(name), Some(Json::from(value)))
        };
        patch.into_iter().map(one).collect()
    }

    /// Writes variables into a state that is not that of an instance yet.
    pub(super) fn patch_variables(&mut self, patch: Map<String, Value>) {
        for (name, value) in self.patched(patch) {
            match value {
                Some(value) => drop(self.variables.insert(name, value)),
                None => drop(self.variables.remove(&name)),
            }
        }
    }
}

/// JSON merge patch, RFC 7396.
fn merge(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    if let Value::Object(target) = target {
        for (key, value) in patch {
            if value.is_null() {
                target.shift_remove(&key);
            } else {
                merge(target.entry(key).or_insert(Value::Null), value)
            }
        }
    }
}
