//! With faults: nothing acknowledged is lost, nothing happens twice, nobody else suffers.

use super::support::{Fault, Faulty, SEQUENCE, WORKSPACE, engine, start, storage, wish};
use heddle_engine::kernel::Command;
use heddle_engine::runtime::{Engine, EngineError};
use heddle_engine::storage::{IncidentRow, QUARANTINE, Storage};
use heddle_model::ids::InstanceId;
use heddle_model::lifecycle::InstanceStatus;
use heddle_model::value::json;
use std::sync::atomic::Ordering;
use std::time::Duration;

#[tokio::test]
async fn g2_transient_and_unknown_commits_end_exactly_once() {
    for faults in [
        vec![Fault::Transient; 3],
        vec![Fault::UnknownWritten; 3],
        vec![Fault::UnknownLost; 3],
        vec![Fault::UnknownLost, Fault::UnknownWritten, Fault::Transient],
    ] {
        let storage = storage(SEQUENCE);
        let engine = engine(&storage).await;
        storage.around.faults.lock().unwrap().clone_from(&faults);
        let results = engine.start_instances((0..20).map(|_| start(&engine, json!({}), 20_000)).collect()).await;
        for started in results {
            let started = started.unwrap();
            assert_eq!(started.state.status, InstanceStatus::Completed, "{faults:?}");
            let events = engine.events(WORKSPACE, started.instance, 0, 1_000).await.unwrap();
            assert_eq!(events.iter().filter(|event| event.type_name() == "node.completed").count(), 4);
            assert!(events.windows(2).all(|pair| pair[0].seq + 1 == pair[1].seq));
        }
        engine.shutdown().await;
    }
}

#[tokio::test]
async fn a_unit_that_the_database_refuses_hurts_only_its_own_instance() {
    let storage = storage(SEQUENCE);
    let engine = engine(&storage).await;
    let requests: Vec<_> = (0..64).map(|_| start(&engine, json!({}), 20_000)).collect();
    let victim = requests[17].instance;
    *storage.around.poison.lock().unwrap() = Some(victim);
    let results = engine.start_instances(requests).await;
    for (ix, result) in results.into_iter().enumerate() {
        match result {
            Ok(started) => assert_eq!(started.state.status, InstanceStatus::Completed),
            Err(why) => assert!(ix == 17 && matches!(why, EngineError::Internal(_)), "{ix}: {why}"),
        }
    }
    assert!(engine.load(WORKSPACE, victim).await.unwrap().is_none(), "nothing of it was stored");
    engine.shutdown().await;
}

#[tokio::test]
async fn g11_positions_in_a_shard_have_no_gaps_after_a_refused_unit() {
    let storage = storage(SEQUENCE);
    let engine = engine(&storage).await;
    let requests: Vec<_> = (0..200).map(|_| start(&engine, json!({}), 20_000)).collect();
    let ids: Vec<_> = requests.iter().map(|request| request.instance).collect();
    *storage.around.poison.lock().unwrap() = Some(ids[100]);
    let _ = engine.start_instances(requests).await;
    let mut positions: Vec<(u16, u64)> = Vec::new();
    for id in ids {
        positions
            .extend(storage.journal(WORKSPACE, id, 0, 100).await.unwrap().into_iter().map(|row| (id.shard(), row.pos)));
    }
    positions.sort_unstable();
    assert!(positions.windows(2).all(|pair| pair[0].0 != pair[1].0 || pair[0].1 + 1 == pair[1].1));
    assert!(positions.iter().enumerate().all(|(ix, &(shard, pos))| ix > 0 && positions[ix - 1].0 == shard || pos == 1));
    engine.shutdown().await;
}

