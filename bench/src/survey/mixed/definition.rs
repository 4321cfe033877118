//! The workflow of `mixed`, and what each instance does by its number.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::stage::workflow;
use crate::survey::drive::Input;

pub(super) const NAME: &str = "mixed";
/// Items of the for-each.
pub(super) const ITEMS: u64 = 20;
/// The type of the external workers' jobs.
pub(super) const JOB: &str = "mixed-work";
/// Bytes that every instance carries.
const BLOB: usize = 4_000;

pub(super) fn is_small(number: u64) -> bool {
    number.is_multiple_of(3)
}

/// One in ten goes by a person.
pub(super) fn is_approved(number: u64) -> bool {
    number.is_multiple_of(10)
}

/// The first attempt of one in a hundred fails.
pub(super) fn fails(number: u64) -> bool {
    number % 100 == 7
}

/// The input of an instance by its number.
pub(super) fn input() -> Input {
    let blob = "x".repeat(BLOB);
    Arc::new(move |number| {
        let items: Vec<u64> = (0..ITEMS).map(|item| number + item).collect();
        json!({ "n": number, "small": is_small(number), "approve": is_approved(number), "items": items, "blob": blob })
    })
}

/// Steps of instances 0 up to so many: what a worker, a person, a timer or a built-in task did.
pub(super) fn steps(instances: u64) -> u64 {
    // Small or large, the items, the pause, the work.
    instances * (ITEMS + 3) + instances.div_ceil(10)
}

pub(super) fn definition() -> Value {
    let echo = |id: &str| json!({ "id": id, "type": "echo", "config": { "value": "${n}" } });
    let nodes = vec![
        json!({ "id": "start", "type": "start" }),
        json!({ "id": "size", "type": "decision" }),
        echo("small"),
        echo("large"),
        json!({
            "id": "items",
            "type": "foreach",
            "config": { "items": "${items}", "as": "item", "max_parallel": 10, "collect": "${item}" },
            "body": { "nodes": [{ "id": "item-step", "type": "echo", "config": { "value": "${item}" } }], "edges": [] },
            "output": { "results": "${output}" },
        }),
        json!({ "id": "pause", "type": "timer", "config": { "duration": "100ms" } }),
        json!({
            "id": "work",
            "type": "task",
            "action": JOB,
            "config": { "n": "${n}" },
            "retry": { "max_attempts": 3, "base_delay": "100ms", "jitter": "none" },
        }),
        json!({ "id": "who", "type": "decision" }),
        json!({
            "id": "approve",
            "type": "human",
            "config": { "title": "Approve ${n}", "form": { "type": "object", "required": ["approved"], "properties": { "approved": { "type": "boolean" } } } },
        }),
        json!({ "id": "done", "type": "end" }),
    ];
    let edge = |from: &str, to: &str| json!({ "from": from, "to": to });
    let edges = vec![
        edge("start", "size"),
        json!({ "from": "size", "to": "small", "condition": "${small}" }),
        json!({ "from": "size", "to": "large", "default": true }),
        edge("small", "items"),
        edge("large", "items"),
        edge("items", "pause"),
        edge("pause", "work"),
        edge("work", "who"),
        json!({ "from": "who", "to": "approve", "condition": "${approve}" }),
        json!({ "from": "who", "to": "done", "default": true }),
        edge("approve", "done"),
    ];
    let mut whole = workflow(NAME, nodes, edges);
    whole["outputs"] = json!({ "results": "${results}" });
    whole
}
