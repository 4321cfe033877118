//! I7 and I8 in the rows: what stands beside the journal says what the state says, and every open instance waits for something that
//! is really there.

use super::Folded;
use crate::world::{WORKSPACE, World};
use heddle_engine::kernel::{Active, InstanceState, Reason, why};
use heddle_engine::storage::Storage;
use heddle_model::lifecycle::InstanceStatus;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Head, timers, jobs and incidents.
pub(super) async fn rows_say_what_the_state_says(world: &World, folded: &Folded) {
    let state = &folded.state;
    let id = state.id;
    let wrong = |what: &str, said: String| world.violation(format!("I8: {what} of {id}: {said}"));
    let Some(head) = world.memory.0.head(id) else { return wrong("head", "missing".to_owned()) };
    // Progress may lie behind for a while; what lists are sorted and filtered by may not.
    let said = (head.status, head.phase, head.incidents as usize, head.started_at, head.ended_at);
    let stands = (state.status.as_str(), state.phase.as_str(), state.incidents.len(), state.started_at, state.ended_at);
    let is_ahead = head.seq > state.seq || (state.status.is_ended() && head.seq != state.seq);
    if said != stands || is_ahead {
        wrong("head", format!("{head:?}"));
    }
    let waiting: BTreeSet<u32> = world.memory.0.node_rows(id).iter().map(|row| row.number).collect();
    let lost = |number: &u32| !state.live.contains_key(number) && !state.suspended.contains_key(number);
    if waiting.iter().any(lost) {
        wrong("waiting executions", format!("rows {:?}, live {:?}", world.memory.0.node_rows(id), state.live.keys()));
    }
    let keyed = |execution: &heddle_engine::kernel::Execution| {
        execution.active == Active::Job && folded.plan.node(execution.node).concurrency.is_some()
    };
    let asks_again = !state.status.is_ended() && state.live.values().any(keyed);
    if head.runnable != (state.is_runnable() || asks_again) {
        wrong("runnable", format!("{}", head.runnable));
    }
    let rows = world.memory.0.timers(&[id.shard()], i64::MAX, u32::MAX).await.unwrap();
    let rows: BTreeSet<(u32, i64)> =
        rows.iter().filter(|row| row.instance == id).map(|row| (row.number, row.due)).collect();
    let armed = state.timers.iter().filter(|(number, _)| !state.is_frozen(**number));
    let armed = armed.map(|(&number, timer)| (number, timer.due)).collect();
    if rows != armed {
        wrong("timers", format!("rows {rows:?}, state {armed:?}"));
    }
    for (&number, execution) in state.live.iter().chain(&state.suspended) {
        let row = world.memory.0.job(WORKSPACE, id.job(number)).await.unwrap();
        let wanted = execution.active == Active::Job && state.live.contains_key(&number);
        let held = state.held.iter().any(|held| matches!(held, heddle_engine::kernel::Held::Completed { number: own, .. } | heddle_engine::kernel::Held::Failed { number: own, .. } if *own == number));
        if row.is_some() != (wanted && !held) {
            wrong("job", format!("{number} is {:?}, its row {row:?}", execution.active));
        }
        if row.as_ref().is_some_and(|row| row.held != (state.status == InstanceStatus::Paused)) {
            wrong("job", format!("{number} is held: {row:?}"));
        }
    }
    people(world, state);
    let incidents: BTreeSet<u32> =
        world.memory.0.incident_rows(id).iter().filter(|row| row.resolved_at.is_none()).map(|row| row.number).collect();
    if incidents != state.incidents.keys().copied().collect() {
        wrong("incidents", format!("rows {incidents:?}, state {:?}", state.incidents.keys()));
    }
}

/// Tasks for people: the open rows are those that the state waits with, each as the state has it.
fn people(world: &World, state: &InstanceState) {
    let wrong = |said: String| world.violation(format!("I8: tasks for people of {}: {said}", state.id));
    let rows = world.memory.0.human_rows(WORKSPACE, state.id);
    let open: BTreeSet<u32> = rows.iter().filter(|row| row.ended_at.is_none()).map(|row| row.number).collect();
    let asked = state.live.keys().copied().filter(|&number| state.human_task(number).is_some()).collect();
    if open != asked {
        return wrong(format!("rows {open:?}, state {asked:?}"));
    }
    for row in rows {
        let Some(task) = state.human_task(row.number) else {
            if !row.offers.is_empty() || row.held || !["DONE", "CANCELLED"].contains(&row.status) {
                wrong(format!("one that has ended: {row:?}"));
            }
            continue;
        };
        let status = if task.assignee.is_some() { "CLAIMED" } else { "OPEN" };
        let offers: BTreeSet<Arc<str>> = row.offers.iter().cloned().collect();
        let wanted = if task.assignee.is_some() { BTreeSet::new() } else { task.offers() };
        let same = row.assignee == task.assignee && row.draft == task.draft.0.to_string() && row.due == task.due;
        if !same || row.status != status || offers != wanted || row.held != (state.status == InstanceStatus::Paused) {
            wrong(format!("{row:?}, state {task:?}"));
        }
    }
}

/// I7: the reasons of an open instance name something that is there.
pub(super) fn open_instances_have_a_live_cause(world: &World, folded: &Folded) {
    let state = &folded.state;
    if state.status.is_ended() {
        return;
    }
    let waiting = why(&folded.plan, state, world.now());
    let reasons: Vec<&Reason> = waiting.iter().flat_map(|place| &place.reasons).collect();
    let live = |reason: &&Reason| match reason {
        Reason::Timer(due) | Reason::Retry(due) | Reason::NotStarted(due) => due.is_some(),
        Reason::Incident(incident) => incident.is_some(),
        // These wait for others of the same instance, which must have a cause of their own.
        Reason::Join { .. } | Reason::Mutex { .. } | Reason::Children(_) => false,
        _ => true,
    };
    let paused = state.status == InstanceStatus::Paused;
    if !paused && state.incidents.is_empty() && !reasons.iter().any(live) {
        world.violation(format!("I7: {} waits for nothing: {waiting:?}\n{state:?}", state.id));
    }
}
