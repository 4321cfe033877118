//! Folding of live frames into what a page shows. Pure; a frame seen twice or out of order changes nothing.

use heddle_api::view::{EventView, InstanceStatus, InstanceSummary, InstanceView, NodeStatus, NodeView};

/// Applies an event to an instance. Answers whether anything on the screen may have changed.
///
/// Events tell states at once; what they do not carry (outputs, variables) comes with the next reading of the instance.
pub fn event(instance: &mut InstanceView, event: &EventView) -> bool {
    if event.seq <= instance.seq {
        return false;
    }
    instance.seq = event.seq;
    match event.event_type.as_str() {
        "instance.started" | "instance.resumed" => {
            instance.status = InstanceStatus::Running;
            instance.started_at = instance.started_at.or(Some(event.at));
        }
        "instance.paused" => instance.status = InstanceStatus::Paused,
        "instance.completed" => end(instance, event, InstanceStatus::Completed),
        "instance.failed" => end(instance, event, InstanceStatus::Failed),
        "instance.terminated" => end(instance, event, InstanceStatus::Terminated),
        "nodes.skipped" => {
            let ids = event.data.get("node_ids").and_then(|ids| ids.as_array()).cloned().unwrap_or_default();
            for id in ids.iter().filter_map(|id| id.as_str()) {
                if let Some(node) = instance.nodes.iter_mut().rfind(|node| node.node_id == id) {
                    node.status = NodeStatus::Skipped;
                    node.reason = None;
                }
            }
        }
        kind => {
            let Some(what) = kind.strip_prefix("node.") else { return true };
            let Some(node) = node_of(&mut instance.nodes, event) else { return true };
            node_event(node, what, event);
        }
    }
    instance.progress = progress(&instance.nodes);
    true
}

fn end(instance: &mut InstanceView, event: &EventView, status: InstanceStatus) {
    instance.status = status;
    instance.ended_at = Some(event.at);
}

/// The row an event is about: by node instance id where it carries one, else the latest of that node.
fn node_of<'a>(nodes: &'a mut [NodeView], event: &EventView) -> Option<&'a mut NodeView> {
    let node_id = event.node_id.as_deref()?;
    let instance_id = ["node_instance_id", "node_instance", "id"].iter().find_map(|key| event.data.get(*key)?.as_str());
    let exact =
        instance_id.and_then(|id| nodes.iter().position(|node| node.id.is_some_and(|own| own.to_string() == id)));
    let at = exact.or_else(|| nodes.iter().rposition(|node| node.node_id == node_id))?;
    nodes.get_mut(at)
}

fn node_event(node: &mut NodeView, what: &str, event: &EventView) {
    let reason = event.data.get("reason").and_then(|reason| reason.as_str()).map(str::to_owned);
    if let Some(attempt) = event.data.get("attempt").and_then(serde_json::Value::as_u64) {
        node.attempt = u32::try_from(attempt).unwrap_or(node.attempt);
    }
    let (status, reason, ended) = match what {
        "enabled" => (NodeStatus::Pending, reason.or_else(|| Some("queued".to_owned())), false),
        "started" => (NodeStatus::Running, reason.or_else(|| Some("active".to_owned())), false),
        "waiting" if event.data.contains_key("due_ms") => {
            (NodeStatus::Running, reason.or_else(|| Some("timer".to_owned())), false)
        }
        "waiting" => (NodeStatus::Running, reason, false),
        "retrying" => (NodeStatus::Pending, Some("retrying".to_owned()), false),
        "completed" => (NodeStatus::Completed, None, true),
        "failed" => (NodeStatus::Failed, reason, true),
        "cancelled" => (NodeStatus::Cancelled, None, true),
        "compensated" => (NodeStatus::Compensated, None, true),
        _ => return,
    };
    node.status = status;
    node.reason = reason;
    if matches!(status, NodeStatus::Running) {
        node.started_at = node.started_at.or(Some(event.at));
        node.ended_at = None;
    }
    if ended {
        node.started_at = node.started_at.or(Some(event.at));
        node.ended_at = Some(event.at);
    }
}

/// Ended nodes ÷ nodes not skipped, 0–1.
fn progress(nodes: &[NodeView]) -> f64 {
    let ended = |node: &&NodeView| {
        matches!(
            node.status,
            NodeStatus::Completed | NodeStatus::Failed | NodeStatus::Cancelled | NodeStatus::Compensated
        )
    };
    let alive = nodes.iter().filter(|node| node.status != NodeStatus::Skipped).count();
    if alive == 0 { 0.0 } else { nodes.iter().filter(ended).count() as f64 / alive as f64 }
}

/// What became of a row that arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowChange {
    /// It was on the page and is now newer.
    Updated,
    /// It is new; it stands at the top.
    Inserted,
    /// It is new, and the reader is further down: it waits behind the "new" pill.
    Held,
    /// Older than what is shown.
    Stale,
}

/// Folds a changed row into a page of the list, newest start first.
///
/// `at_top` says whether the reader sees the top of the first page: only then may rows move.
pub fn row(
    page: &mut Vec<InstanceSummary>,
    held: &mut Vec<InstanceSummary>,
    row: InstanceSummary,
    at_top: bool,
) -> RowChange {
    for list in [&mut *page, &mut *held] {
        if let Some(known) = list.iter_mut().find(|known| known.id == row.id) {
            if row.seq < known.seq {
                return RowChange::Stale;
            }
            *known = row;
            return RowChange::Updated;
        }
    }
    if page.first().is_some_and(|first| row.created_at < first.created_at)
        && page.last().is_some_and(|last| row.created_at < last.created_at)
    {
        // It belongs to a later page.
        return RowChange::Stale;
    }
    if !at_top {
        held.push(row);
        return RowChange::Held;
    }
    let at = page.iter().position(|other| other.created_at <= row.created_at).unwrap_or(page.len());
    page.insert(at, row);
    page.truncate(heddle_model::limits::PAGE_ROWS as usize);
    RowChange::Inserted
}

