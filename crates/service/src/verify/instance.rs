//! One instance: its journal from the first row to the last, folded, against its snapshot, its row and its jobs.

use super::{Plans, unreadable};
use crate::error::Result;
use heddle_engine::kernel::{Active, InstanceState, Replay, codec};
use heddle_engine::storage::{JournalRow, Snapshot, Storage};
use heddle_model::ids::{InstanceId, VersionId};
use heddle_store::query::InstanceRow;

/// Journal rows read at once.
const ROWS: u32 = 1_000;
/// How often an instance that goes on meanwhile is followed before it is left for another time.
const TRIES: usize = 5;

/// What was seen of an instance.
#[derive(Debug, Default)]
pub(super) struct Look {
    /// Its events.
    pub(super) events: u64,
    /// The first thing that does not fit.
    pub(super) problem: Option<String>,
}

/// Reads one instance.
pub(super) async fn verify(plans: &Plans<'_>, id: InstanceId) -> Result<Look> {
    let mut walk = Walk::new(id);
    let mut problem = follow(plans, &mut walk).await?.err();
    if problem.is_some() && plans.store.instances_by_ids(plans.workspace, &[id]).await?.is_empty() {
        // Retention took it while it was read: its history went a part at a time.
        problem = None;
    }
    Ok(Look { events: walk.seq, problem })
}

/// The inner error is what does not fit.
async fn follow(plans: &Plans<'_>, walk: &mut Walk) -> Result<std::result::Result<(), String>> {
    let (store, workspace) = (plans.store, plans.workspace);
    for time in 0..TRIES {
        let snapshot = store.load(workspace, walk.id).await.map_err(unreadable)?.and_then(|stored| stored.snapshot);
        loop {
            let rows = store.journal(workspace, walk.id, walk.seq, ROWS).await.map_err(unreadable)?;
            for row in &rows {
                let decoded = match walk.chain(row) {
                    Ok(decoded) => decoded,
                    Err(why) => return Ok(Err(why)),
                };
                let known = walk.replay.as_ref().map(|replay| replay.state.version);
                let versions: Vec<VersionId> = known.into_iter().chain(decoded.versions()).collect();
                let set = match plans.set(versions.into_iter()).await? {
                    Ok(set) => set,
                    Err(why) => return Ok(Err(format!("event {}: {why}", row.first_seq))),
                };
                if let Err(why) = walk.fold(&set, workspace, row, &decoded) {
                    return Ok(Err(why));
                }
                if let Err(why) = walk.same_as(snapshot.as_ref()) {
                    return Ok(Err(why));
                }
            }
            if rows.len() < ROWS as usize {
                break;
            }
        }
        if let Some(snapshot) = snapshot.filter(|snapshot| time == 0 && walk.compared != Some(snapshot.seq)) {
            return Ok(Err(format!(
                "event {}: there is a snapshot of it, and no journal row that ends with it",
                snapshot.seq
            )));
        }
        // The row is read after the journal: an instance that has gone on meanwhile is followed.
        let row = store.instances_by_ids(workspace, &[walk.id]).await?.pop();
        let Some(row) = row else { return Ok(Ok(())) };
        if !is_last(plans, walk.id, walk.seq).await? {
            continue;
        }
        let Some(replay) = &walk.replay else { return Ok(Err("it has no journal".to_owned())) };
        if let Err(why) = same_row(&replay.state, &row) {
            return Ok(Err(why));
        }
        return jobs(plans, &replay.state).await;
    }
    Ok(Ok(()))
}

/// Whether nothing follows this event.
async fn is_last(plans: &Plans<'_>, id: InstanceId, seq: u64) -> Result<bool> {
    Ok(plans.store.journal(plans.workspace, id, seq, 1).await.map_err(unreadable)?.is_empty())
}

/// Every job that the state offers is in the queue, unless the instance has moved on.
async fn jobs(plans: &Plans<'_>, state: &InstanceState) -> Result<std::result::Result<(), String>> {
    if state.status.is_ended() || !state.held.is_empty() {
        return Ok(Ok(()));
    }
    for (&number, _) in state.live.iter().filter(|(_, execution)| execution.active == Active::Job) {
        let job = plans.store.job(plans.workspace, state.id.job(number)).await.map_err(unreadable)?;
        if job.is_none() && is_last(plans, state.id, state.seq).await? {
            return Ok(Err(format!("event {}: the job of execution {number} is not in the queue", state.seq)));
        }
    }
    Ok(Ok(()))
}

