//! `has(x.y)` and `default(x.y, 0)`: the two functions that look before they touch.
//!
//! Both are about what is missing, anywhere along the path; a null that stands there is a value.

use super::build::{call, method, text};
use super::{Lowered, Lowering};
use crate::error::ExprErrorCode as Code;
use cel::common::ast::{Expr, IdedExpr, operators};

impl Lowering<'_> {
    /// `has(path)`: whether everything along the path exists.
    pub(super) fn has(&mut self, expr: &IdedExpr, arg: &IdedExpr) -> Lowered {
        if let Some(slot) = self.path(arg) {
            return Ok(self.flag(slot));
        }
        if !is_access(arg) {
            return Err(self.call_error(
                Code::WrongArguments,
                (expr, "has"),
                "`has` takes a name or a field, such as `has(order.note)`",
                "`has` 的参数应为名称或字段，如 `has(order.note)`",
            ));
        }
        let chain = self.optional_chain(arg)?;
        let present = method(chain, "hasValue", Vec::new());
        Ok(self.guarded_by_root(arg, present, super::build::truth(false)))
    }

    /// `default(path, value)`: the path where it exists, else the value.
    pub(super) fn default(&mut self, arg: &IdedExpr, other: &IdedExpr) -> Lowered {
        let other = self.expr(other)?;
        if let Some(slot) = self.path(arg) {
            let flag = self.flag(slot.clone());
            let value = self.slot(slot);
            return Ok(call(operators::CONDITIONAL, vec![flag, value, other]));
        }
        if !is_access(arg) {
            return self.expr(arg);
        }
        let chain = self.optional_chain(arg)?;
        let value = method(chain, "orValue", vec![other.clone()]);
        Ok(self.guarded_by_root(arg, value, other))
    }

    /// `a[i].b` as `a[?i].?b`: an optional that is empty where something is missing.
    fn optional_chain(&mut self, expr: &IdedExpr) -> Lowered {
        let (operator, operand, key) = match &expr.expr {
            Expr::Select(select) => (operators::OPT_SELECT, &*select.operand, text(self.real(&select.field))),
            Expr::Call(index) if is_access(expr) => {
                let key = self.expr(&index.args[1])?;
                (operators::OPT_INDEX, &index.args[0], key)
            }
            _ => return self.expr(expr),
        };
        let inner = if is_access(operand) && self.path(operand).is_none() {
            self.optional_chain(operand)?
        } else {
            self.expr(operand)?
        };
        Ok(call(operator, vec![inner, key]))
    }

    /// Where the chain begins with a slot, tests first that the slot holds something.
    fn guarded_by_root(&mut self, expr: &IdedExpr, value: IdedExpr, other: IdedExpr) -> IdedExpr {
        let mut at = expr;
        loop {
            if let Some(slot) = self.path(at) {
                let flag = self.flag(slot);
                return call(operators::CONDITIONAL, vec![flag, value, other]);
            }
            at = match &at.expr {
                Expr::Select(select) => &select.operand,
                Expr::Call(index) if is_access(at) => &index.args[0],
                _ => return value,
            };
        }
    }
}

fn is_access(expr: &IdedExpr) -> bool {
    match &expr.expr {
        Expr::Select(_) => true,
        Expr::Call(index) => {
            matches!(index.func_name.as_str(), operators::INDEX | operators::OPT_INDEX | operators::OPT_SELECT)
                && index.args.len() == 2
        }
        _ => false,
    }
}
