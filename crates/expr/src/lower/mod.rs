//! Turns the author's tree into the tree that is evaluated.
//!
//! Names become slots (`@s0`), presence tests become flags (`@h0`), comprehensions are written out with a step counter in them, and
//! whatever CEL would copy or build is weighed (`@range`, `@step`, `@made`, `@add`, `@scan`: see `functions/guards.rs`). Recursion is
//! safe here: the depth was checked before.

mod build;
mod calls;
mod loops;
mod presence;

use crate::error::{ExprError, ExprErrorCode as Code};
use crate::names::Rewritten;
use crate::slot::{Root, Slot, Step};
use build::{call, ident, int};
use cel::common::ast::{
    EntryExpr, Expr, IdedEntryExpr, IdedExpr, LiteralValue, MapEntryExpr, SelectExpr, SourceInfo, operators,
};

pub(crate) use build::{FLAG, NOW, SLOT};

/// Names that mean a type where no variable has them.
pub(crate) const TYPES: [&str; 13] = [
    "bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint", "optional_type",
    "timestamp", "duration",
];

/// What lowering found, besides the tree.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) slots: Vec<Slot>,
    /// Slots that stand for a name that is a type where there is no such variable.
    pub(crate) type_slots: Vec<(String, usize)>,
    pub(crate) functions: Vec<String>,
    pub(crate) uses_now: bool,
}

/// One lowering.
pub(crate) struct Lowering<'a> {
    pub(crate) names: &'a Rewritten,
    pub(crate) places: &'a SourceInfo,
    pub(crate) found: Found,
    /// Names that comprehensions around this place bind, and what they are bound as.
    bound: Vec<(String, String)>,
    counter: usize,
    /// The first error; the rest of the tree is still walked, cheaply.
    nesting: usize,
}

type Lowered = Result<IdedExpr, ExprError>;

impl<'a> Lowering<'a> {
    pub(crate) fn new(names: &'a Rewritten, places: &'a SourceInfo) -> Self {
        Self { names, places, found: Found::default(), bound: Vec::new(), counter: 0, nesting: 0 }
    }

    /// The tree to evaluate for an author's tree.
    pub(crate) fn expr(&mut self, expr: &IdedExpr) -> Lowered {
        if let Some(slot) = self.path(expr) {
            return Ok(self.slot(slot));
        }
        match &expr.expr {
            Expr::Literal(_) => Ok(expr.clone()),
            Expr::Ident(name) => Ok(self.bound_or_slot(expr, name)),
            Expr::Select(select) => {
                let operand = self.expr(&select.operand)?;
                let field = self.real(&select.field);
                Ok(build::node(Expr::Select(SelectExpr { operand: Box::new(operand), field, test: false })))
            }
            Expr::Call(_) => self.call(expr),
            Expr::List(list) => {
                let elements = list.elements.iter().map(|item| self.part(item)).collect::<Result<Vec<_>, _>>()?;
                Ok(build::node(Expr::List(cel::common::ast::ListExpr::new_with_optionals(
                    elements,
                    list.optional_indices.clone(),
                ))))
            }
            Expr::Map(map) => self.map(map.entries.as_slice()),
            Expr::Struct(made) => Err(self.error(
                Code::Unsupported,
                expr,
                format!(
                    "there is no type `{}` to make; write a map with quoted keys, such as {{\"a\": 1}}",
                    self.real(&made.type_name)
                ),
                format!("没有可创建的类型 `{}`，请写带引号键的映射，如 {{\"a\": 1}}", self.real(&made.type_name)),
            )),
            Expr::Comprehension(_) | Expr::Unspecified => {
                Err(self.error(Code::Syntax, expr, "this is not an expression", "这不是表达式"))
            }
        }
    }

    fn map(&mut self, entries: &[IdedEntryExpr]) -> Lowered {
        let mut lowered = Vec::with_capacity(entries.len());
        for entry in entries {
            if let EntryExpr::MapEntry(made) = &entry.expr {
                let key = self.expr(&made.key)?;
                let value = self.part(&made.value)?;
                lowered.push(IdedEntryExpr {
                    id: entry.id,
                    expr: EntryExpr::MapEntry(MapEntryExpr { key, value, optional: made.optional }),
                });
            }
        }
        Ok(build::node(Expr::Map(cel::common::ast::MapExpr { entries: lowered })))
    }

    /// A part of a list or map: CEL copies it, so it is weighed before.
    fn part(&mut self, expr: &IdedExpr) -> Lowered {
        let lowered = self.expr(expr)?;
        Ok(if matches!(lowered.expr, Expr::Literal(_)) { lowered } else { call("@made", vec![lowered]) })
    }

    /// The author's spelling of a name of the tree.
    pub(crate) fn real(&self, name: &str) -> String {
        self.names.real(name.trim_start_matches('.')).to_owned()
    }

