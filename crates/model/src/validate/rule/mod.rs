//! All rules, in the order in which they are asked.

mod available;
mod body;
mod config;
mod count;
mod decision;
mod edge;
mod expression;
mod id;
mod input;
mod join;
mod loops;
mod policy;
mod reach;
mod reference;

use super::context::Context;
use crate::diagnostic::{Code, Diagnostic};
use crate::limits;

type Rule = fn(&Context<'_>, &mut Vec<Diagnostic>);

const RULES: [Rule; 14] = [
    count::rule,
    id::rule,
    edge::rule,
    reach::rule,
    decision::rule,
    loops::rule,
    join::rule,
    config::rule,
    policy::rule,
    reference::rule,
    input::rule,
    expression::rule,
    available::rule,
    body::rule,
];

/// Those that look at the graph inside a container as at one of its own; the others look into it themselves.
const BODY_RULES: [Rule; 10] = [
    reach::rule,
    decision::rule,
    loops::rule,
    join::rule,
    config::rule,
    policy::rule,
    reference::rule,
    expression::rule,
    available::rule,
    body::rule,
];

/// Everything that all rules find.
pub(super) fn run(context: &Context<'_>) -> Vec<Diagnostic> {
    ask(&RULES, context)
}

fn ask(rules: &[Rule], context: &Context<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for rule in rules {
        rule(context, &mut found);
        if found.iter().any(|problem| problem.code == Code::TooManyElements) {
            // What is too large is not looked at any closer.
            break;
        }
        if found.len() > limits::DIAGNOSTICS_GATHERED {
            found.sort_by_key(|problem| problem.severity);
            found.truncate(limits::DIAGNOSTICS_GATHERED);
        }
    }
    found
}
