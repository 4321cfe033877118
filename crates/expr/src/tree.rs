//! Walks over the author's syntax tree without recursion: depth and number of nodes.

use crate::limits;
use cel::IdedExpr;
use cel::common::ast::{EntryExpr, Expr};

/// What a tree measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Measure {
    pub(crate) nodes: usize,
    pub(crate) depth: usize,
    /// The first node that lies too deep.
    pub(crate) too_deep: Option<u64>,
}

/// Measures a tree.
pub(crate) fn measure(root: &IdedExpr) -> Measure {
    let mut found = Measure { nodes: 0, depth: 0, too_deep: None };
    let mut open = vec![(root, 1)];
    while let Some((expr, depth)) = open.pop() {
        found.nodes += 1;
        found.depth = found.depth.max(depth);
        if depth > limits::DEPTH && found.too_deep.is_none() {
            found.too_deep = Some(expr.id);
        }
        children(expr, |child| open.push((child, depth + 1)));
    }
    found
}

/// Hands out the children of a node, in the order of writing.
pub(crate) fn children<'e>(expr: &'e IdedExpr, mut each: impl FnMut(&'e IdedExpr)) {
    match &expr.expr {
        Expr::Call(call) => {
            call.target.iter().for_each(|target| each(target));
            call.args.iter().for_each(each);
        }
        Expr::Comprehension(loops) => {
            for part in [&loops.iter_range, &loops.accu_init, &loops.loop_cond, &loops.loop_step, &loops.result] {
                each(part);
            }
        }
        Expr::List(list) => list.elements.iter().for_each(each),
        Expr::Map(map) => {
            for entry in &map.entries {
                if let EntryExpr::MapEntry(entry) = &entry.expr {
                    each(&entry.key);
                    each(&entry.value);
                }
            }
        }
        Expr::Struct(made) => {
            for entry in &made.entries {
                if let EntryExpr::StructField(field) = &entry.expr {
                    each(&field.value);
                }
            }
        }
        Expr::Select(select) => each(&select.operand),
        Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => {}
    }
}
