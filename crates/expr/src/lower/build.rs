//! Nodes of the tree that is evaluated. Names with `@` cannot be written by an author.

use cel::common::ast::{CallExpr, Expr, IdedExpr, ListExpr, LiteralValue};

/// Prefix of the names of slots.
pub(crate) const SLOT: &str = "@s";
/// Prefix of the names of presence flags.
pub(crate) const FLAG: &str = "@h";
/// The time of the step.
pub(crate) const NOW: &str = "@now";

pub(super) fn node(expr: Expr) -> IdedExpr {
    IdedExpr { id: 0, expr }
}

pub(super) fn ident(name: impl Into<String>) -> IdedExpr {
    node(Expr::Ident(name.into()))
}

pub(super) fn call(name: &str, args: Vec<IdedExpr>) -> IdedExpr {
    node(Expr::Call(CallExpr { func_name: name.to_owned(), target: None, args }))
}

pub(super) fn method(target: IdedExpr, name: &str, args: Vec<IdedExpr>) -> IdedExpr {
    node(Expr::Call(CallExpr { func_name: name.to_owned(), target: Some(Box::new(target)), args }))
}

pub(super) fn list(elements: Vec<IdedExpr>) -> IdedExpr {
    node(Expr::List(ListExpr::new(elements)))
}

pub(super) fn int(number: i64) -> IdedExpr {
    node(Expr::Literal(LiteralValue::Int(number.into())))
}

pub(super) fn truth(flag: bool) -> IdedExpr {
    node(Expr::Literal(LiteralValue::Boolean(flag.into())))
}

pub(super) fn text(text: String) -> IdedExpr {
    node(Expr::Literal(LiteralValue::String(text.into())))
}
