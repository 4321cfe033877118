//! The order within each column: few crossings, and the author's order where nothing else decides.

use super::rank::Ranked;

/// Rounds of sorting; large graphs get fewer.
const ROUNDS: (usize, usize) = (16, 4);
/// From so many items on a graph is large.
const LARGE: usize = 3_000;

/// Orders every column.
pub(super) fn reduce_crossings(ranked: &mut Ranked) {
    let items = ranked.column_of.len();
    let mut place = vec![0.0; items];
    for column in &ranked.columns {
        renumber(column, &mut place);
    }
    let rounds = if items > LARGE { ROUNDS.1 } else { ROUNDS.0 };
    let mut best = (usize::MAX, ranked.columns.clone());
    for round in 0..rounds {
        for at in 1..ranked.columns.len() {
            sort_column(ranked, at, Side::Before, &mut place);
        }
        keep_better(ranked, &place, &mut best);
        if best.0 == 0 {
            break;
        }
        if round + 1 < rounds {
            for at in (0..ranked.columns.len().saturating_sub(1)).rev() {
                sort_column(ranked, at, Side::After, &mut place);
            }
            if items <= LARGE {
                swap_neighbours(ranked, &mut place);
            }
            keep_better(ranked, &place, &mut best);
        }
    }
    ranked.columns = best.1;
}

#[derive(Clone, Copy)]
enum Side {
    Before,
    After,
}

fn renumber(column: &[usize], place: &mut [f64]) {
    for (n, item) in column.iter().enumerate() {
        place[*item] = n as f64;
    }
}

fn keep_better(ranked: &Ranked, place: &[f64], best: &mut (usize, Vec<Vec<usize>>)) {
    let crossings = crossings(ranked, place);
    if crossings < best.0 {
        *best = (crossings, ranked.columns.clone());
    }
}

/// Sorts a column by the mean place of its neighbours on one side. An item without neighbours there stays where it is.
fn sort_column(ranked: &mut Ranked, at: usize, side: Side, place: &mut [f64]) {
    let mut column = std::mem::take(&mut ranked.columns[at]);
    let mut keys: Vec<(f64, usize)> = column
        .iter()
        .map(|item| {
            let steps = match side {
                Side::Before => &ranked.before[*item],
                Side::After => &ranked.after[*item],
            };
            let sum: f64 = steps.iter().map(|step| end(ranked, *step, side, place)).sum();
            (if steps.is_empty() { place[*item] } else { sum / steps.len() as f64 }, *item)
        })
        .collect();
    keys.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (slot, (_, item)) in column.iter_mut().zip(keys) {
        *slot = item;
    }
    renumber(&column, place);
    ranked.columns[at] = column;
}

/// The place of the far end of a step; ports lower on a box count a little more, so that branches keep the order of their ports.
fn end(ranked: &Ranked, step: usize, side: Side, place: &[f64]) -> f64 {
    let step = &ranked.steps[step];
    let (item, port) = match side {
        Side::Before => (step.from, step.out_y),
        Side::After => (step.to, step.in_y),
    };
    place[item] + port / (ranked.height(item) + 1.0) * 0.5
}

/// Swaps neighbours of a column where that removes crossings.
fn swap_neighbours(ranked: &mut Ranked, place: &mut [f64]) {
    for at in 0..ranked.columns.len() {
        for n in 1..ranked.columns[at].len() {
            let (a, b) = (ranked.columns[at][n - 1], ranked.columns[at][n]);
            let gain = |side| {
                crossings_of(ranked, (a, b), side, place) as i64 - crossings_of(ranked, (b, a), side, place) as i64
            };
            if gain(Side::Before) + gain(Side::After) > 0 {
                ranked.columns[at].swap(n - 1, n);
                place.swap(a, b);
            }
        }
    }
}

/// Crossings of the steps of two neighbours on one side, the first standing above the second.
fn crossings_of(ranked: &Ranked, (above, below): (usize, usize), side: Side, place: &[f64]) -> usize {
    let ends = |item: usize| -> Vec<f64> {
        let steps = match side {
            Side::Before => &ranked.before[item],
            Side::After => &ranked.after[item],
        };
        steps.iter().map(|step| end(ranked, *step, side, place)).collect()
    };
    let (upper, lower) = (ends(above), ends(below));
    upper.iter().map(|a| lower.iter().filter(|b| *b < a).count()).sum()
}

/// All crossings between neighbouring columns.
fn crossings(ranked: &Ranked, place: &[f64]) -> usize {
    let mut total = 0;
    for column in &ranked.columns {
        let mut ends: Vec<(f64, f64)> = Vec::new();
        for item in column {
            for step in &ranked.after[*item] {
                ends.push((end(ranked, *step, Side::Before, place), end(ranked, *step, Side::After, place)));
            }
        }
        ends.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        total += inversions(&ends.into_iter().map(|(_, right)| right).collect::<Vec<_>>());
    }
    total
}

/// How many pairs stand in the wrong order; counted with a tree of sums.
fn inversions(values: &[f64]) -> usize {
    let mut sorted: Vec<f64> = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.dedup();
    let mut sums = vec![0usize; sorted.len() + 1];
    let mut count = 0;
    for (seen, value) in values.iter().enumerate() {
        let rank = sorted.partition_point(|other| other <= value);
        let mut at = rank;
        let mut not_greater = 0;
        while at > 0 {
            not_greater += sums[at];
            at &= at - 1;
        }
        count += seen - not_greater;
        at = rank;
        while at < sums.len() {
            sums[at] += 1;
            at += at & at.wrapping_neg();
        }
    }
    count
}

#[cfg(test)]
mod tests {
    #[test]
    fn inversions_are_counted() {
        assert_eq!(super::inversions(&[1.0, 2.0, 3.0]), 0);
        assert_eq!(super::inversions(&[3.0, 2.0, 1.0]), 3);
        assert_eq!(super::inversions(&[2.0, 2.0, 1.0, 3.0]), 2);
    }
}
