//! How a node joins, splits, excludes and repeats.

use super::fields::{At, Reader};
use crate::definition::{Join, Loop, Mutex, MutexLevel, Rest, Split};
use crate::format::tree::Tree;
use crate::limits;
use crate::value::Value;

impl Reader {
    /// `inclusive`, `any`, `all`, `{ n, rest, region }` or `{ count }`.
    pub(super) fn join(&mut self, at: &At<'_>) -> Option<Join> {
        if !matches!(at.tree.tree, Tree::Map(_)) {
            return self.word_at(at, &[("inclusive", Join::Inclusive), ("any", Join::Any), ("all", Join::All)]);
        }
        let fields = self.fields(at, "join", &["n", "rest", "region", "count"], &[])?;
        if fields.get("count").is_some() {
            for key in ["n", "rest", "region"] {
                if let Some(at) = fields.get(key) {
                    self.misplaced(&at, key, "r_join_count");
                }
            }
            return self
                .integer(&fields, "count", 1..=i64::from(u32::MAX))
                .and_then(|n| u32::try_from(n).ok())
                .map(Join::Count);
        }
        let Some(n) = fields.get("n") else {
            self.missing(at, "n");
            return None;
        };
        let n = match &n.tree.tree {
            Tree::Number(number, _) if number.as_u64().is_some_and(|n| n >= 1) => Value::Number(number.clone()),
            Tree::Text(text) => Value::String(text.clone()),
            Tree::Number(number, _) => {
                self.out_of_range(&n, "n", (number, 1, u32::MAX));
                return None;
            }
            _ => {
                self.wrong_kind(&n, "integer");
                return None;
            }
        };
        let rest =
            self.word(&fields, "rest", &[("absorb", Rest::Absorb), ("cancel", Rest::Cancel)]).unwrap_or_default();
        Some(Join::NOfM { n, rest, region: fields.get("region").map(|at| at.tree.to_value()) })
    }

    /// `all`, `one`, `event` or `{ count }`.
    pub(super) fn split(&mut self, at: &At<'_>) -> Option<Split> {
        if !matches!(at.tree.tree, Tree::Map(_)) {
            return self.word_at(at, &[("all", Split::All), ("one", Split::One), ("event", Split::Event)]);
        }
        let fields = self.fields(at, "split", &["count"], &[])?;
        if fields.get("count").is_none() {
            self.missing(at, "count");
        }
        self.integer(&fields, "count", 1..=i64::from(limits::SPLIT_TOKENS))
            .and_then(|n| u32::try_from(n).ok())
            .map(Split::Count)
    }

    pub(super) fn mutex(&mut self, at: &At<'_>) -> Option<Mutex> {
        let levels = [
            ("instance", MutexLevel::Instance),
            ("workflow", MutexLevel::Workflow),
            ("workspace", MutexLevel::Workspace),
        ];
        if let Tree::Text(name) = &at.tree.tree {
            return Some(Mutex { name: name.clone(), level: MutexLevel::Instance, permits: 1 });
        }
        let fields = self.fields(at, "mutex", &["name", "level", "permits"], &[])?;
        Some(Mutex {
            name: self.required_name(&fields, "name"),
            level: self.word(&fields, "level", &levels).unwrap_or_default(),
            permits: self
                .integer(&fields, "permits", 1..=i64::from(u32::MAX))
                .and_then(|n| u32::try_from(n).ok())
                .unwrap_or(1),
        })
    }

    pub(super) fn loop_(&mut self, at: &At<'_>) -> Option<Loop> {
        let fields = self.fields(at, "loop", &["while", "test", "max"], &[])?;
        if fields.get("while").is_none() {
            self.missing(at, "while");
        }
        Some(Loop {
            while_: self.text(&fields, "while").unwrap_or_default(),
            test_after: self.word(&fields, "test", &[("before", false), ("after", true)]).unwrap_or(false),
            max: self.integer(&fields, "max", 0..=i64::from(u32::MAX)).and_then(|n| u32::try_from(n).ok()),
        })
    }
}
