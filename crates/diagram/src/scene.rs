//! The whole picture of a definition: every node with its rectangle and ports, every edge with its path.
//!
//! A definition may be wrong (a draft often is): edges without an end are left out, a boundary event without a host is a card.

use crate::card::{Out, OutKind, Shape};
use crate::geometry::{Point, Rect, Size};
use crate::paint::Painter;
use heddle_model::definition::{Definition, Position};
use indexmap::IndexMap;
use serde::Serialize;

/// A picture.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Scene {
    /// Nodes, a container before what it holds; otherwise in the author's order.
    pub nodes: Vec<SceneNode>,
    /// Edges, in the author's order within each scope.
    pub edges: Vec<SceneEdge>,
    /// What everything takes up.
    pub bounds: Rect,
}

/// A node in a picture.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SceneNode {
    /// The node's id.
    pub id: String,
    /// What people see: its name, else its id.
    pub title: String,
    /// Its type's word.
    pub node_type: String,
    /// The job or task type of a `task`.
    pub action: Option<String>,
    /// What it is drawn as.
    pub shape: Shape,
    /// Where it is on the canvas.
    pub rect: Rect,
    /// Where it is in its own scope: what `layout` of a definition holds.
    pub local: Point,
    /// The container that holds it, by its number in the scene.
    pub parent: Option<usize>,
    /// The port on the left, on the canvas; a start and a boundary event have none.
    pub input: Option<Point>,
    /// The ports on the right, from its corner.
    pub outs: Vec<Out>,
}

/// An edge in a picture.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SceneEdge {
    /// The edge's id, or the stable one made of its ends.
    pub id: String,
    /// The node it leaves, by its number in the scene.
    pub from: usize,
    /// The node it enters.
    pub to: usize,
    /// The port it leaves by, by its number on the node.
    pub out: usize,
    /// What it is.
    pub kind: OutKind,
    /// What the author wrote on it: the label, else the condition.
    pub label: Option<String>,
    /// Its corners.
    pub points: Vec<Point>,
    /// The SVG path that draws it.
    pub path: String,
    /// Where a count or a toolbar stands.
    pub middle: Point,
    /// Whether it runs back.
    pub back: bool,
}

/// Positions of all nodes, each in its own scope, as if the definition had none.
pub fn auto_layout(definition: &Definition) -> IndexMap<String, Position> {
    let scene = Scene::of(definition, false);
    scene
        .nodes
        .into_iter()
        .filter(|node| node.shape != Shape::Boundary)
        .map(|node| (node.id, Position { x: node.local.x, y: node.local.y }))
        .collect()
}

impl Scene {
    /// The picture of a definition. With `keep`, nodes that have a position in `layout` keep it and the others find a place beside.
    pub fn of(definition: &Definition, keep: bool) -> Self {
        let painter = Painter {
            layout: keep.then_some(&definition.layout).filter(|layout| !layout.is_empty()),
            triggers: definition.triggers.is_some(),
        };
        let mut scene = painter.scope(&definition.nodes, &definition.edges, 0);
        let all = scene.nodes.iter().map(|node| node.rect).chain(
            scene.edges.iter().flat_map(|edge| edge.points.iter().map(|point| Rect::at(*point, Size::default()))),
        );
        scene.bounds = all.reduce(|a, b| a.union(&b)).unwrap_or_default();
        scene
    }

    /// The number of a node, by its id.
    pub fn find(&self, id: &str) -> Option<usize> {
        self.nodes.iter().position(|node| node.id == id)
    }
}
