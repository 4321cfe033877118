//! Applying what happens to executions.

use crate::kernel::event::{AfterFailure, Event, Failure, Json, Named};
use crate::kernel::marking::ROOT;
use crate::kernel::state::{Active, Execution, InstanceState, NodeRecord, Owner, Record, TimerKind};
use heddle_model::definition::MutexLevel;
use heddle_model::lifecycle::NodeStatus;
use heddle_model::plan::{EdgeIx, MutexPlan, NodeIx, Plan};
use std::collections::BTreeMap;

impl InstanceState {
    pub(super) fn change_node(&mut self, plan: &Plan, event: &Event, at: i64) -> Result<(), String> {
        match event {
            Event::NodeEnabled { number, node, consumed } => {
                self.enable(plan, (ROOT, *number, *node), consumed, at)?;
            }
            Event::NodeEnabledInside { scope, number, node, consumed } => {
                self.enable(plan, (*scope, *number, *node), consumed, at)?;
            }
            Event::NodeStarted { number, attempt, job } => {
                let execution = self.execution(*number)?;
                execution.attempt = *attempt;
                execution.active = if *job { Active::Job } else { Active::Task };
                self.running(*number, |record| {
                    record.status = NodeStatus::Running;
                    record.attempt = *attempt;
                })?;
            }
            Event::NodeWaiting { number, timer, due } => {
                self.arm(*timer, TimerKind::Wait(*number), *due);
                self.execution(*number)?.active = Active::Timer(*timer);
                self.running(*number, |record| record.status = NodeStatus::Running)?;
            }
            Event::NodeRetrying { number, error, timer, due } => {
                self.arm(*timer, TimerKind::Retry(*number), *due);
                self.execution(*number)?.active = Active::Retry(*timer);
                self.running(*number, |record| {
                    record.status = NodeStatus::Pending;
                    record.error = Some(error.clone());
                })?;
            }
            Event::AttemptLost { number } => {
                self.execution(*number)?.lost += 1;
            }
            Event::NodeRevived { number } => self.revive(*number)?,
            Event::NodeRefired { number, node, before } => self.refire(plan, (*number, *node, *before), at)?,
            Event::NodeSplitFailed { number, output, variables } => {
                let scope = self.execution(*number)?.scope;
                self.assign(plan, scope, variables);
                self.execution(*number)?.active = Active::Split { output: output.clone() };
                self.running(*number, |record| {
                    record.status = NodeStatus::Failed;
                    record.output = Some(output.clone());
                })?;
            }
            Event::NodeFailed { number, error, then } => self.fail_node(plan, (*number, error, then), at)?,
            Event::NodeCompleted { number, output, variables, taken } => {
                let scope = self.execution(*number)?.scope;
                self.assign(plan, scope, variables);
                self.remember(plan, *number, output);
                self.finish(plan, *number, (NodeStatus::Completed, Some(output), at), taken)?;
            }
            Event::NodeReleased { number, output, variables, taken } => {
                let execution = self.execution(*number)?;
                execution.released = true;
                let (scope, node) = (execution.scope, execution.node);
                self.assign(plan, scope, variables);
                self.running(*number, |record| record.output = Some(output.clone()))?;
                self.leave(plan, (scope, node), taken);
            }
            Event::NodeRepeated { number, again, output, variables } => {
                self.repeat(plan, (*number, *again, output, variables), at)?;
            }
            Event::NodeSkipped { number, output, taken, .. } => {
                self.finish(plan, *number, (NodeStatus::Skipped, Some(output), at), taken)?;
            }
            Event::NodeInterrupted { number, taken } => {
                self.finish(plan, *number, (NodeStatus::Cancelled, None, at), taken)?;
            }
            Event::NodeCancelled { number } => {
                let execution = self.take_live(*number)?;
                self.undoing = self.undoing.take().filter(|undoing| !undoing.belongs_to(*number));
                if let Some(marking) = self.marking_mut(execution.scope) {
                    marking.exact = true;
                }
                self.change_record((execution.scope, execution.node), *number, |record| {
                    record.status = NodeStatus::Cancelled;
                    record.ended_at = Some(at);
                });
            }
            other => return Err(format!("{other:?} is not an event of a node")),
        }
        Ok(())
    }

