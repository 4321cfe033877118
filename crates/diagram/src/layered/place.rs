//! Heights: links run as straight as the order and the gaps allow.

use super::rank::Ranked;
use crate::card::{GRID, ROW_GAP};

/// Rounds of moving columns; large graphs get fewer.
const ROUNDS: (usize, usize) = (10, 4);
const LARGE: usize = 3_000;

/// The top of each item.
pub(super) fn heights(ranked: &Ranked) -> Vec<f64> {
    let mut top = vec![0.0; ranked.column_of.len()];
    for column in &ranked.columns {
        let mut at = 0.0;
        for (n, item) in column.iter().enumerate() {
            at += if n > 0 { gap(ranked, column[n - 1], *item) } else { 0.0 };
            top[*item] = at;
            at += ranked.height(*item);
        }
    }
    let rounds = if top.len() > LARGE { ROUNDS.1 } else { ROUNDS.0 };
    for round in 0..rounds {
        for at in 0..ranked.columns.len() {
            move_column(ranked, at, &mut top, round > 0);
        }
        for at in (0..ranked.columns.len()).rev() {
            move_column(ranked, at, &mut top, round > 0);
        }
    }
    straighten(ranked, &mut top);
    // Boxes stand on the grid and stand-ins half a step off it, where all ports are. Rounding down keeps every distance that is a
    // multiple of the grid, and the half step is less than any gap.
    for (item, height) in top.iter_mut().enumerate() {
        let off = if ranked.is_stand_in(item) { GRID / 2.0 } else { 0.0 };
        *height = ((*height - off) / GRID + 1e-6).floor() * GRID + off;
    }
    top
}

/// Free room between two neighbours of a column.
fn gap(ranked: &Ranked, above: usize, below: usize) -> f64 {
    match (ranked.is_stand_in(above), ranked.is_stand_in(below)) {
        (false, false) => ROW_GAP,
        (true, true) => 2.0 * GRID,
        _ => 3.0 * GRID,
    }
}

/// Moves the items of a column to where their links want them, keeping order and gaps: the nearest such heights by least squares.
fn move_column(ranked: &Ranked, at: usize, top: &mut [f64], both: bool) {
    let column = &ranked.columns[at];
    let mut blocks: Vec<Block> = Vec::with_capacity(column.len());
    let mut offset = 0.0;
    let mut offsets = Vec::with_capacity(column.len());
    for (n, item) in column.iter().enumerate() {
        if n > 0 {
            offset += ranked.height(column[n - 1]) + gap(ranked, column[n - 1], *item);
        }
        offsets.push(offset);
        let (wish, weight) = wish(ranked, *item, top, both);
        blocks.push(Block { sum: (wish - offset) * weight, weight, len: 1 });
        // Whoever would stand above its neighbour above joins it: the two move as one.
        while let [.., upper, lower] = blocks.as_slice()
            && upper.mean() > lower.mean()
        {
            let joined =
                Block { sum: upper.sum + lower.sum, weight: upper.weight + lower.weight, len: upper.len + lower.len };
            blocks.truncate(blocks.len() - 2);
            blocks.push(joined);
        }
    }
    let mut n = 0;
    for block in &blocks {
        for _ in 0..block.len {
            top[column[n]] = block.mean() + offsets[n];
            n += 1;
        }
    }
}

struct Block {
    sum: f64,
    weight: f64,
    len: usize,
}

impl Block {
    fn mean(&self) -> f64 {
        self.sum / self.weight
    }
}

/// Where the links of an item want it, and how strongly: the median of what its neighbours want.
fn wish(ranked: &Ranked, item: usize, top: &[f64], both: bool) -> (f64, f64) {
    let before = ranked.before[item].iter().map(|step| {
        let step = &ranked.steps[*step];
        top[step.from] + step.out_y - step.in_y
    });
    let after = ranked.after[item].iter().map(|step| {
        let step = &ranked.steps[*step];
        top[step.to] + step.in_y - step.out_y
    });
    let mut wishes: Vec<f64> = if both { before.chain(after).collect() } else { before.collect() };
    if wishes.is_empty() {
        return (top[item], 0.01);
    }
    wishes.sort_by(f64::total_cmp);
    let middle = wishes.len() / 2;
    let median = if wishes.len() % 2 == 1 { wishes[middle] } else { (wishes[middle - 1] + wishes[middle]) / 2.0 };
    (median, if ranked.is_stand_in(item) { 4.0 } else { 1.0 })
}

/// Takes small bends out: an item that has room to stand exactly at the height of a neighbour does.
fn straighten(ranked: &Ranked, top: &mut [f64]) {
    for at in 0..ranked.columns.len() {
        let column = &ranked.columns[at];
        for (n, item) in column.iter().enumerate() {
            let highest = n.checked_sub(1).map_or(f64::NEG_INFINITY, |above| {
                let above = column[above];
                top[above] + ranked.height(above) + gap(ranked, above, *item)
            });
            let lowest = column
                .get(n + 1)
                .map_or(f64::INFINITY, |below| top[*below] - gap(ranked, *item, *below) - ranked.height(*item));
            let best = ranked.before[*item]
                .iter()
                .map(|step| {
                    let step = &ranked.steps[*step];
                    top[step.from] + step.out_y - step.in_y
                })
                .filter(|height| *height >= highest && *height <= lowest && (height - top[*item]).abs() < 6.0 * GRID)
                .min_by(|a, b| (a - top[*item]).abs().total_cmp(&(b - top[*item]).abs()));
            if let Some(height) = best {
                top[*item] = height;
            }
        }
    }
}
