//! What every rule may look at, prepared once.

use super::graph::Graph;
use super::names::Names;
use super::samples::Samples;
use super::task_types::TaskTypes;
use crate::definition::{Definition, Node, NodeType, Split};
use crate::diagnostic::{Code, Diagnostic};
use crate::format::nearest;
use crate::limits;
use std::cell::Cell;

/// A definition with its graph and names.
pub(super) struct Context<'d> {
    pub(super) definition: &'d Definition,
    pub(super) types: &'d TaskTypes,
    pub(super) graph: Graph<'d>,
    pub(super) names: Names<'d>,
    pub(super) samples: Samples,
    /// Suggestions that may still be sought.
    suggestions: Cell<u32>,
}

impl<'d> Context<'d> {
    pub(super) fn new(definition: &'d Definition, types: &'d TaskTypes) -> Self {
        Self {
            definition,
            types,
            graph: Graph::new(definition),
            names: Names::new(definition),
            samples: Samples::new(definition),
            suggestions: Cell::new(limits::SUGGESTIONS),
        }
    }

    /// The same for the graph inside a body, which sees the names around it and some of its own.
    pub(super) fn inside<'n>(
        outer: &'n Context<'d>,
        body: &'n Definition,
        more: impl IntoIterator<Item = &'n str>,
    ) -> Context<'n>
    where
        'd: 'n,
    {
        Context {
            definition: body,
            types: outer.types,
            graph: Graph::new(body),
            names: outer.names.inside(more),
            samples: Samples::new(body),
            suggestions: Cell::new(outer.suggestions.get()),
        }
    }

    /// The nearest valid word, as long as the document has not asked for too many.
    pub(super) fn near<'w>(&self, word: &str, candidates: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
        let left = self.suggestions.get().checked_sub(1)?;
        self.suggestions.set(left);
        nearest(word, candidates)
    }

    /// A problem of a node of the root scope.
    pub(super) fn node(&self, code: Code, index: usize) -> Diagnostic {
        let id = &self.graph.nodes[index].id;
        Diagnostic::new(code, format!("/nodes/{index}")).concerning(id).with("id", self.graph.nodes[index].shown())
    }

    /// A problem of an edge of the root scope.
    pub(super) fn edge(&self, code: Code, index: usize) -> Diagnostic {
        let edge = &self.definition.edges[index];
        Diagnostic::new(code, format!("/edges/{index}")).concerning(&edge.from).concerning(&edge.to)
    }
}

impl Node {
    /// What messages call it: people know the name, references need the id.
    pub(super) fn shown(&self) -> String {
        match &self.name {
            Some(name) if *name != self.id => format!("{name} ({})", self.id),
            _ => self.id.clone(),
        }
    }

    /// The task type that runs, whether it is the node's own type or its action.
    pub(super) fn task_type(&self) -> Option<&str> {
        match &self.node_type {
            NodeType::Task => self.action.as_deref(),
            NodeType::Custom(name) => Some(name),
            _ => None,
        }
    }

    /// Whether it does work: then retry, timeout and failure have a meaning.
    pub(super) const fn is_task(&self) -> bool {
        matches!(self.node_type, NodeType::Task | NodeType::Custom(_))
    }

    /// Which edges it takes.
    pub(super) fn effective_split(&self) -> Split {
        self.split.unwrap_or(match self.node_type {
            NodeType::Decision => Split::One,
            NodeType::EventGateway => Split::Event,
            _ => Split::All,
        })
    }
}
