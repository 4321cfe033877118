//! The layered layout of one scope: boxes and links in, corners and corners of edges out. It knows nothing of workflows.
//!
//! Steps, one file each: links that close a circle are set aside (`rank`); every box gets a column, long links a stand-in in each
//! column they cross (`rank`); columns are ordered so that few links cross (`order`); heights are chosen so that links run straight
//! (`place`); upright legs get lanes between the columns (`lanes`). Boxes without any link between them are laid out apart.

mod lanes;
mod order;
mod place;
mod rank;

use crate::card::{COLUMN_GAP, GRID, ROW_GAP};
use crate::geometry::{Point, Rect, Size};
use crate::route;

/// A link between two boxes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// Height of the port it leaves by, from the top of its box.
    pub(crate) out_y: f64,
    /// Height of the port it enters by.
    pub(crate) in_y: f64,
}

/// Where everything is.
#[derive(Debug, Default)]
pub(crate) struct Placed {
    /// The corner of each box.
    pub(crate) corners: Vec<Point>,
    /// The corners of each link.
    pub(crate) routes: Vec<Vec<Point>>,
    /// Whether a link runs back.
    pub(crate) back: Vec<bool>,
}

/// Lays out boxes from left to right. Deterministic; the order of boxes and links is the order of preference.
pub(crate) fn layout(boxes: &[Size], links: &[Link]) -> Placed {
    let mut placed = Placed {
        corners: vec![Point::default(); boxes.len()],
        routes: vec![Vec::new(); links.len()],
        back: vec![false; links.len()],
    };
    let mut top = 0.0;
    for part in parts(boxes.len(), links) {
        top = part_layout(&part, boxes, links, top, &mut placed) + 2.0 * ROW_GAP;
    }
    placed
}

/// The boxes and links of one connected part, by their numbers.
struct Part {
    boxes: Vec<usize>,
    links: Vec<usize>,
}

/// The connected parts, each in the order of its first box.
fn parts(boxes: usize, links: &[Link]) -> Vec<Part> {
    let mut root: Vec<usize> = (0..boxes).collect();
    fn find(root: &mut [usize], mut at: usize) -> usize {
        while root[at] != at {
            root[at] = root[root[at]];
            at = root[at];
        }
        at
    }
    for link in links {
        let (a, b) = (find(&mut root, link.from), find(&mut root, link.to));
        root[a.max(b)] = a.min(b);
    }
    let mut parts: Vec<Part> = Vec::new();
    let mut part_of = vec![usize::MAX; boxes];
    for at in 0..boxes {
        let first = find(&mut root, at);
        if part_of[first] == usize::MAX {
            part_of[first] = parts.len();
            parts.push(Part { boxes: Vec::new(), links: Vec::new() });
        }
        part_of[at] = part_of[first];
        parts[part_of[at]].boxes.push(at);
    }
    for (number, link) in links.iter().enumerate() {
        parts[part_of[link.from]].links.push(number);
    }
    parts
}

/// Lays out one part below `top`; gives its lower end.
fn part_layout(part: &Part, boxes: &[Size], links: &[Link], top: f64, placed: &mut Placed) -> f64 {
    let mut local = vec![usize::MAX; boxes.len()];
    for (n, number) in part.boxes.iter().enumerate() {
        local[*number] = n;
    }
    let sizes: Vec<Size> = part.boxes.iter().map(|n| boxes[*n]).collect();
    let own: Vec<Link> =
        part.links.iter().map(|n| Link { from: local[links[*n].from], to: local[links[*n].to], ..links[*n] }).collect();
    let mut ranked = rank::rank(sizes, &own);
    order::reduce_crossings(&mut ranked);
    let heights = place::heights(&ranked);
    let lanes = lanes::assign(&ranked, &heights, COLUMN_GAP);
    let lowest = ranked
        .columns
        .iter()
        .flatten()
        .filter(|item| **item < ranked.sizes.len())
        .map(|item| heights[*item] + ranked.sizes[*item].h)
        .fold(0.0, f64::max);
    let highest = ranked.columns.iter().flatten().map(|item| heights[*item]).fold(f64::INFINITY, f64::min);
    let down = top - if highest.is_finite() { (highest / GRID).floor() * GRID } else { 0.0 };
    for (n, number) in part.boxes.iter().enumerate() {
        placed.corners[*number] = Point::new(lanes.lefts[ranked.column_of[n]], heights[n] + down);
    }
    let mut bottom = lowest + down;
    for (n, number) in part.links.iter().enumerate() {
        if ranked.back[n] {
            continue;
        }
        placed.routes[*number] = lanes::corners(&ranked, &heights, &lanes, &own, n)
            .into_iter()
            .map(|point| point.plus(Point::new(0.0, down)))
            .collect();
    }
    // Back links run below everything they pass, each a lane lower than the last.
    let rects: Vec<Rect> = part.boxes.iter().map(|n| Rect::at(placed.corners[*n], boxes[*n])).collect();
    let mut lane = 0.0;
    for (n, number) in part.links.iter().enumerate().filter(|(n, _)| ranked.back[*n]) {
        let link = own[n];
        let from = Point::new(rects[link.from].right(), rects[link.from].y + link.out_y);
        let to = Point::new(rects[link.to].x, rects[link.to].y + link.in_y);
        let (left, right) = (rects[link.to].x, rects[link.from].right().max(rects[link.to].right()));
        let passed = rects
            .iter()
            .filter(|rect| rect.x < right && rect.right() > left)
            .map(Rect::bottom)
            .fold(f64::NEG_INFINITY, f64::max);
        let below = passed + route::CLEAR + lane;
        lane += 2.0 * GRID;
        placed.routes[*number] = route::back(from, to, below);
        placed.back[*number] = true;
        bottom = bottom.max(below);
    }
    bottom
}
