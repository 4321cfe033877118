//! Who may do a task for a person: the people that its settings name, and what somebody who asks is known as (docs/guides/human-tasks.md).

use super::state::HumanTask;
use crate::tasks::{ErrorClass, TaskError};
use heddle_model::limits;
use heddle_model::value::Value;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Everybody who may work on tasks: whom a task is offered to that names nobody.
const ANYBODY: &str = "*";

/// The kinds of candidates: the word of the language, and what stands before their names where they are kept.
const KINDS: [(&str, &str); 3] = [("users", "user:"), ("groups", "group:"), ("roles", "role:")];

/// Somebody who does something about a task.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Person {
    /// The name they sign in with: that is what a task remembers.
    pub name: Arc<str>,
    /// The same name as it is compared, where that is written otherwise.
    pub key: Arc<str>,
    /// The roles they have.
    pub roles: Vec<Arc<str>>,
    /// The groups they are in.
    pub groups: Vec<Arc<str>>,
    /// They may do anything about any task.
    pub steers: bool,
}

/// Why something cannot be done about a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum HumanRefusal {
    /// Another person has it.
    #[error("{by} has taken the task")]
    Taken {
        /// Who.
        by: Arc<str>,
    },
    /// They are no candidate.
    #[error("the task is not offered to this person")]
    NoCandidate,
    /// Only who has it may do this, and who asks does not.
    #[error("somebody else has the task, or nobody")]
    NotTheirs,
    /// Nobody has it, so it cannot be given back.
    #[error("nobody has the task")]
    NotTaken,
    /// Its instance, or its node, is paused.
    #[error("the task is paused")]
    Paused,
    /// It waits for nobody any more.
    #[error("the task waits for nobody")]
    Over,
}

impl Person {
    /// Whether a task that remembers this name remembers them.
    pub fn is(&self, name: &str) -> bool {
        *self.name == *name || *self.key == *name
    }

    /// What a task may be offered to, for them to be a candidate.
    pub fn known_as(&self) -> BTreeSet<Arc<str>> {
        let with = |kind: &str, names: &[Arc<str>]| names.iter().map(|name| format!("{kind}{name}").into()).collect();
        let [(_, user), (_, group), (_, role)] = KINDS;
        let mut known: BTreeSet<Arc<str>> = with(user, &[self.name.clone(), self.key.clone()]);
        known.append(&mut with(group, &self.groups));
        known.append(&mut with(role, &self.roles));
        known.insert(ANYBODY.into());
        known
    }
}

impl HumanTask {
    /// To whom it is offered while nobody has it.
    pub fn offers(&self) -> BTreeSet<Arc<str>> {
        let candidates = self.config.0.get("candidates");
        let named: BTreeSet<Arc<str>> = KINDS
            .iter()
            .flat_map(|(word, kind)| {
                let named = candidates.and_then(|candidates| candidates.get(word));
                names(named).map(move |name| format!("{kind}{name}").into())
            })
            .collect();
        if named.is_empty() { BTreeSet::from([ANYBODY.into()]) } else { named }
    }

    /// Whether they may take it while nobody has it.
    pub fn is_offered_to(&self, person: &Person) -> bool {
        !self.offers().is_disjoint(&person.known_as())
    }

    /// Whether it is theirs.
    pub fn is_of(&self, person: &Person) -> bool {
        self.assignee.as_deref().is_some_and(|name| person.is(name))
    }

    /// When it went to those whom `escalate` names.
    pub fn escalated_at(&self) -> Option<i64> {
        self.config.0.get(ESCALATED_AT).and_then(Value::as_i64)
    }
}

/// Where a task's settings say that it was escalated. The form of a stored task has no field for it.
pub(super) const ESCALATED_AT: &str = "escalated_at";

/// Names, of which a single one may stand alone.
fn names(value: Option<&Value>) -> impl Iterator<Item = &str> {
    let (one, many) = match value {
        Some(Value::Array(many)) => (None, many.as_slice()),
        other => (other.and_then(Value::as_str), [].as_slice()),
    };
    one.into_iter().chain(many.iter().filter_map(Value::as_str)).filter(|name| !name.is_empty())
}

