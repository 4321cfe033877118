//! Why a node is waiting: the reasons for every node that has tokens or an execution and does not move, from the state and the plan
//! alone (docs/semantics, A.3, A.8; the answer of the API to "why is this waiting?").

use super::hold::{Hold, hold};
use super::join;
use super::lookup::InstanceScope;
use super::marking::ROOT;
use super::state::{Active, Awaited, InstanceState, Owner};
use heddle_model::definition::Join;
use heddle_model::lifecycle::InstanceStatus;
use heddle_model::plan::{EdgeIx, NodeIx, Plan};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A node that waits, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    /// The node.
    pub node: NodeIx,
    /// The scope: 0 for the root.
    pub scope: u32,
    /// Its execution, where it has begun.
    pub number: Option<u32>,
    /// Why, the nearest reason first.
    pub reasons: Vec<Reason>,
}

/// Why a node does not move.
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// The instance has not begun: it is to start at this time.
    NotStarted(Option<i64>),
    /// The instance is paused.
    Paused,
    /// The instance is being undone.
    Undoing,
    /// Its join misses tokens on these edges; what could still bring them is at these nodes.
    Join {
        /// The empty ways in, by the ids of their edges.
        missing: Vec<Arc<str>>,
        /// Nodes that are at work and may still lead here.
        by: Vec<NodeIx>,
    },
    /// Its guard is false; or cannot be evaluated, and why.
    Guard(Option<String>),
    /// Its mutex is held by these executions; by others' where none is named.
    Mutex {
        /// The mutex.
        name: Arc<str>,
        /// Who holds it.
        holders: Vec<u32>,
    },
    /// A built-in task runs, or waits for a worker slot.
    Task,
    /// A worker is awaited.
    Job,
    /// A time is awaited: when it is due (what is left of it, while frozen).
    Timer(Option<i64>),
    /// Another attempt follows at this time.
    Retry(Option<i64>),
    /// A message is awaited.
    Message {
        /// Its name.
        name: Arc<str>,
        /// Its key.
        key: Option<Arc<str>>,
    },
    /// A signal is awaited.
    Signal(Arc<str>),
    /// A condition is false.
    Condition,
    /// A person is awaited: who has it.
    Human(Option<Arc<str>>),
    /// What is inside it is under way: so many executions.
    Children(usize),
    /// More items may be added: it is open.
    Open,
    /// Another workflow is awaited.
    Call(heddle_model::ids::InstanceId),
    /// A person must decide: its open incident.
    Incident(Option<u32>),
}

/// Every node that waits, the outer scopes first. Empty for an instance that has ended.
pub fn why(plan: &Plan, state: &InstanceState, now: i64) -> Vec<Waiting> {
    if state.status.is_ended() {
        return Vec::new();
    }
    let mut waiting = Vec::new();
    if state.status == InstanceStatus::Created {
        let due = state.timers.values().map(|timer| timer.due).min();
        waiting.push(Waiting { node: plan.start, scope: ROOT, number: None, reasons: vec![Reason::NotStarted(due)] });
        return waiting;
    }
    for scope in state.open_scopes() {
        let Some(marking) = state.marking(scope) else { continue };
        for &number in &marking.live {
            if let Some(execution) = state.live.get(&number) {
                let reasons = of_execution(state, number);
                waiting.push(Waiting { node: execution.node, scope, number: Some(number), reasons });
            }
        }
        let nodes: BTreeSet<NodeIx> = marking.waiting(plan).collect();
        waiting.extend(nodes.into_iter().map(|node| {
            let reasons = before_firing(plan, state, (scope, node), now);
            Waiting { node, scope, number: None, reasons }
        }));
    }
    waiting
}

/// Why a node with tokens before it has not fired.
fn before_firing(plan: &Plan, state: &InstanceState, place: join::Place, now: i64) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if state.status == InstanceStatus::Paused || state.is_paused(plan, place.1) {
        reasons.push(Reason::Paused);
    }
    if state.undoing.is_some() && state.phase != super::state::Phase::Forward {
        reasons.push(Reason::Undoing);
    }
    let is_round = matches!(plan.node(place.1).join, Join::NOfM { .. });
    if is_round || join::enabled(plan, state, place).is_none() {
        reasons.push(missing(plan, state, place));
        return reasons;
    }
    let lookup =
        InstanceScope { plan, state, now, scope: place.0, written: &[], names: &[], output: None, error: None };
    match (hold(&lookup, place), &plan.node(place.1).mutex) {
        (Some(Hold::Guard(why)), _) => reasons.push(Reason::Guard(why)),
        (Some(Hold::Mutex(holders)), Some(mutex)) => {
            reasons.push(Reason::Mutex { name: mutex.name.clone(), holders });
        }
        _ => {}
    }
    reasons
}

