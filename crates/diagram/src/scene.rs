//! The whole picture of a definition: every node with its rectangle and ports, every edge with its path.
//!
//! A definition may be wrong (a draft often is): edges without an end are left out, a boundary event without a host is a card.

use crate::card::{self, Out, OutKind, Shape};
use crate::geometry::{Point, Rect, Size};
use crate::layered::{self, Link};
use crate::route;
use heddle_model::definition::{Definition, Edge, Node, NodeType, Position};
use indexmap::IndexMap;
use serde::Serialize;
use std::collections::HashMap;

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
    scene.nodes.into_iter().filter(|node| node.shape != Shape::Boundary).map(|node| (node.id, Position { x: node.local.x, y: node.local.y })).collect()
}

impl Scene {
    /// The picture of a definition. With `keep`, nodes that have a position in `layout` keep it and the others find a place beside.
    pub fn of(definition: &Definition, keep: bool) -> Self {
        let painter = Painter { layout: keep.then_some(&definition.layout).filter(|layout| !layout.is_empty()), triggers: definition.triggers.is_some() };
        let mut scene = painter.scope(&definition.nodes, &definition.edges, 0);
        let all = scene.nodes.iter().map(|node| node.rect).chain(scene.edges.iter().flat_map(|edge| edge.points.iter().map(|point| Rect::at(*point, Size::default()))));
        scene.bounds = all.reduce(|a, b| a.union(&b)).unwrap_or_default();
        scene
    }

    /// The number of a node, by its id.
    pub fn find(&self, id: &str) -> Option<usize> {
        self.nodes.iter().position(|node| node.id == id)
    }
}

/// Containers within containers that are drawn; deeper ones are cards.
const DEEPEST: usize = 32;

struct Painter<'d> {
    layout: Option<&'d IndexMap<String, Position>>,
    triggers: bool,
}

/// A node of one scope while its place is sought.
struct Draft {
    shape: Shape,
    size: Size,
    inside: Option<Scene>,
    /// The host of a boundary event and its number on it.
    host: Option<(usize, usize)>,
}

