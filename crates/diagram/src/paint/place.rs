//! Where the nodes of a scope stand: laid out, kept where the author put them, or beside what is kept.

use super::{Draft, Painter, Wires};
use crate::card::{self, Shape};
use crate::geometry::{Point, Rect, Size};
use crate::layered::{self, Link};
use crate::route;
use heddle_model::definition::Node;

impl Painter<'_> {
    /// Corners of all nodes and of all edges.
    pub(super) fn place(
        &self,
        nodes: &[Node],
        drafts: &[Draft],
        wires: &Wires<'_>,
    ) -> (Vec<Point>, Vec<(Vec<Point>, bool)>) {
        let mut boxes: Vec<Size> = drafts.iter().map(|draft| draft.size).collect();
        for (n, draft) in drafts.iter().enumerate() {
            match draft.host {
                Some((host, number)) => {
                    // On its host it takes no room of its own.
                    boxes[n] = Size::default();
                    boxes[host].h = boxes[host].h.max(drafts[host].size.h + boundary_drop(number) + card::GRID)
                }
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
        let free_links: Vec<Link> =
            links.iter().map(|link| Link { from: number_of[link.from], to: number_of[link.to], ..*link }).collect();
        let placed = layered::layout(&free_boxes, &free_links);
        let mut corners = vec![Point::default(); drafts.len()];
        for (n, corner) in placed.corners.iter().enumerate() {
            corners[free[n]] = *corner;
        }
        let given = self.given(nodes, drafts);
        if let Some(given) = &given {
            keep(given, &links, &boxes, &mut corners);
        }
        attach(drafts, &mut corners);
        let mut routes: Vec<(Vec<Point>, bool)> = placed.routes.into_iter().zip(placed.back).collect();
        if given.is_some() {
            let rects: Vec<Rect> =
                drafts.iter().zip(&corners).map(|(draft, corner)| Rect::at(*corner, draft.size)).collect();
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

    /// Where the author put nodes, if anywhere.
    fn given(&self, nodes: &[Node], drafts: &[Draft]) -> Option<Vec<Option<Point>>> {
        let layout = self.layout?;
        let at = |id: &String| layout.get(id).map(|at| Point::new(at.x, at.y));
        let given: Vec<Option<Point>> = nodes
            .iter()
            .zip(drafts)
            .map(|(node, draft)| if draft.host.is_none() { at(&node.id) } else { None })
            .collect();
        given.iter().any(Option::is_some).then_some(given)
    }
}

/// Puts nodes where the author put them; the others move as their neighbours did, and find room beside.
fn keep(given: &[Option<Point>], links: &[Link], boxes: &[Size], corners: &mut [Point]) {
    let moved = |n: usize| given[n].map(|at| Point::new(at.x - corners[n].x, at.y - corners[n].y));
    let mean = |moves: Vec<Point>| -> Option<Point> {
        let count = moves.len() as f64;
        let sum = moves.into_iter().reduce(Point::plus)?;
        Some(Point::new(sum.x / count, sum.y / count))
    };
    let overall = mean((0..given.len()).filter_map(moved).collect()).unwrap_or_default();
    let mut near: Vec<Vec<Point>> = vec![Vec::new(); given.len()];
    for link in links {
        near[link.to].extend(moved(link.from));
        near[link.from].extend(moved(link.to));
    }
    let wishes: Vec<Point> =
        near.into_iter().enumerate().map(|(n, near)| corners[n].plus(mean(near).unwrap_or(overall))).collect();
    let mut taken: Vec<Rect> =
        given.iter().zip(boxes).filter_map(|(at, size)| at.map(|at| Rect::at(at, *size))).collect();
    for n in 0..given.len() {
        corners[n] = given[n].unwrap_or_else(|| free_place(Rect::at(wishes[n], boxes[n]), &taken));
        if given[n].is_none() {
            taken.push(Rect::at(corners[n], boxes[n]));
        }
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
pub(super) fn boundary_drop(number: usize) -> f64 {
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
