//! Graphs of any size. Each runs the same kind of step, `echo`; what differs is how much stands around it.

use serde_json::{Value, json};

use crate::stage::workflow;

/// A shape that comes in sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Steps in a row; all of them run.
    Chain,
    /// A loop of four steps, many rounds, beside a long branch that is never taken. A cycle, so dead edges cannot be counted.
    Loop,
    /// Decisions that merge again by `any`, without a cycle.
    Diamonds,
    /// Decisions that merge again by the default join, all in one large cycle that is run twice.
    Cycle,
    /// Pairs of branches that run at once and join again by the default join, all in one large cycle that is run twice.
    Pairs,
}

/// Steps in the loop of [`Shape::Loop`].
const LOOP: u64 = 4;

impl Shape {
    pub(super) const ALL: [Self; 5] = [Self::Chain, Self::Loop, Self::Diamonds, Self::Cycle, Self::Pairs];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Chain => "chain",
            Self::Loop => "loop",
            Self::Diamonds => "diamonds",
            Self::Cycle => "cycle",
            Self::Pairs => "pairs",
        }
    }

    /// The workflow of about so many nodes.
    pub(super) fn definition(self, nodes: u64) -> Value {
        let name = format!("{}-{nodes}", self.name());
        match self {
            Self::Chain => chain(&name, self.steps(nodes)),
            Self::Loop => looping(&name, nodes),
            Self::Diamonds => diamonds(&name, nodes, false),
            Self::Cycle => diamonds(&name, nodes, true),
            Self::Pairs => pairs(&name, nodes),
        }
    }

    /// Steps that an instance of it runs.
    pub(super) fn steps(self, nodes: u64) -> u64 {
        match self {
            Self::Chain => nodes.saturating_sub(2).max(1),
            Self::Loop => LOOP * rounds(nodes),
            Self::Diamonds => blocks(nodes),
            Self::Cycle => blocks(nodes) * 2,
            Self::Pairs => blocks(nodes) * 4,
        }
    }

    /// Steps of an instance that wait for another one.
    pub(super) fn in_a_row(self, nodes: u64) -> u64 {
        if self == Self::Pairs { self.steps(nodes) / 2 } else { self.steps(nodes) }
    }
}

/// How often the loop goes round: the end of a large one names all that was never reached, which must weigh little beside its steps.
const fn rounds(nodes: u64) -> u64 {
    if nodes < 1_000 { 100 } else { 1_000 }
}

/// Decisions of [`diamonds`], pairs of [`pairs`]: three nodes each, beside the ends.
fn blocks(nodes: u64) -> u64 {
    (nodes.saturating_sub(4) / 3).max(1)
}

pub(super) fn echo(id: &str) -> Value {
    json!({ "id": id, "type": "echo", "config": { "value": 1 } })
}

fn edge(from: &str, to: &str) -> Value {
    json!({ "from": from, "to": to })
}

pub(crate) fn chain(name: &str, steps: u64) -> Value {
    let (mut nodes, mut edges) = (vec![json!({ "id": "start", "type": "start" })], vec![]);
    let mut last = "start".to_owned();
    for step in 1..=steps {
        let id = format!("s{step}");
        nodes.push(echo(&id));
        edges.push(edge(&last, &id));
        last = id;
    }
    nodes.push(json!({ "id": "done", "type": "end" }));
    edges.push(edge(&last, "done"));
    workflow(name, nodes, edges)
}

