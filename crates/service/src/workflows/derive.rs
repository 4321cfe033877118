//! The relational rows of a version: its nodes and edges, bodies included.

use heddle_model::definition::{Definition, Edge, Node};
use heddle_store::query::{EdgeDef, NodeDef};
use std::collections::HashMap;

/// Nodes and edges of a definition in the author's order, a container before its body.
pub(super) fn rows(definition: &Definition) -> (Vec<NodeDef>, Vec<EdgeDef>) {
    let mut rows = Rows::default();
    rows.graph(None, &definition.nodes, &definition.edges);
    (rows.nodes, rows.edges)
}

#[derive(Default)]
struct Rows {
    nodes: Vec<NodeDef>,
    edges: Vec<EdgeDef>,
}

impl Rows {
    // Recursion is bounded: a text nests at most `limits::DOCUMENT_DEPTH` deep.
    fn graph(&mut self, parent: Option<&str>, nodes: &[Node], edges: &[Edge]) {
        for node in nodes {
            self.nodes.push(NodeDef {
                id: node.id.clone(),
                parent: parent.map(str::to_owned),
                name: node.name.clone().unwrap_or_else(|| node.id.clone()),
                node_type: node.node_type.as_str().to_owned(),
                ordinal: u32::try_from(self.nodes.len()).unwrap_or(u32::MAX),
                definition: serde_json::to_string(node).unwrap_or_default(),
            });
            if let Some(body) = &node.body {
                self.graph(Some(&node.id), &body.nodes, &body.edges);
            }
        }
        let mut seen: HashMap<(&str, &str), usize> = HashMap::new();
        for edge in edges {
            let nth = seen.entry((&edge.from, &edge.to)).or_default();
            self.edges.push(EdgeDef {
                id: edge.stable_id(*nth),
                parent: parent.map(str::to_owned),
                from: edge.from.clone(),
                to: edge.to.clone(),
                condition: edge.condition.clone(),
                is_default: edge.default,
                ordinal: u32::try_from(self.edges.len()).unwrap_or(u32::MAX),
            });
            *nth += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use heddle_model::definition::{Body, NodeType};

    #[test]
    fn bodies_come_after_their_container_and_edges_keep_stable_ids() {
        let node = |id: &str| Node { id: id.into(), ..Node::default() };
        let edge = |from: &str, to: &str| Edge { from: from.into(), to: to.into(), ..Edge::default() };
        let inner = Body { nodes: vec![node("内")], edges: Vec::new() };
        let definition = Definition {
            nodes: vec![
                Node { node_type: NodeType::Start, ..node("start") },
                Node { body: Some(inner), ..node("group") },
                node("end"),
            ],
            edges: vec![edge("start", "group"), edge("start", "group"), edge("group", "end")],
            ..Definition::default()
        };
        let (nodes, edges) = rows(&definition);
        let named: Vec<_> = nodes.iter().map(|node| (node.id.as_str(), node.parent.as_deref(), node.ordinal)).collect();
        assert_eq!(named, [("start", None, 0), ("group", None, 1), ("内", Some("group"), 2), ("end", None, 3)]);
        let ids: Vec<_> = edges.iter().map(|edge| edge.id.as_str()).collect();
        assert_eq!(ids, ["start->group", "start->group#2", "group->end"]);
    }
}
