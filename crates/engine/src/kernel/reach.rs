//! Whether the flow can still come to a node from where it stands. The answer mostly lies near, so it is sought from both ends at once,
//! edge by edge, and only between the two in the order of the graph: what it costs does not grow with the graph.

use heddle_model::plan::{EdgeIx, NodeIx, Plan};
use std::collections::{BTreeSet, VecDeque};

/// What the flow can come to from some nodes, they included.
pub(super) struct Reach<'p> {
    plan: &'p Plan,
    /// By their places in the order of the graph.
    from: BTreeSet<(u32, NodeIx)>,
    /// Edges that may still be looked at before all that is reached is found at once: no more than that would take.
    budget: usize,
    /// All that is reached, where that was needed.
    all: Option<BTreeSet<NodeIx>>,
}

/// One end of a search.
struct End {
    /// Nodes that were come to, and how many of their edges have been looked at.
    open: VecDeque<(NodeIx, usize)>,
    seen: BTreeSet<NodeIx>,
}

impl<'p> Reach<'p> {
    pub(super) fn new(plan: &'p Plan, from: BTreeSet<NodeIx>) -> Self {
        let from = from.into_iter().map(|node| (plan.rank(node), node)).collect();
        Self { plan, from, budget: plan.edges().len(), all: None }
    }

    /// Whether a node is reached.
    pub(super) fn has(&mut self, node: NodeIx) -> bool {
        if let Some(all) = &self.all {
            return all.contains(&node);
        }
        let rank = self.plan.rank(node);
        // Nodes of one cycle reach each other.
        if self.from.range((rank, NodeIx(0))..=(rank, NodeIx(u32::MAX))).next().is_some() {
            return true;
        }
        match self.search(node, rank) {
            Some(answer) => answer,
            None => self.everything().contains(&node),
        }
    }

    /// From both ends by turns; `None` when that has taken too long.
    fn search(&mut self, node: NodeIx, rank: u32) -> Option<bool> {
        let before: Vec<NodeIx> = self.from.range(..(rank, NodeIx(0))).map(|(_, node)| *node).collect();
        let Some(&(lowest, _)) = self.from.first().filter(|_| !before.is_empty()) else { return Some(false) };
        let plan = self.plan;
        let (mut ahead, mut behind) = (End::new(before), End::new([node]));
        loop {
            self.budget = self.budget.checked_sub(1)?;
            // An end that has nowhere left to go has not met the other.
            match ahead.next(|node| leads_to(plan, node), |edge| plan.edge(edge).to) {
                None => return Some(false),
                Some(to) if behind.seen.contains(&to) => return Some(true),
                Some(to) if plan.rank(to) <= rank => ahead.come_to(to),
                Some(_) => {}
            }
            match behind.next(|node| (&plan.node(node).incoming, &[]), |edge| plan.edge(edge).from) {
                None => return Some(false),
                Some(from) if ahead.seen.contains(&from) => return Some(true),
                Some(from) if plan.rank(from) >= lowest => behind.come_to(from),
                Some(_) => {}
            }
        }
    }

    fn everything(&mut self) -> &BTreeSet<NodeIx> {
        let (plan, from) = (self.plan, &self.from);
        self.all.get_or_insert_with(|| {
            let mut end = End::new(from.iter().map(|(_, node)| *node));
            while let Some(to) = end.next(|node| leads_to(plan, node), |edge| plan.edge(edge).to) {
                end.come_to(to);
            }
            end.seen
        })
    }
}

impl End {
    fn new(from: impl IntoIterator<Item = NodeIx>) -> Self {
        let seen: BTreeSet<NodeIx> = from.into_iter().collect();
        Self { open: seen.iter().map(|&node| (node, 0)).collect(), seen }
    }

    /// The node at the end of the next edge; `None` when all have been looked at.
    fn next<'e>(
        &mut self,
        edges: impl Fn(NodeIx) -> (&'e [EdgeIx], &'e [EdgeIx]),
        end: impl Fn(EdgeIx) -> NodeIx,
    ) -> Option<NodeIx> {
        while let Some((node, looked)) = self.open.front_mut() {
            let (some, others) = edges(*node);
            let next = some.get(*looked).or_else(|| others.get(*looked - some.len()));
            *looked += 1;
            if let Some(&edge) = next {
                return Some(end(edge));
            }
            self.open.pop_front();
        }
        None
    }

    fn come_to(&mut self, node: NodeIx) {
        if self.seen.insert(node) {
            self.open.push_back((node, 0));
        }
    }
}

fn leads_to(plan: &Plan, node: NodeIx) -> (&[EdgeIx], &[EdgeIx]) {
    let node = plan.node(node);
    (&node.outgoing, &node.events)
}
