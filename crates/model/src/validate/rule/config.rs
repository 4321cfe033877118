//! Settings fit the schema of their type; settings without an action are read by nobody.

use super::super::context::Context;
use super::super::schema::{self, Finding, Mode};
use super::super::supported;
use crate::definition::{Node, NodeType};
use crate::diagnostic::{Code, Diagnostic, Fix};
use crate::value::Value;
use std::sync::LazyLock;

pub(super) fn rule(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for (index, node) in context.graph.nodes.iter().enumerate() {
        let registered = node.task_type().and_then(|name| context.types.get(name));
        if !supported::runs(node) {
            continue;
        }
        let schema = match (own_schema(&node.node_type), registered) {
            (Some(schema), _) => Some(schema),
            (None, Some(known)) => Some(&known.schema),
            (None, None) => None,
        };
        if let Some(schema) = schema {
            let config = Value::Object(node.config.clone());
            found.extend(
                schema::check(schema, &config, Mode::Template).into_iter().map(|finding| problem(node, index, finding)),
            );
        }
        match &node.node_type {
            NodeType::Task if node.action.is_none() && !node.config.is_empty() => {
                let problem = Diagnostic::new(Code::ConfigWithoutAction, format!("/nodes/{index}/config"));
                found.push(
                    problem
                        .concerning(&node.id)
                        .with("id", node.shown())
                        .fixed_by(Fix::Remove { pointer: format!("/nodes/{index}/config") }),
                );
            }
            NodeType::Task => {}
            _ if node.action.is_some() => {
                let pointer = format!("/nodes/{index}/action");
                let problem = Diagnostic::new(Code::Misplaced, &pointer)
                    .concerning(&node.id)
                    .with("field", "action")
                    .with_term("needs", "r_action");
                found.push(problem.fixed_by(Fix::Remove { pointer }));
            }
            _ => {}
        }
        if let Some(name) = node.task_type()
            && registered.is_none()
        {
            found.push(external(context, node, index, name));
        }
    }
}

/// The schemas of the language's own types.
fn own_schema(node_type: &NodeType) -> Option<&'static Value> {
    static SCHEMAS: LazyLock<[(NodeType, Value); 12]> = LazyLock::new(|| {
        // The texts are part of the program and a test reads each one.
        let read = |text: &str| serde_json::from_str(text).unwrap_or(Value::Bool(true));
        [
            (NodeType::Start, read(include_str!("../schemas/start.json"))),
            (NodeType::End, read(include_str!("../schemas/end.json"))),
            (NodeType::Decision, read(include_str!("../schemas/decision.json"))),
            (NodeType::Gateway, read(include_str!("../schemas/gateway.json"))),
            (NodeType::Timer, read(include_str!("../schemas/timer.json"))),
            (NodeType::EventGateway, read(include_str!("../schemas/event_gateway.json"))),
            (NodeType::Group, read(include_str!("../schemas/group.json"))),
            (NodeType::Foreach, read(include_str!("../schemas/foreach.json"))),
            (NodeType::Human, read(include_str!("../schemas/human.json"))),
            (NodeType::Message, read(include_str!("../schemas/message.json"))),
            (NodeType::Signal, read(include_str!("../schemas/signal.json"))),
            (NodeType::Condition, read(include_str!("../schemas/condition.json"))),
        ]
    });
    SCHEMAS.iter().find(|(own, _)| own == node_type).map(|(_, schema)| schema)
}

fn problem(node: &Node, index: usize, finding: Finding) -> Diagnostic {
    let pointer = format!("/nodes/{index}/config{}", finding.pointer);
    let field = if finding.field.is_empty() { "config" } else { &finding.field };
    let name = node.task_type().unwrap_or(node.node_type.as_str());
    let mut problem =
        Diagnostic::new(Code::BadConfig, &pointer).concerning(&node.id).with("field", field).with("type", name);
    problem = problem.with_term("problem", finding.term);
    for (key, text) in finding.args {
        problem = problem.with(key, text);
    }
    if let Some((expected, kind)) = finding.kinds {
        problem = problem.with_term("expected", expected).with_term("found", kind);
    }
    problem.fix = match (finding.term, &finding.suggestion) {
        ("p_unknown", Some(word)) => Some(Fix::RenameKey { pointer, key: word.clone() }),
        ("p_unknown", None) => Some(Fix::Remove { pointer }),
        ("p_word", Some(word)) => Some(Fix::Set { pointer, value: Value::from(word.as_str()) }),
        _ => None,
    };
    problem.suggestion = finding.suggestion;
    problem
}

fn external(context: &Context<'_>, node: &Node, index: usize, name: &str) -> Diagnostic {
    let field = if node.node_type == NodeType::Task { "action" } else { "type" };
    let pointer = format!("/nodes/{index}/{field}");
    let own = NodeType::OWN.iter().map(NodeType::as_str).filter(|_| field == "type").collect::<Vec<_>>();
    let word = context.near(name, context.types.names().chain(own)).map(str::to_owned);
    let mut problem = Diagnostic::new(Code::ExternalType, &pointer).concerning(&node.id).with("type", name);
    problem.fix = word.clone().map(|word| Fix::Set { pointer, value: Value::from(word) });
    problem.suggesting(word)
}
