//! What a command would do, for someone to look at before it is done (docs/semantics, A.14; `dry_run`).

use super::codec;
use super::command::Command;
use super::decide::Decision;
use super::event::Event;
use super::hold::hold;
use super::join;
use super::lookup::InstanceScope;
use super::past::Message;
use super::restore::Restored;
use super::state::{AfterUndo, InstanceState, Return};
use heddle_model::lifecycle::InstanceStatus;
use heddle_model::plan::{NodeIx, Plan};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a command would do.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Preview {
    /// Nodes that begin, or begin again, without anything else having to happen first.
    pub starts: Vec<Touched>,
    /// Nodes that have completed and run again when the flow comes by.
    pub again: Vec<Touched>,
    /// Nodes that are withdrawn.
    pub cancelled: Vec<Touched>,
    /// Nodes whose effect is undone, the first to be undone first.
    pub compensated: Vec<Touched>,
    /// Nodes whose effect stands although the flow goes back before them.
    pub kept: Vec<Touched>,
    /// Nodes that are passed over.
    pub skipped: Vec<Touched>,
    /// Messages that stay consumed although the flow goes back before their receipt.
    pub messages: Vec<Message>,
    /// Called workflows that are terminated.
    pub children: Vec<heddle_model::ids::InstanceId>,
}

/// A node, and which of its executions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touched {
    /// Its id, in the version that ran or will run it.
    pub node: Arc<str>,
    /// The execution; `None`: one that does not exist yet.
    pub number: Option<u32>,
}

/// Reads a decision. `before` is the instance as it was, `after` as the decision left it, each with its plan.
pub fn preview(
    (before_plan, before): (&Plan, &InstanceState),
    (after_plan, after): (&Plan, &InstanceState),
    decision: &Decision,
    command: &Command,
) -> Preview {
    let nodes: BTreeMap<u32, NodeIx> = decision.executions.iter().rev().copied().collect();
    let mut reading = Reading { preview: Preview::default(), plan: before_plan, nodes, known: before };
    for event in &decision.events {
        if matches!(event, Event::InstanceMigrated(_)) {
            reading.plan = after_plan;
            reading.nodes.extend(decision.executions.iter().copied());
        }
        reading.note(event, after);
    }
    let mut preview = reading.preview;
    if let Some(AfterUndo::Return(back)) = after.undoing.as_ref().map(|undoing| &undoing.then) {
        preview.starts.extend(starts_later((after_plan, after), back));
    }
    preview.children.clone_from(&decision.effects.children_gone);
    if let Some(past) = command.past() {
        let keep = match command {
            Command::Rollback(wish) => wish.keep.as_slice(),
            Command::Rerun(wish) => wish.keep.as_slice(),
            _ => &[],
        };
        preview.messages.clone_from(&past.messages);
        for done in &past.since {
            let touched = Touched { node: done.node.clone(), number: Some(done.number) };
            let id = before.id.node_instance(done.number).to_string();
            if keep.iter().any(|kept| *kept == *touched.node || *kept == id) {
                preview.kept.push(touched.clone());
            }
            // Of a node that has completed more than once the last time is enough.
            preview.again.retain(|again| again.node != touched.node);
            preview.again.push(touched);
        }
        preview.again.retain(|again| preview.starts.iter().all(|starts| starts.node != again.node));
    }
    preview
}

struct Reading<'a> {
    preview: Preview,
    plan: &'a Plan,
    nodes: BTreeMap<u32, NodeIx>,
    known: &'a InstanceState,
}

impl Reading<'_> {
    fn touched(&self, node: NodeIx, number: Option<u32>) -> Touched {
        Touched { node: self.plan.node(node).id.clone(), number }
    }

    /// An execution that was there before, or that the decision has made.
    fn execution(&self, number: u32) -> Option<Touched> {
        let live = || self.known.live.get(&number).map(|execution| execution.node);
        let node = self.nodes.get(&number).copied().or_else(live)?;
        Some(self.touched(node, (number < self.known.next_execution).then_some(number)))
    }

    fn note(&mut self, event: &Event, after: &InstanceState) {
        match event {
            Event::UndoBegun { .. } => {}
            Event::NodeRevived { number } | Event::NodeRepeated { again: number, .. } => {
                let touched = self.execution(*number);
                self.preview.starts.extend(touched);
            }
            Event::NodeCancelled { number } | Event::NodeInterrupted { number, .. } => {
                let touched = self.execution(*number);
                self.preview.cancelled.extend(touched);
            }
            Event::NodeSkipped { number, .. } => {
                let touched = self.execution(*number);
                self.preview.skipped.extend(touched);
            }
            Event::NodesSkipped { nodes } | Event::NodesSkippedInside { nodes, .. } => {
                let touched: Vec<Touched> = nodes.iter().map(|&node| self.touched(node, None)).collect();
                self.preview.skipped.extend(touched);
            }
            Event::UndoStarted { records, .. } => {
                let undone = records.iter().rev().map(|record| Touched {
                    node: match after.handler_of(record.number) {
                        Some(handler) => handler.node.clone(),
                        None => self.plan.node(record.node).id.clone(),
                    },
                    number: Some(record.number),
                });
                self.preview.compensated.extend(undone);
            }
            Event::RolledBack { state, .. } => {
                let anew = codec::decode_state(state).ok().into_iter().flat_map(|state| state.live);
                let anew = anew.filter(|(number, _)| *number >= self.known.next_execution);
                let touched: Vec<Touched> = anew.map(|(_, execution)| self.touched(execution.node, None)).collect();
                self.preview.starts.extend(touched);
            }
            other => {
                let touched = other.begun().map(|(_, node)| self.touched(node, None));
                self.preview.starts.extend(touched);
            }
        }
    }
}

/// What begins when everything that is to be undone has been.
fn starts_later((plan, after): (&Plan, &InstanceState), back: &Return) -> Vec<Touched> {
    let Ok(past) = codec::decode_state(&back.past) else { return Vec::new() };
    let restored = Restored::new(after, past, back, after.updated_at);
    let state = &restored.state;
    let touched = |node: NodeIx| Touched { node: plan.node(node).id.clone(), number: None };
    let mut starts: Vec<Touched> =
        restored.anew.iter().filter_map(|number| state.live.get(number)).map(|it| touched(it.node)).collect();
    if state.status == InstanceStatus::Paused {
        return starts;
    }
    for scope in state.open_scopes() {
        let Some(marking) = state.marking(scope) else { continue };
        let waiting: std::collections::BTreeSet<NodeIx> = marking.waiting(plan).collect();
        let lookup = InstanceScope {
            plan,
            state,
            now: after.updated_at,
            scope,
            written: &[],
            names: &[],
            output: None,
            error: None,
        };
        let fires = |node: &NodeIx| {
            join::enabled(plan, state, (scope, *node)).is_some() && hold(&lookup, (scope, *node)).is_none()
        };
        starts.extend(waiting.into_iter().filter(fires).map(touched));
    }
    starts
}
