//! The state after going back: what stood then, with what has been used up since (numbers, keys, messages) left behind.

use super::marking::{Marking, ROOT};
use super::state::{
    Active, Execution, Held, InstanceState, NodeRecord, Owner, Phase, Return, Subscription, Then, TimerKind,
};
use heddle_model::lifecycle::{InstanceStatus, NodeStatus};
use heddle_model::plan::NodeIx;
use std::collections::BTreeMap;

/// What going back makes.
pub(super) struct Restored {
    /// The whole state.
    pub(super) state: InstanceState,
    /// Executions that were live then and have ended since, made anew: the outer ones first.
    pub(super) anew: Vec<u32>,
    /// Events that were awaited then and are not now, by who waits and what follows.
    pub(super) awaited: Vec<(Owner, Then)>,
    /// Containers made anew that had a timeout running.
    timeouts: Vec<u32>,
}

/// Whether an execution that stood then still stands, at the same stage of its life.
pub(super) fn is_same(now: &InstanceState, past: &InstanceState, number: u32) -> bool {
    let container = |active: &Active| matches!(active, Active::Scope | Active::Items);
    let split = |active: &Active| matches!(active, Active::Split { .. });
    match (now.live.get(&number), past.live.get(&number).or_else(|| past.suspended.get(&number))) {
        (Some(now), Some(then)) => {
            now.undoes.is_none()
                && container(&now.active) == container(&then.active)
                && split(&now.active) == split(&then.active)
        }
        _ => false,
    }
}

/// Numbers of then, and what they are now.
struct Names {
    executions: BTreeMap<u32, u32>,
    scopes: BTreeMap<u32, u32>,
}

impl Restored {
    pub(super) fn new(now: &InstanceState, past: InstanceState, back: &Return, at: i64) -> Self {
        let mut state = InstanceState {
            status: if now.status == InstanceStatus::Paused { now.status } else { InstanceStatus::Running },
            phase: Phase::Forward,
            ended_at: None,
            output: None,
            error: None,
            undoing: None,
            undone: false,
            live: BTreeMap::new(),
            suspended: BTreeMap::new(),
            skipped: past.skipped,
            completed: past.completed,
            ..now.clone()
        };
        let names = Names::give(&mut state, now, &past);
        let anew = put_executions(&mut state, now, &past, (&names, at));
        count_firings(&mut state, now, &past, &anew);
        put_scopes(&mut state, now, &past, (&names, at));
        put_records_of_the_kept(&mut state, back);
        let awaited = put_subscriptions(&mut state, now, &past, &names);
        state.mutexes = past
            .mutexes
            .iter()
            .map(|(name, holders)| (name.clone(), names.of(holders.iter().copied())))
            .filter(|(_, holders)| !holders.is_empty())
            .collect();
        let timeouts = past.timers.values().filter_map(|timer| match timer.kind {
            TimerKind::JobTimeout(number) => names.executions.get(&number).copied(),
            _ => None,
        });
        let timeouts = timeouts.filter(|number| anew.contains(number)).collect();
        state.mailbox = past.mailbox.iter().chain(&now.mailbox).cloned().collect();
        drop_what_is_about_others(&mut state);
        state.variables = past.variables;
        Self { state, anew, awaited, timeouts }
    }

    /// Whether the timeout of a container that was made anew ran then.
    pub(super) fn times_out(&self, number: u32) -> bool {
        self.timeouts.contains(&number)
    }
}

impl Names {
    fn give(state: &mut InstanceState, now: &InstanceState, past: &InstanceState) -> Self {
        let mut executions = BTreeMap::new();
        for &number in past.live.keys().chain(past.suspended.keys()) {
            executions.insert(number, number);
        }
        for (&number, name) in executions.iter_mut().filter(|(number, _)| !is_same(now, past, **number)) {
            debug_assert!(!now.live.contains_key(&number));
            *name = state.next_execution;
            state.next_execution += 1;
        }
        let mut scopes = BTreeMap::from([(ROOT, ROOT)]);
        for &scope in past.scopes.keys() {
            if now.scopes.contains_key(&scope) {
                scopes.insert(scope, scope);
            } else {
                scopes.insert(scope, state.next_scope);
                state.next_scope += 1;
            }
        }
        Self { executions, scopes }
    }

