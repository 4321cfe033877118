//! The names that expressions of a definition may use.

use crate::definition::{Definition, EdgeEvent, Node, NodeType};
use crate::value::Value;
use std::collections::BTreeSet;
use std::rc::Rc;

/// Names that the engine gives to every expression.
const ALWAYS: [&str; 6] = ["vars", "nodes", "input", "instance", "secrets", "attempt"];

/// Where an expression stands: some names exist only there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Site {
    /// In the output mapping of a node: `output`.
    Output,
    /// Where these names exist as well.
    With(&'static [&'static str]),
    /// Anywhere else.
    Elsewhere,
}

/// Every node, those of bodies included; the outer ones first.
pub(super) fn all_nodes(nodes: &[Node]) -> Vec<&Node> {
    let mut all: Vec<&Node> = nodes.iter().collect();
    let mut next = 0;
    while let Some(&node) = all.get(next) {
        next += 1;
        all.extend(node.body.iter().flat_map(|body| &body.nodes));
    }
    all
}

/// What is defined.
pub(super) struct Names<'d> {
    /// Those of the whole definition. Shared by all bodies: a copy for each would make the work grow with their number times their size.
    variables: Rc<BTreeSet<&'d str>>,
    /// Those that exist only inside the bodies around this place.
    own: Vec<&'d str>,
    nodes: Rc<BTreeSet<&'d str>>,
    /// Whether a name that is not here is surely a mistake: an input schema says what comes in.
    pub(super) is_closed: bool,
    has_error_edges: bool,
}

impl<'d> Names<'d> {
    pub(super) fn new(definition: &'d Definition) -> Self {
        let inputs = definition.inputs.as_ref().and_then(Value::as_object);
        let properties = inputs.and_then(|schema| schema.get("properties")).and_then(Value::as_object);
        let mut variables: BTreeSet<&str> = definition.variables.keys().map(String::as_str).collect();
        variables.extend(properties.into_iter().flat_map(|properties| properties.keys()).map(String::as_str));
        let nodes = all_nodes(&definition.nodes);
        variables.extend(nodes.iter().flat_map(|node| writes(node)));
        Self {
            variables: Rc::new(variables),
            own: Vec::new(),
            nodes: Rc::new(nodes.iter().map(|node| node.id.as_str()).collect()),
            is_closed: properties.is_some() && inputs.is_some_and(is_closed),
            has_error_edges: definition.edges.iter().any(|edge| edge.on == Some(EdgeEvent::Error))
                || nodes.iter().any(|node| node.node_type == NodeType::Boundary || node.body.is_some()),
        }
    }

    /// The same names, and those that exist only inside a body.
    pub(super) fn inside<'n>(&self, more: impl IntoIterator<Item = &'n str>) -> Names<'n>
    where
        'd: 'n,
    {
        let mut own: Vec<&'n str> = self.own.clone();
        own.extend(more);
        Names {
            variables: self.variables.clone(),
            own,
            nodes: self.nodes.clone(),
            is_closed: self.is_closed,
            has_error_edges: self.has_error_edges,
        }
    }

    pub(super) fn knows(&self, name: &str, site: Site) -> bool {
        self.has_variable(name)
            || ALWAYS.contains(&name)
            || matches!(site, Site::With(names) if names.contains(&name))
            // `active("x")` and the like read the marking, not a variable.
            || name.ends_with(')')
            || (name == "output" && site == Site::Output)
            || (name == "error" && self.has_error_edges)
    }

    pub(super) fn has_variable(&self, name: &str) -> bool {
        self.variables.contains(name) || self.own.contains(&name)
    }

    pub(super) fn knows_node(&self, id: &str) -> bool {
        self.nodes.contains(id)
    }

    /// The names that a mistaken one may mean.
    pub(super) fn all(&self) -> impl Iterator<Item = &str> {
        self.variables.iter().chain(&self.own).copied().chain(ALWAYS)
    }

    pub(super) fn node_ids(&self) -> impl Iterator<Item = &str> {
        self.nodes.iter().copied()
    }
}

/// The variables that a node writes: those of its output mapping, and what a transform sets.
pub(super) fn writes(node: &Node) -> impl Iterator<Item = &str> {
    let set = node.config.get("set").and_then(Value::as_object).filter(|_| node.task_type() == Some("transform"));
    node.output.keys().map(String::as_str).chain(set.into_iter().flat_map(|set| set.keys()).map(String::as_str))
}

/// A schema that lets further properties in on purpose, or takes parts from elsewhere, does not name all.
fn is_closed(schema: &crate::value::Map<String, Value>) -> bool {
    let open = matches!(schema.get("additionalProperties"), Some(Value::Bool(true) | Value::Object(_)));
    !open
        && !["$ref", "allOf", "anyOf", "oneOf", "patternProperties"].iter().any(|keyword| schema.contains_key(*keyword))
}