#[tokio::test]
async fn what_ran_when_the_server_died_runs_again_and_the_old_server_writes_nothing() {
    let yaml = SEQUENCE.replace("config: { value: 1 }", "config: { value: '${how}' }");
    let storage = storage(&yaml);
    let old = engine(&storage).await;
    let started = old.start_instances(vec![start(&old, json!({ "how": "hang" }), 0)]).await.remove(0).unwrap();
    // The old one is not stopped: it is frozen in time, as far as the new one knows.
    let new = engine(&storage).await;
    let patch = json!({ "how": 1 }).as_object().unwrap().clone();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    loop {
        let loaded = new.load(WORKSPACE, started.instance).await.unwrap().unwrap();
        if loaded.state.live.values().any(|execution| execution.attempt == 2) {
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "the lost attempt was not begun again");
        tokio::task::yield_now().await;
    }
    let refused = old.command(WORKSPACE, started.instance, wish(Command::Terminate { reason: "zombie".into() })).await;
    assert!(matches!(refused, Err(EngineError::Unavailable(_))), "{refused:?}");
    new.command(WORKSPACE, started.instance, wish(Command::SetVariables { patch })).await.unwrap();
    new.command(WORKSPACE, started.instance, wish(Command::Complete { node: "one".into(), output: json!(1) }))
        .await
        .unwrap();
    let ended = new.wait_end(WORKSPACE, started.instance, Duration::from_secs(10)).await.unwrap().unwrap();
    assert_eq!(ended.state.status, InstanceStatus::Completed);
    let events = new.events(WORKSPACE, started.instance, 0, 1_000).await.unwrap();
    assert!(events.iter().all(|event| event.type_name() != "instance.terminated"));
    assert_eq!(events.iter().filter(|event| event.type_name() == "node.attempt_lost").count(), 1);
    new.shutdown().await;
}

#[tokio::test]
async fn a_snapshot_and_the_rows_after_it_give_the_same_state() {
    let yaml = "
name: loop
nodes:
  - { id: start, type: start }
  - { id: count, type: echo, join: any, config: { value: '${n + 1}' }, output: { n: '${output}' } }
  - { id: again, type: decision }
  - { id: wait, type: task, action: pack }
  - { id: done, type: end }
edges:
  - { from: start, to: count }
  - { from: count, to: again }
  - { from: again, to: count, condition: '${n < 300}' }
  - { from: again, to: wait, default: true }
  - { from: wait, to: done }
";
    let storage = storage(yaml);
    let engine = engine(&storage).await;
    let started = engine.start_instances(vec![start(&engine, json!({ "n": 0 }), 0)]).await.remove(0).unwrap();
    let jobs = engine
        .activate_jobs(
            WORKSPACE,
            heddle_engine::runtime::JobWish {
                types: vec!["pack".into()],
                worker: "w".into(),
                max: 1,
                lease_ms: 30_000,
                wait: Duration::from_secs(30),
            },
        )
        .await
        .unwrap();
    assert_eq!(jobs.len(), 1);
    let live = engine.load(WORKSPACE, started.instance).await.unwrap().unwrap();
    let stored = storage.load(WORKSPACE, started.instance).await.unwrap().unwrap();
    assert!(
        stored.snapshot.is_some() && stored.journal.len() < 300,
        "{} rows after the snapshot",
        stored.journal.len()
    );
    engine.shutdown().await;
    let again = super::support::engine(&storage).await;
    let folded = again.load(WORKSPACE, started.instance).await.unwrap().unwrap();
    assert_eq!(*folded.state, *live.state);
    again.shutdown().await;
}

