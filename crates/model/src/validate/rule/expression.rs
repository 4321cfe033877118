//! Every expression can be read, and uses names and nodes that exist.

use super::super::context::Context;
use super::super::names::Site;
use super::super::samples::Mismatch;
use super::super::schema::has_expression;
use super::super::supported;
use super::available;
use crate::definition::{Compensate, Join, Node, NodeType};
use crate::diagnostic::{Code, Diagnostic, Fix, Severity};
use crate::format::escape;
use crate::limits;
use crate::value::Value;
use heddle_expr::{Condition, ExprError, Program, Template};
use indexmap::IndexMap;

pub(super) fn rule(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let definition = context.definition;
    let mut rule = ExpressionRule { context, found, expressions: 0 };
    rule.values("/variables", &definition.variables, &[], Site::Elsewhere);
    rule.values("/outputs", &definition.outputs, &[], Site::Elsewhere);
    for (index, name) in
        definition.settings.search.iter().enumerate().filter(|(_, name)| !context.names.has_variable(name))
    {
        rule.unknown(format!("/settings/search/{index}"), name);
    }
    if let Some(concurrency) = &definition.settings.concurrency {
        rule.text_at("/settings/concurrency/key".to_owned(), &concurrency.key, &[]);
    }
    for (index, node) in definition.nodes.iter().enumerate() {
        // What does not run has names of its own, such as the item of a for-each.
        if !supported::runs(node) {
            continue;
        }
        let ids = [node.id.as_str()];
        for (key, value) in &node.config {
            let site = site_of(node, key);
            let pointer = format!("/nodes/{index}/config/{}", escape(key));
            match value {
                Value::String(text) if is_condition(node, key) => rule.condition_at(pointer, text, &ids, site),
                _ => rule.value(pointer, value, &ids, site),
            }
        }
        rule.flow(index, node);
        rule.values(&format!("/nodes/{index}/output"), &node.output, &ids, Site::Output);
    }
    for (index, edge) in definition.edges.iter().enumerate() {
        if let Some(condition) = &edge.condition {
            rule.condition(format!("/edges/{index}/condition"), condition, &[&edge.from, &edge.to]);
        }
    }
}

/// Settings that hold a condition, read again and again.
fn is_condition(node: &Node, key: &str) -> bool {
    matches!((&node.node_type, key), (NodeType::Foreach, "complete_when") | (NodeType::Condition, "when"))
}

/// Names that exist only in some settings of a for-each.
fn site_of(node: &Node, key: &str) -> Site {
    match (&node.node_type, key) {
        (NodeType::Foreach, "complete_when") => {
            Site::With(&["total", "created", "active", "completed", "failed", "cancelled", "results"])
        }
        (NodeType::Foreach, "collect") => Site::With(&["item", "index"]),
        _ => Site::Elsewhere,
    }
}

