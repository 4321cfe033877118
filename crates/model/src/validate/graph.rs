//! The root scope as a graph, prepared once for all rules: who leads where, what the start reaches, what reaches an end, the cycles.

use crate::definition::{Definition, Edge, Node, NodeType};
use petgraph::graph::{DiGraph, NodeIndex};
use std::collections::HashMap;

/// A way from one node to another: an edge, or a host and its boundary event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    /// The edge's place in the definition; `None` between a host and its boundary event.
    pub(super) edge: Option<usize>,
    pub(super) from: usize,
    pub(super) to: usize,
}

/// The root scope. Nodes are named by their place in the definition.
pub(super) struct Graph<'d> {
    pub(super) nodes: &'d [Node],
    edges: &'d [Edge],
    /// The first node of each id.
    pub(super) by_id: HashMap<&'d str, usize>,
    pub(super) links: Vec<Link>,
    outgoing: Vec<Vec<u32>>,
    incoming: Vec<Vec<u32>>,
    pub(super) start: Option<usize>,
    /// What the start reaches.
    pub(super) reached: Vec<bool>,
    /// What reaches an end.
    pub(super) ending: Vec<bool>,
    /// The number of the cycle that a node is part of.
    pub(super) cycle: Vec<Option<u32>>,
    /// The nodes of each cycle.
    pub(super) cycles: Vec<Vec<usize>>,
}

impl<'d> Graph<'d> {
    pub(super) fn new(definition: &'d Definition) -> Self {
        let nodes = definition.nodes.as_slice();
        let mut by_id = HashMap::with_capacity(nodes.len());
        for (index, node) in nodes.iter().enumerate().filter(|(_, node)| !node.id.is_empty()) {
            by_id.entry(node.id.as_str()).or_insert(index);
        }
        let links = links(definition, &by_id);
        let (mut outgoing, mut incoming) = (vec![Vec::new(); nodes.len()], vec![Vec::new(); nodes.len()]);
        for (index, link) in links.iter().enumerate() {
            outgoing[link.from].push(index as u32);
            incoming[link.to].push(index as u32);
        }
        let start = nodes.iter().position(|node| node.node_type == NodeType::Start);
        let mut graph = Self {
            nodes,
            edges: &definition.edges,
            by_id,
            links,
            outgoing,
            incoming,
            start,
            reached: Vec::new(),
            ending: Vec::new(),
            cycle: vec![None; nodes.len()],
            cycles: Vec::new(),
        };
        graph.reached = graph.walk(start.into_iter().collect(), false);
        let ends = (0..nodes.len()).filter(|&node| nodes[node].node_type == NodeType::End).collect();
        graph.ending = graph.walk(ends, true);
        graph.find_cycles();
        graph
    }

    /// Ways out.
    pub(super) fn out(&self, node: usize) -> impl Iterator<Item = &Link> {
        self.outgoing[node].iter().map(|&link| &self.links[link as usize])
    }

    /// Ways in.
    pub(super) fn into(&self, node: usize) -> impl Iterator<Item = &Link> {
        self.incoming[node].iter().map(|&link| &self.links[link as usize])
    }

    /// The edge of a way.
    pub(super) fn edge(&self, link: &Link) -> Option<&'d Edge> {
        link.edge.map(|edge| &self.edges[edge])
    }

    /// Ways out that a normal end may take, in the order in which conditions are read.
    pub(super) fn ways(&self, node: usize) -> Vec<(usize, &'d Edge)> {
        let mut ways: Vec<(usize, &Edge)> = self
            .out(node)
            .filter_map(|link| link.edge)
            .map(|edge| (edge, &self.edges[edge]))
            .filter(|(_, edge)| edge.on.is_none())
            .collect();
        ways.sort_by_key(|(_, edge)| edge.priority.unwrap_or(i64::MAX));
        ways
    }

    /// Whether an edge is taken exactly when others are not, or only when something happens.
    pub(super) fn is_uncertain(&self, link: &Link) -> bool {
        self.edge(link).is_none_or(|edge| edge.on.is_some() || edge.default || edge.condition.is_some())
    }

    /// Everything that can be reached from some nodes, they included.
    fn walk(&self, from: Vec<usize>, backwards: bool) -> Vec<bool> {
        let mut seen = vec![false; self.nodes.len()];
        from.iter().for_each(|&node| seen[node] = true);
        let mut open = from;
        while let Some(node) = open.pop() {
            let links = if backwards { &self.incoming[node] } else { &self.outgoing[node] };
            for &link in links {
                let link = &self.links[link as usize];
                let next = if backwards { link.from } else { link.to };
                if !seen[next] {
                    seen[next] = true;
                    open.push(next);
                }
            }
        }
        seen
    }

    /// The same graph for petgraph's algorithms. Only those without recursion are used: a chain may be 20,000 nodes long.
    pub(super) fn plain(&self) -> DiGraph<(), ()> {
        let mut plain = DiGraph::with_capacity(self.nodes.len(), self.links.len());
        self.nodes.iter().for_each(|_| {
            plain.add_node(());
        });
        for link in &self.links {
            plain.add_edge(NodeIndex::new(link.from), NodeIndex::new(link.to), ());
        }
        plain
    }

    fn find_cycles(&mut self) {
        let mut cycles: Vec<Vec<usize>> = petgraph::algo::kosaraju_scc(&self.plain())
            .into_iter()
            .map(|component| component.into_iter().map(NodeIndex::index).collect::<Vec<_>>())
            .filter(|component| {
                component.len() > 1 || component.iter().any(|&node| self.out(node).any(|link| link.to == node))
            })
            .collect();
        cycles.iter_mut().for_each(|cycle| cycle.sort_unstable());
        cycles.sort_unstable();
        for (number, cycle) in cycles.iter().enumerate() {
            cycle.iter().for_each(|&node| self.cycle[node] = Some(number as u32));
        }
        self.cycles = cycles;
    }
}

fn links(definition: &Definition, by_id: &HashMap<&str, usize>) -> Vec<Link> {
    let edges = definition.edges.iter().enumerate().filter_map(|(index, edge)| {
        let (from, to) = (*by_id.get(edge.from.as_str())?, *by_id.get(edge.to.as_str())?);
        Some(Link { edge: Some(index), from, to })
    });
    let boundaries = definition.nodes.iter().enumerate().filter_map(|(to, node)| {
        let from = *by_id.get(node.boundary.as_ref()?.attached_to.as_str())?;
        Some(Link { edge: None, from, to })
    });
    edges.chain(boundaries).collect()
}