    fn enable(&mut self, plan: &Plan, which: (u32, u32, NodeIx), consumed: &[EdgeIx], at: i64) -> Result<(), String> {
        let (scope, number, node) = which;
        let compiled = plan.node(node);
        let marking = self.marking_mut(scope).ok_or("there is no such scope")?;
        for edge in consumed {
            let place =
                marking.tokens.iter().position(|token| token == edge).ok_or("a token that is not there is consumed")?;
            marking.tokens.remove(place);
        }
        // A node that a person made fire early keeps count of the ways that are still open.
        if marking.settled.get(&node).is_some_and(|&settled| settled as usize >= compiled.incoming.len()) {
            marking.settled.remove(&node);
        }
        if compiled.round.is_some() {
            let round = marking.rounds.entry(node).or_default();
            round.delivered.extend_from_slice(consumed);
            round.n = round.n.max(round.delivered.len() as u32);
            round.fired = true;
        }
        let (rounds, iteration) = self.next_iteration(node);
        self.begin_record((scope, node), number, rounds + 1, at);
        let execution = Execution::new(node, scope, iteration, at);
        self.put_live(plan, number, execution)
    }

    /// Rounds of a node that stand; and the iteration of the next one, which counts those that were rolled back too.
    fn next_iteration(&self, node: NodeIx) -> (u32, u32) {
        let rounds = self.nodes.get(&node).map_or(0, |record| record.rounds);
        (rounds, rounds + self.fired.get(&node).copied().unwrap_or(0))
    }

    /// Whether it is its node's first round of those that stand.
    fn is_first(&self, execution: &Execution) -> bool {
        execution.undoes.is_none() && execution.iteration == self.fired.get(&execution.node).copied().unwrap_or(0)
    }

    /// The record of a node's new execution, in its scope and for the whole instance.
    fn begin_record(&mut self, (scope, node): (u32, NodeIx), number: u32, rounds: u32, at: i64) {
        let fresh = || NodeRecord { status: NodeStatus::Running, rounds, number: Some(number), ..NodeRecord::new(at) };
        let old = self.nodes.insert(node, fresh());
        if old.is_some_and(|record| record.status == NodeStatus::Skipped) {
            self.skipped = self.skipped.saturating_sub(1);
        }
        if let Some(inner) = self.scopes.get_mut(&scope) {
            inner.nodes.insert(node, fresh());
        }
    }

    /// An execution becomes live: its scope, mutex and number know of it.
    pub(in crate::kernel) fn put_live(&mut self, plan: &Plan, number: u32, execution: Execution) -> Result<(), String> {
        self.next_execution = self.next_execution.max(number + 1);
        let own = |mutex: &&MutexPlan| mutex.level == MutexLevel::Instance && execution.undoes.is_none();
        if let Some(mutex) = plan.node(execution.node).mutex.as_ref().filter(own) {
            self.mutexes.entry(mutex.name.clone()).or_default().push(number);
        }
        self.marking_mut(execution.scope).ok_or("there is no such scope")?.enter(number);
        self.live.insert(number, execution).map_or(Ok(()), |_| Err("an execution's number is used twice".to_owned()))
    }

    /// An execution is live no more: what it held is free, what it waited for is forgotten.
    pub(in crate::kernel) fn take_live(&mut self, number: u32) -> Result<Execution, String> {
        let execution = self.live.remove(&number).ok_or("no such execution")?;
        if let Some(marking) = self.marking_mut(execution.scope) {
            marking.exit(number);
        }
        self.permits.remove(&number);
        // By its number: another version may call its mutex otherwise.
        if !self.mutexes.is_empty() {
            self.mutexes.values_mut().for_each(|holders| holders.retain(|holder| *holder != number));
            self.mutexes.retain(|_, holders| !holders.is_empty());
        }
        if !self.subscriptions.is_empty() {
            let owner = Owner::Execution(number);
            let own: Vec<_> = self.subscriptions.range((owner, 0)..=(owner, u32::MAX)).map(|(&key, _)| key).collect();
            own.iter().for_each(|key| drop(self.subscriptions.remove(key)));
        }
        Ok(execution)
    }

