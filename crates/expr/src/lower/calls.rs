//! Calls: operators, functions and methods, checked against the list of functions and weighed where they build or scan.

use super::build::{NOW, call, ident, list, method};
use super::{Lowered, Lowering, loops};
use crate::check::nearest;
use crate::error::{ExprError, ExprErrorCode as Code};
use crate::functions::{self, Form};
use crate::slot::{Root, Slot};
use cel::common::ast::{CallExpr, Expr, IdedExpr, operators};

impl Lowering<'_> {
    pub(super) fn call(&mut self, expr: &IdedExpr) -> Lowered {
        let Expr::Call(made) = &expr.expr else {
            return Err(self.error(Code::Syntax, expr, "this is not a call", "这不是调用"));
        };
        if is_operator(&made.func_name) {
            return self.operator(made);
        }
        let name = self.real(&made.func_name);
        match &made.target {
            None => self.function(expr, &name, &made.args),
            Some(target) => {
                if let Some(full) = self.qualified(target, &name) {
                    return self.function(expr, &full, &made.args);
                }
                if loops::is_loop(&name, made.args.len()) {
                    return self.comprehension(expr, &name, target, &made.args);
                }
                self.known(expr, &name, Form::Method, made.args.len())?;
                self.note(&name);
                let target = self.scanned(target)?;
                let args = made.args.iter().map(|arg| self.scanned(arg)).collect::<Result<Vec<_>, _>>()?;
                Ok(made_of(&name, method(target, &name, args)))
            }
        }
    }

    /// `math.round` and the like: a function whose name has a dot.
    fn qualified(&self, target: &IdedExpr, name: &str) -> Option<String> {
        let Expr::Ident(space) = &target.expr else { return None };
        let full = format!("{}.{name}", self.real(space));
        functions::is_namespace(&self.real(space))
            .then_some(full)
            .filter(|full| functions::exists(full, Form::Function))
    }

    fn function(&mut self, expr: &IdedExpr, name: &str, args: &[IdedExpr]) -> Lowered {
        self.known(expr, name, Form::Function, args.len())?;
        self.note(name);
        match (name, args) {
            ("has", [arg]) => return self.has(expr, arg),
            ("default", [arg, other]) => return self.default(arg, other),
            ("now", []) => {
                self.found.uses_now = true;
                return Ok(ident(NOW));
            }
            ("active" | "completed" | "tokens", [arg]) => return self.marking(expr, name, arg),
            _ => {}
        }
        let args = args.iter().map(|arg| self.scanned(arg)).collect::<Result<Vec<_>, _>>()?;
        Ok(match name {
            "math.greatest" => call("math.@max", one_or_list(args)),
            "math.least" => call("math.@min", one_or_list(args)),
            _ => made_of(name, call(name, args)),
        })
    }

    /// `active("id")`, `completed("id")`, `tokens("edge")`: a place in the scope whose name is the call itself.
    fn marking(&mut self, expr: &IdedExpr, name: &str, arg: &IdedExpr) -> Lowered {
        let Expr::Literal(cel::common::ast::LiteralValue::String(id)) = &arg.expr else {
            let en = format!("`{name}` takes the id as a text in quotes, such as `{name}(\"reserve\")`");
            let zh = format!("`{name}` 的参数须是带引号的标识，如 `{name}(\"reserve\")`");
            return Err(self.call_error(Code::WrongArguments, (expr, name), en, zh));
        };
        let root = Root::Name(format!("{name}({})", id.inner()));
        Ok(self.slot(Slot { root, steps: Vec::new(), at: self.at(expr) }))
    }

    /// Whether the function exists and takes so many arguments.
    fn known(&self, expr: &IdedExpr, name: &str, form: Form, args: usize) -> Result<(), ExprError> {
        let shown = if form == Form::Method { format!(".{name}") } else { name.to_owned() };
        let Some(counts) = functions::arguments(name, form) else {
            return Err(self.unknown_function(expr, name, &shown, form));
        };
        if counts.contains(&args) {
            return Ok(());
        }
        let usage = functions::usage(name, form);
        Err(self.call_error(
            Code::WrongArguments,
            (expr, name),
            format!("`{shown}` is called with {args} arguments; it is written `{usage}`"),
            format!("`{shown}` 的参数有 {args} 个，正确写法是 `{usage}`"),
        ))
    }

    fn unknown_function(&self, expr: &IdedExpr, name: &str, shown: &str, form: Form) -> ExprError {
        let other = if form == Form::Method { Form::Function } else { Form::Method };
        if functions::exists(name, other) {
            let usage = functions::usage(name, other);
            return self.call_error(
                Code::UnknownFunction,
                (expr, name),
                format!("`{shown}` is written `{usage}`"),
                format!("`{shown}` 应写为 `{usage}`"),
            );
        }
        let near = nearest(name, functions::names(form));
        let (en, zh) = match &near {
            Some(near) => (
                format!("there is no function `{name}`; did you mean `{near}`?"),
                format!("函数 `{name}` 不存在，是否要写 `{near}`？"),
            ),
            None => (format!("there is no function `{name}`"), format!("函数 `{name}` 不存在")),
        };
        let error = self.call_error(Code::UnknownFunction, (expr, name), en, zh);
        match near {
            Some(near) => error.suggest(near),
            None => error,
        }
    }

    /// An error about a call. The parser puts a call at its bracket; what is meant is the name before it.
    pub(super) fn call_error(
        &self,
        code: Code,
        (expr, name): (&IdedExpr, &str),
        en: impl Into<String>,
        zh: impl Into<String>,
    ) -> ExprError {
        let mut error = self.error(code, expr, en, zh);
        let last = name.rsplit('.').next().unwrap_or(name);
        let token = self.token(expr);
        for token in [token, token.saturating_sub(1)] {
            let (offset, len) = self.names.span(token, token);
            if len == last.len() {
                (error.offset, error.len) = (offset, len);
                break;
            }
        }
        error
    }

    fn note(&mut self, name: &str) {
        if !self.found.functions.iter().any(|known| known == name) {
            self.found.functions.push(name.to_owned());
        }
    }

    fn operator(&mut self, made: &CallExpr) -> Lowered {
        let name = made.func_name.as_str();
        let compares = matches!(
            name,
            operators::EQUALS
                | operators::NOT_EQUALS
                | operators::LESS
                | operators::LESS_EQUALS
                | operators::GREATER
                | operators::GREATER_EQUALS
                | operators::IN
        );
        // Comparing with a literal costs no more than the literal; anything else may be large, and repeated.
        let scans = compares && self.nesting > 0 && !made.args.iter().any(is_scalar_literal);
        let args = made
            .args
            .iter()
            .map(|arg| if scans { self.scanned(arg) } else { self.expr(arg) })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(call(own_operator(name), args))
    }

    /// An argument that a function reads as a whole: inside a comprehension it is weighed each time.
    fn scanned(&mut self, expr: &IdedExpr) -> Lowered {
        let lowered = self.expr(expr)?;
        let literal = matches!(lowered.expr, Expr::Literal(_));
        Ok(if self.nesting > 0 && !literal { call("@scan", vec![lowered]) } else { lowered })
    }
}

/// Whether a call is CEL's form of an operator: its name could not be written as one.
fn is_operator(name: &str) -> bool {
    !crate::slot::is_name(name.trim_start_matches('.'))
}

fn is_scalar_literal(expr: &IdedExpr) -> bool {
    matches!(expr.expr, Expr::Literal(_))
}

/// The operators that this crate computes itself.
fn own_operator(name: &str) -> &str {
    match name {
        operators::ADD => "@add",
        operators::SUBSTRACT => "@sub",
        operators::MULTIPLY => "@mul",
        operators::DIVIDE => "@div",
        other => other,
    }
}

/// Weighs what a function built.
fn made_of(name: &str, built: IdedExpr) -> IdedExpr {
    if functions::builds(name) { call("@made", vec![built]) } else { built }
}

fn one_or_list(args: Vec<IdedExpr>) -> Vec<IdedExpr> {
    if args.len() == 1 { args } else { vec![list(args)] }
}
