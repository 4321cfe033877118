//! A JSON value as YAML in one canonical layout: blocks of two spaces, edges and short lists on one line each.

use super::scalar::{Context, text};
use crate::value::{Map, Value};

/// The longest line that is written in one piece.
const LINE: usize = 110;

/// The document.
pub(super) fn emit(value: &Value) -> String {
    let mut out = String::with_capacity(1024);
    match value {
        Value::Object(map) if !map.is_empty() => block_map(map, 0, Style::Root, &mut out),
        other => {
            out.push_str(&flow(other));
            out.push('\n');
        }
    }
    out
}

/// What decides the layout: where in the language we are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// The definition itself.
    Root,
    /// The body of a container.
    Graph,
    /// A list of nodes, and a node in it.
    Node,
    /// Edges and positions: one line each.
    Row,
    /// The value of `version`: a text that is a number keeps its spelling.
    Label,
    /// Everything else, and all that authors name themselves.
    Plain,
}

fn style_of(parent: Style, key: &str) -> Style {
    match (parent, key) {
        (Style::Root | Style::Graph, "nodes") => Style::Node,
        (Style::Root | Style::Graph, "edges") | (Style::Root, "layout") | (Style::Row, _) => Style::Row,
        (Style::Root, "version") => Style::Label,
        (Style::Node, "body") => Style::Graph,
        _ => Style::Plain,
    }
}

fn block_map(map: &Map<String, Value>, indent: usize, style: Style, out: &mut String) {
    for (index, (key, value)) in map.iter().enumerate() {
        if index > 0 || indent == 0 {
            pad(indent, out);
        }
        out.push_str(&key_text(key));
        out.push(':');
        entry(value, indent, style_of(style, key), out);
    }
}

/// The fields of the language stand plain, `on` and `y` too: every reader of definitions knows them.
fn key_text(key: &str) -> String {
    if matches!(key, "on" | "y") { key.to_owned() } else { text(key, Context::Key) }
}

/// What follows a colon, to the end of its lines.
fn entry(value: &Value, indent: usize, style: Style, out: &mut String) {
    let is_short = style == Style::Row && is_flat(value);
    match value {
        Value::Object(map) if !map.is_empty() && !is_short => {
            out.push('\n');
            pad(indent + 2, out);
            block_map(map, indent + 2, style, out);
        }
        Value::Array(items) if !items.is_empty() => list(items, indent, style, out),
        scalar_or_short => {
            out.push(' ');
            out.push_str(&scalar(scalar_or_short, indent + 2, style));
            out.push('\n');
        }
    }
}

fn list(items: &[Value], indent: usize, style: Style, out: &mut String) {
    let simple = items.iter().all(|item| !item.is_object() && !item.is_array());
    if simple {
        let line = flow(&Value::Array(items.to_vec()));
        if line.chars().count() + indent <= LINE {
            out.push(' ');
            out.push_str(&line);
            out.push('\n');
            return;
        }
    }
    out.push('\n');
    for item in items {
        pad(indent + 2, out);
        out.push('-');
        let is_short = style == Style::Row && fits_line(item, indent);
        match item {
            Value::Object(map) if !map.is_empty() && !is_short => {
                out.push(' ');
                block_map(map, indent + 4, style, out);
            }
            Value::Array(inner) if !inner.is_empty() => list(inner, indent + 2, Style::Plain, out),
            other => {
                out.push(' ');
                out.push_str(&scalar(other, indent + 4, style));
                out.push('\n');
            }
        }
    }
}

/// A scalar in block context, or something short in flow form.
fn scalar(value: &Value, indent: usize, style: Style) -> String {
    match value {
        // The author wrote a number whose digits a number would not keep.
        Value::String(label) if style == Style::Label && is_label_number(label) => label.clone(),
        Value::String(words) => text(words, Context::Block(indent)),
        other => flow(other),
    }
}

fn is_label_number(label: &str) -> bool {
    use crate::format::scalar::{Numeral, numeral};
    matches!(numeral(label), Some(Numeral::Number(number)) if number.to_string() != label)
}

fn is_flat(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.values().all(|value| !value.is_object() && !value.is_array()),
        _ => true,
    }
}

fn fits_line(value: &Value, indent: usize) -> bool {
    flow(value).chars().count() + indent + 4 <= LINE
}

fn flow(value: &Value) -> String {
    match value {
        Value::String(words) => text(words, Context::Flow),
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(map) if map.is_empty() => "{}".to_owned(),
        Value::Object(map) => {
            let entries: Vec<String> =
                map.iter().map(|(key, value)| format!("{}: {}", flow_key(key), flow(value))).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        other => other.to_string(),
    }
}

fn flow_key(key: &str) -> String {
    if key.contains([',', '[', ']', '{', '}']) { text(key, Context::Flow) } else { key_text(key) }
}

fn pad(indent: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', indent));
}
