//! One edge.

use super::fields::{At, Fields, Reader};
use crate::definition::{Edge, EdgeEvent};
use crate::diagnostic::{Code, Diagnostic};
use crate::format::tree::Tree;

const FIELDS: &[&str] =
    &["from", "to", "id", "condition", "default", "label", "priority", "on", "codes", "name", "interrupting"];
const EVENTS: &[(&str, EdgeEvent)] = &[
    ("error", EdgeEvent::Error),
    ("timeout", EdgeEvent::Timeout),
    ("message", EdgeEvent::Message),
    ("signal", EdgeEvent::Signal),
];

impl Reader {
    /// Reads an edge; `None` where it is not a mapping.
    pub(super) fn edge(&mut self, at: &At<'_>) -> Option<Edge> {
        let fields = self.fields(at, "edge", FIELDS, &[])?;
        let edge = Edge {
            from: self.required_name(&fields, "from"),
            to: self.required_name(&fields, "to"),
            id: self.name(&fields, "id"),
            condition: self.condition(&fields),
            default: self.boolean(&fields, "default").unwrap_or(false),
            label: self.name(&fields, "label"),
            priority: self.integer(&fields, "priority", i64::MIN..=i64::MAX),
            on: self.word(&fields, "on", EVENTS),
            codes: self.texts(&fields, "codes"),
            event_name: self.name(&fields, "name"),
            interrupting: self.boolean(&fields, "interrupting"),
        };
        self.belongings(&fields, &edge);
        Some(edge)
    }

    /// A text with `${…}`; `true` and `false` are taken for the expressions they are.
    fn condition(&mut self, fields: &Fields<'_>) -> Option<String> {
        let at = fields.get("condition")?;
        match &at.tree.tree {
            Tree::Text(text) => Some(text.clone()),
            Tree::Bool(value) => Some(format!("${{{value}}}")),
            _ => {
                self.wrong_kind(&at, "text");
                None
            }
        }
    }

    /// What has a meaning only beside something else.
    fn belongings(&mut self, fields: &Fields<'_>, edge: &Edge) {
        if fields.get("on").is_some() && edge.on.is_none() {
            return;
        }
        if edge.on != Some(EdgeEvent::Error)
            && let Some(at) = fields.get("codes")
        {
            self.misplaced(&at, "codes", "r_codes");
        }
        let is_named = matches!(edge.on, Some(EdgeEvent::Message | EdgeEvent::Signal));
        match fields.get("name") {
            Some(at) if !is_named => self.misplaced(&at, "name", "r_event_name"),
            None if is_named => {
                if let Some(at) = fields.get("on") {
                    self.missing(&at, "name");
                }
            }
            _ => {}
        }
        if edge.on.is_none_or(|on| on == EdgeEvent::Error && edge.interrupting == Some(false))
            && let Some(at) = fields.get("interrupting")
        {
            self.misplaced(&at, "interrupting", "r_interrupting");
        }
        if edge.on.is_some()
            && edge.default
            && let Some(at) = fields.get("default")
        {
            self.misplaced(&at, "default", "r_default_on");
        }
    }

    pub(super) fn misplaced(&mut self, at: &At<'_>, field: &str, needs: &str) {
        self.report(
            Diagnostic::new(Code::Misplaced, at.pointer()).with("field", field).with_term("needs", needs),
            at.tree.place,
        );
    }
}
