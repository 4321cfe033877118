//! The short form and the executable form, turned into the full form; every value keeps its place in the text.
//!
//! `start` + `tasks` become `nodes`; `next`, `true` and `false` become `edges`; a `name` serves as the id where none is given; a
//! `start` that is itself a task becomes a start event followed by that task; `properties` of the executable form are unfolded.

mod executable;
mod node;

pub(crate) use executable::MARK;

use super::tree::{Entry, Place, Spanned, Tree};
use crate::diagnostic::{Code, Diagnostic};
use crate::limits;
use std::collections::{HashMap, HashSet};

/// The tree in the full form, and what was wrong with the short one.
pub(super) fn to_full(root: Spanned) -> (Spanned, Vec<Diagnostic>) {
    let Spanned { place, tree } = root;
    let Tree::Map(entries) = tree else { return (Spanned { place, tree }, Vec::new()) };
    let mut work = Work::default();
    let entries = work.graph(entries, true);
    (Spanned { place, tree: Tree::Map(entries) }, work.diagnostics)
}

#[derive(Default)]
pub(super) struct Work {
    diagnostics: Vec<Diagnostic>,
}

/// An edge that the short form implies, before names are resolved.
struct Implied {
    from: String,
    place: Place,
    to: Spanned,
    rest: Vec<Entry>,
}

impl Work {
    fn misplaced(&mut self, place: Place, field: &str, needs: &str) {
        if self.diagnostics.len() < limits::DIAGNOSTICS_GATHERED {
            self.diagnostics.push(
                Diagnostic::new(Code::Misplaced, "")
                    .at(place.line, place.column)
                    .with("field", field)
                    .with_term("needs", needs),
            );
        }
    }

    /// Rewrites a mapping that holds a graph: the definition itself or the body of a container.
    fn graph(&mut self, entries: Vec<Entry>, is_root: bool) -> Vec<Entry> {
        let has_nodes = entries.iter().any(|entry| entry.key == "nodes");
        let mut parts = Parts::default();
        for entry in entries {
            match entry.key.as_str() {
                "start" => parts.start = Some(entry),
                "tasks" if has_nodes => self.misplaced(entry.place, "tasks", "r_nodes_tasks"),
                "nodes" | "tasks" if matches!(entry.value.tree, Tree::List(_)) => {
                    parts.place = entry.place;
                    parts.is_short = entry.key == "tasks";
                    if let Tree::List(items) = entry.value.tree {
                        parts.nodes = items;
                    }
                    parts.rest.push(None);
                }
                // A wrong kind of value is the reader's to report.
                "tasks" => parts.rest.push(Some(Entry { key: "nodes".into(), ..entry })),
                // The executable form repeats the workflow's id, which the server gives.
                "id" if is_root && !has_nodes => {}
                "edges" if matches!(entry.value.tree, Tree::List(_)) => parts.edges = Some(entry),
                _ => parts.rest.push(Some(entry)),
            }
        }
        self.assemble(parts, is_root, has_nodes)
    }

    fn assemble(&mut self, mut parts: Parts, is_root: bool, has_nodes: bool) -> Vec<Entry> {
        let mut implied = Vec::new();
        let mut nodes: Vec<Spanned> = std::mem::take(&mut parts.nodes)
            .into_iter()
            .map(|node| self.node(node, parts.is_short, &mut implied))
            .collect();
        if let Some(start) = parts.start.take() {
            if has_nodes {
                self.misplaced(start.place, "start", "r_start_tasks");
            } else {
                self.start(start, &mut nodes, &mut implied);
                if !parts.rest.iter().any(Option::is_none) {
                    parts.rest.push(None);
                }
            }
        }
        let names = Names::of(&nodes);
        let mut edges = Vec::new();
        executable::fold_boundaries(&mut nodes, &mut implied);
        edges.extend(implied.into_iter().map(|edge| edge.into_tree(&names)));
        let written = parts.edges.take();
        let place = written.as_ref().map_or(parts.place, |entry| entry.place);
        let has_edges = written.is_some() || !edges.is_empty();
        if let Some(Entry { value: Spanned { tree: Tree::List(items), .. }, .. }) = written {
            edges.extend(items);
        }
        let mut out = Vec::with_capacity(parts.rest.len() + 1);
        let mut nodes = Some(nodes);
        for entry in parts.rest {
            match entry {
                Some(entry) => out.push(entry),
                None => out.push(list("nodes", parts.place, nodes.take().unwrap_or_default())),
            }
        }
        if has_edges || (is_root && !edges.is_empty()) {
            out.push(list("edges", place, edges));
        }
        out
    }