impl Painter<'_> {
    /// The picture of one scope, its corner at the origin.
    fn scope(&self, nodes: &[Node], edges: &[Edge], depth: usize) -> Scene {
        let index: HashMap<&str, usize> = nodes.iter().enumerate().rev().map(|(n, node)| (node.id.as_str(), n)).collect();
        let ends: Vec<(usize, usize, &Edge)> = edges
            .iter()
            .filter_map(|edge| Some((*index.get(edge.from.as_str())?, *index.get(edge.to.as_str())?, edge)))
            .collect();
        let mut leaving: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
        for (n, (from, ..)) in ends.iter().enumerate() {
            leaving[*from].push(n);
        }
        let out_edges = |n: usize| -> Vec<&Edge> { leaving[n].iter().map(|edge| ends[*edge].2).collect() };
        let drafts = self.drafts(nodes, &index, &out_edges, depth);
        let outs: Vec<(Vec<Out>, Vec<usize>)> = drafts.iter().enumerate().map(|(n, draft)| card::outs(draft.shape, draft.size, &out_edges(n))).collect();
        let mut port_of_edge = vec![0; ends.len()];
        for (n, edges) in leaving.iter().enumerate() {
            for (edge, port) in edges.iter().zip(&outs[n].1) {
                port_of_edge[*edge] = *port;
            }
        }
        let wires = Wires { ends: &ends, outs: &outs, port_of_edge: &port_of_edge };
        let (corners, routes) = self.place(nodes, &drafts, &wires);
        assemble(nodes, drafts, &wires, &corners, routes)
    }

    fn drafts<'e>(&self, nodes: &[Node], index: &HashMap<&str, usize>, out_edges: &dyn Fn(usize) -> Vec<&'e Edge>, depth: usize) -> Vec<Draft> {
        let mut attached: HashMap<usize, usize> = HashMap::new();
        nodes
            .iter()
            .enumerate()
            .map(|(n, node)| {
                let host = node.boundary.as_ref().and_then(|boundary| index.get(boundary.attached_to.as_str()).copied());
                let host = host.filter(|host| *host != n && nodes[*host].node_type != NodeType::Boundary);
                let mut shape = card::shape(node, self.triggers);
                if shape == Shape::Boundary && host.is_none() || shape == Shape::Container && depth >= DEEPEST {
                    shape = Shape::Card;
                }
                let rows = card::rows(shape, &out_edges(n));
                let inside = node.body.as_ref().filter(|_| shape == Shape::Container).map(|body| self.scope(&body.nodes, &body.edges, depth + 1));
                let size = inside.as_ref().map_or_else(|| card::size(shape, rows), |inside| container_size(inside, rows));
                let host = host.filter(|_| shape == Shape::Boundary).map(|host| {
                    let number = attached.entry(host).or_insert(0);
                    *number += 1;
                    (host, *number - 1)
                });
                Draft { shape, size, inside, host }
            })
            .collect()
    }

    /// Corners of all nodes and of all edges.
    fn place(&self, nodes: &[Node], drafts: &[Draft], wires: &Wires<'_>) -> (Vec<Point>, Vec<(Vec<Point>, bool)>) {
        let mut boxes: Vec<Size> = drafts.iter().map(|draft| draft.size).collect();
        for (n, draft) in drafts.iter().enumerate() {
            match draft.host {
                Some((host, number)) => boxes[host].h = boxes[host].h.max(drafts[host].size.h + boundary_drop(number) + card::GRID),
                None if draft.shape == Shape::Circle => boxes[n].h += card::CAPTION,
                None => {}
            }
        }
        let links: Vec<Link> = (0..wires.ends.len()).map(|edge| wires.link(edge, drafts)).collect();
        // Boundary events stand on their hosts, so they are not laid out themselves.
        let mut number_of = vec![usize::MAX; drafts.len()];
        let free: Vec<usize> = (0..drafts.len()).filter(|n| drafts[*n].host.is_none()).collect();
        for (n, free) in free.iter().enumerate() {
            number_of[*free] = n;
        }
        let free_boxes: Vec<Size> = free.iter().map(|n| boxes[*n]).collect();
        let free_links: Vec<Link> = links.iter().map(|link| Link { from: number_of[link.from], to: number_of[link.to], ..*link }).collect();
        let placed = layered::layout(&free_boxes, &free_links);
        let mut corners = vec![Point::default(); drafts.len()];
        for (n, corner) in placed.corners.iter().enumerate() {
            corners[free[n]] = *corner;
        }
        let kept = self.keep(nodes, drafts, &links, &boxes, &mut corners);
        attach(drafts, &mut corners);
        let mut routes: Vec<(Vec<Point>, bool)> = placed.routes.into_iter().zip(placed.back).collect();
        if kept {
            let rects: Vec<Rect> = drafts.iter().zip(&corners).map(|(draft, corner)| Rect::at(*corner, draft.size)).collect();
            for (link, route) in links.iter().zip(&mut routes) {
                let (from, to) = (rects[link.from], rects[link.to]);
                let out = Point::new(from.right(), from.y + link.out_y);
                let into = Point::new(to.x, to.y + link.in_y);
                let points = route::between((out, from), (into, to), &rects);
                *route = (points, into.x < out.x + 2.0 * route::LEG);
            }
        }
        for (edge, (points, _)) in routes.iter_mut().enumerate() {
            let from = wires.ends[edge].0;
            if drafts[from].host.is_some() {
                wires.start_at_boundary(points, corners[from]);
            }
        }
        (corners, routes)
    }

    /// Puts nodes where the author put them, and the others beside. Whether there were any.
    fn keep(&self, nodes: &[Node], drafts: &[Draft], links: &[Link], boxes: &[Size], corners: &mut [Point]) -> bool {
        let Some(layout) = self.layout else { return false };
        let given: Vec<Option<Point>> = nodes.iter().zip(drafts).map(|(node, draft)| layout.get(&node.id).filter(|_| draft.host.is_none()).map(|at| Point::new(at.x, at.y))).collect();
        if given.iter().all(Option::is_none) {
            return false;
        }
        let moved = |n: usize| given[n].map(|at| Point::new(at.x - corners[n].x, at.y - corners[n].y));
        let mean = |moves: Vec<Point>| -> Option<Point> {
            let count = moves.len() as f64;
            let sum = moves.into_iter().reduce(Point::plus)?;
            Some(Point::new(sum.x / count, sum.y / count))
        };
        let overall = mean((0..nodes.len()).filter_map(moved).collect()).unwrap_or_default();
        let mut near: Vec<Vec<Point>> = vec![Vec::new(); nodes.len()];
        for link in links {
            near[link.to].extend(moved(link.from));
            near[link.from].extend(moved(link.to));
        }
        let wishes: Vec<Point> = (0..nodes.len()).map(|n| corners[n].plus(mean(std::mem::take(&mut near[n])).unwrap_or(overall))).collect();
        let mut taken: Vec<Rect> = (0..nodes.len()).filter_map(|n| given[n].map(|at| Rect::at(at, boxes[n]))).collect();
        for n in 0..nodes.len() {
            corners[n] = given[n].unwrap_or_else(|| free_place(Rect::at(wishes[n], boxes[n]), &taken));
            if given[n].is_none() && drafts[n].host.is_none() {
                taken.push(Rect::at(corners[n], boxes[n]));
            }
        }
        true
    }
}

