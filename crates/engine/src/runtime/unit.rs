//! A unit: the rows of one instance's part of a batch, from what was decided and the state after it.

use super::actor::Actor;
use super::lane::Lane;
use super::pending::Pending;
use super::post;
use crate::kernel::{self, codec};
use crate::storage::{JobRow, JobState, JournalRow, NodeRow, Snapshot, TallyRow, TimerRow, Unit, WAITS_FOR_PERMIT};
use heddle_model::lifecycle::NodeStatus;
use heddle_model::value::Value;
use std::sync::Arc;

impl Lane {
    pub(super) fn unit(&mut self, now: i64, pending: &mut Pending) -> Result<Unit, codec::CodecError> {
        let key = pending.key;
        let shard = key.instance.shard();
        let Some(actor) = self.actors.get_mut(&key.instance) else {
            return Err(codec::CodecError::Damaged("the instance left memory".to_owned()));
        };
        let count = pending.events.len() as u32;
        let row = codec::Row {
            executions: std::mem::take(&mut pending.executions),
            events: std::mem::take(&mut pending.events),
        };
        let leaps = actor.state.status.is_ended()
            || row
                .events
                .iter()
                .any(|event| matches!(event, kernel::Event::RolledBack { .. } | kernel::Event::InstanceRevived));
        let migrated = row.events.iter().any(|event| matches!(event, kernel::Event::InstanceMigrated(_)));
        let events = codec::encode_row(&row)?;
        let checksum = codec::checksum(actor.checksum, &events);
        actor.checksum = checksum;
        let due = actor.state.seq - actor.snapshot_seq >= self.shared.snapshot_events && !actor.state.status.is_ended();
        let snapshot = if due {
            actor.snapshot_seq = actor.state.seq;
            Some(Snapshot { seq: actor.state.seq, checksum, state: codec::encode_state(&actor.state)? })
        } else {
            None
        };
        if migrated {
            // Its row names the version: it is written whatever it says.
            actor.head = None;
        }
        let effects = &mut pending.effects;
        let ended = sort_nodes(actor, &mut effects.nodes, leaps || migrated);
        // A wider pause holds jobs though the instance goes on.
        let is_covered =
            (!effects.jobs.is_empty() || effects.hold_jobs.is_some()) && self.shared.pauses.cover(actor.state.workflow);
        let parcels = (pending.taken.as_slice(), pending.replies.as_slice());
        let (post, lines) = post::outgoing(&self.shared, actor, effects, parcels, now);
        pending.lines = lines;
        Ok(Unit {
            workspace: key.workspace,
            instance: key.instance,
            shard,
            created: pending.created.take(),
            version: migrated.then_some((actor.state.version, actor.state.version_number)),
            journal: JournalRow { first_seq: pending.first_seq, count, pos: 0, at: now, events, checksum },
            head: actor.new_head(now),
            nodes: std::mem::take(&mut effects.nodes),
            nodes_gone: ended.gone,
            tally: ended.tally,
            timers: effects
                .timers
                .iter()
                .map(|&(number, due)| TimerRow { workspace: key.workspace, instance: key.instance, number, shard, due })
                .collect(),
            timers_gone: std::mem::take(&mut effects.timers_gone),
            jobs: effects.jobs.iter().map(|job| job_row(actor, job, (now, is_covered))).collect(),
            jobs_gone: effects.jobs_gone.iter().map(|&number| key.instance.job(number)).collect(),
            hold_jobs: effects.hold_jobs.map(|hold| hold || is_covered),
            incidents: std::mem::take(&mut effects.incidents),
            search: search(actor, &effects.variables),
            snapshot,
            idempotency: pending.idempotency.take(),
            logs: std::mem::take(&mut effects.logs),
            post,
            people: Some(std::mem::take(&mut effects.people)).filter(|people| !people.is_empty()).map(Box::new),
        })
    }
}

/// What an execution that ended is, apart from the journal: one less that waits, and one more in the tally.
struct Ended {
    gone: Vec<u32>,
    tally: Vec<TallyRow>,
}

/// Sorts executions into those that wait and those that have ended.
fn sort_nodes(actor: &mut Actor, nodes: &mut Vec<NodeRow>, leaps: bool) -> Ended {
    let (mut gone, mut tally) = (Vec::new(), Vec::new());
    let Actor { state, waiting, .. } = actor;
    let lives = |number: &u32| state.live.contains_key(number) || state.suspended.contains_key(number);
    nodes.retain(|row| {
        if row.ended_at.is_none() && lives(&row.number) {
            waiting.insert(row.number);
            return true;
        }
        if waiting.remove(&row.number) {
            gone.push(row.number);
        }
        let completed = row.status == NodeStatus::Completed.as_str();
        if !state.test && (completed || row.status == NodeStatus::Failed.as_str()) {
            // One whose ways on could not be told failed, and has no time of its own.
            let ended_at = row.ended_at.unwrap_or(state.updated_at);
            let took_ms = (ended_at - row.started_at).max(0);
            tally.push(TallyRow { workflow: state.workflow, node: row.node.clone(), completed, took_ms });
        }
        false
    });
    if leaps {
        // Executions that are no more have ended without an event of their own.
        gone.extend(waiting.extract_if(.., |number| !lives(number)));
    }
    Ended { gone, tally }
}

fn job_row(actor: &Actor, job: &kernel::Dispatch, (now, is_covered): (i64, bool)) -> JobRow {
    let state = &actor.state;
    JobRow {
        id: state.id.job(job.number),
        workspace: state.workspace,
        instance: state.id,
        number: job.number,
        node: job.name.clone(),
        job_type: job.action.clone(),
        priority: job.priority,
        input: job.input.0.to_string(),
        key: job.key(state.id),
        state: JobState::Ready,
        // Attempts are counted when the job is given out.
        attempt: job.attempt - 1,
        token: 0,
        worker: None,
        lease_until: None,
        not_before: if job.concurrency.is_some() { WAITS_FOR_PERMIT } else { now },
        created_at: now,
        held: is_covered || state.holds_job(job.number),
    }
}

/// Values of the variables that lists can be filtered by, where this commit wrote them.
fn search(actor: &Actor, written: &[Arc<str>]) -> Vec<(Arc<str>, String)> {
    let wanted = actor.plan.search.iter().filter(|name| written.contains(name));
    wanted
        .map(|name| {
            (name.clone(), actor.state.variables.get(name).map_or(Value::Null.to_string(), |value| value.0.to_string()))
        })
        .collect()
}

/// Whether a value takes more than so many bytes as JSON, without writing it out.
pub(super) fn is_larger_than(value: &Value, limit: usize) -> bool {
    fn weigh(value: &Value, left: &mut usize) -> bool {
        let own = match value {
            Value::String(text) => text.len() + 2,
            Value::Object(entries) => entries.keys().map(|key| key.len() + 4).sum(),
            _ => 4,
        };
        let Some(rest) = left.checked_sub(own) else { return true };
        *left = rest;
        match value {
            Value::Array(items) => items.iter().any(|item| weigh(item, left)),
            Value::Object(entries) => entries.values().any(|item| weigh(item, left)),
            _ => false,
        }
    }
    weigh(value, &mut { limit })
}