    /// `start:` is a start event, a task that is the first step, or the name of the first step.
    fn start(&mut self, start: Entry, nodes: &mut Vec<Spanned>, implied: &mut Vec<Implied>) {
        let place = start.value.place;
        let (first, event_is_written) = match &start.value.tree {
            Tree::Map(_) => {
                let mut own = Vec::new();
                let node = self.node(start.value, true, &mut own);
                let is_event = node.get("type").is_some_and(|t| matches!(&t.tree, Tree::Text(text) if text == "start"));
                let id = node.get("id").and_then(Spanned::scalar).unwrap_or_default();
                nodes.insert(0, node);
                implied.splice(0..0, own);
                (Spanned::text(place, id), is_event)
            }
            _ => (start.value, false),
        };
        if event_is_written {
            return;
        }
        let id = free_id(nodes);
        let event = vec![text("id", place, &id), text("type", place, "start")];
        nodes.insert(0, Spanned { place, tree: Tree::Map(event) });
        implied.insert(0, Implied { from: id, place, to: first, rest: Vec::new() });
    }
}

#[derive(Default)]
struct Parts {
    start: Option<Entry>,
    nodes: Vec<Spanned>,
    /// Where the list of nodes stands.
    place: Place,
    is_short: bool,
    edges: Option<Entry>,
    /// What else there is, in order; `None` where the nodes belong.
    rest: Vec<Option<Entry>>,
}

impl Implied {
    fn into_tree(self, names: &Names) -> Spanned {
        let Spanned { place, tree } = self.to;
        // A name stands for the node's id; what names nothing is left for validation to report.
        let to = Spanned { place, tree };
        let to = match to.scalar() {
            Some(name) => Spanned::text(place, names.resolve(&name)),
            None => to,
        };
        let mut entries = vec![text("from", self.place, &self.from), Entry { key: "to".into(), place, value: to }];
        entries.extend(self.rest);
        Spanned { place, tree: Tree::Map(entries) }
    }
}

/// Ids, and names that mean exactly one id.
struct Names {
    ids: HashSet<String>,
    by_name: HashMap<String, Option<String>>,
}

impl Names {
    fn of(nodes: &[Spanned]) -> Self {
        let mut names = Self { ids: HashSet::new(), by_name: HashMap::new() };
        for node in nodes {
            let Some(id) = node.get("id").and_then(Spanned::scalar) else { continue };
            if let Some(name) = node.get("name").and_then(Spanned::scalar) {
                names.by_name.entry(name).and_modify(|known| *known = None).or_insert_with(|| Some(id.clone()));
            }
            names.ids.insert(id);
        }
        names
    }

    fn resolve(&self, name: &str) -> String {
        if self.ids.contains(name) {
            return name.to_owned();
        }
        self.by_name.get(name).and_then(Clone::clone).unwrap_or_else(|| name.to_owned())
    }
}

/// `start`, or `start-1` and so on where a node is called that.
fn free_id(nodes: &[Spanned]) -> String {
    let taken: HashSet<String> = nodes
        .iter()
        .flat_map(|node| [node.get("id"), node.get("name")])
        .flatten()
        .filter_map(Spanned::scalar)
        .collect();
    std::iter::once("start".to_owned())
        .chain((1..).map(|n| format!("start-{n}")))
        .find(|id| !taken.contains(id))
        .unwrap_or_default()
}

fn text(key: &str, place: Place, value: &str) -> Entry {
    Entry { key: key.to_owned(), place, value: Spanned::text(place, value) }
}

fn list(key: &str, place: Place, items: Vec<Spanned>) -> Entry {
    Entry { key: key.to_owned(), place, value: Spanned { place, tree: Tree::List(items) } }
}
