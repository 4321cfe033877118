//! SKIPPED: nodes that can never fire any more (docs/semantics, A.6).

use super::state::InstanceState;
use heddle_model::plan::{EdgeIx, NodeIx, Plan};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Nodes that became unreachable when these edges died, in the order in which they were found.
pub(super) fn unreachable_after(plan: &Plan, state: &InstanceState, dead: &[EdgeIx]) -> Vec<NodeIx> {
    if plan.counted { by_counting(plan, state, dead) } else { by_search(plan, state, dead) }
}

/// Every node that was never reached: what is left when the scope ends.
pub(super) fn never_reached(plan: &Plan, state: &InstanceState) -> Vec<NodeIx> {
    plan.nodes().map(|(node, _)| node).filter(|node| !state.nodes.contains_key(node)).collect()
}

/// Dead edges are counted on their way; constant time per edge. `state.settled` already counts the edges in `dead`.
fn by_counting(plan: &Plan, state: &InstanceState, dead: &[EdgeIx]) -> Vec<NodeIx> {
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
        let settled = state.settled.get(&to).copied().unwrap_or(0) + more.get(&to).copied().unwrap_or(0);
        let all_settled = ways < 2 || settled as usize >= ways;
        let reached = state.nodes.contains_key(&to) || state.tokens.iter().any(|&token| plan.edge(token).to == to);
        if all_settled && !reached && seen.insert(to) {
            skipped.push(to);
            let node = plan.node(to);
            // Breadth first: edges named in `dead` are looked at before what follows from them.
            work.extend(node.outgoing.iter().chain(&node.events));
        }
    }
    skipped
}

/// Where cycles or other joins forbid counting: what no position reaches.
fn by_search(plan: &Plan, state: &InstanceState, dead: &[EdgeIx]) -> Vec<NodeIx> {
    let candidates: Vec<NodeIx> =
        reach(plan, dead.to_vec()).into_iter().filter(|node| !state.nodes.contains_key(node)).collect();
    if candidates.is_empty() {
        return candidates;
    }
    let mut ways: Vec<EdgeIx> = state.tokens.clone();
    for execution in state.live.values() {
        let node = plan.node(execution.node);
        ways.extend(node.outgoing.iter().chain(&node.events));
    }
    let reached = reach(plan, ways);
    candidates.into_iter().filter(|node| !reached.contains(node)).collect()
}

fn reach(plan: &Plan, mut work: Vec<EdgeIx>) -> BTreeSet<NodeIx> {
    let mut seen = BTreeSet::new();
    while let Some(edge) = work.pop() {
        let to = plan.edge(edge).to;
        if seen.insert(to) {
            let node = plan.node(to);
            work.extend(node.outgoing.iter().chain(&node.events));
        }
    }
    seen
}