/// The candidates of both, each once.
pub(super) fn joined(before: Option<&Value>, more: &Value) -> Value {
    let of = |(word, _): &(&str, &str)| {
        let all: BTreeSet<&str> =
            names(before.and_then(|before| before.get(word))).chain(names(more.get(word))).collect();
        let all: Vec<Value> = all.into_iter().map(Value::from).collect();
        (!all.is_empty()).then(|| ((*word).to_owned(), Value::Array(all)))
    };
    Value::Object(KINDS.iter().filter_map(of).collect())
}

/// What is wrong with the settings of a task once their expressions are evaluated.
pub(super) fn mistake(config: &Value) -> Option<TaskError> {
    let wrong = |what: String| Some(TaskError::new(ErrorClass::Business, "CONFIG_INVALID", what).permanent());
    let escalate = config.get("escalate");
    let all = [config.get("candidates"), escalate.and_then(|escalate| escalate.get("candidates"))];
    let lists = || all.iter().flatten().flat_map(|candidates| KINDS.iter().map(|(word, _)| candidates.get(word)));
    let is_name = |name: &Value| name.as_str().is_some_and(|name| name.len() <= limits::NAME_BYTES);
    let is_list = |list: Option<&Value>| match list {
        None | Some(Value::Null) => true,
        Some(Value::Array(names)) => names.iter().all(is_name),
        Some(other) => is_name(other),
    };
    if !lists().all(is_list) {
        return wrong(format!("candidates are lists of names of at most {} bytes", limits::NAME_BYTES));
    }
    if lists().map(|list| names(list).count()).sum::<usize>() > limits::HUMAN_CANDIDATES {
        return wrong(format!("a task is offered to at most {} users, groups and roles", limits::HUMAN_CANDIDATES));
    }
    let assignees =
        [config.get("assignee"), escalate.filter(|it| !it.is_object()), escalate.and_then(|it| it.get("assignee"))];
    match assignees.into_iter().flatten().find(|name| !name.is_null() && !is_name(name)) {
        Some(_) => wrong(format!("an assignee is a name of at most {} bytes", limits::NAME_BYTES)),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use heddle_model::value::json;

    fn task(config: Value) -> HumanTask {
        HumanTask { config: config.into(), ..HumanTask::default() }
    }

    #[test]
    fn somebody_is_a_candidate_by_name_group_or_role() {
        let ann = Person { name: "Ann".into(), key: "ann".into(), roles: vec!["operator".into()], ..Person::default() };
        for (candidates, fits) in [
            (json!(null), true),
            (json!({}), true),
            (json!({"users": []}), true),
            (json!({"users": ["ann"]}), true),
            (json!({"users": "Ann"}), true),
            (json!({"users": ["bob"]}), false),
            (json!({"users": ["bob"], "roles": ["operator"]}), true),
            (json!({"roles": ["ann"]}), false),
            (json!({"groups": ["operator"]}), false),
        ] {
            let task = task(json!({ "candidates": candidates }));
            assert_eq!(task.is_offered_to(&ann), fits, "{candidates}");
        }
    }

    #[test]
    fn mistakes_of_evaluated_settings_are_named() {
        let many: Vec<String> = (0..=limits::HUMAN_CANDIDATES).map(|n| n.to_string()).collect();
        for config in [
            json!({"candidates": {"users": [1]}}),
            json!({"candidates": {"users": "n".repeat(256)}}),
            json!({"candidates": {"roles": many}}),
            json!({"assignee": 5}),
            json!({"escalate": 5}),
            json!({"escalate": {"candidates": {"groups": {}}}}),
        ] {
            assert!(mistake(&config).is_some(), "{config}");
        }
        let fine =
            json!({"assignee": "a", "candidates": {"users": ["a"], "roles": "b"}, "escalate": {"assignee": "c"}});
        assert!(mistake(&fine).is_none() && mistake(&json!({"escalate": "c", "assignee": null})).is_none());
    }

    #[test]
    fn candidates_of_both_are_there_once() {
        let before = json!({"users": ["b", "a"], "roles": ["x"]});
        let both = joined(Some(&before), &json!({"users": ["c", "b"], "groups": "g"}));
        assert_eq!(both, json!({"users": ["a", "b", "c"], "groups": ["g"], "roles": ["x"]}));
    }
}
