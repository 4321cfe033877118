//! Reachability masks of one join: which of its ways in can be reached from a node or an edge without passing the join itself
//! (docs/semantics, A.3: the inclusive rule of BPMN 2.0, made checkable).
//!
//! Mostly the answer lies near: branches that part meet again soon. So the way ahead is searched first, a little; the masks of all that
//! lies before a join are computed only where that does not end. In a cycle that is the whole of it, for each of its joins: 10,000 nodes
//! with 3,000 joins would be 30 million masks.

use super::{EdgeIx, NodeIx, Plan};
use smallvec::SmallVec;
use std::collections::{BTreeMap, BTreeSet};

/// A set of a join's incoming edges, one bit each, in the order of `PlanNode::incoming`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mask(SmallVec<[u64; 1]>);

impl Mask {
    /// An empty set for a join with so many ways in.
    pub fn empty(edges: usize) -> Self {
        Self(SmallVec::from_elem(0, edges.div_ceil(64).max(1)))
    }

    /// Adds an edge.
    pub fn insert(&mut self, bit: usize) {
        self.0[bit / 64] |= 1 << (bit % 64);
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|&word| word == 0)
    }

    /// Whether both share an edge.
    pub fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(a, b)| a & b != 0)
    }

    /// Whether every edge of this is in the other.
    pub fn within(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(a, b)| a & !b == 0)
    }

    /// Adds all of the other; whether that changed anything.
    fn merge(&mut self, other: &Self) -> bool {
        let mut changed = false;
        for (a, b) in self.0.iter_mut().zip(&other.0) {
            changed |= *b & !*a != 0;
            *a |= b;
        }
        changed
    }
}

/// Edges that are looked at before the masks of a join are computed: a few microseconds.
const NEAR: usize = 128;

impl Plan {
    /// No way into a join.
    pub fn no_ways(&self, join: NodeIx) -> Mask {
        Mask::empty(self.node(join).incoming.len())
    }

    /// These ways into a join; edges that are none are left out.
    pub fn ways(&self, join: NodeIx, edges: impl IntoIterator<Item = EdgeIx>) -> Mask {
        let mut mask = self.no_ways(join);
        // Ways in are in the order of their places.
        edges
            .into_iter()
            .filter_map(|edge| self.node(join).incoming.binary_search(&edge).ok())
            .for_each(|bit| mask.insert(bit));
        mask
    }

    /// The ways into a join that can be reached over these edges without passing the join: the position of an execution whose ways out
    /// these are.
    pub fn reach(&self, join: NodeIx, edges: &[EdgeIx]) -> Mask {
        if let Some(mask) = self.reach_nearby(join, edges) {
            return mask;
        }
        let masks = self.masks(join);
        let mut mask = self.no_ways(join);
        for &edge in edges {
            mask.merge(&masks.edge(self, join, edge));
        }
        mask
    }

    /// The same, where the search for it soon ends.
    pub fn reach_nearby(&self, join: NodeIx, edges: &[EdgeIx]) -> Option<Mask> {
        let (mut mask, mut seen) = (self.no_ways(join), BTreeSet::new());
        let mut work: SmallVec<[EdgeIx; 16]> = SmallVec::from_slice(edges);
        let mut looked = 0;
        while let Some(edge) = work.pop() {
            looked += 1;
            if looked > NEAR {
                return None;
            }
            let to = self.edge(edge).to;
            if to == join {
                mask.merge(&self.ways(join, [edge]));
            } else if seen.insert(to) {
                let node = self.node(to);
                work.extend(node.outgoing.iter().chain(&node.events).copied());
            }
        }
        Some(mask)
    }
}

/// The masks of one join, over its ancestors only.
#[derive(Debug)]
pub(super) struct JoinMasks {
    ways: usize,
    /// What a token that fires this node can reach, by any way out.
    nodes: BTreeMap<NodeIx, Mask>,
    bits: BTreeMap<EdgeIx, usize>,
}

impl JoinMasks {
    /// Walks backwards from the join until nothing changes: each edge is looked at once per bit gained, over ancestors only.
    pub(super) fn compute(plan: &Plan, join: NodeIx) -> Self {
        let incoming = &plan.node(join).incoming;
        let bits: BTreeMap<_, _> = incoming.iter().enumerate().map(|(bit, &edge)| (edge, bit)).collect();
        let mut masks = Self { ways: incoming.len(), nodes: BTreeMap::new(), bits };
        let mut work: Vec<EdgeIx> = incoming.clone();
        while let Some(edge) = work.pop() {
            let reached = masks.edge(plan, join, edge);
            let from = plan.edge(edge).from;
            let grew = masks.nodes.entry(from).or_insert_with(|| Mask::empty(incoming.len())).merge(&reached);
            // Paths do not pass the join, so what lies before it through itself does not count.
            if grew && from != join {
                work.extend(&plan.node(from).incoming);
            }
        }
        masks
    }

    /// What a token on this edge can reach.
    fn edge(&self, plan: &Plan, join: NodeIx, edge: EdgeIx) -> Mask {
        let to = plan.edge(edge).to;
        if to == join {
            let mut mask = Mask::empty(self.ways);
            if let Some(&bit) = self.bits.get(&edge) {
                mask.insert(bit);
            }
            return mask;
        }
        self.nodes.get(&to).cloned().unwrap_or_else(|| Mask::empty(self.ways))
    }
}
