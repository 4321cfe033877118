//! Retry, failure, concurrency, settings.

use super::fields::{At, Fields, Reader};
use crate::definition::{AtLimit, Compensate, Concurrency, Jitter, OnError, OnFailure, Retry, Settings};
use crate::format::tree::Tree;
use crate::limits;
use crate::value::Map;

const CLASSES: &[(&str, &str)] = &[("business", "business"), ("system", "system"), ("timeout", "timeout")];
const LEVELS: &[(&str, &str)] = &[("debug", "debug"), ("info", "info"), ("warn", "warn"), ("error", "error")];

impl Reader {
    pub(super) fn settings(&mut self, at: &At<'_>) -> Settings {
        let known =
            ["timeout", "priority", "on_failure", "concurrency", "search", "retention", "log_level", "sensitive"];
        let Some(fields) = self.fields(at, "settings", &known, &[]) else { return Settings::default() };
        let on_failure =
            [("fail", OnFailure::Fail), ("compensate", OnFailure::Compensate), ("incident", OnFailure::Incident)];
        Settings {
            timeout: self.duration(&fields, "timeout"),
            priority: self.priority(&fields),
            on_failure: self.word(&fields, "on_failure", &on_failure).unwrap_or_default(),
            concurrency: fields.get("concurrency").and_then(|at| self.concurrency(&at)),
            search: self.texts(&fields, "search"),
            retention: self.duration(&fields, "retention"),
            log_level: self.word(&fields, "log_level", LEVELS).map(str::to_owned),
            sensitive: self.texts(&fields, "sensitive"),
        }
    }

    pub(super) fn retry(&mut self, at: &At<'_>) -> Option<Retry> {
        let fields = self.fields(
            at,
            "retry",
            &["max_attempts", "base_delay", "factor", "max_delay", "jitter", "on", "codes"],
            &[],
        )?;
        let default = Retry::default();
        let jitter = [("full", Jitter::Full), ("none", Jitter::None), ("equal", Jitter::Equal)];
        let attempts = self.integer(&fields, "max_attempts", 1..=i64::from(limits::RETRY_ATTEMPTS_MAX));
        Some(Retry {
            max_attempts: attempts.and_then(|n| u32::try_from(n).ok()).unwrap_or(default.max_attempts),
            base_delay: self.duration(&fields, "base_delay").unwrap_or(default.base_delay),
            factor: self.factor(&fields).unwrap_or(default.factor),
            max_delay: self.duration(&fields, "max_delay").unwrap_or(default.max_delay),
            jitter: self.word(&fields, "jitter", &jitter).unwrap_or_default(),
            on: self.classes(&fields).unwrap_or(default.on),
            codes: self.texts(&fields, "codes"),
        })
    }

    fn factor(&mut self, fields: &Fields<'_>) -> Option<f64> {
        let factor = self.number(fields, "factor")?;
        if (1.0..=100.0).contains(&factor) {
            return Some(factor);
        }
        if let Some(at) = fields.get("factor") {
            self.out_of_range(&at, "factor", (factor, 1, 100));
        }
        None
    }

    fn classes(&mut self, fields: &Fields<'_>) -> Option<Vec<String>> {
        let at = fields.get("on")?;
        let Tree::List(items) = &at.tree.tree else {
            return self.word_at(&at, CLASSES).map(|class| vec![class.to_owned()]);
        };
        Some(
            items
                .iter()
                .enumerate()
                .filter_map(|(index, item)| self.word_at(&at.index(index, item), CLASSES))
                .map(str::to_owned)
                .collect(),
        )
    }

    pub(super) fn on_error(&mut self, fields: &Fields<'_>) -> Option<OnError> {
        let words = [
            ("fail", OnError::Fail),
            ("skip", OnError::Skip),
            ("incident", OnError::Incident),
            ("compensate", OnError::Compensate),
        ];
        self.word(fields, "on_error", &words)
    }

    pub(super) fn priority(&mut self, fields: &Fields<'_>) -> Option<u8> {
        self.integer(fields, "priority", 0..=9).and_then(|n| u8::try_from(n).ok())
    }

    pub(super) fn compensate(&mut self, at: &At<'_>) -> Option<Compensate> {
        if !matches!(at.tree.tree, Tree::Map(_)) {
            let id = at.tree.scalar();
            if id.is_none() {
                self.wrong_kind(at, "name_or_map");
            }
            return id.map(Compensate::Node);
        }
        let fields = self.fields(at, "compensate", &["type", "config"], &[])?;
        let task_type = self.required_name(&fields, "type");
        let config = if fields.get("config").is_some() { self.object(&fields, "config") } else { Map::new() };
        Some(Compensate::Task { task_type, config })
    }

    pub(super) fn concurrency(&mut self, at: &At<'_>) -> Option<Concurrency> {
        let fields = self.fields(at, "concurrency", &["key", "limit", "at_limit"], &[])?;
        let at_limit = [("queue", AtLimit::Queue), ("reject", AtLimit::Reject), ("replace", AtLimit::Replace)];
        for key in ["key", "limit"] {
            if fields.get(key).is_none() {
                self.missing(at, key);
            }
        }
        Some(Concurrency {
            key: self.text(&fields, "key").unwrap_or_default(),
            limit: self
                .integer(&fields, "limit", 1..=i64::from(u32::MAX))
                .and_then(|n| u32::try_from(n).ok())
                .unwrap_or(1),
            at_limit: self.word(&fields, "at_limit", &at_limit).unwrap_or_default(),
        })
    }
}
