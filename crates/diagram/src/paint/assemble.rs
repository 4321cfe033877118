//! A scope's picture from its parts; the insides of containers are moved into them.

use super::{Draft, Wires};
use crate::card::{self, Shape};
use crate::geometry::{Point, Rect, Size};
use crate::route;
use crate::scene::{Scene, SceneEdge, SceneNode};
use heddle_model::definition::{Node, NodeType};
use std::collections::HashMap;

/// One scope's picture from its parts; the insides of containers are moved into them.
pub(super) fn assemble(
    nodes: &[Node],
    drafts: Vec<Draft>,
    wires: &Wires<'_>,
    corners: &[Point],
    routes: Vec<(Vec<Point>, bool)>,
) -> Scene {
    let mut scene = Scene::default();
    let mut number_of = Vec::with_capacity(nodes.len());
    let mut inner_edges = Vec::new();
    for (n, (node, draft)) in nodes.iter().zip(drafts).enumerate() {
        let number = scene.nodes.len();
        number_of.push(number);
        let rect = Rect::at(corners[n], draft.size);
        let input = card::in_port(draft.shape, draft.size).plus(corners[n]);
        scene.nodes.push(SceneNode {
            id: node.id.clone(),
            title: node.name.clone().unwrap_or_else(|| node.id.clone()),
            node_type: node.node_type.as_str().to_owned(),
            action: node.action.clone(),
            shape: draft.shape,
            rect,
            local: corners[n],
            parent: None,
            input: (node.node_type != NodeType::Start && draft.shape != Shape::Boundary).then_some(input),
            outs: if node.node_type == NodeType::End { Vec::new() } else { wires.outs[n].0.clone() },
        });
        if let Some(inside) = draft.inside {
            put_inside(&mut scene, &mut inner_edges, inside, number);
        }
    }
    let mut pairs: HashMap<(usize, usize), usize> = HashMap::new();
    for (edge, (points, back)) in routes.into_iter().enumerate() {
        let (from, to, author) = wires.ends[edge];
        let nth = pairs.entry((from, to)).or_insert(0);
        let id = author.stable_id(*nth);
        *nth += 1;
        scene.edges.push(SceneEdge {
            id,
            from: number_of[from],
            to: number_of[to],
            out: wires.port_of_edge[edge],
            kind: card::out_kind(author),
            label: author.label.clone().or_else(|| author.condition.clone()),
            path: route::rounded(&points),
            middle: route::middle(&points),
            points,
            back,
        });
    }
    scene.edges.extend(inner_edges);
    scene
}

/// Moves the picture of a container's inside into it.
fn put_inside(scene: &mut Scene, edges: &mut Vec<SceneEdge>, inside: Scene, container: usize) {
    let first = scene.nodes.len();
    let bounds = content(&inside);
    let frame = scene.nodes[container].rect;
    let by = Point::new(frame.x + card::PADDING - bounds.x, frame.y + card::HEADER + card::PADDING - bounds.y);
    for mut node in inside.nodes {
        node.rect = Rect { x: node.rect.x + by.x, y: node.rect.y + by.y, ..node.rect };
        node.input = node.input.map(|input| input.plus(by));
        node.parent = Some(node.parent.map_or(container, |parent| parent + first));
        scene.nodes.push(node);
    }
    for mut edge in inside.edges {
        edge.points = edge.points.into_iter().map(|point| point.plus(by)).collect();
        edge.path = route::rounded(&edge.points);
        edge.middle = edge.middle.plus(by);
        edge.from += first;
        edge.to += first;
        edges.push(edge);
    }
}

pub(super) fn container_size(inside: &Scene, rows: usize) -> Size {
    let bounds = content(inside);
    let up = |length: f64| (length / card::GRID).ceil() * card::GRID;
    Size::new(
        up(bounds.w + 2.0 * card::PADDING).max(card::CONTAINER.w),
        up(bounds.h + card::HEADER + 2.0 * card::PADDING)
            .max(card::CONTAINER.h)
            .max(card::HEADER + card::OUT_HEIGHT * (rows + 1) as f64),
    )
}

/// What the inside of a container takes up.
fn content(inside: &Scene) -> Rect {
    let captions = inside.nodes.iter().map(|node| {
        if node.shape == Shape::Circle { Rect { h: node.rect.h + card::CAPTION, ..node.rect } } else { node.rect }
    });
    let corners =
        inside.edges.iter().flat_map(|edge| edge.points.iter().map(|point| Rect::at(*point, Size::default())));
    captions.chain(corners).reduce(|a, b| a.union(&b)).unwrap_or_default()
}