    fn repeat(&mut self, plan: &Plan, round: (u32, u32, &Json, &[Named]), at: i64) -> Result<(), String> {
        let (number, again, output, variables) = round;
        let scope = self.execution(number)?.scope;
        self.assign(plan, scope, variables);
        self.remember(plan, number, output);
        let old = self.take_live(number)?;
        if self.is_first(&old) {
            self.completed += 1;
        }
        let (rounds, iteration) = self.next_iteration(old.node);
        self.begin_record((scope, old.node), again, rounds + 1, at);
        // What the last round gave can be seen until this one gives something.
        self.change_record((scope, old.node), again, |record| record.output = Some(output.clone()));
        let next = Execution { round: old.round + 1, ..Execution::new(old.node, scope, iteration, at) };
        self.put_live(plan, again, next)
    }

    fn fail_node(&mut self, plan: &Plan, failed: (u32, &Failure, &AfterFailure), at: i64) -> Result<(), String> {
        let (number, error, then) = failed;
        let execution = self.execution(number)?;
        execution.active = Active::Failed;
        let place = (execution.scope, execution.node);
        match then {
            AfterFailure::Caught(edges) => self.finish(plan, number, (NodeStatus::Failed, None, at), edges)?,
            AfterFailure::Scope => drop(self.take_live(number)?),
            AfterFailure::Incident | AfterFailure::Instance => {}
        }
        self.change_record(place, number, |record| {
            record.status = NodeStatus::Failed;
            record.error = Some(error.clone());
            record.ended_at = Some(at);
        });
        Ok(())
    }

    fn revive(&mut self, number: u32) -> Result<(), String> {
        let execution = self.execution(number)?;
        execution.forgiven = execution.attempt;
        execution.lost = 0;
        if matches!(execution.active, Active::Split { .. }) {
            return Ok(());
        }
        execution.active = Active::Task;
        self.running(number, |record| {
            record.status = NodeStatus::Pending;
            record.ended_at = None;
        })
    }

    fn refire(&mut self, plan: &Plan, which: (u32, NodeIx, u32), at: i64) -> Result<(), String> {
        let (number, node, before) = which;
        let old = self.suspended.remove(&before).ok_or("no such execution")?;
        self.change_record((old.scope, node), before, |record| {
            *record = NodeRecord {
                status: NodeStatus::Running,
                number: Some(number),
                rounds: record.rounds,
                attempt: record.attempt,
                ..NodeRecord::new(at)
            };
        });
        self.scopes.values_mut().filter(|scope| scope.host == before).for_each(|scope| scope.host = number);
        if let Some(undoing) = self.undoing.as_mut().filter(|undoing| undoing.current == Some(before)) {
            undoing.current = Some(number);
        }
        // A container goes on with the scopes that it has; anything else does its work again.
        let active = match old.active {
            Active::Scope | Active::Items => old.active,
            _ => Active::Task,
        };
        self.put_live(plan, number, Execution { active, started_at: at, ..old })
    }

    /// A node that can be undone, or whose scope holds such, is remembered in its scope.
    fn remember(&mut self, plan: &Plan, number: u32, output: &Json) {
        let Some(execution) = self.live.get(&number) else { return };
        if plan.node(execution.node).compensate.is_none() || execution.undoes.is_some() {
            return;
        }
        let (node, iteration, scope) = (execution.node, execution.iteration, execution.scope);
        let own = self.scopes.get(&scope).into_iter().flat_map(|inner| &inner.variables);
        let variables = own.map(|(name, value)| (name.clone(), value.clone())).collect();
        let seq = self.seq;
        if let Some(marking) = self.marking_mut(scope) {
            marking.done.push(Record { node, number, iteration, seq, output: output.clone(), variables });
        }
    }

