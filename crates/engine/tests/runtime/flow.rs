//! Without faults.

use super::support::{SEQUENCE, WORKSPACE, engine, engine_with, start, storage, wish};
use heddle_engine::kernel::Command;
use heddle_engine::runtime::{CommandRequest, EngineConfig, EngineError, JobWish, StartRequest};
use heddle_engine::scheduler::{AdmissionLimits, Limits};
use heddle_engine::storage::IdempotencyRow;
use heddle_model::ids::WorkspaceId;
use heddle_model::lifecycle::InstanceStatus;
use heddle_model::value::json;
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

const JOB: &str = "
name: job
nodes:
  - { id: start, type: start }
  - { id: pack, type: task, action: pack }
  - { id: done, type: end }
edges:
  - { from: start, to: pack }
  - { from: pack, to: done }
";

fn jobs(wait_ms: u64) -> JobWish {
    JobWish {
        types: vec!["pack".into()],
        worker: "w1".into(),
        max: 10,
        lease_ms: 30_000,
        wait: Duration::from_millis(wait_ms),
    }
}

#[tokio::test]
async fn a_batch_of_starts_shares_commits_and_ends() {
    let storage = storage(SEQUENCE);
    let engine = engine(&storage).await;
    let requests = (0..500).map(|_| start(&engine, json!({}), 30_000)).collect();
    let results = engine.start_instances(requests).await;
    for started in &results {
        let state = &started.as_ref().unwrap().state;
        assert_eq!(state.status, InstanceStatus::Completed);
        assert_eq!(*state.output.as_ref().unwrap().0, json!({ "last": 2 }));
    }
    assert!(
        storage.around.commits.load(Ordering::SeqCst) < 200,
        "1,500 transitions took {} commits",
        storage.around.commits.load(Ordering::SeqCst)
    );
    assert!(storage.around.largest.load(Ordering::SeqCst) > 50);
    let instance = results[0].as_ref().unwrap().instance;
    let events = engine.events(WORKSPACE, instance, 0, 1_000).await.unwrap();
    assert!(events.iter().enumerate().all(|(ix, event)| event.seq == ix as u64 + 1), "numbers have no gaps");
    assert_eq!(events.iter().filter(|event| event.type_name() == "node.completed").count(), 4);
    engine.shutdown().await;
}

#[tokio::test]
async fn a_batch_never_fails_for_its_own_size() {
    let storage = storage(JOB);
    let admission = AdmissionLimits { requests: 8, ..AdmissionLimits::default() };
    let engine = engine_with(&storage, EngineConfig { admission, ..EngineConfig::default() }).await;
    // One that cannot start is answered at once and gives its place to the next.
    let mut taken = start(&engine, json!({}), 0);
    (taken.business_key, taken.unique_business_key) = (Some("k".into()), true);
    let again = StartRequest { instance: engine.new_instance_id(), ..taken.clone() };
    let mut requests: Vec<_> = (0..200).map(|_| start(&engine, json!({}), 0)).collect();
    requests.splice(100..100, [taken, again]);
    let answers = engine.start_instances(requests).await;
    let refused: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
    assert!(matches!(refused[..], [EngineError::Conflict(_)]), "{refused:?}");
    // Two batches at a time share what there is; the one that finds nothing of its own under way may be refused.
    let batch = || engine.start_instances((0..50).map(|_| start(&engine, json!({}), 0)).collect());
    let (one, two) = tokio::join!(batch(), batch());
    let let_in = |answers: Vec<Result<_, EngineError>>| answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(let_in(one).max(let_in(two)), 50);
    assert_eq!(engine.queue_depth(), 0, "every place was given back");
    engine.shutdown().await;
}