fn looping(name: &str, size: u64) -> Value {
    let beside = size.saturating_sub(9).max(1);
    let mut whole = chain(name, LOOP);
    let (mut nodes, mut edges) = (whole["nodes"].take(), whole["edges"].take());
    whole["variables"] = json!({ "n": 0 });
    if let (Some(nodes), Some(edges)) = (nodes.as_array_mut(), edges.as_array_mut()) {
        nodes[1]["output"] = json!({ "n": "${n + 1}" });
        nodes.push(json!({ "id": "head", "type": "gateway", "join": "any" }));
        nodes.push(json!({ "id": "again", "type": "decision" }));
        nodes.push(json!({ "id": "leave", "type": "decision" }));
        edges.clear();
        edges.push(edge("start", "head"));
        edges.push(edge("head", "s1"));
        (1..LOOP).for_each(|step| edges.push(edge(&format!("s{step}"), &format!("s{}", step + 1))));
        edges.push(edge(&format!("s{LOOP}"), "again"));
        edges.push(json!({ "from": "again", "to": "head", "condition": format!("${{n < {}}}", rounds(size)) }));
        edges.push(json!({ "from": "again", "to": "leave", "default": true }));
        edges.push(json!({ "from": "leave", "to": "done", "default": true }));
        edges.push(json!({ "from": "leave", "to": "r1", "condition": "${n < 0}" }));
        for number in 1..=beside {
            nodes.push(echo(&format!("r{number}")));
            let next = if number == beside { "done".to_owned() } else { format!("r{}", number + 1) };
            edges.push(edge(&format!("r{number}"), &next));
        }
    }
    (whole["nodes"], whole["edges"]) = (nodes, edges);
    whole
}

fn diamonds(name: &str, size: u64, is_cycle: bool) -> Value {
    let (mut nodes, mut edges) = ends(is_cycle);
    for block in 0..blocks(size) {
        let (choice, one, other) = (format!("d{block}"), format!("a{block}"), format!("b{block}"));
        let mut decision = json!({ "id": choice, "type": "decision" });
        if !is_cycle {
            decision["join"] = json!("any");
        }
        nodes.extend([decision, echo(&one), echo(&other)]);
        // One way or the other by turns.
        let condition = if block % 2 == 0 { "${n < 0}" } else { "${n >= 0}" };
        edges.push(json!({ "from": choice, "to": one, "condition": condition }));
        edges.push(json!({ "from": choice, "to": other, "default": true }));
        merge(&mut edges, (block, size), (&one, &other));
    }
    finish(name, (nodes, edges), is_cycle)
}

fn pairs(name: &str, size: u64) -> Value {
    let (mut nodes, mut edges) = ends(true);
    for block in 0..blocks(size) {
        let (split, one, other) = (format!("d{block}"), format!("a{block}"), format!("b{block}"));
        nodes.extend([json!({ "id": split, "type": "gateway" }), echo(&one), echo(&other)]);
        edges.extend([edge(&split, &one), edge(&split, &other)]);
        merge(&mut edges, (block, size), (&one, &other));
    }
    finish(name, (nodes, edges), true)
}

fn ends(is_cycle: bool) -> (Vec<Value>, Vec<Value>) {
    let mut nodes = vec![json!({ "id": "start", "type": "start" })];
    if !is_cycle {
        return (nodes, vec![edge("start", "d0")]);
    }
    // A step that counts rounds would be one more: the head does it, which is pure.
    nodes.push(json!({ "id": "head", "type": "transform", "join": "any", "config": { "set": { "n": "${n + 1}" } } }));
    (nodes, vec![edge("start", "head"), edge("head", "d0")])
}

fn merge(edges: &mut Vec<Value>, (block, size): (u64, u64), (one, other): (&str, &str)) {
    let next = if block + 1 == blocks(size) { "last".to_owned() } else { format!("d{}", block + 1) };
    edges.extend([edge(one, &next), edge(other, &next)]);
}

fn finish(name: &str, (mut nodes, mut edges): (Vec<Value>, Vec<Value>), is_cycle: bool) -> Value {
    if is_cycle {
        nodes.push(json!({ "id": "last", "type": "decision" }));
        edges.push(json!({ "from": "last", "to": "head", "condition": "${n < 2}" }));
        edges.push(json!({ "from": "last", "to": "done", "default": true }));
    } else {
        nodes.push(json!({ "id": "last", "type": "gateway", "join": "any" }));
        edges.push(edge("last", "done"));
    }
    nodes.push(json!({ "id": "done", "type": "end" }));
    let mut whole = workflow(name, nodes, edges);
    whole["variables"] = json!({ "n": 0 });
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_have_about_the_size_that_was_asked_for() {
        for shape in Shape::ALL {
            for size in [10, 100, 1_000] {
                let nodes = shape.definition(size)["nodes"].as_array().map_or(0, Vec::len) as u64;
                assert!(nodes <= size + 1 && nodes + 4 > size, "{} of {size} has {nodes}", shape.name());
            }
        }
    }
}
