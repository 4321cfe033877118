//! Breaks a long, flat picture into rows, as a text breaks into lines: a workflow of ten steps is read at a size that can be read.
//!
//! A row may end only where nothing but one node's way crosses, so that a single line leads from the end of a row to the start of the
//! next. Pure. Pictures whose places the author chose are left alone.

use heddle_diagram::{Point, Rect, Scene, Shape, Size, card, route};

/// Pictures narrower than this are not broken.
const WIDE: f64 = 1_300.0;
/// About how wide a row may be.
const ROW: f64 = 1_150.0;
/// Least width by height of a picture that is broken.
const FLAT: f64 = 2.6;
/// Between two rows; the line that joins them runs in its middle.
const GAP: f64 = 80.0;
/// From a card to the upright legs beside it.
const LEG: f64 = 28.0;

/// Breaks the picture where that helps.
pub fn wrap(scene: &mut Scene) {
    if scene.bounds.w < WIDE || scene.bounds.w < scene.bounds.h * FLAT {
        return;
    }
    let cuts = choose(scene);
    if cuts.is_empty() {
        return;
    }
    let row_of: Vec<usize> =
        scene.nodes.iter().map(|node| cuts.iter().filter(|cut| node.rect.x > **cut).count()).collect();
    let boxes = rows(scene, &row_of, cuts.len() + 1);
    let mut top = scene.bounds.y;
    let moves: Vec<Point> = boxes
        .iter()
        .map(|row| {
            let by = Point::new(scene.bounds.x - row.x, top - row.y);
            top += row.h + GAP;
            by
        })
        .collect();
    for (node, row) in scene.nodes.iter_mut().zip(&row_of) {
        node.rect = Rect { x: node.rect.x + moves[*row].x, y: node.rect.y + moves[*row].y, ..node.rect };
        node.input = node.input.map(|input| input.plus(moves[*row]));
    }
    let right = boxes.iter().zip(&moves).map(|(row, by)| row.right() + by.x).fold(0.0, f64::max) + LEG;
    for edge in &mut scene.edges {
        let (a, b) = (row_of[edge.from], row_of[edge.to]);
        for (at, point) in edge.points.iter_mut().enumerate() {
            *point = point.plus(moves[if at == 0 { a } else { b }]);
        }
        if a != b {
            let lane = |row: usize| boxes[row].bottom() + moves[row].y + GAP / 2.0;
            edge.points = joined(edge.points[0], edge.points[edge.points.len() - 1], (lane(a), lane(b - 1)), right);
        }
        edge.path = route::rounded(&edge.points);
        edge.middle = route::middle(&edge.points);
    }
    let all =
        scene.nodes.iter().map(|node| node.rect).chain(
            scene.edges.iter().flat_map(|edge| edge.points.iter().map(|point| Rect::at(*point, Size::default()))),
        );
    scene.bounds = all.reduce(|a, b| a.union(&b)).unwrap_or_default();
}

/// The corners of a line from the end of a row to the start of a later one.
fn joined(from: Point, to: Point, lanes: (f64, f64), right: f64) -> Vec<Point> {
    let (out, into) = (from.x + LEG, to.x - LEG);
    let mut points = vec![from, Point::new(out, from.y), Point::new(out, lanes.0)];
    if lanes.0 < lanes.1 {
        points.extend([Point::new(right, lanes.0), Point::new(right, lanes.1)]);
    }
    points.extend([Point::new(into, lanes.1), Point::new(into, to.y), to]);
    points
}

/// Where rows may end, in order.
fn places(scene: &Scene) -> Vec<f64> {
    let mut spans: Vec<(f64, f64)> = scene.nodes.iter().map(|node| (node.rect.x, node.rect.right())).collect();
    spans.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut reach = f64::NEG_INFINITY;
    let mut found = Vec::new();
    for (left, right) in spans {
        if reach.is_finite() && left > reach {
            found.push(f64::midpoint(reach, left));
        }
        reach = reach.max(right);
    }
    found.retain(|cut| may_cut(scene, *cut));
    found
}

/// Whether only one node's way, out or in, crosses here, and none of it runs back.
fn may_cut(scene: &Scene, cut: f64) -> bool {
    let left_of = |node: usize| scene.nodes[node].rect.x < cut;
    let mut crossing = scene.edges.iter().filter(|edge| left_of(edge.from) != left_of(edge.to)).peekable();
    let Some(first) = crossing.peek().map(|edge| (edge.from, edge.to)) else { return true };
    let crossing: Vec<_> = crossing.collect();
    crossing.iter().all(|edge| left_of(edge.from))
        && (crossing.iter().all(|edge| edge.from == first.0) || crossing.iter().all(|edge| edge.to == first.1))
}