#[tokio::test]
async fn a_hot_row_is_written_when_lists_need_it_and_catches_up_within_a_second() {
    let hangs = SEQUENCE.replace("'${nodes.one.output + 1}'", "hang");
    let storage = storage(&hangs);
    let engine = engine(&storage).await;
    let started = engine.start_instances(vec![start(&engine, json!({}), 0)]).await.remove(0).unwrap();
    let id = started.instance;
    // It runs all the time: no status, incident or time that a list knows changes.
    let hanging = super::post::until(&engine, id, |state| state.nodes.len() == 3).await;
    assert!(storage.memory.head(id).unwrap().seq < hanging.seq, "a step costs its journal row alone");
    let caught_up = async {
        while storage.memory.head(id).unwrap().seq < hanging.seq {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), caught_up).await.expect("nothing else is committed meanwhile");
    let head = storage.memory.head(id).unwrap();
    assert_eq!((head.nodes_ended, head.status), (hanging.completed, "RUNNING"));
    engine.command(WORKSPACE, id, wish(Command::Pause { freeze: true })).await.unwrap();
    assert_eq!(storage.memory.head(id).unwrap().status, "PAUSED", "what lists show changes with its commit");
}

#[tokio::test]
async fn only_what_waits_has_a_row_and_what_ended_is_counted() {
    let storage = storage(JOB);
    let engine = engine(&storage).await;
    let (one, test) = (start(&engine, json!({}), 0), StartRequest { test: true, ..start(&engine, json!({}), 0) });
    let (id, workflow) = (one.instance, one.workflow);
    engine.start_instances(vec![one, test]).await.into_iter().for_each(|started| drop(started.unwrap()));
    let rows = storage.memory.node_rows(id);
    assert_eq!(rows.iter().map(|row| (&*row.node, row.reason)).collect::<Vec<_>>(), [("pack", "job")]);
    let pack = || Command::Complete { node: "pack".into(), output: json!({ "boxes": 2 }) };
    engine.command(WORKSPACE, id, wish(pack())).await.unwrap();
    assert!(storage.memory.node_rows(id).is_empty());
    let tally: Vec<_> =
        storage.memory.tally(WORKSPACE, workflow).into_iter().map(|(node, it)| (node, it.0, it.1)).collect();
    assert_eq!(tally, [("done".into(), 1, 0), ("pack".into(), 1, 0), ("start".into(), 1, 0)], "no test run among them");
    let executed = engine.executions(WORKSPACE, id).await.unwrap();
    let said: Vec<_> = executed.iter().map(|row| (&*row.node, row.status, row.output.as_deref())).collect();
    assert_eq!(said[1], ("pack", "COMPLETED", Some("{\"boxes\":2}")), "the journal has it all: {said:?}");
}

#[tokio::test]
async fn another_workspace_sees_nothing() {
    let storage = storage(SEQUENCE);
    let engine = engine(&storage).await;
    let started = engine.start_instances(vec![start(&engine, json!({}), 0)]).await.remove(0).unwrap();
    let other = WorkspaceId::from_u128(77);
    assert!(engine.load(other, started.instance).await.unwrap().is_none());
    assert!(engine.events(other, started.instance, 0, 10).await.unwrap().is_empty());
    let refused = engine.command(other, started.instance, wish(Command::Pause { freeze: true })).await;
    assert!(matches!(refused, Err(EngineError::NotFound)), "{refused:?}");
    engine.shutdown().await;
}

#[tokio::test]
async fn a_job_is_given_out_answered_once_and_the_second_answer_is_stale() {
    let storage = storage(JOB);
    let engine = engine(&storage).await;
    let waiting = tokio::spawn({
        let engine = engine.clone();
        async move { engine.activate_jobs(WORKSPACE, jobs(10_000)).await.unwrap() }
    });
    let started = engine.start_instances(vec![start(&engine, json!({}), 0)]).await.remove(0).unwrap();
    let job = waiting.await.unwrap().remove(0);
    assert_eq!((job.attempt, job.instance), (1, started.instance));
    let wrong = engine.complete_job(WORKSPACE, job.id, job.token + 1, json!(1)).await;
    assert!(matches!(wrong, Err(EngineError::StaleToken)));
    assert!(engine.heartbeat_job(WORKSPACE, job.id, job.token, 60_000).await.unwrap() > engine.now_ms() + 50_000);
    let (first, second) = tokio::join!(
        engine.complete_job(WORKSPACE, job.id, job.token, json!({ "ok": true })),
        engine.complete_job(WORKSPACE, job.id, job.token, json!({ "ok": true })),
    );
    assert_eq!(u8::from(first.is_ok()) + u8::from(second.is_ok()), 1, "exactly one answer counts");
    let ended = engine.wait_end(WORKSPACE, started.instance, Duration::from_secs(5)).await.unwrap().unwrap();
    assert_eq!(ended.state.status, InstanceStatus::Completed);
    engine.shutdown().await;
}