    fn of(&self, numbers: impl Iterator<Item = u32>) -> Vec<u32> {
        numbers.filter_map(|number| self.executions.get(&number).copied()).collect()
    }

    fn owner(&self, owner: Owner) -> Option<Owner> {
        match owner {
            Owner::Execution(number) => self.executions.get(&number).copied().map(Owner::Execution),
            Owner::Scope(scope) => self.scopes.get(&scope).copied().map(Owner::Scope),
        }
    }
}

/// How often a node has fired, in rounds that stand and in those that were rolled back.
fn fired(state: &InstanceState, node: NodeIx) -> u32 {
    let standing = state.nodes.get(&node).map_or(0, |record| record.rounds);
    standing + state.fired.get(&node).copied().unwrap_or(0)
}

/// What stood then: as it is now where it still stands, else made anew.
fn put_executions(
    state: &mut InstanceState,
    now: &InstanceState,
    past: &InstanceState,
    (names, at): (&Names, i64),
) -> Vec<u32> {
    let mut anew = Vec::new();
    let mut more: BTreeMap<NodeIx, u32> = BTreeMap::new();
    for (number, then) in past.live.iter().chain(&past.suspended) {
        let (name, scope) = (names.executions[number], names.scopes.get(&then.scope).copied().unwrap_or(ROOT));
        if name == *number {
            let same = match then.active {
                // What a container counts is part of what stood then.
                Active::Scope | Active::Items => then.clone(),
                _ => now.live[number].clone(),
            };
            state.live.insert(name, same);
            continue;
        }
        let before = more.entry(then.node).or_default();
        let iteration = fired(now, then.node) + *before;
        *before += 1;
        let active = match &then.active {
            Active::Split { .. } | Active::Scope | Active::Items => then.active.clone(),
            _ => Active::Task,
        };
        let again = Execution {
            active,
            round: then.round,
            released: then.released,
            items: then.items.clone().filter(|_| matches!(then.active, Active::Items)),
            ..Execution::new(then.node, scope, iteration, at)
        };
        state.live.insert(name, again);
        anew.push(name);
    }
    anew.sort_unstable();
    anew
}

/// Keys are never given twice: firings that do not stand any more are counted beside those that do.
fn count_firings(state: &mut InstanceState, now: &InstanceState, past: &InstanceState, anew: &[u32]) {
    let mut all: BTreeMap<NodeIx, u32> =
        now.nodes.keys().chain(now.fired.keys()).map(|&it| (it, fired(now, it))).collect();
    for number in anew {
        if let Some(execution) = state.live.get(number) {
            *all.entry(execution.node).or_default() += 1;
        }
    }
    state.fired = all
        .into_iter()
        .map(|(node, all)| (node, all.saturating_sub(past.nodes.get(&node).map_or(0, |record| record.rounds))))
        .filter(|(_, more)| *more > 0)
        .collect();
}

fn put_scopes(state: &mut InstanceState, now: &InstanceState, past: &InstanceState, (names, at): (&Names, i64)) {
    let marking = |then: &Marking, of: u32| Marking {
        live: state.live.iter().filter(|(_, it)| it.scope == of).map(|(&number, _)| number).collect(),
        ..then.clone()
    };
    let root = marking(&past.root, ROOT);
    let mut scopes = BTreeMap::new();
    for (number, then) in &past.scopes {
        let name = names.scopes[number];
        let mut scope = then.clone();
        scope.marking = marking(&then.marking, name);
        scope.parent = names.scopes.get(&then.parent).copied().unwrap_or(ROOT);
        scope.host = names.executions.get(&then.host).copied().unwrap_or(then.host);
        let known = now.scopes.get(number).map(|scope| &scope.nodes);
        scope.nodes = records(&then.nodes, known, names, at);
        scopes.insert(name, scope);
    }
    (state.root, state.scopes) = (root, scopes);
    state.nodes = records(&past.nodes, Some(&now.nodes), names, at);
}

