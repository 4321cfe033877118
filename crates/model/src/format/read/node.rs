//! One node.

use super::fields::{At, Fields, Reader};
use crate::definition::{Body, Boundary, Node, NodeType};
use crate::format::tree::Tree;

const FIELDS: &[&str] = &[
    "id", "name", "type", "action", "config", "output", "description", "tags", "join", "split", "guard", "mutex",
    "cancel", "loop", "retry", "timeout", "on_error", "compensate", "concurrency", "priority", "at_most_once",
    "disabled", "sample", "body", "trigger", "attached_to", "interrupting",
];
/// Fields of the short form, which are gone by now; offered where a key is mistyped.
const ALSO: &[&str] = &["next", "condition"];

impl Reader {
    /// Reads a node; `None` where it is not a mapping.
    pub(super) fn node(&mut self, at: &At<'_>) -> Option<Node> {
        let fields = self.fields(at, "node", FIELDS, ALSO)?;
        let node_type = self.node_type(at, &fields);
        let mut node = Node {
            id: self.required_name(&fields, "id"),
            name: self.name(&fields, "name"),
            action: self.name(&fields, "action"),
            config: self.object(&fields, "config"),
            output: self.values(&fields, "output"),
            description: self.text(&fields, "description"),
            tags: self.texts(&fields, "tags"),
            join: fields.get("join").and_then(|at| self.join(&at)),
            split: fields.get("split").and_then(|at| self.split(&at)),
            guard: self.text(&fields, "guard"),
            mutex: fields.get("mutex").and_then(|at| self.mutex(&at)),
            cancel: fields.get("cancel").map(|at| at.tree.to_value()),
            loop_: fields.get("loop").and_then(|at| self.loop_(&at)),
            retry: fields.get("retry").and_then(|at| self.retry(&at)),
            timeout: self.duration(&fields, "timeout"),
            on_error: self.on_error(&fields).unwrap_or_default(),
            compensate: fields.get("compensate").and_then(|at| self.compensate(&at)),
            concurrency: fields.get("concurrency").and_then(|at| self.concurrency(&at)),
            priority: self.priority(&fields),
            at_most_once: self.boolean(&fields, "at_most_once").unwrap_or(false),
            disabled: self.boolean(&fields, "disabled").unwrap_or(false),
            sample: fields.written("sample").map(|at| at.tree.to_value()),
            body: fields.get("body").and_then(|at| self.body(&at)),
            trigger: fields.get("trigger").map(|at| at.tree.to_value()),
            boundary: None,
            node_type,
        };
        self.boundary(at, &fields, &mut node);
        Some(node)
    }

    /// Where no type is written, an action says that it is a task.
    fn node_type(&mut self, at: &At<'_>, fields: &Fields<'_>) -> NodeType {
        match self.name(fields, "type") {
            Some(word) => NodeType::from(word),
            None => {
                if fields.get("type").is_none() && fields.get("action").is_none() {
                    self.missing(at, "type");
                }
                NodeType::Task
            }
        }
    }

    fn body(&mut self, at: &At<'_>) -> Option<Body> {
        let fields = self.fields(at, "body", &["nodes", "edges"], &["start", "tasks"])?;
        Some(self.graph(&fields))
    }

    /// A boundary event says in `config` for what it waits.
    fn boundary(&mut self, at: &At<'_>, fields: &Fields<'_>, node: &mut Node) {
        if node.node_type != NodeType::Boundary {
            for key in ["attached_to", "interrupting"] {
                if let Some(at) = fields.get(key) {
                    self.misplaced(&at, key, "r_attached");
                }
            }
            return;
        }
        if fields.get("attached_to").is_none() {
            self.missing(at, "attached_to");
        }
        node.boundary = Some(Boundary {
            attached_to: self.name(fields, "attached_to").unwrap_or_default(),
            interrupting: self.boolean(fields, "interrupting").unwrap_or(true),
            event: match fields.get("config").map(|at| &at.tree.tree) {
                Some(Tree::Map(_)) => std::mem::take(&mut node.config),
                _ => crate::value::Map::new(),
            },
        });
    }
}
