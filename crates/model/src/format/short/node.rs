//! One node of the short form: its name as id, and its ways out as edges.

use super::super::tree::{Entry, Place, Spanned, Tree};
use super::{Implied, Work, text};

impl Work {
    /// Takes `next`, `condition`, `true` and `false` out of a node and unfolds `properties`; bodies are graphs of their own.
    pub(super) fn node(&mut self, node: Spanned, is_short: bool, implied: &mut Vec<Implied>) -> Spanned {
        let Spanned { place, tree } = node;
        let Tree::Map(entries) = tree else { return Spanned { place, tree } };
        let mut kept = Vec::with_capacity(entries.len() + 1);
        let mut ways = Ways::default();
        for entry in entries {
            match entry.key.as_str() {
                "next" => ways.next = Some(entry),
                "true" => ways.yes = Some(entry),
                "false" => ways.no = Some(entry),
                "condition" => ways.condition = Some(entry),
                "properties" if matches!(entry.value.tree, Tree::Map(_)) => {
                    if let Tree::Map(properties) = entry.value.tree {
                        kept.extend(properties);
                    }
                }
                "tasks" => kept.extend(self.body(vec![entry], place)),
                "body" => kept.push(self.body_entry(entry)),
                _ => kept.push(entry),
            }
        }
        let id = name_as_id(&mut kept);
        if is_short && !kept.iter().any(|entry| entry.key == "type") {
            kept.insert(1.min(kept.len()), text("type", place, "task"));
        }
        self.ways(ways, &id, place, implied);
        Spanned { place, tree: Tree::Map(kept) }
    }

    fn body_entry(&mut self, entry: Entry) -> Entry {
        match entry.value.tree {
            Tree::Map(entries) => {
                let entries = self.graph(entries, false);
                Entry { value: Spanned { place: entry.value.place, tree: Tree::Map(entries) }, ..entry }
            }
            _ => entry,
        }
    }

    /// The `tasks` of a container in the executable form are its body.
    fn body(&mut self, tasks: Vec<Entry>, place: Place) -> Option<Entry> {
        let key_place = tasks.first().map_or(place, |entry| entry.place);
        let entries = self.graph(tasks, false);
        Some(Entry {
            key: "body".into(),
            place: key_place,
            value: Spanned { place: key_place, tree: Tree::Map(entries) },
        })
    }

    fn ways(&mut self, ways: Ways, id: &str, place: Place, implied: &mut Vec<Implied>) {
        let Ways { next, yes, no, condition } = ways;
        if let Some(next) = next {
            match next.value.tree {
                Tree::List(items) => items.into_iter().for_each(|item| implied.push(way(id, place, item))),
                Tree::Null => {}
                _ => implied.push(way(id, place, next.value)),
            }
        }
        let has_branches = yes.is_some() || no.is_some();
        match (&condition, has_branches) {
            (Some(condition), false) => self.misplaced(condition.place, "condition", "r_condition"),
            (None, true) => {
                if let Some(branch) = yes.as_ref().or(no.as_ref()) {
                    self.misplaced(branch.place, &branch.key, "r_true_condition");
                }
            }
            _ => {}
        }
        if let Some(yes) = yes {
            let rest = condition.into_iter().collect();
            implied.push(Implied { from: id.to_owned(), place, to: yes.value, rest });
        }
        if let Some(no) = no {
            let rest = vec![Entry {
                key: "default".into(),
                place: no.place,
                value: Spanned { place: no.place, tree: Tree::Bool(true) },
            }];
            implied.push(Implied { from: id.to_owned(), place, to: no.value, rest });
        }
    }
}

#[derive(Default)]
struct Ways {
    next: Option<Entry>,
    yes: Option<Entry>,
    no: Option<Entry>,
    condition: Option<Entry>,
}

/// One item of `next`: a name, or a mapping with the target under `to` or `id` and the fields of an edge.
fn way(from: &str, place: Place, item: Spanned) -> Implied {
    match item.tree {
        Tree::Map(mut entries) => {
            let key = if entries.iter().any(|entry| entry.key == "to") { "to" } else { "id" };
            let to = match entries.iter().position(|entry| entry.key == key) {
                Some(index) => entries.remove(index).value,
                None => Spanned { place: item.place, tree: Tree::Null },
            };
            // The executable form has the edge's own id under `edge`, because `id` names the target.
            if key == "id"
                && let Some(own) = entries.iter_mut().find(|entry| entry.key == "edge")
            {
                own.key = "id".into();
            }
            Implied { from: from.to_owned(), place, to, rest: entries }
        }
        tree => Implied { from: from.to_owned(), place, to: Spanned { place: item.place, tree }, rest: Vec::new() },
    }
}

/// Where no id is given the name is the id, and no name is left to show beside it.
fn name_as_id(entries: &mut [Entry]) -> String {
    let scalar = |entries: &[Entry], key: &str| {
        entries.iter().find(|entry| entry.key == key).and_then(|entry| entry.value.scalar())
    };
    if let Some(id) = scalar(entries, "id") {
        return id;
    }
    let has_id = entries.iter().any(|entry| entry.key == "id" && !entry.value.is_null());
    let name = scalar(entries, "name");
    if !has_id
        && let Some(name) = &name
        && let Some(entry) = entries.iter_mut().find(|entry| entry.key == "name")
    {
        entry.key = "id".into();
        return name.clone();
    }
    String::new()
}