    fn bound_as(&self, name: &str) -> Option<String> {
        self.bound.iter().rev().find(|(real, _)| real == name).map(|(_, alias)| alias.clone())
    }

    fn bound_or_slot(&mut self, expr: &IdedExpr, name: &str) -> IdedExpr {
        let real = self.real(name);
        if let Some(alias) = self.bound_as(&real) {
            return ident(alias);
        }
        let slot = Slot { root: Root::Name(real.clone()), steps: Vec::new(), at: self.at(expr) };
        if TYPES.contains(&real.as_str()) {
            let number = self.number(slot);
            self.found.type_slots.push((real.clone(), number));
            return ident(real);
        }
        self.slot(slot)
    }

    /// The slot that an expression is as a whole: a name, then fields and literal indices.
    pub(crate) fn path(&self, expr: &IdedExpr) -> Option<Slot> {
        let mut steps = Vec::new();
        let mut at = expr;
        let root = loop {
            match &at.expr {
                Expr::Select(select) if !select.test => {
                    steps.push(Step::Field(self.real(&select.field)));
                    at = &select.operand;
                }
                Expr::Call(index) if index.func_name == operators::INDEX && index.args.len() == 2 => {
                    steps.push(literal_step(&index.args[1])?);
                    at = &index.args[0];
                }
                Expr::Ident(name) => break self.real(name),
                _ => return None,
            }
        };
        if self.bound_as(&root).is_some() || (steps.is_empty() && TYPES.contains(&root.as_str())) {
            return None;
        }
        steps.reverse();
        let span = self.span_of_path(at, expr);
        Some(rooted(root, steps, span))
    }

    /// A reference to a slot; equal slots are one.
    pub(crate) fn slot(&mut self, slot: Slot) -> IdedExpr {
        let number = self.number(slot);
        ident(format!("{SLOT}{number}"))
    }

    /// A flag: whether a slot holds something.
    pub(crate) fn flag(&mut self, slot: Slot) -> IdedExpr {
        let number = self.number(slot);
        ident(format!("{FLAG}{number}"))
    }

    fn number(&mut self, slot: Slot) -> usize {
        let known = self.found.slots.iter().position(|other| other.root == slot.root && other.steps == slot.steps);
        known.unwrap_or_else(|| {
            self.found.slots.push(slot);
            self.found.slots.len() - 1
        })
    }

    /// Where a node stands in the author's text.
    pub(crate) fn at(&self, expr: &IdedExpr) -> (usize, usize) {
        let token = self.token(expr);
        self.names.span(token, token)
    }

    fn token(&self, expr: &IdedExpr) -> usize {
        self.places.offset_for(expr.id).map_or(0, |(start, _)| self.names.token_at(start as usize))
    }

    /// From the root name to the end of the last field or index.
    fn span_of_path(&self, root: &IdedExpr, last: &IdedExpr) -> (usize, usize) {
        let (first, operator) = (self.token(root), self.token(last));
        let end = match &last.expr {
            Expr::Select(_) => operator + 1,
            Expr::Call(_) => operator + 2,
            _ => operator,
        };
        self.names.span(first, end)
    }

    pub(crate) fn error(&self, code: Code, expr: &IdedExpr, en: impl Into<String>, zh: impl Into<String>) -> ExprError {
        ExprError::new(code, self.at(expr), en, zh)
    }

    fn fresh(&mut self, letter: char) -> String {
        self.counter += 1;
        format!("@{letter}{}", self.counter)
    }
}

/// The slot of a root name and its steps: `vars` and `nodes` take their first step into the root.
fn rooted(root: String, mut steps: Vec<Step>, at: (usize, usize)) -> Slot {
    let root = match (root.as_str(), steps.first()) {
        ("vars", None) => Root::Variables,
        ("vars", Some(Step::Field(name))) => {
            let name = name.clone();
            steps.remove(0);
            Root::Variable(name)
        }
        ("nodes", Some(Step::Field(id))) => {
            let id = id.clone();
            steps.remove(0);
            if steps.first() == Some(&Step::Field("output".to_owned())) {
                steps.remove(0);
                Root::Output(id)
            } else {
                Root::Node(id)
            }
        }
        _ => Root::Name(root),
    };
    Slot { root, steps, at }
}

fn literal_step(expr: &IdedExpr) -> Option<Step> {
    match &expr.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(Step::Field(text.inner().to_owned())),
        Expr::Literal(LiteralValue::Int(number)) => Some(Step::Index(*number.inner())),
        _ => None,
    }
}

/// The number of nodes of a tree, the price of one step through it.
pub(crate) fn price(expr: &IdedExpr) -> IdedExpr {
    int(crate::tree::measure(expr).nodes as i64)
}