/// Puts the held rows on the page, newest first.
pub fn release(page: &mut Vec<InstanceSummary>, held: &mut Vec<InstanceSummary>) {
    page.append(held);
    page.sort_by(|a, b| b.created_at.cmp(&a.created_at).then_with(|| b.id.cmp(&a.id)));
    page.truncate(heddle_model::limits::PAGE_ROWS as usize);
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use serde_json::json;

    fn instance() -> InstanceView {
        let node = |id: &str| {
            json!({"id": null, "node_id": id, "name": id, "type": "task", "status": "PENDING", "reason": null, "attempt": 0,
            "iteration": null, "started_at": null, "ended_at": null, "output": null, "error": null})
        };
        serde_json::from_value(json!({
            "id": "wi_00000000000000000000000001", "workflow_id": "wf_00000000000000000000000001", "workflow": "示例", "version": 1,
            "version_id": "wfv_00000000000000000000000001", "status": "CREATED", "phase": "normal", "progress": 0.0, "business_key": null,
            "priority": 5, "seq": 1, "variables": {}, "output": null, "error": null, "incidents": [], "created_at": "2026-11-22T08:00:00.000Z",
            "started_at": null, "ended_at": null, "nodes": [node("开始"), node("a"), node("b")],
        })).unwrap()
    }

    fn event_of(seq: u64, kind: &str, more: serde_json::Value) -> EventView {
        let mut event = json!({"seq": seq, "at": format!("2026-11-22T08:00:{seq:02}.000Z"), "type": kind});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(event).unwrap()
    }

    #[test]
    fn a_run_is_told_by_its_events() {
        let mut shown = instance();
        for (seq, kind, more) in [
            (2, "instance.started", json!({})),
            (3, "node.completed", json!({"node_id": "开始"})),
            (4, "node.waiting", json!({"node_id": "a", "due_ms": 1})),
            (5, "nodes.skipped", json!({"node_ids": ["b"]})),
            (6, "node.completed", json!({"node_id": "a"})),
            (7, "instance.completed", json!({})),
        ] {
            assert!(event(&mut shown, &event_of(seq, kind, more)));
        }
        assert_eq!(shown.status, InstanceStatus::Completed);
        let statuses: Vec<_> = shown.nodes.iter().map(|node| node.status).collect();
        assert_eq!(statuses, [NodeStatus::Completed, NodeStatus::Completed, NodeStatus::Skipped]);
        assert!((shown.progress - 1.0).abs() < f64::EPSILON);
        assert_eq!(shown.nodes[1].ended_at.unwrap().as_ms() - shown.nodes[1].started_at.unwrap().as_ms(), 2_000);
    }

    #[test]
    fn what_is_known_changes_nothing() {
        let mut shown = instance();
        let started = event_of(4, "node.started", json!({"node_id": "a"}));
        assert!(event(&mut shown, &started));
        let before = shown.clone();
        assert!(!event(&mut shown, &started));
        assert!(!event(&mut shown, &event_of(3, "node.failed", json!({"node_id": "a"}))));
        assert_eq!(shown, before);
    }

    #[test]
    fn unknown_events_and_nodes_do_no_harm() {
        let mut shown = instance();
        assert!(event(&mut shown, &event_of(2, "node.completed", json!({"node_id": "nowhere"}))));
        assert!(event(&mut shown, &event_of(3, "something.new", json!({}))));
        assert_eq!(shown.seq, 3);
    }

    fn summary(number: u32, second: u32, seq: u64) -> InstanceSummary {
        serde_json::from_value(json!({
            "id": format!("wi_{number:026}"), "workflow_id": "wf_00000000000000000000000001", "workflow": "w", "version": 1, "status": "RUNNING",
            "phase": "normal", "progress": 0.0, "business_key": null, "priority": 5, "incidents": 0, "seq": seq,
            "created_at": format!("2026-11-22T08:00:{second:02}.000Z"), "started_at": null, "ended_at": null,
        })).unwrap()
    }

    #[test]
    fn rows_change_in_place_and_new_ones_never_shift_the_reader() {
        let mut page = vec![summary(2, 2, 1), summary(1, 1, 1)];
        let mut held = Vec::new();
        assert_eq!(row(&mut page, &mut held, summary(1, 1, 5), false), RowChange::Updated);
        assert_eq!(row(&mut page, &mut held, summary(1, 1, 4), false), RowChange::Stale);
        assert_eq!(row(&mut page, &mut held, summary(3, 3, 1), false), RowChange::Held);
        assert_eq!(row(&mut page, &mut held, summary(3, 3, 2), false), RowChange::Updated);
        assert_eq!(page.len(), 2);
        assert_eq!(row(&mut page, &mut held, summary(4, 4, 1), true), RowChange::Inserted);
        release(&mut page, &mut held);
        let order: Vec<_> = page.iter().map(|row| row.created_at.as_ms() % 60_000 / 1_000).collect();
        assert_eq!(order, [4, 3, 2, 1]);
        assert!(held.is_empty());
    }

    #[test]
    fn rows_of_later_pages_stay_away() {
        let mut page = vec![summary(9, 9, 1), summary(8, 8, 1)];
        assert_eq!(row(&mut page, &mut Vec::new(), summary(1, 1, 1), true), RowChange::Stale);
        assert_eq!(page.len(), 2);
    }
}
