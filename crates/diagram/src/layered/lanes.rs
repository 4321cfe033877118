//! Lanes: where the upright legs of links stand between two columns, so that links of different boxes do not lie on each other.

use super::Link;
use super::rank::{Ranked, Step};
use crate::card::GRID;
use crate::geometry::Point;
use crate::route::{self, LEG};
use std::collections::BTreeMap;

/// More lanes than this share.
const MOST_LANES: usize = 24;

/// Columns and lanes in numbers.
#[derive(Debug)]
pub(super) struct Lanes {
    /// Left side of each column.
    pub(super) lefts: Vec<f64>,
    /// Right side of each column.
    rights: Vec<f64>,
    /// Lane of each step.
    of_step: Vec<usize>,
}

/// Gives every bent step a lane, and every column its place.
pub(super) fn assign(ranked: &Ranked, top: &[f64], least_gap: f64) -> Lanes {
    let mut lanes = Lanes { lefts: Vec::new(), rights: Vec::new(), of_step: vec![0; ranked.steps.len()] };
    let mut left = 0.0;
    for column in &ranked.columns {
        let width = column.iter().filter_map(|item| ranked.sizes.get(*item)).map(|size| size.w).fold(0.0, f64::max);
        lanes.lefts.push(left);
        lanes.rights.push(left + width);
        let steps: Vec<usize> = column.iter().flat_map(|item| ranked.after[*item].iter().copied()).collect();
        let count = lanes_of_gap(ranked, top, &steps, &mut lanes.of_step);
        left += width + least_gap.max(2.0 * LEG + GRID * count as f64);
    }
    lanes
}

/// An upright leg that several steps share: those of one port.
struct Upright {
    from: f64,
    to: f64,
    steps: Vec<usize>,
}

fn lanes_of_gap(ranked: &Ranked, top: &[f64], steps: &[usize], of_step: &mut [usize]) -> usize {
    let mut entering: BTreeMap<(usize, i64), usize> = BTreeMap::new();
    let mut leaving: BTreeMap<(usize, i64), usize> = BTreeMap::new();
    for step in steps.iter().map(|step| ranked.steps[*step]) {
        *entering.entry((step.to, step.in_y as i64)).or_default() += 1;
        *leaving.entry((step.from, step.out_y as i64)).or_default() += 1;
    }
    // Links that leave one port share their first leg; links that only meet at the end share their last.
    let mut uprights: BTreeMap<(bool, usize, i64), Upright> = BTreeMap::new();
    for &number in steps {
        let step = ranked.steps[number];
        let (a, b) = ends(&step, top);
        if (a - b).abs() < 0.5 {
            continue;
        }
        let (out, into) = ((step.from, step.out_y as i64), (step.to, step.in_y as i64));
        let by_end = leaving[&out] == 1 && entering[&into] > 1;
        let key = if by_end { (true, into.0, into.1) } else { (false, out.0, out.1) };
        let upright = uprights.entry(key).or_insert(Upright { from: a.min(b), to: a.max(b), steps: Vec::new() });
        upright.from = upright.from.min(a.min(b));
        upright.to = upright.to.max(a.max(b));
        upright.steps.push(number);
    }
    let mut uprights: Vec<Upright> = uprights.into_values().collect();
    uprights.sort_by(|a, b| a.from.total_cmp(&b.from).then(a.to.total_cmp(&b.to)));
    let mut ends_of_lanes: Vec<f64> = Vec::new();
    for upright in &uprights {
        let free = ends_of_lanes.iter().position(|end| *end + GRID <= upright.from);
        let lane = free.unwrap_or(ends_of_lanes.len());
        match ends_of_lanes.get_mut(lane) {
            Some(end) => *end = upright.to,
            None => ends_of_lanes.push(upright.to),
        }
        for step in &upright.steps {
            of_step[*step] = lane % MOST_LANES;
        }
    }
    ends_of_lanes.len().min(MOST_LANES)
}

fn ends(step: &Step, top: &[f64]) -> (f64, f64) {
    (top[step.from] + step.out_y, top[step.to] + step.in_y)
}

/// The corners of a link that runs forward.
pub(super) fn corners(ranked: &Ranked, top: &[f64], lanes: &Lanes, links: &[Link], number: usize) -> Vec<Point> {
    let link = links[number];
    let column = ranked.column_of[link.from];
    let from = Point::new(lanes.lefts[column] + ranked.sizes[link.from].w, top[link.from] + link.out_y);
    let to = Point::new(lanes.lefts[ranked.column_of[link.to]], top[link.to] + link.in_y);
    if ranked.of_link[number].is_empty() {
        return route::forward(from, to, None);
    }
    let mut points = vec![from];
    for step in &ranked.of_link[number] {
        let (a, b) = ends(&ranked.steps[*step], top);
        let x = lanes.rights[ranked.column_of[ranked.steps[*step].from]] + LEG + GRID * lanes.of_step[*step] as f64;
        points.push(Point::new(x, a));
        points.push(Point::new(x, b));
    }
    points.push(to);
    route::simplify(&points)
}
