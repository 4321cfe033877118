//! How an edge runs from port to port, and the path that draws it.

use crate::geometry::{Point, Rect};
use std::fmt::Write as _;

/// Radius of a bend.
pub const RADIUS: f64 = 10.0;
/// First and last leg.
pub const LEG: f64 = 24.0;
/// First and last leg of a back edge: half, so that it keeps apart from the lanes of the edges that go right.
pub const BACK_LEG: f64 = 12.0;
/// How far below the nodes a back edge runs.
pub const CLEAR: f64 = 32.0;

/// The corners of an edge that goes right: three legs, the upright one at `x` or in the middle.
pub fn forward(from: Point, to: Point, x: Option<f64>) -> Vec<Point> {
    if (from.y - to.y).abs() < 0.5 {
        return vec![from, to];
    }
    let x = x.unwrap_or((from.x + to.x) / 2.0);
    vec![from, Point::new(x, from.y), Point::new(x, to.y), to]
}

/// The corners of an edge that goes back: out to the right, along `below`, and in from the left.
pub fn back(from: Point, to: Point, below: f64) -> Vec<Point> {
    let (right, left) = (from.x + BACK_LEG, to.x - BACK_LEG);
    vec![from, Point::new(right, from.y), Point::new(right, below), Point::new(left, below), Point::new(left, to.y), to]
}

/// The corners of an edge between two nodes anywhere: forward where there is room, else back below both and all `between`.
pub fn between(from: (Point, Rect), to: (Point, Rect), between: &[Rect]) -> Vec<Point> {
    if to.0.x >= from.0.x + 2.0 * LEG {
        return forward(from.0, to.0, None);
    }
    let (left, right) = (to.1.x.min(from.1.x), from.1.right().max(to.1.right()));
    let lowest = between
        .iter()
        .filter(|rect| rect.x < right && rect.right() > left)
        .map(Rect::bottom)
        .fold(from.1.bottom().max(to.1.bottom()), f64::max);
    back(from.0, to.0, lowest + CLEAR)
}

/// An SVG path through corners, each rounded.
pub fn rounded(points: &[Point]) -> String {
    let points = simplify(points);
    let Some(first) = points.first() else { return String::new() };
    let mut path = format!("M{} {}", number(first.x), number(first.y));
    for corner in points.windows(3) {
        let [a, b, c] = [corner[0], corner[1], corner[2]];
        let radius = RADIUS.min(distance(a, b) / 2.0).min(distance(b, c) / 2.0);
        let (before, after) = (towards(b, a, radius), towards(b, c, radius));
        let _ = write!(
            path,
            "L{} {}Q{} {} {} {}",
            number(before.x),
            number(before.y),
            number(b.x),
            number(b.y),
            number(after.x),
            number(after.y)
        );
    }
    if let Some(last) = points.last().filter(|_| points.len() > 1) {
        let _ = write!(path, "L{} {}", number(last.x), number(last.y));
    }
    path
}

/// An SVG path that swings from one port to another: the connection that is being drawn.
pub fn bezier(from: Point, to: Point) -> String {
    let reach = ((to.x - from.x).abs() / 2.0).max(LEG * 2.0);
    format!(
        "M{} {}C{} {} {} {} {} {}",
        number(from.x),
        number(from.y),
        number(from.x + reach),
        number(from.y),
        number(to.x - reach),
        number(to.y),
        number(to.x),
        number(to.y)
    )
}

/// The middle of the longest leg: where a toolbar or a count stands.
pub fn middle(points: &[Point]) -> Point {
    points
        .windows(2)
        .map(|leg| (distance(leg[0], leg[1]), leg))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map_or(Point::default(), |(_, leg)| Point::new((leg[0].x + leg[1].x) / 2.0, (leg[0].y + leg[1].y) / 2.0))
}

/// Corners without those that turn nothing.
pub fn simplify(points: &[Point]) -> Vec<Point> {
    let mut kept: Vec<Point> = Vec::with_capacity(points.len());
    for &point in points {
        if kept.last().is_some_and(|last| distance(*last, point) < 0.01) {
            continue;
        }
        if let [.., a, b] = kept.as_slice()
            && ((a.x - b.x).abs() < 0.01 && (b.x - point.x).abs() < 0.01
                || (a.y - b.y).abs() < 0.01 && (b.y - point.y).abs() < 0.01)
        {
            kept.pop();
        }
        kept.push(point);
    }
    kept
}

fn distance(a: Point, b: Point) -> f64 {
    (a.x - b.x).hypot(a.y - b.y)
}

fn towards(from: Point, to: Point, by: f64) -> Point {
    let length = distance(from, to).max(f64::EPSILON);
    Point::new(from.x + (to.x - from.x) * by / length, from.y + (to.y - from.y) * by / length)
}

/// A number as short as it can be written, to a tenth.
fn number(value: f64) -> f64 {
    let rounded = (value * 10.0).round() / 10.0;
    if rounded == 0.0 { 0.0 } else { rounded }
}
