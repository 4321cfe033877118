//! `inputs` is a JSON Schema.

use super::super::context::Context;
use super::super::schema;
use crate::diagnostic::{Code, Diagnostic};

pub(super) fn rule(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let Some(inputs) = &context.definition.inputs else { return };
    for finding in schema::check_meta(inputs) {
        let field = if finding.field.is_empty() { "inputs" } else { &finding.field };
        let mut problem = Diagnostic::new(Code::BadSchema, format!("/inputs{}", finding.pointer)).with("field", field);
        problem = problem.with_term("problem", finding.term).suggesting(finding.suggestion);
        for (key, text) in finding.args {
            problem = problem.with(key, text);
        }
        if let Some((expected, kind)) = finding.kinds {
            problem = problem.with_term("expected", expected).with_term("found", kind);
        }
        found.push(problem);
    }
}
