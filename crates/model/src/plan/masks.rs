//! Reachability masks of one join: which of its ways in can be reached from a node or an edge without passing the join itself
//! (docs/semantics, A.3: the inclusive rule of BPMN 2.0, made checkable).

use super::{EdgeIx, NodeIx, Plan};
use smallvec::SmallVec;
use std::collections::BTreeMap;

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

/// The masks of one join, over its ancestors only.
#[derive(Debug)]
pub struct JoinMasks {
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
    pub fn edge(&self, plan: &Plan, join: NodeIx, edge: EdgeIx) -> Mask {
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

    /// What several edges together can reach: the position of an execution whose ways out these are.
    pub fn edges(&self, plan: &Plan, join: NodeIx, edges: &[EdgeIx]) -> Mask {
        let mut mask = Mask::empty(self.ways);
        for &edge in edges {
            mask.merge(&self.edge(plan, join, edge));
        }
        mask
    }

    /// The bit of one of the join's ways in.
    pub fn bit(&self, edge: EdgeIx) -> Option<usize> {
        self.bits.get(&edge).copied()
    }

    /// An empty set of the join's ways in.
    pub fn none(&self) -> Mask {
        Mask::empty(self.ways)
    }
}