/// The nearest place below a wish where nothing stands.
fn free_place(wish: Rect, taken: &[Rect]) -> Point {
    let snap = |value: f64| (value / card::GRID).round() * card::GRID;
    let mut at = Rect { x: snap(wish.x), y: snap(wish.y), ..wish };
    for _ in 0..64 {
        match taken.iter().find(|rect| rect.overlaps(&at)) {
            Some(rect) => at.y = snap(rect.bottom() + card::ROW_GAP),
            None => break,
        }
    }
    Point::new(at.x, at.y)
}

/// How far below its host's body the edge of a boundary event leaves, by its number on the host.
fn boundary_drop(number: usize) -> f64 {
    3.5 * card::GRID + card::GRID * number as f64
}

/// Puts boundary events on the lower border of their hosts.
fn attach(drafts: &[Draft], corners: &mut [Point]) {
    for (n, draft) in drafts.iter().enumerate() {
        if let Some((host, number)) = draft.host {
            let across = card::PADDING + (card::BOUNDARY + card::GRID) * number as f64;
            corners[n] = corners[host].plus(Point::new(across, drafts[host].size.h - card::BOUNDARY / 2.0));
        }
    }
}

fn container_size(inside: &Scene, rows: usize) -> Size {
    let bounds = content(inside);
    let up = |length: f64| (length / card::GRID).ceil() * card::GRID;
    Size::new(
        up(bounds.w + 2.0 * card::PADDING).max(card::CONTAINER.w),
        up(bounds.h + card::HEADER + 2.0 * card::PADDING).max(card::CONTAINER.h).max(card::HEADER + card::OUT_HEIGHT * (rows + 1) as f64),
    )
}

/// What the inside of a container takes up.
fn content(inside: &Scene) -> Rect {
    let captions = inside.nodes.iter().map(|node| if node.shape == Shape::Circle { Rect { h: node.rect.h + card::CAPTION, ..node.rect } } else { node.rect });
    let corners = inside.edges.iter().flat_map(|edge| edge.points.iter().map(|point| Rect::at(*point, Size::default())));
    captions.chain(corners).reduce(|a, b| a.union(&b)).unwrap_or_default()
}

/// The edges of a scope and the ports they leave by.
struct Wires<'e> {
    ends: &'e [(usize, usize, &'e Edge)],
    outs: &'e [(Vec<Out>, Vec<usize>)],
    port_of_edge: &'e [usize],
}

impl Wires<'_> {
    /// The link of an edge; that of a boundary event leaves its host.
    fn link(&self, edge: usize, drafts: &[Draft]) -> Link {
        let (from, to, _) = self.ends[edge];
        let in_y = card::in_port(drafts[to].shape, drafts[to].size).y;
        let to = drafts[to].host.map_or(to, |(host, _)| host);
        match drafts[from].host {
            Some((host, number)) => Link { from: host, to, out_y: drafts[host].size.h + boundary_drop(number), in_y },
            None => Link { from, to, out_y: self.outs[from].0[self.port_of_edge[edge]].port.y, in_y },
        }
    }

    /// Lets an edge begin below the boundary event instead of on the right of its host.
    fn start_at_boundary(&self, points: &mut Vec<Point>, corner: Point) {
        let port = corner.plus(Point::new(card::BOUNDARY / 2.0, card::BOUNDARY));
        if let Some(first) = points.first_mut() {
            first.x = port.x;
            let turn = *first;
            *first = port;
            points.insert(1, turn);
        }
    }
}

/// One scope's picture from its parts; the insides of containers are moved into them.
fn assemble(nodes: &[Node], drafts: Vec<Draft>, wires: &Wires<'_>, corners: &[Point], routes: Vec<(Vec<Point>, bool)>) -> Scene {
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