#[tokio::test]
async fn timers_fire_and_pauses_hold_them() {
    let storage = storage(
        "
name: nap
nodes:
  - { id: start, type: start }
  - { id: nap, type: nap, config: { ms: 150 } }
  - { id: done, type: end }
edges:
  - { from: start, to: nap }
  - { from: nap, to: done }
",
    );
    let engine = engine(&storage).await;
    let before = engine.now_ms();
    let started = engine.start_instances(vec![start(&engine, json!({}), 10_000)]).await.remove(0).unwrap();
    assert_eq!(started.state.status, InstanceStatus::Completed);
    assert!(engine.now_ms() - before >= 150, "never early");
    let second = engine.start_instances(vec![start(&engine, json!({}), 0)]).await.remove(0).unwrap();
    engine.command(WORKSPACE, second.instance, wish(Command::Pause { freeze: true })).await.unwrap();
    let still = engine.wait_end(WORKSPACE, second.instance, Duration::from_millis(400)).await.unwrap().unwrap();
    assert_eq!(still.state.status, InstanceStatus::Paused);
    engine.command(WORKSPACE, second.instance, wish(Command::Resume)).await.unwrap();
    let ended = engine.wait_end(WORKSPACE, second.instance, Duration::from_secs(10)).await.unwrap().unwrap();
    assert_eq!(ended.state.status, InstanceStatus::Completed);
    engine.shutdown().await;
}

#[tokio::test]
async fn a_panic_and_a_hang_end_as_errors_and_hurt_nobody_else() {
    let storage = storage(
        "
name: bad
nodes:
  - { id: start, type: start }
  - { id: work, type: echo, config: { value: '${how}' }, timeout: 100ms }
  - { id: done, type: end }
edges:
  - { from: start, to: work }
  - { from: work, to: done }
",
    );
    let engine = engine(&storage).await;
    let requests =
        ["panic", "hang", "fine"].map(|how| start(&engine, json!({ "how": how }), 20_000)).into_iter().collect();
    let results = engine.start_instances(requests).await;
    let codes: Vec<_> = results
        .iter()
        .map(|result| result.as_ref().unwrap().state.error.as_ref().map(|error| error.code.clone()))
        .collect();
    assert_eq!(codes, [Some("PANIC".to_owned()), Some("TIMEOUT".to_owned()), None]);
    engine.shutdown().await;
}

#[tokio::test]
async fn a_dry_run_changes_nothing_and_an_old_number_is_refused() {
    let storage = storage(JOB);
    let engine = engine(&storage).await;
    let started = engine.start_instances(vec![start(&engine, json!({}), 0)]).await.remove(0).unwrap();
    let mut dry = wish(Command::Terminate { reason: "what if".into() });
    dry.dry_run = true;
    let would = engine.command(WORKSPACE, started.instance, dry).await.unwrap();
    assert_eq!(would.status, InstanceStatus::Terminated);
    let now = engine.load(WORKSPACE, started.instance).await.unwrap().unwrap();
    assert_eq!(*now.state, *started.state);
    let mut late = wish(Command::Pause { freeze: true });
    late.expected_seq = Some(1);
    assert!(matches!(
        engine.command(WORKSPACE, started.instance, late).await,
        Err(EngineError::SeqMismatch { expected: 1, .. })
    ));
    engine.shutdown().await;
}

