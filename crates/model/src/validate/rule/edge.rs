//! Edges join two nodes of one scope, in the right direction, with at most one default per node.

use super::super::context::Context;
use crate::definition::{Edge, Node, NodeType};
use crate::diagnostic::{Code, Diagnostic, Fix};
use crate::limits;
use std::collections::{BTreeMap, HashSet};

pub(super) fn rule(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let mut homes = BTreeMap::new();
    collect(context.graph.nodes, "", 0, &mut homes);
    scope(context, (context.graph.nodes, &context.definition.edges), "", &homes, found);
    let mut defaults = HashSet::new();
    for (index, edge) in context.definition.edges.iter().enumerate().filter(|(_, edge)| edge.default) {
        if edge.condition.is_some() {
            let fix = Fix::Remove { pointer: format!("/edges/{index}/condition") };
            found.push(context.edge(Code::DefaultCondition, index).with("to", &edge.to).fixed_by(fix));
        }
        if !defaults.insert(edge.from.as_str()) {
            let fix = Fix::Remove { pointer: format!("/edges/{index}/default") };
            found.push(context.edge(Code::SeveralDefaults, index).with("id", &edge.from).fixed_by(fix));
        }
    }
}

/// In which scope each id is: the pointer of what holds its graph.
fn collect<'d>(nodes: &'d [Node], pointer: &str, depth: usize, homes: &mut BTreeMap<&'d str, (String, NodeType)>) {
    for (index, node) in nodes.iter().enumerate() {
        homes.entry(&node.id).or_insert_with(|| (pointer.to_owned(), node.node_type.clone()));
        if let Some(body) = &node.body
            && depth < limits::DOCUMENT_DEPTH
        {
            collect(&body.nodes, &format!("{pointer}/nodes/{index}/body"), depth + 1, homes);
        }
    }
}

fn scope(
    context: &Context<'_>,
    (nodes, edges): (&[Node], &[Edge]),
    pointer: &str,
    homes: &BTreeMap<&str, (String, NodeType)>,
    found: &mut Vec<Diagnostic>,
) {
    for (index, edge) in edges.iter().enumerate() {
        let at = format!("{pointer}/edges/{index}");
        let problem = |code, field: &str| {
            Diagnostic::new(code, format!("{at}{field}")).concerning(&edge.from).concerning(&edge.to)
        };
        let mut crosses = false;
        for (field, id, wrong) in [("from", &edge.from, NodeType::End), ("to", &edge.to, NodeType::Start)] {
            match homes.get(id.as_str()) {
                // A missing name was told by the reader.
                _ if id.is_empty() => {}
                None => found.push(dangling(
                    problem(Code::DanglingEdge, &format!("/{field}")),
                    id,
                    context.near(id, homes.keys().copied()),
                )),
                Some((home, _)) if home != pointer => crosses = true,
                Some((_, node_type)) if *node_type == wrong => {
                    let (kind, way) = if field == "from" { ("an_end", "leave") } else { ("start", "enter") };
                    let fix = Fix::Remove { pointer: at.clone() };
                    found.push(
                        problem(Code::WrongWay, "")
                            .with("id", id)
                            .with_term("kind", kind)
                            .with_term("way", way)
                            .fixed_by(fix),
                    );
                }
                Some(_) => {}
            }
        }
        if crosses {
            found.push(problem(Code::CrossesBorder, "").with("from", &edge.from).with("to", &edge.to));
        }
    }
    for (index, node) in nodes.iter().enumerate() {
        if let Some(body) = &node.body {
            scope(context, (&body.nodes, &body.edges), &format!("{pointer}/nodes/{index}/body"), homes, found);
        }
    }
}

fn dangling(problem: Diagnostic, id: &str, word: Option<&str>) -> Diagnostic {
    let problem = problem.with("id", id).suggesting(word);
    match word {
        Some(word) => {
            let pointer = problem.pointer.clone();
            problem.fixed_by(Fix::Set { pointer, value: word.into() })
        }
        None => problem,
    }
}
