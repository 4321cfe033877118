//! Joins that never fire, that may wait for ever, and whose default may surprise (docs/semantics, A.3 and A.12).
//!
//! Immediate dominators tell where the branches that meet in a join part: at a decision only one of them runs, at a split all do.

use super::super::context::Context;
use super::super::dominators::DominatorTree;
use super::super::graph::Link;
use crate::definition::{Join, NodeType, Split};
use crate::diagnostic::{Code, Diagnostic, Fix};
use crate::limits;
use crate::value::Value;

pub(super) fn rule(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let graph = &context.graph;
    let joins: Vec<usize> =
        (0..graph.nodes.len()).filter(|&node| graph.reached[node] && graph.into(node).nth(1).is_some()).collect();
    let Some(start) = graph.start.filter(|_| !joins.is_empty()) else { return };
    let dominators = DominatorTree::new(graph, start);
    let forking = vec![None; graph.cycles.len()];
    let mut rule = JoinRule { context, dominators, walks: limits::JOIN_WALKS, forking };
    for node in joins {
        match &graph.nodes[node].join {
            Some(Join::All) => found.extend(rule.all(node)),
            Some(Join::NOfM { n, .. }) => found.extend(rule.n_of_m(node, n)),
            None => found.extend(rule.default(node)),
            _ => {}
        }
    }
}

struct JoinRule<'c, 'd> {
    context: &'c Context<'d>,
    dominators: DominatorTree,
    walks: usize,
    /// Of each cycle, whether a node of it sends out several tokens at once, once that was asked: a cycle may have many heads.
    forking: Vec<Option<bool>>,
}

impl JoinRule<'_, '_> {
    /// A join of all edges: each of them must get a token in every run.
    fn all(&mut self, node: usize) -> Option<Diagnostic> {
        let graph = &self.context.graph;
        // Over such an edge nothing comes that has not passed the join before.
        let is_behind = |link: &Link| !graph.reached[link.from] || self.dominators.dominates(node, link.from);
        if let Some(link) = graph.into(node).find(|link| is_behind(link)) {
            return Some(self.problem(Code::JoinNeverFires, node, link.from));
        }
        if let Some(link) = graph.into(node).find(|link| graph.is_uncertain(link)) {
            return Some(self.problem(Code::JoinMayDeadlock, node, link.from));
        }
        let parting = self.dominators.above(node)?;
        let is_choice = graph.nodes[parting].effective_split() == Split::One;
        (is_choice && self.some_branch_misses(parting, node))
            .then(|| self.problem(Code::JoinMayDeadlock, node, parting))
    }

    /// Whether a way out of the decision leads to the join, but not over each of its edges.
    fn some_branch_misses(&mut self, decision: usize, join: usize) -> bool {
        let graph = &self.context.graph;
        let edges = graph.into(join).count();
        for way in graph.out(decision) {
            let (mut seen, mut open, mut arrived) =
                (std::collections::HashSet::from([way.to]), vec![way.to], usize::from(way.to == join));
            while let Some(node) = open.pop() {
                if node == join || node == decision {
                    continue;
                }
                for link in graph.out(node) {
                    self.walks = self.walks.saturating_sub(1);
                    arrived += usize::from(link.to == join);
                    if seen.insert(link.to) {
                        open.push(link.to);
                    }
                }
                if self.walks == 0 {
                    return false;
                }
            }
            if arrived > 0 && arrived < edges {
                return true;
            }
        }
        false
    }

    fn n_of_m(&self, node: usize, n: &Value) -> Option<Diagnostic> {
        let graph = &self.context.graph;
        let edges = graph.into(node).count() as u64;
        let first = graph.into(node).next()?.from;
        if n.as_u64().is_some_and(|n| n > edges) {
            return Some(self.problem(Code::JoinNeverFires, node, first));
        }
        // On a cycle a token of the second pass can fall into the old round when a branch is skipped.
        let skipped = graph.into(node).find(|link| graph.cycle[link.to].is_some() && graph.is_uncertain(link))?;
        Some(self.problem(Code::JoinMayDeadlock, node, skipped.from))
    }

    /// No join written: it is inclusive. Where several tokens can come, that surprises on a task and on the head of a loop.
    fn default(&mut self, node: usize) -> Option<Diagnostic> {
        let graph = &self.context.graph;
        let is_task = graph.nodes[node].is_task();
        let surprises = match graph.cycle[node] {
            Some(cycle) => {
                let is_head = graph.into(node).any(|link| graph.cycle[link.from] != Some(cycle));
                is_head && self.cycle_forks(cycle)
            }
            None => is_task && self.dominators.above(node).is_some_and(|by| self.forks(by, None)),
        };
        surprises.then(|| {
            let fix = Fix::Set { pointer: format!("/nodes/{node}/join"), value: "inclusive".into() };
            self.context.node(Code::JoinSurprise, node).fixed_by(fix)
        })
    }

    fn cycle_forks(&mut self, cycle: u32) -> bool {
        let place = cycle as usize;
        if let Some(known) = self.forking[place] {
            return known;
        }
        let found = self.context.graph.cycles[place].iter().any(|&inner| self.forks(inner, Some(cycle)));
        self.forking[place] = Some(found);
        found
    }

    /// Whether a node sends out several tokens at once (within a cycle).
    fn forks(&self, node: usize, cycle: Option<u32>) -> bool {
        let graph = &self.context.graph;
        let own = &graph.nodes[node];
        let is_fork = matches!(own.effective_split(), Split::All | Split::Count(_)) && own.node_type != NodeType::End;
        let inside = |link: &&Link| cycle.is_none() || graph.cycle[link.to] == cycle;
        is_fork
            && graph
                .out(node)
                .filter(inside)
                .filter(|link| graph.edge(link).is_some_and(|edge| edge.on.is_none() && !edge.default))
                .nth(1)
                .is_some()
    }

    fn problem(&self, code: Code, node: usize, from: usize) -> Diagnostic {
        let other = &self.context.graph.nodes[from];
        let fix = Fix::Set { pointer: format!("/nodes/{node}/join"), value: "inclusive".into() };
        self.context.node(code, node).concerning(&other.id).with("from", other.shown()).fixed_by(fix)
    }
}
