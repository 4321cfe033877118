//! Graph questions about a definition or plan, on petgraph: depth-first order, cycles, reachability.

use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{DfsPostOrder, Walker};

/// Reverse post-order of a depth-first search from `start`: topological where there is no cycle. Unreached nodes come last, in order.
pub(super) fn reverse_post_order(nodes: usize, edges: &[(u32, u32)], start: u32) -> Vec<u32> {
    let graph = build(nodes, edges);
    let mut order: Vec<u32> =
        DfsPostOrder::new(&graph, NodeIndex::new(start as usize)).iter(&graph).map(|ix| ix.index() as u32).collect();
    order.reverse();
    let mut seen = vec![false; nodes];
    order.iter().for_each(|&ix| seen[ix as usize] = true);
    order.extend((0..nodes as u32).filter(|&ix| !seen[ix as usize]));
    order
}

/// Whether some node can be reached from itself. Not `is_cyclic_directed`: that one recurses, and a chain of nodes is long.
pub(super) fn is_cyclic(nodes: usize, edges: &[(u32, u32)]) -> bool {
    petgraph::algo::toposort(&build(nodes, edges), None).is_err()
}

/// The place of each node in an order in which no edge leads backwards; nodes of one cycle share a place. Kosaraju's algorithm, because
/// it does not recurse.
pub(super) fn ranks(nodes: usize, edges: &[(u32, u32)]) -> Vec<u32> {
    let mut ranks = vec![0; nodes];
    // The last component is the first in that order.
    for (rank, component) in petgraph::algo::kosaraju_scc(&build(nodes, edges)).iter().rev().enumerate() {
        component.iter().for_each(|node| ranks[node.index()] = rank as u32);
    }
    ranks
}

fn build(nodes: usize, edges: &[(u32, u32)]) -> DiGraph<(), ()> {
    let mut graph = DiGraph::with_capacity(nodes, edges.len());
    (0..nodes).for_each(|_| {
        graph.add_node(());
    });
    for &(from, to) in edges {
        graph.add_edge(NodeIndex::new(from as usize), NodeIndex::new(to as usize), ());
    }
    graph
}