fn records(
    then: &BTreeMap<NodeIx, NodeRecord>,
    now: Option<&BTreeMap<NodeIx, NodeRecord>>,
    names: &Names,
    at: i64,
) -> BTreeMap<NodeIx, NodeRecord> {
    let of = |(&node, then): (&NodeIx, &NodeRecord)| {
        let current = now.and_then(|now| now.get(&node)).filter(|now| now.number == then.number);
        let name = then.number.and_then(|number| names.executions.get(&number));
        let record = match (name, then.number) {
            (Some(name), Some(number)) if *name != number => NodeRecord {
                number: Some(*name),
                status: NodeStatus::Running,
                rounds: then.rounds,
                output: then.output.clone(),
                ..NodeRecord::new(at)
            },
            (Some(_), _) => NodeRecord { rounds: then.rounds, ..current.unwrap_or(then).clone() },
            // It had ended: only undoing can have changed that.
            _ => match current.filter(|now| now.status == NodeStatus::Compensated) {
                Some(now) => NodeRecord { status: now.status, ..then.clone() },
                None => then.clone(),
            },
        };
        (node, record)
    };
    then.iter().map(of).collect()
}

/// What is to stand can still be undone later.
fn put_records_of_the_kept(state: &mut InstanceState, back: &Return) {
    if !back.kept.is_empty() {
        state.root.done.extend(back.kept.iter().cloned());
        state.root.done.sort_by_key(|record| record.seq);
    }
}

fn put_subscriptions(
    state: &mut InstanceState,
    now: &InstanceState,
    past: &InstanceState,
    names: &Names,
) -> Vec<(Owner, Then)> {
    let stands = |owner: Owner| match owner {
        Owner::Execution(number) => state.live.contains_key(&number),
        Owner::Scope(scope) => scope == ROOT || state.scopes.contains_key(&scope),
    };
    let keep: BTreeMap<(Owner, u32), Subscription> =
        now.subscriptions.iter().filter(|((owner, _), _)| stands(*owner)).map(|(key, it)| (*key, it.clone())).collect();
    let mut awaited = Vec::new();
    for ((owner, number), wish) in &past.subscriptions {
        let Some(name) = names.owner(*owner) else { continue };
        // What begins from nothing listens by itself.
        let listens = match name {
            Owner::Execution(of) => {
                let container = matches!(state.live.get(&of).map(|it| &it.active), Some(Active::Scope | Active::Items));
                container || name == *owner
            }
            Owner::Scope(_) => true,
        };
        if listens && !keep.contains_key(&(name, *number)) && wish.then != Then::Complete {
            awaited.push((name, wish.then));
        }
    }
    state.subscriptions = keep;
    awaited
}

/// Timers and held results of what does not stand any more.
fn drop_what_is_about_others(state: &mut InstanceState) {
    let live = |number: &u32| state.live.contains_key(number);
    let timers: BTreeMap<_, _> = state
        .timers
        .iter()
        .filter(|(_, timer)| match timer.kind {
            TimerKind::Instance => true,
            TimerKind::Start => false,
            TimerKind::Event(owner, subscription) => state.subscriptions.contains_key(&(owner, subscription)),
            TimerKind::Wait(number)
            | TimerKind::Retry(number)
            | TimerKind::JobTimeout(number)
            | TimerKind::Escalation(number)
            | TimerKind::Items(number) => live(&number),
        })
        .map(|(&number, timer)| (number, timer.clone()))
        .collect();
    let held: Vec<Held> = state
        .held
        .iter()
        .filter(|held| match held {
            Held::Completed { number, .. }
            | Held::Failed { number, .. }
            | Held::Child { number, .. }
            | Held::Lost(number)
            | Held::Begin(number)
            | Held::Again(number)
            | Held::Granted(number) => live(number),
            Held::Timer(timer) => timers.contains_key(timer),
            Held::Event { owner, subscription, .. } => state.subscriptions.contains_key(&(*owner, *subscription)),
            Held::Message(_) | Held::Signal { .. } => true,
        })
        .cloned()
        .collect();
    state.frozen_timers.retain(|timer| timers.contains_key(timer));
    (state.timers, state.held) = (timers, held);
}