fn missing(plan: &Plan, state: &InstanceState, place: join::Place) -> Reason {
    let round = state.marking(place.0).and_then(|marking| marking.rounds.get(&place.1));
    let empty: Vec<EdgeIx> = join::missing(plan, state, place)
        .into_iter()
        .filter(|edge| round.is_none_or(|round| !round.delivered.contains(edge)))
        .collect();
    let wanted = plan.ways(place.1, empty.iter().copied());
    let leads = |node: NodeIx| {
        let at = plan.node(node);
        let mut ways = at.outgoing.iter().chain(&at.events);
        ways.any(|&edge| plan.reach(place.1, &[edge]).meets(&wanted))
    };
    let live = state.marking(place.0).into_iter().flat_map(|marking| &marking.live);
    let by: BTreeSet<NodeIx> =
        live.filter_map(|number| state.live.get(number)).map(|it| it.node).filter(|&node| leads(node)).collect();
    Reason::Join {
        missing: empty.into_iter().map(|edge| plan.edge(edge).id.clone()).collect(),
        by: by.into_iter().collect(),
    }
}

fn of_execution(state: &InstanceState, number: u32) -> Vec<Reason> {
    let Some(execution) = state.live.get(&number) else { return Vec::new() };
    let mut reasons = Vec::new();
    if state.held_result(number) {
        reasons.push(Reason::Paused);
    }
    let due = |timer: &u32| state.timers.get(timer).map(|timer| timer.due);
    match &execution.active {
        Active::Task | Active::Undo => reasons.push(Reason::Task),
        Active::Job => reasons.push(Reason::Job),
        Active::Timer(timer) => reasons.push(Reason::Timer(due(timer))),
        Active::Retry(timer) => reasons.push(Reason::Retry(due(timer))),
        Active::Event => {
            let owner = Owner::Execution(number);
            let own = state.subscriptions.range((owner, 0)..=(owner, u32::MAX));
            reasons.extend(own.map(|(_, wish)| match &wish.event {
                Awaited::Message { name, key } => Reason::Message { name: name.clone(), key: key.clone() },
                Awaited::Signal(name) => Reason::Signal(name.clone()),
                Awaited::Timer { timer, .. } => Reason::Timer(due(timer)),
                Awaited::Condition => Reason::Condition,
            }));
        }
        Active::Permit(name) => reasons.push(Reason::Mutex { name: name.clone(), holders: Vec::new() }),
        Active::Human(task) => reasons.push(Reason::Human(task.assignee.clone())),
        Active::Call(child) => reasons.push(Reason::Call(child.instance)),
        Active::Scope | Active::Items => {
            let inner: usize =
                state.scopes.values().filter(|scope| scope.host == number).map(|scope| scope.marking.live.len()).sum();
            let is_open = execution.items.as_ref().is_some_and(|items| !items.closed && !items.stopped);
            if inner > 0 || !is_open {
                reasons.push(Reason::Children(inner));
            }
            if is_open {
                reasons.push(Reason::Open);
            }
        }
        Active::Failed | Active::Split { .. } => {
            let incident =
                state.incidents.iter().find(|(_, it)| it.execution == Some(number)).map(|(&number, _)| number);
            reasons.push(Reason::Incident(incident));
        }
    }
    reasons
}

impl Reason {
    /// The word for it, in JSON and in tables.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::NotStarted(_) => "not_started",
            Self::Paused => "paused",
            Self::Undoing => "compensating",
            Self::Join { .. } => "join",
            Self::Guard(_) => "guard",
            Self::Mutex { .. } => "mutex",
            Self::Task => "active",
            Self::Job => "job",
            Self::Timer(_) => "timer",
            Self::Retry(_) => "retrying",
            Self::Message { .. } => "message",
            Self::Signal(_) => "signal",
            Self::Condition => "condition",
            Self::Human(_) => "human",
            Self::Children(_) => "children",
            Self::Open => "open",
            Self::Call(_) => "call",
            Self::Incident(_) => "incident",
        }
    }
}