#[tokio::test]
async fn ids_rise_and_differ() {
    let storage = storage(SEQUENCE);
    let engine = engine(&storage).await;
    let ids: Vec<_> = (0..5_000).map(|_| engine.new_instance_id()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 5_000);
    assert!(ids.windows(2).all(|pair| pair[0].unix_ms() <= pair[1].unix_ms()));
    engine.shutdown().await;
}

#[tokio::test]
async fn a_start_in_the_future_stays_created_until_then() {
    let storage = storage(SEQUENCE);
    let engine = engine(&storage).await;
    let mut request = start(&engine, json!({}), 0);
    let at = engine.now_ms() + 200;
    request.start_at = Some(at);
    let started = engine.start_instances(vec![request]).await.remove(0).unwrap();
    assert_eq!(started.state.status, InstanceStatus::Created);
    let ended = engine.wait_end(WORKSPACE, started.instance, Duration::from_secs(10)).await.unwrap().unwrap();
    assert_eq!(ended.state.status, InstanceStatus::Completed);
    assert!(ended.state.started_at.unwrap() >= at);
    engine.shutdown().await;
}

#[tokio::test]
async fn what_waits_for_a_slot_is_known() {
    let storage = storage(
        "
name: crowd
nodes:
  - { id: start, type: start }
  - { id: a, type: echo, config: { value: hang } }
  - { id: b, type: echo, config: { value: hang } }
  - { id: done, type: end, join: any }
edges:
  - { from: start, to: a }
  - { from: start, to: b }
  - { from: a, to: done }
  - { from: b, to: done }
",
    );
    let scheduling = Limits { slots: 1, ..Limits::default() };
    let narrow = EngineConfig { scheduling, ..EngineConfig::default() };
    let engine = engine_with(&storage, narrow).await;
    let started = engine.start_instances(vec![start(&engine, json!({}), 0)]).await.remove(0).unwrap();
    // The lane answers a reader after it has given the attempts to the pool.
    engine.load(WORKSPACE, started.instance).await.unwrap();
    let live: Vec<u32> = started.state.live.keys().copied().collect();
    let mut waits = Vec::new();
    for &number in &live {
        waits.push(engine.why_queued(started.instance, number).await.is_some());
    }
    assert_eq!(waits, [false, true], "one runs, the other waits for its slot");
    engine.shutdown().await;
}

/// A command that claims a key.
pub(crate) fn keyed(command: Command, key: &str) -> CommandRequest {
    let (key, response) = (key.to_owned(), "null".to_owned());
    let row = IdempotencyRow { key, body_hash: [0; 32], response, expires_at: i64::MAX };
    CommandRequest { idempotency: Some(row), ..wish(command) }
}

#[tokio::test]
async fn a_command_under_a_key_is_done_once() {
    let storage = storage(JOB);
    let engine = engine(&storage).await;
    let started = engine.start_instances(vec![start(&engine, json!({}), 0)]).await.remove(0).unwrap();
    let write = |n: u64| Command::SetVariables { patch: [("n".to_owned(), json!(n))].into_iter().collect() };
    // Two keys at once: a commit claims one of an instance, the other command follows in the next.
    let (one, two) = tokio::join!(
        engine.command(WORKSPACE, started.instance, keyed(write(1), "k1")),
        engine.command(WORKSPACE, started.instance, keyed(write(2), "k2")),
    );
    let seq = one.unwrap().seq.max(two.unwrap().seq);
    assert!(
        storage.memory.idempotency(WORKSPACE, "k1").is_some() && storage.memory.idempotency(WORKSPACE, "k2").is_some()
    );
    let again = engine.command(WORKSPACE, started.instance, keyed(write(3), "k1")).await;
    assert!(matches!(again, Err(EngineError::Conflict(_))), "{again:?}");
    let now = engine.load(WORKSPACE, started.instance).await.unwrap().unwrap().state;
    assert_eq!((now.seq, now.variables["n"].0.as_u64()), (seq, Some(2)), "the second try changed nothing");
    assert_eq!(engine.queue_depth(), 0, "what was put off is counted once");
    engine.shutdown().await;
}
