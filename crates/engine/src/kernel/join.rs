//! Join rules: whether a node may fire, and which tokens it takes (docs/semantics, A.3).

use super::event::Edges;
use super::state::InstanceState;
use heddle_model::definition::Join;
use heddle_model::plan::{EdgeIx, NodeIx, Plan};

/// The tokens that `node` would take if it fired now; `None` while it may not.
pub(super) fn enabled(plan: &Plan, state: &InstanceState, node: NodeIx) -> Option<Edges> {
    let join = &plan.node(node).join;
    match join {
        Join::All => one_of_each(plan, state, node),
        Join::Inclusive if plan.counted => {
            let settled = state.settled.get(&node).copied().unwrap_or(0) as usize;
            (settled >= plan.node(node).incoming.len())
                .then(|| waiting(plan, state, node))
                .filter(|edges| !edges.is_empty())
        }
        Join::Inclusive => inclusive(plan, state, node),
        // Validation lets only these three through in this version; the rest fire per token, which loses nothing.
        Join::Any | Join::NOfM { .. } | Join::Count(_) => {
            state.tokens.iter().find(|&&edge| plan.edge(edge).to == node).map(|&edge| Edges::from_slice(&[edge]))
        }
    }
}

/// Every way in that holds a token, once each, in the order of the plan.
pub(super) fn waiting(plan: &Plan, state: &InstanceState, node: NodeIx) -> Edges {
    let mut edges: Edges = state.tokens.iter().copied().filter(|&edge| plan.edge(edge).to == node).collect();
    edges.sort_unstable();
    edges.dedup();
    edges
}

fn one_of_each(plan: &Plan, state: &InstanceState, node: NodeIx) -> Option<Edges> {
    let edges = waiting(plan, state, node);
    (edges.len() == plan.node(node).incoming.len()).then_some(edges)
}

/// The exact rule: some way in has a token, and no position can still reach an empty way in without also reaching a full one.
fn inclusive(plan: &Plan, state: &InstanceState, node: NodeIx) -> Option<Edges> {
    let full = waiting(plan, state, node);
    if full.is_empty() {
        return None;
    }
    let masks = plan.masks(node);
    let mut filled = masks.none();
    full.iter().filter_map(|&edge| masks.bit(edge)).for_each(|bit| filled.insert(bit));
    let blocks = |edges: &[EdgeIx]| {
        let reach = masks.edges(plan, node, edges);
        !reach.within(&filled) && !reach.meets(&filled)
    };
    let tokens = state.tokens.iter().filter(|&&edge| plan.edge(edge).to != node);
    if tokens.copied().any(|edge| blocks(&[edge])) {
        return None;
    }
    let held_back = state.live.values().any(|execution| {
        let at = plan.node(execution.node);
        // Each event that could still take the flow elsewhere is a position of its own.
        blocks(&at.outgoing) || at.events.iter().any(|&edge| blocks(&[edge]))
    });
    (!held_back).then_some(full)
}

/// Why a node with waiting tokens does not fire: its empty ways in.
pub(super) fn missing(plan: &Plan, state: &InstanceState, node: NodeIx) -> Vec<EdgeIx> {
    let full = waiting(plan, state, node);
    plan.node(node).incoming.iter().copied().filter(|edge| !full.contains(edge)).collect()
}
