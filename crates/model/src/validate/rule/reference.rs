//! What a node names exists where it is looked for: the host of a boundary event, what a cancel action withdraws, what undoes it;
//! and what hangs together does: an event gateway leads to events, an event sub-scope begins with one.

use super::super::context::Context;
use crate::definition::{Compensate, Definition, Join, Node, NodeType, Split};
use crate::diagnostic::{Code, Diagnostic};
use crate::value::Value;
use std::collections::HashSet;

/// Events that a boundary event or an event sub-scope can wait for.
const EVENTS: [&str; 7] = ["error", "timeout", "timer", "message", "signal", "condition", "escalation"];

pub(super) fn rule(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let edges = edge_ids(context.definition);
    for (index, node) in context.graph.nodes.iter().enumerate() {
        let mut rule = Reference { context, node, index, found };
        rule.boundary();
        rule.cancel(&edges);
        if let Some(Compensate::Node(id)) = &node.compensate {
            rule.node("compensate", id);
        }
        rule.gateway();
        rule.trigger();
    }
}

/// The ids of the scope's edges, given or made.
fn edge_ids(definition: &Definition) -> HashSet<String> {
    let uses = |node: &Node| node.cancel.is_some() || matches!(node.join, Some(Join::NOfM { region: Some(_), .. }));
    if !definition.nodes.iter().any(uses) {
        return HashSet::new();
    }
    let mut seen = std::collections::HashMap::new();
    let stable = definition.edges.iter().map(|edge| {
        let nth = seen.entry((&edge.from, &edge.to)).or_insert(0usize);
        *nth += 1;
        edge.stable_id(*nth - 1)
    });
    stable.collect()
}

struct Reference<'r, 'c, 'd> {
    context: &'c Context<'d>,
    node: &'r Node,
    index: usize,
    found: &'r mut Vec<Diagnostic>,
}

impl Reference<'_, '_, '_> {
    fn unknown(&mut self, field: &str, name: &str, word: Option<&str>) {
        let pointer = format!("/nodes/{}/{field}", self.index);
        let problem = Diagnostic::new(Code::UnknownReference, pointer).concerning(&self.node.id);
        let problem = problem.with("id", self.node.shown()).with("field", field.split('/').next().unwrap_or(field));
        self.found.push(problem.with("name", name).suggesting(word));
    }

    /// A node of this scope, or of one inside it.
    fn node(&mut self, field: &str, id: &str) {
        if !self.context.names.knows_node(id) {
            let word = self.context.near(id, self.context.names.node_ids());
            self.unknown(field, id, word);
        }
    }

    fn boundary(&mut self) {
        let Some(boundary) = &self.node.boundary else { return };
        if !boundary.attached_to.is_empty() && !self.context.graph.by_id.contains_key(boundary.attached_to.as_str()) {
            let word = self.context.near(&boundary.attached_to, self.context.graph.by_id.keys().copied());
            self.unknown("attached_to", &boundary.attached_to, word);
        }
        if !boundary.event.keys().any(|key| EVENTS.contains(&key.as_str())) {
            self.missing("config", "error | timer | message | signal | condition | escalation");
        }
    }

    fn missing(&mut self, at: &str, field: &str) {
        let pointer = format!("/nodes/{}/{at}", self.index);
        self.found.push(Diagnostic::new(Code::MissingField, pointer).concerning(&self.node.id).with("field", field));
    }

    fn cancel(&mut self, edges: &HashSet<String>) {
        let region = match &self.node.join {
            Some(Join::NOfM { region: Some(region), .. }) => Some(("join/region", region)),
            _ => None,
        };
        let places = self.node.cancel.as_ref().map(|cancel| ("cancel", cancel)).into_iter().chain(region);
        for (field, value) in places.collect::<Vec<_>>() {
            for (place, id) in texts(value, "nodes") {
                self.node(&format!("{field}/nodes/{place}"), id);
            }
            for (place, id) in texts(value, "edges") {
                if !edges.contains(id) {
                    let word = self.context.near(id, edges.iter().map(String::as_str));
                    self.unknown(&format!("{field}/edges/{place}"), id, word);
                }
            }
        }
    }

    /// Every way out of an event gateway leads to something that waits, and that nothing else leads to.
    fn gateway(&mut self) {
        let graph = &self.context.graph;
        let chooses = self.node.effective_split() == Split::Event || self.node.node_type == NodeType::EventGateway;
        if !chooses {
            return;
        }
        if self.node.node_type != NodeType::EventGateway || self.node.effective_split() != Split::Event {
            self.wrong_event(&self.node.id, "r_gateway");
            return;
        }
        let wrong: Vec<String> = graph
            .out(self.index)
            .filter(|link| link.edge.is_some())
            .map(|link| (link.to, &graph.nodes[link.to]))
            .filter(|(to, node)| {
                let waits = matches!(
                    node.node_type,
                    NodeType::Message | NodeType::Signal | NodeType::Condition | NodeType::Timer
                );
                !waits || graph.into(*to).nth(1).is_some()
            })
            .map(|(_, node)| node.id.clone())
            .collect();
        wrong.into_iter().for_each(|id| self.wrong_event(&id, "r_gateway_target"));
    }

    fn trigger(&mut self) {
        let Some(trigger) = &self.node.trigger else { return };
        let graph = &self.context.graph;
        let is_event = trigger.as_object().is_some_and(|map| map.keys().any(|key| EVENTS.contains(&key.as_str())));
        if self.node.node_type != NodeType::Group || !is_event {
            self.wrong_event(&self.node.id, "r_trigger");
        } else if graph.into(self.index).next().is_some() || graph.out(self.index).next().is_some() {
            self.wrong_event(&self.node.id, "r_trigger_edges");
        }
    }

    fn wrong_event(&mut self, other: &str, why: &str) {
        let problem = self.context.node(Code::WrongEvent, self.index).concerning(other);
        self.found.push(problem.with("other", other).with_term("why", why));
    }
}

/// The texts of a list under a key, with their places.
fn texts<'v>(value: &'v Value, key: &str) -> Vec<(usize, &'v str)> {
    let list = value.get(key).and_then(Value::as_array);
    list.into_iter().flatten().enumerate().filter_map(|(place, item)| Some((place, item.as_str()?))).collect()
}
