//! `map`, `filter`, `all`, `exists`, `exists_one`: written out with a step counter.
//!
//! The shapes are those that the interpreter knows how to run without copying (`@result + [x]`, `@result && x`).

use super::build::{call, ident, int, list, node, truth};
use super::{Lowered, Lowering, price};
use crate::error::ExprErrorCode as Code;
use crate::limits;
use cel::common::ast::{ComprehensionExpr, Expr, IdedExpr, operators};

/// The comprehensions and how many arguments they take.
pub(super) fn is_loop(name: &str, args: usize) -> bool {
    matches!((name, args), ("map", 2 | 3) | ("filter" | "all" | "exists" | "exists_one" | "existsOne", 2))
}

impl Lowering<'_> {
    /// A comprehension over `target`.
    pub(super) fn comprehension(
        &mut self,
        expr: &IdedExpr,
        name: &str,
        target: &IdedExpr,
        args: &[IdedExpr],
    ) -> Lowered {
        let Some(Expr::Ident(variable)) = args.first().map(|arg| &arg.expr) else {
            return Err(self.call_error(
                Code::WrongArguments,
                (expr, name),
                format!("the first argument of `{name}` is a name for the element, such as `items.{name}(i, …)`"),
                format!("`{name}` 的第一个参数应为元素名，如 `items.{name}(i, …)`"),
            ));
        };
        let variable = self.real(variable);
        let range = self.expr(target)?;
        if self.nesting >= limits::COMPREHENSIONS {
            return Err(self.call_error(
                Code::NestedComprehensions, (expr, name),
                format!("at most {} of map, filter, all and exists may stand within each other: split the expression into several steps", limits::COMPREHENSIONS),
                format!("map、filter、all、exists 最多嵌套 {} 层，请拆分为多个步骤", limits::COMPREHENSIONS),
            ));
        }
        let alias = self.fresh('v');
        let result = self.fresh('r');
        self.bound.push((variable, alias.clone()));
        self.nesting += 1;
        let bodies = args[1..].iter().map(|arg| self.expr(arg)).collect::<Result<Vec<_>, _>>();
        self.nesting -= 1;
        self.bound.pop();
        let bodies = bodies?.into_iter().map(|body| {
            let price = price(&body);
            call("@step", vec![body, price])
        });
        Ok(write_out(name, call("@range", vec![range]), alias, result, bodies.collect()))
    }
}

/// The loop of a comprehension whose bodies count their steps.
fn write_out(name: &str, range: IdedExpr, variable: String, result: String, mut bodies: Vec<IdedExpr>) -> IdedExpr {
    let accu = || ident(result.clone());
    let last = bodies.pop().unwrap_or_else(|| truth(false));
    let append = |item: IdedExpr| call(operators::ADD, vec![accu(), list(vec![item])]);
    let choose = |condition: IdedExpr, then: IdedExpr| call(operators::CONDITIONAL, vec![condition, then, accu()]);
    let (init, condition, step, end) = match name {
        "all" => (
            truth(true),
            call(operators::NOT_STRICTLY_FALSE, vec![accu()]),
            call(operators::LOGICAL_AND, vec![accu(), last]),
            accu(),
        ),
        "exists" => (
            truth(false),
            call(operators::NOT_STRICTLY_FALSE, vec![call(operators::LOGICAL_NOT, vec![accu()])]),
            call(operators::LOGICAL_OR, vec![accu(), last]),
            accu(),
        ),
        "filter" => (list(Vec::new()), truth(true), choose(last, append(ident(variable.clone()))), accu()),
        "map" => {
            let step = match bodies.pop() {
                Some(guard) => choose(guard, append(last)),
                None => append(last),
            };
            (list(Vec::new()), truth(true), step, accu())
        }
        _ => (
            int(0),
            truth(true),
            choose(last, call(operators::ADD, vec![accu(), int(1)])),
            call(operators::EQUALS, vec![accu(), int(1)]),
        ),
    };
    node(Expr::Comprehension(Box::new(ComprehensionExpr {
        iter_range: range,
        iter_var: variable,
        iter_var2: None,
        accu_var: result,
        accu_init: init,
        loop_cond: condition,
        loop_step: step,
        result: end,
    })))
}
