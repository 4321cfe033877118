//! Every expression can be read, and uses names and nodes that exist.

use super::super::context::Context;
use super::super::names::Site;
use super::super::schema::has_expression;
use super::super::supported;
use super::available;
use crate::diagnostic::{Code, Diagnostic, Fix, Severity};
use crate::format::{escape, nearest};
use crate::value::Value;
use heddle_expr::{Condition, ExprError, Program, Template};
use indexmap::IndexMap;

pub(super) fn rule(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let definition = context.definition;
    let mut rule = ExpressionRule { context, found };
    rule.values("/variables", &definition.variables, &[], Site::Elsewhere);
    rule.values("/outputs", &definition.outputs, &[], Site::Elsewhere);
    for (index, node) in definition.nodes.iter().enumerate() {
        let is_registered = node.task_type().is_some_and(|name| context.types.get(name).is_some());
        // What does not run has names of its own, such as the item of a for-each.
        if !supported::runs(node, is_registered) {
            continue;
        }
        let ids = [node.id.as_str()];
        for (key, value) in &node.config {
            rule.value(format!("/nodes/{index}/config/{}", escape(key)), value, &ids, Site::Elsewhere);
        }
        rule.values(&format!("/nodes/{index}/output"), &node.output, &ids, Site::Output);
    }
    for (index, edge) in definition.edges.iter().enumerate() {
        if let Some(condition) = &edge.condition {
            rule.condition(format!("/edges/{index}/condition"), condition, &[&edge.from, &edge.to]);
        }
    }
}

struct ExpressionRule<'r, 'c, 'd> {
    context: &'c Context<'d>,
    found: &'r mut Vec<Diagnostic>,
}

impl ExpressionRule<'_, '_, '_> {
    fn values(&mut self, pointer: &str, values: &IndexMap<String, Value>, ids: &[&str], site: Site) {
        for (name, value) in values {
            self.value(format!("{pointer}/{}", escape(name)), value, ids, site);
        }
    }

    /// Every text inside a value; keys are never expressions.
    fn value(&mut self, pointer: String, value: &Value, ids: &[&str], site: Site) {
        match value {
            Value::String(text) if text.contains("${") => self.text(pointer, text, ids, site),
            Value::Array(items) => items.iter().enumerate().for_each(|(index, item)| self.value(format!("{pointer}/{index}"), item, ids, site)),
            Value::Object(map) => map.iter().for_each(|(key, item)| self.value(format!("{pointer}/{}", escape(key)), item, ids, site)),
            _ => {}
        }
    }

    fn text(&mut self, pointer: String, text: &str, ids: &[&str], site: Site) {
        match Template::parse_text(text) {
            Ok(template) => template.programs().into_iter().for_each(|program| self.program(&pointer, program, ids, site)),
            Err(error) if has_expression(text) => self.error(pointer, text, &error, ids),
            Err(_) => {}
        }
    }

    fn condition(&mut self, pointer: String, text: &str, ids: &[&str]) {
        match Condition::parse(text) {
            Ok(condition) => self.program(&pointer, condition.program(), ids, Site::Elsewhere),
            Err(error) => self.error(pointer, text, &error, ids),
        }
    }

    fn error(&mut self, pointer: String, text: &str, error: &ExprError, ids: &[&str]) {
        let mut problem = Diagnostic::new(Code::BadExpression, &pointer).with_both("problem", &error.message_en, &error.message_zh);
        problem.ids.extend(ids.iter().map(|id| (*id).to_owned()));
        let end = error.offset.saturating_add(error.len);
        if let Some(word) = &error.suggestion && let (Some(before), Some(after)) = (text.get(..error.offset), text.get(end..)) {
            problem.fix = Some(Fix::Set { pointer, value: format!("{before}{word}{after}").into() });
        }
        self.found.push(problem);
    }

    fn program(&mut self, pointer: &str, program: &Program, ids: &[&str], site: Site) {
        let names = &self.context.names;
        let mut told = Vec::new();
        for (name, (at, _)) in program.places() {
            if names.knows(name, site) || told.contains(&name) || is_tested(program.source(), at) {
                continue;
            }
            told.push(name);
            let severity = if names.is_closed { Severity::Error } else { Severity::Warning };
            let problem = Diagnostic::new(Code::UnknownName, pointer).as_grave_as(severity).with("name", name).suggesting(nearest(name, names.all()));
            self.push(problem, ids);
        }
        for (id, _) in program.nodes().filter(|(id, _)| !names.knows_node(id)) {
            let mut near: Vec<&str> = names.node_ids().collect();
            near.sort_unstable();
            self.push(Diagnostic::new(Code::UnknownNode, pointer).with("name", id).suggesting(nearest(id, near)), ids);
        }
        if !supported::SECRETS && let Some((name, _)) = program.secrets().next() {
            self.push(available::problem(pointer.to_owned(), &format!("secrets.{name}")), ids);
        }
    }

    fn push(&mut self, mut problem: Diagnostic, ids: &[&str]) {
        problem.ids.extend(ids.iter().map(|id| (*id).to_owned()));
        self.found.push(problem);
    }
}

/// Whether the name is only asked for its existence: `has(x)`, `default(x, 0)`.
fn is_tested(source: &str, at: usize) -> bool {
    let before = source.get(..at).unwrap_or_default().trim_end();
    before.ends_with("has(") || before.ends_with("default(")
}
