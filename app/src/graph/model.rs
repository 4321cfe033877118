//! From a definition to what is drawn: the places are `heddle-diagram`'s, icons and words are added here. Pure.

use super::kind::{Kind, kind_of};
use crate::i18n::Words;
use heddle_diagram::{OutKind, Point, Rect, Scene, SceneEdge, SceneNode, Shape, route};
use heddle_model::definition::{Definition, Node, NodeType};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// One output row of a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Out {
    /// What is written on it.
    pub label: String,
    /// Whether it is taken on an error.
    pub error: bool,
}

/// A node to draw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GraphNode {
    /// The node's id.
    pub id: String,
    /// What people see.
    pub title: String,
    /// What it does, in a few words.
    pub subtitle: String,
    /// Its type's word.
    pub node_type: String,
    /// The job or task type of a `task`.
    pub action: Option<String>,
    /// Its shape.
    pub shape: Shape,
    /// Whether something can enter it.
    pub enters: bool,
    /// Whether something leaves by the middle of its right side.
    pub leaves: bool,
    /// Its output rows.
    pub outs: Vec<Out>,
    /// Its place.
    pub rect: Rect,
}

/// An edge to draw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GraphEdge {
    /// Index of the node it leaves.
    pub from: usize,
    /// Index of the node it enters.
    pub to: usize,
    /// Whether it is taken on an error.
    pub error: bool,
    /// Its line as an SVG path, from the rim of one port to the rim of the other.
    pub path: String,
}

/// A graph to draw: all that a browser needs of a definition to show it, made on the server or in a part that loads later
/// (`crate::parts`).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Graph {
    /// The cards; a container before what it holds.
    pub nodes: Vec<GraphNode>,
    /// The edges.
    pub edges: Vec<GraphEdge>,
    /// What everything takes up, captions included.
    pub bounds: Rect,
}

impl GraphNode {
    /// Its look.
    pub fn kind(&self) -> Kind {
        kind_of(&NodeType::from(self.node_type.clone()), self.action.as_deref())
    }
}

/// From a port's middle to where a line begins, and to where an arrow ends.
const RIM: (f64, f64) = (5.0, 6.0);

impl Graph {
    /// Draws a definition. It may be wrong: what has no place is left out.
    pub fn of(definition: &Definition, words: Words) -> Self {
        let mut scene = Scene::of(definition, true);
        if definition.layout.is_empty() {
            super::wrap::wrap(&mut scene);
        }
        let mut authors = HashMap::new();
        collect(&definition.nodes, &mut authors);
        let nodes: Vec<GraphNode> =
            scene.nodes.iter().map(|node| draw(node, authors.get(node.id.as_str()).copied(), words)).collect();
        let edges = scene.edges.iter().map(line).collect();
        let bounds = nodes.iter().map(captioned).fold(scene.bounds, |all, rect| all.union(&rect));
        Self { nodes, edges, bounds }
    }

    /// Where a node stands in the list.
    pub fn index_of(&self, id: &str) -> Option<usize> {
        self.nodes.iter().position(|node| node.id == id)
    }
}

/// Nodes by id, bodies included; of two with one id the first.
fn collect<'a>(nodes: &'a [Node], into: &mut HashMap<&'a str, &'a Node>) {
    for node in nodes {
        into.entry(node.id.as_str()).or_insert(node);
        if let Some(body) = &node.body {
            collect(&body.nodes, into);
        }
    }
}

/// A node's rectangle with the words below a circle.
fn captioned(node: &GraphNode) -> Rect {
    let below = if node.shape == Shape::Circle { heddle_diagram::card::CAPTION } else { 0.0 };
    Rect { h: node.rect.h + below, ..node.rect }
}

fn draw(placed: &SceneNode, author: Option<&Node>, words: Words) -> GraphNode {
    let node_type = NodeType::from(placed.node_type.clone());
    let kind = kind_of(&node_type, placed.action.as_deref());
    let subtitle = author.map(|node| subtitle(node, kind, words)).unwrap_or_default();
    let outs = placed
        .outs
        .iter()
        .filter(|out| out.row.is_some())
        .map(|out| {
            let label = match (out.kind, &out.label) {
                (OutKind::Error, _) => words.way_on_error().to_owned(),
                (OutKind::Timeout, _) => words.way_on_timeout().to_owned(),
                (_, Some(label)) if !label.trim().is_empty() => plain(label),
                _ => words.way_otherwise().to_owned(),
            };
            Out { label, error: out.kind == OutKind::Error }
        })
        .collect();
    GraphNode {
        id: placed.id.clone(),
        title: placed.title.clone(),
        subtitle,
        node_type: placed.node_type.clone(),
        action: placed.action.clone(),
        shape: placed.shape,
        enters: placed.input.is_some(),
        leaves: placed.outs.iter().any(|out| out.row.is_none()),
        outs,
        rect: placed.rect,
    }
}