struct ExpressionRule<'r, 'c, 'd> {
    context: &'c Context<'d>,
    found: &'r mut Vec<Diagnostic>,
    expressions: usize,
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
            Value::Array(items) => items
                .iter()
                .enumerate()
                .for_each(|(index, item)| self.value(format!("{pointer}/{index}"), item, ids, site)),
            Value::Object(map) => {
                map.iter().for_each(|(key, item)| self.value(format!("{pointer}/{}", escape(key)), item, ids, site))
            }
            _ => {}
        }
    }

    /// The expressions that say when a node runs: guard, loop, `n`; and what its events wait for.
    fn flow(&mut self, index: usize, node: &Node) {
        let ids = [node.id.as_str()];
        if let Some(guard) = &node.guard {
            self.condition_at(format!("/nodes/{index}/guard"), guard, &ids, Site::Elsewhere);
        }
        if let Some(concurrency) = &node.concurrency {
            self.text_at(format!("/nodes/{index}/concurrency/key"), &concurrency.key, &ids);
        }
        if let Some(repeat) = &node.loop_ {
            let site = Site::With(&["index", "output"]);
            self.condition_at(format!("/nodes/{index}/loop/while"), &repeat.while_, &ids, site);
        }
        if let Some(Join::NOfM { n, .. }) = &node.join {
            self.value(format!("/nodes/{index}/join/n"), n, &ids, Site::With(&["arrived"]));
        }
        if let Some(Compensate::Task { config, .. }) = &node.compensate {
            let names = Site::With(&["output", "item", "index"]);
            self.value(format!("/nodes/{index}/compensate/config"), &Value::Object(config.clone()), &ids, names);
        }
        if let Some(boundary) = &node.boundary {
            let event = Value::Object(boundary.event.clone());
            self.value(format!("/nodes/{index}/config"), &event, &ids, Site::Elsewhere);
        }
    }

    /// A text that may hold expressions.
    fn text_at(&mut self, pointer: String, text: &str, ids: &[&str]) {
        if text.contains("${") {
            self.text(pointer, text, ids, Site::Elsewhere);
        }
    }

    /// Whether one more may be compiled; the first too many is told.
    fn may_go_on(&mut self) -> bool {
        self.expressions += 1;
        if self.expressions == limits::DEFINITION_EXPRESSIONS + 1 {
            let limit = limits::DEFINITION_EXPRESSIONS;
            self.found.push(
                Diagnostic::new(Code::TooManyElements, "")
                    .with("found", format!("> {limit}"))
                    .with("limit", limit)
                    .with_term("what", "expressions"),
            );
        }
        self.expressions <= limits::DEFINITION_EXPRESSIONS
    }

    fn text(&mut self, pointer: String, text: &str, ids: &[&str], site: Site) {
        if !self.may_go_on() {
            return;
        }
        match Template::parse_text(text) {
            Ok(template) => {
                for program in template.programs() {
                    self.program((&pointer, text), program, ids, site);
                    self.kinds((&pointer, text), program, ids, false);
                }
            }
            Err(error) if has_expression(text) => self.error(pointer, text, &error, ids),
            Err(_) => {}
        }
    }

    fn condition(&mut self, pointer: String, text: &str, ids: &[&str]) {
        self.condition_at(pointer, text, ids, Site::Elsewhere);
    }

    fn condition_at(&mut self, pointer: String, text: &str, ids: &[&str], site: Site) {
        if !self.may_go_on() {
            return;
        }
        match Condition::parse(text) {
            Ok(condition) => {
                self.program((&pointer, text), condition.program(), ids, site);
                self.kinds((&pointer, text), condition.program(), ids, true);
            }
            Err(error) => self.error(pointer, text, &error, ids),
        }
    }

    fn error(&mut self, pointer: String, text: &str, error: &ExprError, ids: &[&str]) {
        let mut problem = Diagnostic::new(Code::BadExpression, &pointer)
            .with_both("problem", &error.message_en, &error.message_zh)
            .inside(text, error.offset);
        problem.ids.extend(ids.iter().map(|id| (*id).to_owned()));
        let end = error.offset.saturating_add(error.len);
        if let Some(word) = &error.suggestion
            && let (Some(before), Some(after)) = (text.get(..error.offset), text.get(end..))
        {
            problem.fix = Some(Fix::Set { pointer, value: format!("{before}{word}{after}").into() });
        }
        self.found.push(problem);
    }

    fn program(&mut self, (pointer, text): (&str, &str), program: &Program, ids: &[&str], site: Site) {
        let names = &self.context.names;
        // Where the expression stands in its text; one that stands there twice has the same problems twice.
        let base = text.find(program.source()).unwrap_or(0);
        let mut told = Vec::new();
        for (name, (at, _)) in program.places() {
            if names.knows(name, site) || told.contains(&name) || is_tested(program.source(), at) {
                continue;
            }
            told.push(name);
            let severity = if names.is_closed { Severity::Error } else { Severity::Warning };
            let problem = Diagnostic::new(Code::UnknownName, pointer)
                .as_grave_as(severity)
                .with("name", name)
                .suggesting(self.context.near(name, names.all()));
            self.push(problem.inside(text, base + at), ids);
        }
        for (id, (at, _)) in program.nodes().filter(|(id, _)| !names.knows_node(id)) {
            let problem = Diagnostic::new(Code::UnknownNode, pointer)
                .with("name", id)
                .suggesting(self.context.near(id, names.node_ids()));
            self.push(problem.inside(text, base + at), ids);
        }
        if !supported::SECRETS
            && let Some((name, (at, _))) = program.secrets().next()
        {
            self.push(available::problem(pointer.to_owned(), &format!("secrets.{name}")).inside(text, base + at), ids);
        }
    }

    /// Types that can never go together.
    fn kinds(&mut self, (pointer, text): (&str, &str), program: &Program, ids: &[&str], is_condition: bool) {
        let Some(Mismatch { error, is_presumed }) = self.context.samples.mismatch(program, is_condition) else {
            return;
        };
        let base = text.find(program.source()).unwrap_or(0);
        let problem = Diagnostic::new(Code::TypeMismatch, pointer)
            .as_grave_as(if is_presumed { Severity::Warning } else { Severity::Error })
            .with_both("problem", error.message_en, error.message_zh);
        self.push(problem.inside(text, base + error.at.map_or(0, |(at, _)| at)), ids);
    }

    /// A variable that is named outside an expression.
    fn unknown(&mut self, pointer: String, name: &str) {
        let names = &self.context.names;
        let severity = if names.is_closed { Severity::Error } else { Severity::Warning };
        self.push(
            Diagnostic::new(Code::UnknownName, pointer)
                .as_grave_as(severity)
                .with("name", name)
                .suggesting(self.context.near(name, names.all())),
            &[],
        );
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
