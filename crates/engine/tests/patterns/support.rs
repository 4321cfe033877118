//! What the scripts share: short graphs, and the three orders.

use super::harness::{Run, plan};
use heddle_engine::kernel::Order;
use heddle_model::lifecycle::{InstanceStatus, NodeStatus};
use heddle_model::value::{Value, json};

/// Runs a script in every order of firing.
pub(crate) fn in_every_order(yaml: &str, input: Value, script: impl Fn(&mut Run)) {
    for order in [Order::Fifo, Order::Lifo, Order::Seeded] {
        let mut run = Run::start_plan(plan(yaml), input.clone(), order, 7);
        script(&mut run);
    }
}

/// A definition: nodes as YAML flow mappings, one a line, and edges as `a>b`, `a>b?condition`, `a>b?else`, `a>b!error`.
pub(crate) fn flow(nodes: &str, edges: &str) -> String {
    let mut text = String::from("name: pattern\nnodes:\n  - { id: start, type: start }\n");
    for node in nodes.lines().map(str::trim).filter(|line| !line.is_empty()) {
        text.push_str(&format!("  - {{ {node} }}\n"));
    }
    text.push_str("  - { id: done, type: end }\nedges:\n");
    for edge in edges.split_whitespace() {
        let (from, rest) = edge.split_once('>').unwrap();
        let (to, rest) = match (rest.split_once('?'), rest.split_once('!')) {
            (Some((to, "else")), _) => (to, ", default: true".to_owned()),
            (Some((to, condition)), _) => (to, format!(", condition: '${{{condition}}}'")),
            (None, Some((to, event))) => (to, format!(", on: {event}")),
            (None, None) => (rest, String::new()),
        };
        text.push_str(&format!("  - {{ id: {from}-{to}, from: {from}, to: {to}{rest} }}\n"));
    }
    text
}

/// Tasks that the script completes, and so fixes the order.
pub(crate) fn people(ids: &str) -> String {
    ids.split_whitespace().map(|id| format!("id: {id}, type: echo\n")).collect()
}

impl Run {
    /// The script's people complete these, in this order.
    pub(crate) fn finish_all(&mut self, ids: &str) {
        ids.split_whitespace().for_each(|id| self.finish(id, json!(id)));
    }

    /// How often a node completed.
    pub(crate) fn count(&self, node: &str) -> usize {
        self.completions().get(node).copied().unwrap_or(0)
    }

    /// What is at work, in alphabetical order.
    pub(crate) fn at_work(&self) -> Vec<&str> {
        let mut live = self.live();
        live.sort_unstable();
        live
    }

    pub(crate) fn is_completed(&self) -> bool {
        self.state.status == InstanceStatus::Completed
    }

    pub(crate) fn is_skipped(&self, node: &str) -> bool {
        self.status(node) == NodeStatus::Skipped
    }

    pub(crate) fn is_cancelled(&self, node: &str) -> bool {
        self.status(node) == NodeStatus::Cancelled
    }

    /// Nodes in the order in which they completed.
    pub(crate) fn trace(&self) -> Vec<String> {
        use heddle_engine::kernel::Event;
        let mut nodes = std::collections::BTreeMap::new();
        let mut trace = Vec::new();
        for (_, event) in &self.events {
            match event {
                Event::NodeCompleted { number, .. } => trace.push(self.plan.node(nodes[number]).id.to_string()),
                Event::NodeRepeated { number, again, .. } => {
                    trace.push(self.plan.node(nodes[number]).id.to_string());
                    nodes.insert(*again, nodes[number]);
                }
                other => nodes.extend(other.begun()),
            }
        }
        trace
    }
}
