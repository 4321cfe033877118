//! The checker: holds the journal against what the onlooker saw and what everyone was told. The invariants are those of the design:
//! I1 acknowledged starts exist once · I2 events without gap, one chain · I3 at most one result per attempt, of an attempt that was
//! begun · I4 stale tokens change nothing · I5 timers once and not early · I6 messages consumed once or visible · I7 every open
//! instance has a live cause · I8 folding the journal gives the live state · I10 started = ended + open.

mod asked;
mod fold;
mod rows;
mod worked;

use super::history::History;
use super::server::{Answer, Server};
use super::world::{WORKSPACE, World};
pub(crate) use fold::Folded;
use heddle_engine::storage::Storage;
use heddle_model::ids::InstanceId;
use std::collections::BTreeMap;

/// Everything that the checker knows.
pub(crate) struct Evidence<'a> {
    pub(crate) world: &'a World,
    pub(crate) history: &'a History,
    pub(crate) instances: BTreeMap<InstanceId, Folded>,
}

/// Checks all invariants. Faults must have stopped; `server` is the one that runs.
pub(crate) async fn check(world: &World, history: &History, server: &Server) {
    // The memory storage makes nobody wait: until the server is asked, nothing else happens.
    let created = world.notes().created.clone();
    let mut evidence = Evidence { world, history, instances: BTreeMap::new() };
    for id in created {
        if let Some(folded) = examine(world, id).await {
            evidence.instances.insert(id, folded);
        }
    }
    places_have_no_gaps(&evidence).await;
    asked::starts(&evidence);
    asked::commands(&evidence);
    asked::messages(&evidence);
    worked::built_in(&evidence);
    worked::external(&evidence);
    for folded in evidence.instances.into_values() {
        is_told_as_it_is(world, folded, server).await;
    }
}

/// Checks one instance: its journal, its snapshot, and the rows beside them.
async fn examine(world: &World, id: InstanceId) -> Option<Folded> {
    let stored = world.memory.0.load(WORKSPACE, id).await.unwrap().unwrap();
    let journal = world.memory.0.journal(WORKSPACE, id, 0, u32::MAX).await.unwrap();
    match fold::fold(world, (id, world.plans[&stored.version].clone()), &journal) {
        Ok(folded) => {
            fold::same_from_snapshot(world, &folded, &stored);
            rows::rows_say_what_the_state_says(world, &folded).await;
            rows::open_instances_have_a_live_cause(world, &folded);
            Some(folded)
        }
        Err(why) => {
            world.violation(format!("{id}: {why}"));
            None
        }
    }
}

/// I8: what the engine says of an instance, from its memory or not, is what the journal says.
async fn is_told_as_it_is(world: &World, mut folded: Folded, server: &Server) {
    let id = folded.state.id;
    loop {
        match server.ask(|engine| async move { engine.load(WORKSPACE, id).await }).await {
            Answer::Done(Some(live)) if *live.state == folded.state => return,
            // It went on in the meantime.
            Answer::Done(Some(live)) if live.state.seq > folded.state.seq => match examine(world, id).await {
                Some(newer) => folded = newer,
                None => return,
            },
            other => {
                return world.violation(format!("I8: {id} at event {} is told: {}", folded.state.seq, other.word()));
            }
        }
    }
}

/// I2, across instances: places in each shard are 1..n.
async fn places_have_no_gaps(evidence: &Evidence<'_>) {
    let mut places: BTreeMap<u16, Vec<u64>> = BTreeMap::new();
    for id in evidence.instances.keys() {
        let rows = evidence.world.memory.0.journal(WORKSPACE, *id, 0, u32::MAX).await.unwrap();
        places.entry(id.shard()).or_default().extend(rows.iter().map(|row| row.pos));
    }
    for (shard, mut places) in places {
        places.sort_unstable();
        if !places.iter().copied().eq(1..=places.len() as u64) {
            evidence.world.violation(format!("I2: places of shard {shard} are {places:?}"));
        }
    }
}
