//! SKIPPED: nodes that can never fire any more in their scope (docs/semantics, A.6).

use super::marking::Marking;
use super::reach::Reach;
use super::state::InstanceState;
use heddle_model::plan::{EdgeIx, NodeIx, NodeKind, Plan};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Nodes of a scope that became unreachable when these edges died, in the order in which they were found.
pub(super) fn unreachable_after(plan: &Plan, state: &InstanceState, scope: u32, dead: &[EdgeIx]) -> Vec<NodeIx> {
    if state.counts(plan, scope) { by_counting(plan, state, scope, dead) } else { by_search(plan, state, scope, dead) }
}

/// Every node of a scope that was never reached: what is left when the scope ends.
pub(super) fn never_reached(plan: &Plan, state: &InstanceState, scope: u32) -> Vec<NodeIx> {
    let records = state.records(scope);
    let nodes = &plan.scope(state.scope_ix(scope)).nodes;
    let mut missing: Vec<NodeIx> = nodes.iter().copied().filter(|node| !records.contains_key(node)).collect();
    // What is inside a container that never ran was not reached either; an inner scope tells its own when it ends.
    let mut next = 0;
    while let Some(&node) = missing.get(next) {
        next += 1;
        let inner = match &plan.node(node).kind {
            NodeKind::Group(inner) => *inner,
            NodeKind::Foreach(foreach) => foreach.body,
            _ => continue,
        };
        if scope == super::marking::ROOT {
            missing.extend(plan.scope(inner).nodes.iter().filter(|node| !state.nodes.contains_key(node)));
        }
    }
    missing
}

/// Dead edges are counted on their way; constant time per edge. The scope's `settled` already counts the edges in `dead`.
fn by_counting(plan: &Plan, state: &InstanceState, scope: u32, dead: &[EdgeIx]) -> Vec<NodeIx> {
    let Some(marking) = state.marking(scope) else { return Vec::new() };
    let records = state.records(scope);
    let mut work: VecDeque<EdgeIx> = dead.iter().copied().collect();
    let mut more: BTreeMap<NodeIx, u32> = BTreeMap::new();
    let mut skipped: Vec<NodeIx> = Vec::new();
    let mut seen: BTreeSet<NodeIx> = BTreeSet::new();
    let direct = dead.len();
    let mut looked = 0;
    while let Some(edge) = work.pop_front() {
        let to = plan.edge(edge).to;
        let ways = plan.node(to).incoming.len();
        if looked >= direct && ways > 1 {
            *more.entry(to).or_default() += 1;
        }
        looked += 1;
        let settled = marking.settled.get(&to).copied().unwrap_or(0) + more.get(&to).copied().unwrap_or(0);
        let all_settled = ways < 2 || settled as usize >= ways;
        let reached = records.contains_key(&to) || marking.tokens.iter().any(|&token| plan.edge(token).to == to);
        if all_settled && !reached && seen.insert(to) {
            skipped.push(to);
            let node = plan.node(to);
            // Breadth first: edges named in `dead` are looked at before what follows from them.
            work.extend(node.outgoing.iter().chain(&node.events));
        }
    }
    skipped
}

/// Where cycles or other joins forbid counting: what the dead edges led to and no position reaches. Nothing behind a node that a position
/// reaches is lost, so the walk ends there, mostly at its first node.
fn by_search(plan: &Plan, state: &InstanceState, scope: u32, dead: &[EdgeIx]) -> Vec<NodeIx> {
    let Some(marking) = state.marking(scope) else { return Vec::new() };
    let records = state.records(scope);
    let mut reach = Reach::new(plan, positions(plan, state, marking));
    let (mut seen, mut lost) = (BTreeSet::new(), BTreeSet::new());
    let mut work = dead.to_vec();
    while let Some(edge) = work.pop() {
        let to = plan.edge(edge).to;
        if !seen.insert(to) || reach.has(to) {
            continue;
        }
        // Nodes that ran are looked through: what is behind them may still be unreached.
        if !records.contains_key(&to) {
            lost.insert(to);
        }
        let node = plan.node(to);
        work.extend(node.outgoing.iter().chain(&node.events));
    }
    lost.into_iter().collect()
}

/// Where the flow may come to next: the ends of the edges with tokens and of the ways out of what is at work.
fn positions(plan: &Plan, state: &InstanceState, marking: &Marking) -> BTreeSet<NodeIx> {
    let mut ways: Vec<EdgeIx> = marking.tokens.clone();
    for execution in marking.live.iter().filter_map(|number| state.live.get(number)) {
        let node = plan.node(execution.node);
        ways.extend(node.outgoing.iter().chain(&node.events));
    }
    let mut positions: BTreeSet<NodeIx> = ways.into_iter().map(|edge| plan.edge(edge).to).collect();
    // A round that has not fired will bring its join to fire.
    positions.extend(marking.rounds.iter().filter(|(_, round)| !round.fired).map(|(&node, _)| node));
    positions
}
