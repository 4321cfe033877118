//! Which nodes every way from the start to a node must pass, answered in constant time.

use super::graph::Graph;
use petgraph::algo::dominators::simple_fast;
use petgraph::graph::NodeIndex;

/// The dominator tree of what the start reaches.
pub(super) struct DominatorTree {
    parent: Vec<Option<usize>>,
    /// When a walk over the tree enters and leaves each node: one that lies within another's times is below it.
    times: Vec<(u32, u32)>,
}

impl DominatorTree {
    pub(super) fn new(graph: &Graph<'_>, start: usize) -> Self {
        let nodes = graph.nodes.len();
        let dominators = simple_fast(&graph.plain(), NodeIndex::new(start));
        let parent: Vec<Option<usize>> =
            (0..nodes).map(|node| dominators.immediate_dominator(NodeIndex::new(node)).map(NodeIndex::index)).collect();
        let mut children = vec![Vec::new(); nodes];
        for (node, parent) in parent.iter().enumerate() {
            if let Some(parent) = *parent {
                children[parent].push(node);
            }
        }
        let (mut times, mut clock) = (vec![(0, 0); nodes], 0u32);
        // Entered nodes are pushed again, marked, to be left behind their children; no recursion, chains are long.
        let mut open = vec![(start, false)];
        while let Some((node, is_left)) = open.pop() {
            clock += 1;
            if is_left {
                times[node].1 = clock;
                continue;
            }
            times[node].0 = clock;
            open.push((node, true));
            open.extend(children[node].iter().map(|&child| (child, false)));
        }
        Self { parent, times }
    }

    /// The nearest node that every way to this one passes; none for the start and what it does not reach.
    pub(super) fn above(&self, node: usize) -> Option<usize> {
        self.parent[node]
    }

    /// Whether every way to `node` passes `by`; a node dominates itself.
    pub(super) fn dominates(&self, by: usize, node: usize) -> bool {
        let ((entered, left), (inner, _)) = (self.times[by], self.times[node]);
        entered > 0 && inner >= entered && inner <= left
    }
}
