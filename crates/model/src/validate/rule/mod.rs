//! All rules, in the order in which they are asked.

mod available;
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

use super::context::Context;
use crate::diagnostic::Diagnostic;

type Rule = fn(&Context<'_>, &mut Vec<Diagnostic>);

const RULES: [Rule; 12] = [
    count::rule,
    id::rule,
    edge::rule,
    reach::rule,
    decision::rule,
    loops::rule,
    join::rule,
    config::rule,
    policy::rule,
    input::rule,
    expression::rule,
    available::rule,
];

/// Everything that all rules find.
pub(super) fn run(context: &Context<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    RULES.iter().for_each(|rule| rule(context, &mut found));
    found
}