fn line(edge: &SceneEdge) -> GraphEdge {
    let mut points = edge.points.clone();
    if let Some(first) = points.first_mut() {
        *first = first.plus(Point::new(RIM.0, 0.0));
    }
    if let Some(last) = points.last_mut() {
        *last = last.plus(Point::new(-RIM.1, 0.0));
    }
    GraphEdge { from: edge.from, to: edge.to, error: edge.kind == OutKind::Error, path: route::rounded(&points) }
}

/// The second line of a card: the one setting that tells most, else the kind.
fn subtitle(node: &Node, kind: Kind, words: Words) -> String {
    let word = kind.word.map(|word| word(words));
    let text =
        |key: &str| node.config.get(key).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    let detail = match &node.node_type {
        NodeType::Custom(name) if word.is_none() => Some(name.clone()),
        NodeType::Custom(name) => match name.as_str() {
            "http" => text("url"),
            "delay" | "sleep" => text("duration"),
            "log" | "print" => text("message"),
            "publish" => text("message").or_else(|| text("signal")),
            _ => None,
        },
        NodeType::Task => node.action.clone().filter(|_| word.is_none()),
        NodeType::Timer => text("duration"),
        _ => None,
    };
    match (word, detail) {
        (Some(word), Some(detail)) => format!("{word} · {detail}"),
        (Some(word), None) => word.to_owned(),
        (None, detail) => format!("{} · {}", words.node_worker(), detail.unwrap_or_default()),
    }
}

/// A condition without its `${…}`.
fn plain(condition: &str) -> String {
    let text = condition.trim();
    text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).unwrap_or(text).trim().to_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use heddle_api::Lang;
    use heddle_model::definition::Edge;

    fn definition() -> Definition {
        let node = |id: &str, node_type: NodeType| Node { id: id.to_owned(), node_type, ..Node::default() };
        let edge = |from: &str, to: &str| Edge { from: from.to_owned(), to: to.to_owned(), ..Edge::default() };
        Definition {
            name: "示例".to_owned(),
            nodes: vec![
                node("开始", NodeType::Start),
                node("判断", NodeType::Decision),
                node("任务A", NodeType::Custom("echo".to_owned())),
                node("任务B", NodeType::Custom("doTaskB".to_owned())),
                node("结束", NodeType::End),
            ],
            edges: vec![
                edge("开始", "判断"),
                Edge { condition: Some("${金额 > 1000}".to_owned()), ..edge("判断", "任务A") },
                Edge { default: true, ..edge("判断", "任务B") },
                edge("任务A", "结束"),
                edge("任务B", "结束"),
                edge("任务B", "nowhere"),
            ],
            ..Definition::default()
        }
    }

    #[test]
    fn a_decision_shows_its_ways_as_rows() {
        let graph = Graph::of(&definition(), Words(Lang::Zh));
        let decision = &graph.nodes[1];
        assert!(decision.node_type == "decision" && decision.enters && !decision.leaves);
        assert_eq!(decision.outs.iter().map(|out| out.label.as_str()).collect::<Vec<_>>(), ["金额 > 1000", "否则"]);
        assert_eq!(graph.nodes[3].subtitle, "外部执行者 · doTaskB");
        assert_eq!(graph.nodes[2].subtitle, "回显");
        assert!(!graph.nodes[0].enters && !graph.nodes[4].leaves);
    }

    #[test]
    fn edges_to_nowhere_are_left_out_and_everything_is_within_bounds() {
        let graph = Graph::of(&definition(), Words(Lang::En));
        assert_eq!(graph.edges.len(), 5);
        for node in &graph.nodes {
            assert_eq!(graph.bounds.union(&captioned(node)), graph.bounds, "{} sticks out", node.id);
        }
    }

    #[test]
    fn an_empty_definition_is_an_empty_graph() {
        assert_eq!(Graph::of(&Definition::default(), Words(Lang::En)), Graph::default());
    }
}