/// Waits until the incident of an instance's quarantine is open, or closed.
async fn quarantine(storage: &Faulty, instance: InstanceId, open: bool) -> IncidentRow {
    let looked = async {
        loop {
            let rows = storage.memory.incident_rows(instance);
            if let Some(row) = rows.into_iter().find(|row| row.number == QUARANTINE)
                && row.resolved_at.is_none() == open
            {
                return row;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), looked).await.expect("the incident is as it should be in time")
}

const SAYS: &str = "
name: says
nodes:
  - { id: start, type: start }
  - { id: say, type: echo, config: { value: '${word}d!' } }
  - { id: done, type: end }
edges: [{ from: start, to: say }, { from: say, to: done }]
";

#[tokio::test]
async fn what_the_database_never_takes_puts_its_instance_into_quarantine_until_a_person_mends_it() {
    let storage = storage(SAYS);
    *storage.around.untakable.lock().unwrap() = Some("bad!");
    let engine = engine(&storage).await;
    let words = ["good", "ba", "good", "good"];
    let starts = words.map(|word| start(&engine, json!({ "word": word }), 20_000));
    let bad = starts[1].instance;
    let answers = engine.start_instances(starts.into()).await;
    for (word, answer) in words.iter().zip(answers) {
        match answer {
            Ok(started) => assert_eq!((*word, started.state.status), ("good", InstanceStatus::Completed)),
            Err(why) => {
                assert!(
                    *word == "ba" && matches!(&why, EngineError::Refused(what) if what.contains("no column")),
                    "{why}"
                );
            }
        }
    }
    let incident = quarantine(&storage, bad, true).await;
    assert_eq!((incident.kind, incident.code.as_str()), ("quarantined", "REFUSED"));
    assert!(incident.message.contains("a value that no column takes"), "{}", incident.message);
    // Nothing is tried again by itself.
    let commits = storage.around.commits.load(Ordering::SeqCst);
    let others = engine.start_instances(vec![start(&engine, json!({ "word": "good" }), 20_000)]).await;
    assert_eq!(others[0].as_ref().unwrap().state.status, InstanceStatus::Completed);
    assert!(storage.around.commits.load(Ordering::SeqCst) <= commits + 4);
    // What a person changes may be what the database takes: it goes on with what was lost.
    let patch = [("word".to_owned(), json!("better"))].into_iter().collect();
    engine.command(WORKSPACE, bad, wish(Command::SetVariables { patch })).await.unwrap();
    quarantine(&storage, bad, false).await;
    quarantine_free(&engine, bad).await;
}

/// Waits until it has ended well.
async fn quarantine_free(engine: &Engine, id: InstanceId) {
    let ended = engine.wait_end(WORKSPACE, id, Duration::from_secs(20)).await.unwrap().unwrap();
    assert_eq!(ended.state.status, InstanceStatus::Completed, "{:?}", ended.state.live);
}

#[tokio::test]
async fn a_quarantine_that_nothing_has_mended_begins_anew_and_one_can_be_asked_to_go_on() {
    let storage = storage(SAYS);
    *storage.around.untakable.lock().unwrap() = Some("bad!");
    let first = engine(&storage).await;
    let request = start(&first, json!({ "word": "ba" }), 0);
    let bad = request.instance;
    first.start_instances(vec![request]).await;
    quarantine(&storage, bad, true).await;
    first.command(WORKSPACE, bad, wish(Command::Recover)).await.unwrap();
    quarantine(&storage, bad, true).await;
    first.shutdown().await;
    // The next server tries once, and says so.
    let second = engine(&storage).await;
    quarantine(&storage, bad, true).await;
    *storage.around.untakable.lock().unwrap() = None;
    let looked = async {
        while second.command(WORKSPACE, bad, wish(Command::Recover)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), looked).await.expect("it may be asked to go on");
    quarantine_free(&second, bad).await;
    quarantine(&storage, bad, false).await;
    second.shutdown().await;
}

#[tokio::test]
async fn a_start_that_the_database_never_takes_is_refused_and_leaves_nothing() {
    let storage = storage(SAYS);
    *storage.around.untakable.lock().unwrap() = Some("bad!");
    let engine = engine(&storage).await;
    let request = start(&engine, json!({ "word": "bad!" }), 0);
    let id = request.instance;
    let answer = engine.start_instances(vec![request]).await.remove(0);
    assert!(matches!(answer, Err(EngineError::Refused(_))), "{answer:?}");
    assert!(engine.load(WORKSPACE, id).await.unwrap().is_none());
}

#[tokio::test]
async fn a_call_that_the_database_never_takes_fails_at_its_caller() {
    let storage = storage(
        "
name: calls
nodes:
  - { id: start, type: start }
  - { id: call, type: call, config: { workflow: says, input: { word: '${word}d!' } }, on_error: incident }
  - { id: done, type: end }
edges: [{ from: start, to: call }, { from: call, to: done }]
",
    );
    super::support::define(&storage, 77, SAYS);
    let engine = engine(&storage).await;
    // The caller's own rows hold it too: only what is made by the call is refused.
    *storage.around.made_untakable.lock().unwrap() = Some("bad!");
    let caller = engine.start_instances(vec![start(&engine, json!({ "word": "ba" }), 0)]).await.remove(0).unwrap();
    let failed = super::post::until(&engine, caller.instance, |state| !state.incidents.is_empty()).await;
    assert_eq!(failed.incidents.values().next().unwrap().code, "NOT_STORABLE");
    assert_eq!(storage.memory.parcels(), [], "nothing is looked at again");
}
