//! Paints one scope after the other: what each node is drawn as, where it stands, how its edges run.

mod assemble;
mod place;

use crate::card::{self, Out, Shape};
use crate::geometry::{Point, Size};
use crate::layered::Link;
use crate::scene::Scene;
use heddle_model::definition::{Edge, Node, NodeType, Position};
use indexmap::IndexMap;
use std::collections::HashMap;

/// Containers within containers that are drawn; deeper ones are cards.
const DEEPEST: usize = 32;

/// Paints the scopes of one definition.
pub(crate) struct Painter<'d> {
    /// Positions that are kept.
    pub(crate) layout: Option<&'d IndexMap<String, Position>>,
    /// Whether the workflow's start has triggers.
    pub(crate) triggers: bool,
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
    pub(crate) fn scope(&self, nodes: &[Node], edges: &[Edge], depth: usize) -> Scene {
        let index: HashMap<&str, usize> =
            nodes.iter().enumerate().rev().map(|(n, node)| (node.id.as_str(), n)).collect();
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
        let outs: Vec<(Vec<Out>, Vec<usize>)> =
            drafts.iter().enumerate().map(|(n, draft)| card::outs(draft.shape, draft.size, &out_edges(n))).collect();
        let mut port_of_edge = vec![0; ends.len()];
        for (n, edges) in leaving.iter().enumerate() {
            for (edge, port) in edges.iter().zip(&outs[n].1) {
                port_of_edge[*edge] = *port;
            }
        }
        let wires = Wires { ends: &ends, outs: &outs, port_of_edge: &port_of_edge };
        let (corners, routes) = self.place(nodes, &drafts, &wires);
        assemble::assemble(nodes, drafts, &wires, &corners, routes)
    }

    fn drafts<'e>(
        &self,
        nodes: &[Node],
        index: &HashMap<&str, usize>,
        out_edges: &dyn Fn(usize) -> Vec<&'e Edge>,
        depth: usize,
    ) -> Vec<Draft> {
        let mut attached: HashMap<usize, usize> = HashMap::new();
        nodes
            .iter()
            .enumerate()
            .map(|(n, node)| {
                let host =
                    node.boundary.as_ref().and_then(|boundary| index.get(boundary.attached_to.as_str()).copied());
                let host = host.filter(|host| *host != n && nodes[*host].node_type != NodeType::Boundary);
                let mut shape = card::shape(node, self.triggers);
                if shape == Shape::Boundary && host.is_none() || shape == Shape::Container && depth >= DEEPEST {
                    shape = Shape::Card;
                }
                let rows = card::rows(shape, &out_edges(n));
                let inside = node
                    .body
                    .as_ref()
                    .filter(|_| shape == Shape::Container)
                    .map(|body| self.scope(&body.nodes, &body.edges, depth + 1));
                let size = inside
                    .as_ref()
                    .map_or_else(|| card::size(shape, rows), |inside| assemble::container_size(inside, rows));
                let host = host.filter(|_| shape == Shape::Boundary).map(|host| {
                    let number = attached.entry(host).or_insert(0);
                    *number += 1;
                    (host, *number - 1)
                });
                Draft { shape, size, inside, host }
            })
            .collect()
    }
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
            Some((host, number)) => {
                Link { from: host, to, out_y: drafts[host].size.h + place::boundary_drop(number), in_y }
            }
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
