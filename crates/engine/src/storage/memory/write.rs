//! What a commit may write in memory, and what it writes.

use super::{Data, Instance};
use crate::kernel::IncidentKind;
use crate::storage::{Batch, CommitError, IncidentRow, QUARANTINE, Quarantine, Unit};
use std::collections::{BTreeMap, BTreeSet};

impl Data {
    pub(super) fn check(&self, unit: &Unit) -> Result<(), CommitError> {
        let conflict = |what: String| Err(CommitError::Conflict(what));
        match (&unit.created, self.instances.get(&unit.instance)) {
            (Some(_), Some(_)) => return conflict(format!("instance {} exists", unit.instance)),
            (None, None) => return conflict(format!("instance {} does not exist", unit.instance)),
            (Some(_), None) if unit.head.is_none() => return conflict("an instance begins with a hot row".to_owned()),
            (None, Some(instance)) if instance.last_event() + 1 != unit.journal.first_seq => {
                return conflict(format!("event {} of {} is taken", unit.journal.first_seq, unit.instance));
            }
            _ => {}
        }
        if let Some(created) = unit.created.as_ref().filter(|created| created.unique_business_key) {
            let taken = self.instances.values().any(|it| {
                it.workspace == unit.workspace
                    && it.created.unique_business_key
                    && it.created.workflow == created.workflow
                    && it.created.business_key == created.business_key
                    && it.head.ended_at.is_none()
            });
            if taken {
                return conflict("the business key is taken by an open instance".to_owned());
            }
        }
        let claimed =
            unit.idempotency.as_ref().is_some_and(|key| self.keys.contains_key(&(unit.workspace, key.key.clone())));
        if claimed {
            return conflict("the idempotency key is taken".to_owned());
        }
        unit.post.as_deref().map_or(Ok(()), |post| self.office.check(post))
    }

    pub(super) fn write(&mut self, unit: &Unit) {
        self.write_post(unit);
        let position = self.positions.entry(unit.shard).or_default();
        *position = (*position).max(unit.journal.pos);
        if let Some((created, head)) = unit.created.as_ref().zip(unit.head.as_ref()) {
            self.instances.insert(
                unit.instance,
                Instance {
                    workspace: unit.workspace,
                    shard: unit.shard,
                    created: created.clone(),
                    head: head.clone(),
                    journal: Vec::new(),
                    snapshot: None,
                    nodes: BTreeMap::new(),
                    incidents: BTreeMap::new(),
                    people: BTreeMap::new(),
                    search: BTreeMap::new(),
                    logs: Vec::new(),
                },
            );
        }
        let Some(instance) = self.instances.get_mut(&unit.instance) else { return };
        if let Some(head) = &unit.head {
            instance.head = head.clone();
        }
        if let Some((version, number)) = unit.version {
            (instance.created.version, instance.created.version_number) = (version, number);
        }
        instance.journal.push(unit.journal.clone());
        unit.nodes_gone.iter().for_each(|number| drop(instance.nodes.remove(number)));
        instance.nodes.extend(unit.nodes.iter().map(|row| (row.number, row.clone())));
        for row in &unit.tally {
            let key = (unit.workspace, row.workflow, row.node.clone());
            let (completed, failed, took_ms) = self.tallies.entry(key).or_default();
            if row.completed {
                (*completed, *took_ms) = (*completed + 1, *took_ms + row.took_ms);
            } else {
                *failed += 1;
            }
        }
        instance.incidents.extend(unit.incidents.iter().map(|row| (row.number, row.clone())));
        if let Some(people) = &unit.people {
            instance.people.extend(people.asked.iter().map(|row| (row.number, row.clone())));
            for end in &people.ended {
                if let Some(row) = instance.people.get_mut(&end.number).filter(|row| row.ended_at.is_none()) {
                    (row.status, row.ended_at, row.updated_at) = (end.status, Some(end.at), end.at);
                    (row.held, row.output) = (false, end.output.clone());
                    row.offers.clear();
                }
            }
        }
        instance.search.extend(unit.search.iter().cloned());
        instance.logs.extend(unit.logs.iter().cloned());
        if let Some(snapshot) = &unit.snapshot {
            instance.snapshot = Some(snapshot.clone());
        }
        unit.timers_gone.iter().for_each(|&number| {
            self.timers.remove(&(unit.instance, number));
        });
        self.timers.extend(unit.timers.iter().map(|row| ((row.instance, row.number), row.clone())));
        unit.jobs_gone.iter().for_each(|job| {
            self.jobs.remove(job);
        });
        self.jobs.extend(unit.jobs.iter().map(|row| (row.id, row.clone())));
        if let Some(hold) = unit.hold_jobs {
            self.jobs.values_mut().filter(|row| row.instance == unit.instance).for_each(|row| row.held = hold);
        }
        if let Some(key) = &unit.idempotency {
            self.keys.insert((unit.workspace, key.key.clone()), key.clone());
        }
    }
}

/// What a database's unique indexes say about rows of one and the same batch.
pub(super) fn clashes_within(batch: &Batch) -> Result<(), CommitError> {
    let (mut keys, mut business_keys) = (BTreeSet::new(), BTreeSet::new());
    for unit in &batch.units {
        let key_taken = unit.idempotency.as_ref().is_some_and(|row| !keys.insert((unit.workspace, row.key.as_str())));
        let is_open = unit.head.as_ref().is_some_and(|head| head.ended_at.is_none());
        let unique = unit.created.as_ref().filter(|created| created.unique_business_key && is_open);
        let name_taken = unique.is_some_and(|created| {
            !business_keys.insert((unit.workspace, created.workflow, created.business_key.as_deref()))
        });
        if key_taken || name_taken {
            return Err(CommitError::Conflict("a key is claimed twice in one batch".to_owned()));
        }
    }
    Ok(())
}

impl Instance {
    /// Opens the incident of a quarantine, unless it is open.
    pub(super) fn quarantine(&mut self, cause: Quarantine, why: &str, now: i64) {
        if self.incidents.get(&QUARANTINE).is_some_and(|row| row.resolved_at.is_none()) {
            return;
        }
        let row = IncidentRow {
            number: QUARANTINE,
            kind: IncidentKind::Quarantined.as_str(),
            node: None,
            code: cause.code().to_owned(),
            message: why.to_owned(),
            opened_at: now,
            resolved_at: None,
        };
        self.incidents.insert(QUARANTINE, row);
        self.count_incidents();
    }

    /// Closes it.
    pub(super) fn end_quarantine(&mut self, now: i64) {
        if let Some(row) = self.incidents.get_mut(&QUARANTINE).filter(|row| row.resolved_at.is_none()) {
            row.resolved_at = Some(now);
            self.count_incidents();
        }
    }

    fn count_incidents(&mut self) {
        let open = self.incidents.values().filter(|row| row.resolved_at.is_none()).count();
        self.head.incidents = open as u32;
    }
}