    /// Ends an execution: its record says how, tokens lie on the taken edges, every other way out is dead.
    fn finish(
        &mut self,
        plan: &Plan,
        number: u32,
        end: (NodeStatus, Option<&Json>, i64),
        taken: &[EdgeIx],
    ) -> Result<(), String> {
        let (status, output, at) = end;
        let execution = self.take_live(number)?;
        let first = self.is_first(&execution);
        let place = (execution.scope, execution.node);
        self.change_record(place, number, |record| {
            record.status = status;
            record.ended_at = Some(at);
            record.output = output.cloned();
        });
        match status {
            NodeStatus::Completed if first => self.completed += 1,
            NodeStatus::Skipped if first => self.skipped += 1,
            _ => {}
        }
        if !execution.released {
            self.leave(plan, place, taken);
        }
        Ok(())
    }

    fn leave(&mut self, plan: &Plan, (scope, node): (u32, NodeIx), taken: &[EdgeIx]) {
        let counts = self.counts(plan, scope);
        let Some(marking) = self.marking_mut(scope) else { return };
        marking.tokens.extend_from_slice(taken);
        if counts {
            let node = plan.node(node);
            for &edge in node.outgoing.iter().chain(&node.events) {
                let to = plan.edge(edge).to;
                if plan.node(to).incoming.len() > 1 {
                    *marking.settled.entry(to).or_default() += 1;
                }
            }
        }
    }

    pub(super) fn skip_unreached(&mut self, plan: &Plan, (scope, node): (u32, NodeIx), at: i64) {
        let skip = |nodes: &mut BTreeMap<NodeIx, NodeRecord>| {
            let record = nodes.entry(node).or_insert_with(|| NodeRecord::new(at));
            record.status = NodeStatus::Skipped;
            record.ended_at = Some(at);
        };
        if let Some(inner) = self.scopes.get_mut(&scope) {
            skip(&mut inner.nodes);
            // For the whole instance a node counts as skipped only where no other item has reached it.
            if !self.nodes.contains_key(&node) {
                skip(&mut self.nodes);
                self.skipped += 1;
            }
        } else {
            skip(&mut self.nodes);
            self.skipped += 1;
        }
        if let Some(marking) = self.marking_mut(scope) {
            marking.settled.remove(&node);
        }
        self.leave(plan, (scope, node), &[]);
    }

    /// Changes the record of a live execution.
    pub(in crate::kernel) fn running(&mut self, number: u32, change: impl Fn(&mut NodeRecord)) -> Result<(), String> {
        let execution = self.execution(number)?;
        let place = (execution.scope, execution.node);
        self.change_record(place, number, change);
        Ok(())
    }

    /// Changes the record of a node where `number` is its last execution; an older one has no record of its own.
    pub(in crate::kernel) fn change_record(
        &mut self,
        (scope, node): (u32, NodeIx),
        number: u32,
        change: impl Fn(&mut NodeRecord),
    ) {
        let own = |record: &&mut NodeRecord| record.number == Some(number);
        if scope != ROOT
            && let Some(record) = self.scopes.get_mut(&scope).and_then(|inner| inner.nodes.get_mut(&node)).filter(own)
        {
            change(record);
        }
        if let Some(record) = self.nodes.get_mut(&node).filter(own) {
            change(record);
        }
    }
}

impl Execution {
    pub(in crate::kernel) const fn new(node: NodeIx, scope: u32, iteration: u32, at: i64) -> Self {
        Self {
            node,
            scope,
            iteration,
            attempt: 0,
            forgiven: 0,
            lost: 0,
            active: Active::Task,
            started_at: at,
            round: 0,
            released: false,
            items: None,
            undoes: None,
        }
    }
}

impl NodeRecord {
    pub(in crate::kernel) const fn new(at: i64) -> Self {
        Self {
            status: NodeStatus::Pending,
            number: None,
            rounds: 0,
            attempt: 0,
            started_at: at,
            ended_at: None,
            output: None,
            error: None,
        }
    }
}
