//! Holds what clients were told against what the server says now. Every breach is named; none is the only good answer.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use heddle_testkit::Client;
use serde_json::Value;

use crate::history::{History, Start};
use crate::workflow;

/// Everything that is wrong with the instances of this history, which must all have ended.
pub async fn breaches(client: &Client, history: &History) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let completions = history.completions();
    for (key, start) in history.starts() {
        let Some(id) = &start.acknowledged else {
            found.push(format!("start {key} was never acknowledged"));
            continue;
        };
        let list =
            client.get(&format!("/api/v1/workflow-instances?business_key={key}&limit=10")).await?.expect_status(200)?;
        let ids: Vec<&str> = list["items"].as_array().into_iter().flatten().filter_map(|i| i["id"].as_str()).collect();
        if ids != [id.as_str()] {
            found.push(format!("start {key} was acknowledged as {id}, the server has {ids:?}"));
            continue;
        }
        let instance = client.get(&format!("/api/v1/workflow-instances/{id}")).await?.expect_status(200)?;
        let events = events(client, id).await?;
        found.extend(
            of_instance(&instance, &start).into_iter().chain(of_journal(&events)).map(|b| format!("{key} ({id}): {b}")),
        );
        if completions.get(id).is_some_and(|c| c.accepted > 1) {
            found.push(format!(
                "{key} ({id}): the completion of its job was accepted {} times",
                completions[id].accepted
            ));
        }
    }
    Ok(found)
}

/// The whole journal of an instance, page by page.
pub async fn events(client: &Client, id: &str) -> Result<Vec<Value>> {
    let mut all = Vec::new();
    loop {
        let after = all.last().and_then(|e: &Value| e["seq"].as_u64()).unwrap_or(0);
        let page = client
            .get(&format!("/api/v1/workflow-instances/{id}/events?after={after}&limit=200"))
            .await?
            .expect_status(200)?;
        let items = page["items"].as_array().context("the page of events has no items")?;
        if items.is_empty() {
            return Ok(all);
        }
        all.extend(items.iter().cloned());
    }
}

fn of_instance(instance: &Value, start: &Start) -> Vec<String> {
    let mut found = Vec::new();
    if instance["status"] != "COMPLETED" {
        found.push(format!(
            "is {}, error {}, incidents {}",
            instance["status"], instance["error"], instance["incidents"]
        ));
    }
    let total = &instance["variables"]["total"];
    if total.as_f64() != Some(workflow::total(start.n) as f64) {
        found.push(format!("total is {total}, expected {}", workflow::total(start.n)));
    }
    found
}

fn of_journal(events: &[Value]) -> Vec<String> {
    let mut found = Vec::new();
    for (at, event) in events.iter().enumerate() {
        if event["seq"].as_u64() != Some(at as u64 + 1) {
            found.push(format!("event {} has the number {}", at + 1, event["seq"]));
            break;
        }
    }
    let mut completed: BTreeMap<&str, usize> = BTreeMap::new();
    for event in events.iter().filter(|e| e["type"] == "node.completed") {
        *completed.entry(event["node_id"].as_str().unwrap_or("?")).or_default() += 1;
    }
    for node in workflow::COMPLETED_ONCE {
        match completed.remove(node).unwrap_or(0) {
            1 => {}
            times => found.push(format!("{node} completed {times} times")),
        }
    }
    found.extend(completed.keys().map(|node| format!("{node} completed and is no node of it")));
    for once in ["instance.created", "instance.completed"] {
        let times = events.iter().filter(|e| e["type"] == once).count();
        if times != 1 {
            found.push(format!("{times} × {once}"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn journal() -> Vec<Value> {
        let middle = workflow::COMPLETED_ONCE.iter().map(|n| json!({ "type": "node.completed", "node_id": n }));
        let all = [json!({ "type": "instance.created" })]
            .into_iter()
            .chain(middle)
            .chain([json!({ "type": "instance.completed" })]);
        all.enumerate()
            .map(|(i, mut e)| {
                e["seq"] = json!(i + 1);
                e
            })
            .collect()
    }

    #[test]
    fn a_whole_journal_has_no_breach() {
        assert_eq!(of_journal(&journal()), Vec::<String>::new());
    }

    #[test]
    fn a_gap_a_doubled_and_a_lost_step_are_named() {
        let mut gap = journal();
        gap.remove(3);
        assert_eq!(of_journal(&gap).len(), 2, "{:?}", of_journal(&gap));
        let mut doubled = journal();
        let last = doubled.len() as u64 + 1;
        doubled.push(json!({ "type": "node.completed", "node_id": "double", "seq": last }));
        assert_eq!(of_journal(&doubled), ["double completed 2 times"]);
    }

    #[test]
    fn a_wrong_result_and_an_open_instance_are_named() {
        let start = Start { n: 3, acknowledged: None };
        assert!(of_instance(&json!({ "status": "COMPLETED", "variables": { "total": 18 } }), &start).is_empty());
        assert_eq!(of_instance(&json!({ "status": "RUNNING", "variables": {} }), &start).len(), 2);
    }
}
