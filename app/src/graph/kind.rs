//! What a kind of node looks like: icon, category (tile colour) and word.

use crate::i18n::Words;
use crate::ui::Icon;
use heddle_model::definition::NodeType;

/// Look of a kind of node.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Its icon.
    pub icon: Icon,
    /// The value of `data-cat`.
    pub category: &'static str,
    /// Its word; none where the type's own name is the best word (an unknown action).
    pub word: Option<fn(Words) -> &'static str>,
}

/// Icon and category tell; the word goes with them.
impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        (self.icon, self.category, self.word.is_some()) == (other.icon, other.category, other.word.is_some())
    }
}

const fn kind(icon: Icon, category: &'static str, word: fn(Words) -> &'static str) -> Kind {
    Kind { icon, category, word: Some(word) }
}

/// The look of a node by its type, or by its action where it is a task.
pub fn kind_of(node_type: &NodeType, action: Option<&str>) -> Kind {
    match node_type {
        NodeType::Start => kind(Icon::Play, "start", |w| w.node_start()),
        NodeType::End => kind(Icon::Flag, "action", |w| w.node_end()),
        NodeType::Task => action.map_or(kind(Icon::Check, "action", |w| w.node_task()), task_kind),
        NodeType::Decision => kind(Icon::Split, "logic", |w| w.node_decision()),
        NodeType::Gateway => kind(Icon::GitBranch, "logic", |w| w.node_gateway()),
        NodeType::EventGateway => kind(Icon::GitBranch, "logic", |w| w.node_event_gateway()),
        NodeType::Group => kind(Icon::Layers, "logic", |w| w.node_group()),
        NodeType::Foreach => kind(Icon::Repeat, "logic", |w| w.node_foreach()),
        NodeType::Call => kind(Icon::Component, "sub", |w| w.node_call()),
        NodeType::Human => kind(Icon::UserCheck, "human", |w| w.node_human()),
        NodeType::Timer => kind(Icon::Timer, "wait", |w| w.node_timer()),
        NodeType::Message => kind(Icon::Mail, "wait", |w| w.node_message()),
        NodeType::Signal => kind(Icon::Mail, "wait", |w| w.node_signal()),
        NodeType::Condition => kind(Icon::Lock, "wait", |w| w.node_condition()),
        NodeType::Send => kind(Icon::Send, "action", |w| w.node_send()),
        NodeType::Boundary => kind(Icon::CircleAlert, "wait", |w| w.node_boundary()),
        NodeType::Custom(name) => task_kind(name),
    }
}

fn task_kind(name: &str) -> Kind {
    match name {
        "http" => kind(Icon::Globe, "action", |w| w.node_http()),
        "echo" => kind(Icon::SquareFunction, "data", |w| w.node_echo()),
        "log" | "print" => kind(Icon::ScrollText, "action", |w| w.node_log()),
        "delay" | "sleep" => kind(Icon::Timer, "wait", |w| w.node_delay()),
        "transform" => kind(Icon::Braces, "data", |w| w.node_transform()),
        "error" => kind(Icon::OctagonAlert, "action", |w| w.node_error()),
        "publish" => kind(Icon::Send, "action", |w| w.node_publish()),
        "script" => kind(Icon::FileCode, "action", |w| w.node_script()),
        "sql" => kind(Icon::Database, "data", |w| w.node_sql()),
        _ => Kind { icon: Icon::Server, category: "action", word: None },
    }
}