/// The places nearest to even rows; none is taken that would make a row much longer than the others.
fn choose(scene: &Scene) -> Vec<f64> {
    let places = places(scene);
    let rows = (scene.bounds.w / ROW).ceil().clamp(2.0, 6.0);
    let length = scene.bounds.w / rows;
    let mut cuts: Vec<f64> = Vec::new();
    for row in 1..rows as usize {
        let ideal = scene.bounds.x + length * row as f64;
        let near = places
            .iter()
            .copied()
            .filter(|cut| (cut - ideal).abs() < length * 0.45 && cuts.last().is_none_or(|last| cut > last));
        if let Some(cut) = near.min_by(|a, b| (a - ideal).abs().total_cmp(&(b - ideal).abs())) {
            cuts.push(cut);
        }
    }
    cuts
}

/// What each row takes up: its nodes with their captions, and the edges within it.
fn rows(scene: &Scene, row_of: &[usize], count: usize) -> Vec<Rect> {
    let mut boxes: Vec<Option<Rect>> = vec![None; count];
    let mut put = |row: usize, rect: Rect| boxes[row] = Some(boxes[row].map_or(rect, |known| known.union(&rect)));
    for (node, row) in scene.nodes.iter().zip(row_of) {
        let caption = if node.shape == Shape::Circle { card::CAPTION } else { 0.0 };
        put(*row, Rect { h: node.rect.h + caption, ..node.rect });
    }
    for edge in scene.edges.iter().filter(|edge| row_of[edge.from] == row_of[edge.to]) {
        edge.points.iter().for_each(|point| put(row_of[edge.from], Rect::at(*point, Size::default())));
    }
    boxes.into_iter().map(Option::unwrap_or_default).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use heddle_model::format::{Format, parse};

    fn scene(yaml: &str) -> Scene {
        Scene::of(&parse(yaml, Format::Yaml).definition.unwrap(), true)
    }

    fn chain(length: usize) -> String {
        let nodes: String = (0..length).map(|n| format!("  - {{ id: n{n}, type: echo }}\n")).collect();
        let edges: String = (1..length).map(|n| format!("  - {{ from: n{}, to: n{n} }}\n", n - 1)).collect();
        format!("name: chain\nnodes:\n{nodes}edges:\n{edges}")
    }

    fn hold(before: &Scene, after: &Scene) {
        for (at, a) in after.nodes.iter().enumerate() {
            assert!(after.nodes[at + 1..].iter().all(|b| !a.rect.overlaps(&b.rect)), "{} lies on another", a.id);
        }
        for (old, edge) in before.edges.iter().zip(&after.edges) {
            let (start, end) = (edge.points[0], edge.points[edge.points.len() - 1]);
            assert_eq!(Some(end), after.nodes[edge.to].input, "{} ends elsewhere", edge.id);
            let (was, is) = (before.nodes[edge.from].rect, after.nodes[edge.from].rect);
            assert_eq!(
                (start.x - is.x, start.y - is.y),
                (old.points[0].x - was.x, old.points[0].y - was.y),
                "{} begins elsewhere",
                edge.id
            );
            assert!(
                edge.points
                    .windows(2)
                    .all(|leg| (leg[0].x - leg[1].x).abs() < 0.01 || (leg[0].y - leg[1].y).abs() < 0.01),
                "{} is askew",
                edge.id
            );
        }
    }

    #[test]
    fn a_chain_becomes_rows_of_like_length() {
        let before = scene(&chain(12));
        let mut after = before.clone();
        wrap(&mut after);
        assert!(after.bounds.w < before.bounds.w / 2.0);
        hold(&before, &after);
    }

    #[test]
    fn the_examples_are_broken_into_two_rows() {
        for example in crate::examples::EXAMPLES {
            let before = scene(example.yaml);
            let mut after = before.clone();
            wrap(&mut after);
            assert!(
                after.bounds.w < before.bounds.w * 0.75,
                "{}: {} of {}",
                example.key,
                after.bounds.w,
                before.bounds.w
            );
            hold(&before, &after);
        }
    }

    #[test]
    fn short_pictures_and_those_with_ways_back_stay() {
        for yaml in [chain(3), format!("{}  - {{ from: n11, to: n0 }}\n", chain(12))] {
            let before = scene(&yaml);
            let mut after = before.clone();
            wrap(&mut after);
            assert_eq!(before, after);
        }
    }
}