/// What lists are made of is always up to date; progress may lie behind the journal for a while, and says at which event it was.
fn same_row(state: &InstanceState, row: &InstanceRow) -> std::result::Result<(), String> {
    let quarantined = u32::from(row.incidents == state.incidents.len() as u32 + 1);
    let said = (row.status.as_str(), row.phase.as_str(), row.incidents - quarantined, (row.started_at, row.ended_at));
    let folded =
        (state.status.as_str(), state.phase.as_str(), state.incidents.len() as u32, (state.started_at, state.ended_at));
    let differs = |said: &dyn std::fmt::Debug, folded: &dyn std::fmt::Debug| {
        Err(format!("event {}: its row says {said:?}, its journal {folded:?}", state.seq))
    };
    if said != folded {
        return differs(&said, &folded);
    }
    if row.seq > state.seq || (state.status.is_ended() && row.seq != state.seq) {
        return differs(&row.seq, &state.seq);
    }
    let said = (row.version, row.version_number, row.nodes_ended, row.updated_at);
    let folded = (state.version, state.version_number, state.completed, state.updated_at);
    if row.seq == state.seq && said != folded { differs(&said, &folded) } else { Ok(()) }
}

/// Where a walk along a journal stands.
struct Walk {
    id: InstanceId,
    seq: u64,
    checksum: u32,
    replay: Option<Replay>,
    /// The snapshot's event, once its state has been found to be what the journal gives.
    compared: Option<u64>,
}

impl Walk {
    fn new(id: InstanceId) -> Self {
        Self { id, seq: 0, checksum: 0, replay: None, compared: None }
    }

    /// The next row: its number, its checksum over those before it, its form.
    fn chain(&mut self, row: &JournalRow) -> std::result::Result<codec::Row, String> {
        if row.first_seq != self.seq + 1 {
            return Err(format!("event {} is missing", self.seq + 1));
        }
        self.checksum = codec::checksum(self.checksum, &row.events);
        if self.checksum != row.checksum {
            return Err(format!("event {}: the checksum does not match", row.first_seq));
        }
        let decoded = codec::decode_row(&row.events)
            .map_err(|error| format!("event {}: it cannot be read: {error}", row.first_seq))?;
        if decoded.events.len() as u64 != u64::from(row.count) {
            return Err(format!(
                "event {}: its row holds {} events and says {}",
                row.first_seq,
                decoded.events.len(),
                row.count
            ));
        }
        Ok(decoded)
    }

    fn fold(
        &mut self,
        plans: &heddle_engine::kernel::PlanSet,
        workspace: heddle_model::ids::WorkspaceId,
        row: &JournalRow,
        decoded: &codec::Row,
    ) -> std::result::Result<(), String> {
        let broken = |seq: u64, why: &dyn std::fmt::Display| format!("event {seq}: it does not follow: {why}");
        let mut events = decoded.events.iter();
        if self.replay.is_none() {
            let Some(first) = events.next() else { return Err("event 1 is missing".to_owned()) };
            let begun = Replay::create(plans, (workspace, self.id), (row.at, first));
            self.replay = Some(begun.map_err(|why| broken(1, &why))?);
        }
        let Some(replay) = &mut self.replay else { return Ok(()) };
        for event in events {
            let seq = replay.state.seq + 1;
            replay.apply(plans, event, row.at).map_err(|why| broken(seq, &why))?;
        }
        self.seq += u64::from(row.count);
        if replay.state.seq != self.seq {
            return Err(format!(
                "event {}: its row ends at {}, its events at {}",
                row.first_seq, self.seq, replay.state.seq
            ));
        }
        Ok(())
    }

    /// The snapshot is the state at its event.
    fn same_as(&mut self, snapshot: Option<&Snapshot>) -> std::result::Result<(), String> {
        let Some(snapshot) = snapshot.filter(|snapshot| snapshot.seq == self.seq) else { return Ok(()) };
        if snapshot.checksum != self.checksum {
            return Err(format!("event {}: its snapshot has another checksum", self.seq));
        }
        let state = codec::decode_state(&snapshot.state)
            .map_err(|error| format!("event {}: its snapshot cannot be read: {error}", self.seq))?;
        match &self.replay {
            Some(replay) if replay.state == state => {
                self.compared = Some(self.seq);
                Ok(())
            }
            _ => Err(format!("event {}: its snapshot is not what its journal gives", self.seq)),
        }
    }
}
