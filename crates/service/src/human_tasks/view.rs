//! Tasks for people as the wire has them, and what somebody may see and do of one.

use crate::source;
use heddle_api::view::{CandidatesView, HumanTaskSummary, HumanTaskView};
use heddle_api::{Permission, Principal, Timestamp};
use heddle_engine::kernel::{HumanTask, Person};
use heddle_store::query::{HumanTaskDetail, HumanTaskRow};
use serde_json::Value;

/// A row of the list.
pub(super) fn summary(row: HumanTaskRow) -> HumanTaskSummary {
    let overdue = row.ended_at.is_none() && row.due.is_some_and(|due| due < source::now_ms());
    HumanTaskSummary {
        id: row.id,
        status: row.status,
        title: row.title,
        assignee: row.assignee,
        due: row.due.map(Timestamp),
        overdue,
        escalated_at: row.escalated_at.map(Timestamp),
        paused: row.held,
        instance_id: row.instance,
        business_key: row.business_key,
        priority: u8::try_from(row.priority).unwrap_or(u8::MAX),
        workflow_id: row.workflow,
        workflow: row.workflow_name,
        version: row.version_number,
        node_id: row.node,
        node_instance_id: row.instance.node_instance(row.number),
        asked_at: Timestamp(row.asked_at),
        updated_at: Timestamp(row.updated_at),
        ended_at: row.ended_at.map(Timestamp),
    }
}

/// The task as the kernel knows it: who may take it is decided in one place.
pub(super) fn task(detail: &HumanTaskDetail) -> HumanTask {
    let config: Value = serde_json::from_str(&detail.config).unwrap_or_default();
    let assignee = detail.row.assignee.as_deref().map(Into::into);
    HumanTask { config: config.into(), assignee, ..HumanTask::default() }
}

/// One task, as this caller may see it.
pub(super) fn whole(detail: HumanTaskDetail, principal: &Principal, person: &Person) -> HumanTaskView {
    let task = task(&detail);
    let sees = task.is_of(person) || principal.permissions.has(Permission::VariableView);
    let read = |text: &str| serde_json::from_str::<Value>(text).ok().filter(|value| !value.is_null() && sees);
    let candidates = task.config.0.get("candidates");
    let is_done = detail.row.status == "DONE";
    HumanTaskView {
        form: task.config.0.get("form").filter(|form| !form.is_null()).cloned(),
        candidates: CandidatesView {
            users: names(candidates, "users"),
            groups: names(candidates, "groups"),
            roles: names(candidates, "roles"),
        },
        draft: read(&detail.draft),
        output: detail.output.as_deref().filter(|_| is_done).and_then(read),
        actions: actions(&detail.row, &task, principal, person).into_iter().map(str::to_owned).collect(),
        summary: summary(detail.row),
    }
}

fn names(candidates: Option<&Value>, word: &str) -> Vec<String> {
    match candidates.and_then(|candidates| candidates.get(word)) {
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(name)) => vec![name.clone()],
        _ => Vec::new(),
    }
}

fn actions(row: &HumanTaskRow, task: &HumanTask, principal: &Principal, person: &Person) -> Vec<&'static str> {
    if row.ended_at.is_some() || !principal.permissions.has(Permission::TaskWork) {
        return Vec::new();
    }
    let (taken, theirs) = (row.assignee.is_some(), person.steers || task.is_of(person));
    let all = [
        ("claim", !taken && !row.held && (person.steers || task.is_offered_to(person))),
        ("release", taken && theirs),
        ("assign", theirs),
        ("draft", theirs),
        ("complete", theirs && !row.held),
    ];
    all.into_iter().filter(|(_, may)| *may).map(|(name, _)| name).collect()
}
