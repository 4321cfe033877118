//! Cards: how large a node is drawn, and where its ports are.
//!
//! Every size is a multiple of the grid and every port lies half a grid step off it, so that ports of cards on the grid align.

use crate::geometry::{Point, Size};
use heddle_model::definition::{Edge, EdgeEvent, Node, NodeType};

/// The grid.
pub const GRID: f64 = 8.0;
/// A card: width and height of its body.
pub const CARD: Size = Size::new(208.0, 56.0);
/// A row below the body, one per labelled way out.
pub const OUT_HEIGHT: f64 = 24.0;
/// A start or end: a circle.
pub const CIRCLE: f64 = 40.0;
/// Room for the words below a circle.
pub const CAPTION: f64 = 24.0;
/// A boundary event on the lower border of its host.
pub const BOUNDARY: f64 = 24.0;
/// The title of a container.
pub const HEADER: f64 = 40.0;
/// Room around the inside of a container.
pub const PADDING: f64 = 24.0;
/// The smallest container.
pub const CONTAINER: Size = Size::new(256.0, 136.0);
/// Between two columns.
pub const COLUMN_GAP: f64 = 64.0;
/// Between two cards of a column.
pub const ROW_GAP: f64 = 32.0;
/// A port: what is seen, what can be hit, and from where a drag snaps to it.
pub const PORT: (f64, f64, f64) = (10.0, 24.0, 40.0);

/// What a node is drawn as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// A card.
    Card,
    /// A start with triggers: a card with a round left side.
    StartCard,
    /// A start or end: a circle with words below.
    Circle,
    /// A box around other nodes.
    Container,
    /// An event on the border of its host.
    Boundary,
}

/// What a way out is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OutKind {
    /// Always taken.
    Plain,
    /// Taken when its condition is true.
    Condition,
    /// Taken when no other is.
    Default,
    /// Taken when the node fails.
    Error,
    /// Taken when its time is up.
    Timeout,
    /// Taken when a message or signal comes.
    Event,
}

/// A port on the right of a node.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Out {
    /// What it is.
    pub kind: OutKind,
    /// What the author wrote on it: the label, else the condition. The words of the other kinds are the screen's.
    pub label: Option<String>,
    /// Its row below the body; none for the port on the body itself.
    pub row: Option<usize>,
    /// The port, from the node's corner.
    pub port: Point,
}

/// What a node is drawn as. `triggers` tells whether the workflow's start has some.
pub fn shape(node: &Node, triggers: bool) -> Shape {
    match node.node_type {
        NodeType::Start if triggers => Shape::StartCard,
        NodeType::Start | NodeType::End => Shape::Circle,
        NodeType::Boundary => Shape::Boundary,
        _ if node.body.as_ref().is_some_and(|body| !body.nodes.is_empty()) => Shape::Container,
        _ => Shape::Card,
    }
}

/// What an edge is on the node that it leaves.
pub fn out_kind(edge: &Edge) -> OutKind {
    match edge.on {
        Some(EdgeEvent::Error) => OutKind::Error,
        Some(EdgeEvent::Timeout) => OutKind::Timeout,
        Some(EdgeEvent::Message | EdgeEvent::Signal) => OutKind::Event,
        None if edge.condition.is_some() => OutKind::Condition,
        None if edge.default => OutKind::Default,
        None => OutKind::Plain,
    }
}

/// The ports of a node for the edges that leave it, and the port of each edge.
///
/// Ways that are always taken share the port on the body; every other way has a row of its own, events last.
pub fn outs(shape: Shape, size: Size, edges: &[&Edge]) -> (Vec<Out>, Vec<usize>) {
    let mut outs: Vec<Out> = Vec::new();
    let mut of_edge = vec![0; edges.len()];
    let is_row = |edge: &Edge| {
        shape != Shape::Circle && shape != Shape::Boundary && (out_kind(edge) != OutKind::Plain || edge.label.is_some())
    };
    let is_event = |edge: &Edge| edge.on.is_some();
    if edges.is_empty() || edges.iter().any(|edge| !is_row(edge)) {
        outs.push(Out { kind: OutKind::Plain, label: None, row: None, port: body_port(shape, size) });
    }
    let mut rows: Vec<usize> = (0..edges.len()).filter(|n| is_row(edges[*n])).collect();
    rows.sort_by_key(|n| is_event(edges[*n]));
    for (row, number) in rows.into_iter().enumerate() {
        let edge = edges[number];
        of_edge[number] = outs.len();
        let label = edge.label.clone().or_else(|| edge.condition.clone()).or_else(|| edge.event_name.clone());
        outs.push(Out { kind: out_kind(edge), label, row: Some(row), port: row_port(shape, size, row) });
    }
    (outs, of_edge)
}

/// How many rows the edges of a node need.
pub fn rows(shape: Shape, edges: &[&Edge]) -> usize {
    outs(shape, CARD, edges).0.iter().filter(|out| out.row.is_some()).count()
}

/// The size of a node with so many rows; a container's is made of what it holds.
pub fn size(shape: Shape, rows: usize) -> Size {
    match shape {
        Shape::Card | Shape::StartCard => Size::new(CARD.w, CARD.h + OUT_HEIGHT * rows as f64),
        Shape::Circle => Size::new(CIRCLE, CIRCLE),
        Shape::Boundary => Size::new(BOUNDARY, BOUNDARY),
        Shape::Container => CONTAINER,
    }
}

/// The port on the left, from the node's corner.
pub fn in_port(shape: Shape, size: Size) -> Point {
    Point::new(0.0, port_height(shape, size))
}

fn body_port(shape: Shape, size: Size) -> Point {
    match shape {
        Shape::Boundary => Point::new(BOUNDARY / 2.0, BOUNDARY),
        _ => Point::new(size.w, port_height(shape, size)),
    }
}

fn port_height(shape: Shape, size: Size) -> f64 {
    match shape {
        Shape::Container => (size.h / 2.0 / GRID).floor() * GRID + GRID / 2.0,
        Shape::Circle => CIRCLE / 2.0,
        Shape::Boundary => BOUNDARY / 2.0,
        Shape::Card | Shape::StartCard => CARD.h / 2.0,
    }
}

/// Rows stand below the body; those of a container on its lower right side.
fn row_port(shape: Shape, size: Size, row: usize) -> Point {
    let top = if shape == Shape::Container { HEADER } else { CARD.h };
    Point::new(size.w, top + OUT_HEIGHT * row as f64 + OUT_HEIGHT / 2.0)
}
