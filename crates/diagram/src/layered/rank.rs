//! Columns: which links run back, in which column each box stands, and the stand-ins of long links.

use super::Link;
use crate::geometry::Size;

/// Stand-ins that one layout may have besides its boxes; longer links run straight, whatever stands in between.
const STAND_INS_PER_BOX: usize = 12;

/// A graph in columns. Items are the boxes, then the stand-ins.
#[derive(Debug)]
pub(super) struct Ranked {
    pub(super) sizes: Vec<Size>,
    pub(super) column_of: Vec<usize>,
    pub(super) columns: Vec<Vec<usize>>,
    /// Links between neighbouring columns.
    pub(super) steps: Vec<Step>,
    /// The steps that enter and leave each item.
    pub(super) before: Vec<Vec<usize>>,
    pub(super) after: Vec<Vec<usize>>,
    /// The steps of each link, in order.
    pub(super) of_link: Vec<Vec<usize>>,
    /// Links that run back.
    pub(super) back: Vec<bool>,
}

/// One step of a link, from a column to the next.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) out_y: f64,
    pub(super) in_y: f64,
}

impl Ranked {
    /// Height of an item.
    pub(super) fn height(&self, item: usize) -> f64 {
        self.sizes.get(item).map_or(0.0, |size| size.h)
    }

    /// Whether an item stands in for a long link.
    pub(super) fn is_stand_in(&self, item: usize) -> bool {
        item >= self.sizes.len()
    }
}

/// Puts boxes into columns.
pub(super) fn rank(sizes: Vec<Size>, links: &[Link]) -> Ranked {
    let boxes = sizes.len();
    let mut out: Vec<Vec<usize>> = vec![Vec::new(); boxes];
    for (n, link) in links.iter().enumerate() {
        out[link.from].push(n);
    }
    let back = back_links(boxes, links, &out);
    let column_of = columns(boxes, links, &back);
    let count = column_of.iter().max().map_or(0, |last| last + 1);
    let mut ranked = Ranked {
        sizes,
        column_of,
        columns: vec![Vec::new(); count],
        steps: Vec::new(),
        before: vec![Vec::new(); boxes],
        after: vec![Vec::new(); boxes],
        of_link: vec![Vec::new(); links.len()],
        back,
    };
    for item in 0..boxes {
        ranked.columns[ranked.column_of[item]].push(item);
    }
    let mut left = boxes * STAND_INS_PER_BOX;
    for (n, link) in links.iter().enumerate() {
        if !ranked.back[n] {
            add_link(&mut ranked, n, link, &mut left);
        }
    }
    ranked
}

fn add_link(ranked: &mut Ranked, number: usize, link: &Link, left: &mut usize) {
    let (first, last) = (ranked.column_of[link.from], ranked.column_of[link.to]);
    let between = last.saturating_sub(first + 1);
    if between > *left {
        return;
    }
    *left -= between;
    let (mut at, mut out_y) = (link.from, link.out_y);
    for column in first + 1..=last {
        let (to, in_y) = if column == last {
            (link.to, link.in_y)
        } else {
            let item = ranked.column_of.len();
            ranked.column_of.push(column);
            ranked.columns[column].push(item);
            ranked.before.push(Vec::new());
            ranked.after.push(Vec::new());
            (item, 0.0)
        };
        let step = ranked.steps.len();
        ranked.steps.push(Step { from: at, to, out_y, in_y });
        ranked.after[at].push(step);
        ranked.before[to].push(step);
        ranked.of_link[number].push(step);
        (at, out_y) = (to, 0.0);
    }
}

/// The links that close a circle on a walk in the author's order, and those of a box to itself.
fn back_links(boxes: usize, links: &[Link], out: &[Vec<usize>]) -> Vec<bool> {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        No,
        Open,
        Done,
    }
    let mut entered = vec![false; boxes];
    for link in links.iter().filter(|link| link.from != link.to) {
        entered[link.to] = true;
    }
    let mut back = vec![false; links.len()];
    let mut seen = vec![Seen::No; boxes];
    let sources = (0..boxes).filter(|item| !entered[*item]);
    for start in sources.chain(0..boxes) {
        if seen[start] != Seen::No {
            continue;
        }
        seen[start] = Seen::Open;
        let mut path = vec![(start, 0)];
        while let Some((at, next)) = path.last_mut() {
            let Some(&number) = out[*at].get(*next) else {
                seen[*at] = Seen::Done;
                path.pop();
                continue;
            };
            *next += 1;
            let to = links[number].to;
            match seen[to] {
                Seen::Open => back[number] = true,
                Seen::No => {
                    seen[to] = Seen::Open;
                    path.push((to, 0));
                }
                Seen::Done => {}
            }
        }
    }
    back
}

/// The column of each box: as far left as its links allow, then moved right where that shortens more links than it lengthens.
fn columns(boxes: usize, links: &[Link], back: &[bool]) -> Vec<usize> {
    let mut waiting = vec![0usize; boxes];
    let mut out: Vec<Vec<usize>> = vec![Vec::new(); boxes];
    for (link, _) in links.iter().zip(back).filter(|(_, back)| !**back) {
        waiting[link.to] += 1;
        out[link.from].push(link.to);
    }
    let entering = waiting.clone();
    let mut order: Vec<usize> = (0..boxes).filter(|item| waiting[*item] == 0).collect();
    let mut column = vec![0; boxes];
    let mut next = 0;
    while let Some(&at) = order.get(next) {
        next += 1;
        for &to in &out[at] {
            column[to] = column[to].max(column[at] + 1);
            waiting[to] -= 1;
            if waiting[to] == 0 {
                order.push(to);
            }
        }
    }
    for &at in order.iter().rev() {
        if let Some(nearest) = out[at].iter().map(|to| column[*to]).min()
            && out[at].len() > entering[at]
            && nearest > column[at] + 1
            && at != order[0]
        {
            column[at] = nearest - 1;
        }
    }
    column
}
