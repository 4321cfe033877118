//! Join rules: whether a node may fire, and which tokens it takes (docs/semantics, A.3). `round` has the joins with a memory.

use super::event::Edges;
use super::state::{Active, InstanceState};
use heddle_model::definition::Join;
use heddle_model::plan::{EdgeIx, Mask, NodeIx, Plan};

/// A node in one of the open scopes.
pub(super) type Place = (u32, NodeIx);

/// The tokens that a node would take if it fired now; `None` while it may not.
pub(super) fn enabled(plan: &Plan, state: &InstanceState, (scope, node): Place) -> Option<Edges> {
    let join = &plan.node(node).join;
    match join {
        Join::All => one_of_each(plan, state, (scope, node)),
        Join::Inclusive if state.counts(plan, scope) => {
            let settled = state.marking(scope)?.settled.get(&node).copied().unwrap_or(0) as usize;
            (settled >= plan.node(node).incoming.len())
                .then(|| waiting(plan, state, (scope, node)))
                .filter(|edges| !edges.is_empty())
        }
        Join::Inclusive => inclusive(plan, state, (scope, node)),
        Join::Any => {
            let tokens = state.tokens(scope).iter();
            tokens.copied().find(|&edge| plan.edge(edge).to == node).map(|edge| Edges::from_slice(&[edge]))
        }
        Join::Count(count) => {
            let tokens = state.tokens(scope).iter().copied().filter(|&edge| plan.edge(edge).to == node);
            let oldest: Edges = tokens.take(*count as usize).collect();
            (oldest.len() == *count as usize).then_some(oldest)
        }
        Join::NOfM { .. } => None,
    }
}

/// Every way in that holds a token, once each, in the order of the plan.
pub(super) fn waiting(plan: &Plan, state: &InstanceState, (scope, node): Place) -> Edges {
    let mut edges: Edges = state.tokens(scope).iter().copied().filter(|&edge| plan.edge(edge).to == node).collect();
    edges.sort_unstable();
    edges.dedup();
    edges
}

fn one_of_each(plan: &Plan, state: &InstanceState, place: Place) -> Option<Edges> {
    let edges = waiting(plan, state, place);
    (edges.len() == plan.node(place.1).incoming.len()).then_some(edges)
}

/// The exact rule: some way in has a token, and no position can still reach an empty way in without also reaching a full one.
fn inclusive(plan: &Plan, state: &InstanceState, place: Place) -> Option<Edges> {
    let full = waiting(plan, state, place);
    if full.is_empty() {
        return None;
    }
    // All have one: there is nothing left to wait for.
    if full.len() == plan.node(place.1).incoming.len() {
        return Some(full);
    }
    let filled = plan.ways(place.1, full.iter().copied());
    let blocks = |reach: Mask| !reach.within(&filled) && !reach.meets(&filled);
    (!any_position(plan, state, place, blocks)).then_some(full)
}

/// Whether any position of the scope, other than a token that waits on the join itself, reaches what `wanted` asks for.
pub(super) fn any_position(
    plan: &Plan,
    state: &InstanceState,
    (scope, node): Place,
    wanted: impl Fn(Mask) -> bool,
) -> bool {
    let Some(marking) = state.marking(scope) else { return false };
    // Those whose way to the join is short are asked first: one of them may be enough.
    let mut far: Vec<&[EdgeIx]> = Vec::new();
    let mut reaches = |edges| match plan.reach_nearby(node, edges) {
        Some(reach) => wanted(reach),
        None => {
            far.push(edges);
            false
        }
    };
    let tokens = || marking.tokens.chunks(1).filter(|edge| plan.edge(edge[0]).to != node);
    let near = tokens().any(&mut reaches)
        || marking.live.iter().filter_map(|number| state.live.get(number)).any(|execution| {
            if execution.released || execution.undoes.is_some() {
                return false;
            }
            let at = plan.node(execution.node);
            let chooses = matches!(at.kind, heddle_model::plan::NodeKind::Choice) && execution.active == Active::Event;
            // Each event that could still take the flow elsewhere is a position of its own.
            let own = if chooses { at.outgoing.chunks(1).any(&mut reaches) } else { reaches(&at.outgoing) };
            own || at.events.chunks(1).any(&mut reaches)
        });
    near || far.into_iter().any(|edges| wanted(plan.reach(node, edges)))
}

/// Why a node with waiting tokens does not fire: its empty ways in.
pub(super) fn missing(plan: &Plan, state: &InstanceState, place: Place) -> Vec<EdgeIx> {
    let full = waiting(plan, state, place);
    plan.node(place.1).incoming.iter().copied().filter(|edge| !full.contains(edge)).collect()
}
