//! What passes between instances: calls, messages by name, signals, permits.

use super::support::{Fault, Faulty, VERSION, WORKSPACE, define, engine, start, storage, wish};
use heddle_engine::kernel::{Command, InstanceState};
use heddle_engine::runtime::{Engine, EngineError, SendMessage, StartRequest};
use heddle_model::ids::{InstanceId, VersionId};
use heddle_model::lifecycle::InstanceStatus;
use heddle_model::value::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Waits until an instance is as wanted.
pub(crate) async fn until(
    engine: &Engine,
    id: InstanceId,
    wanted: impl Fn(&InstanceState) -> bool,
) -> Arc<InstanceState> {
    let looked = async {
        loop {
            let found = engine.load(WORKSPACE, id).await.unwrap();
            if let Some(found) = found.filter(|found| wanted(&found.state)) {
                return found.state;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    match tokio::time::timeout(Duration::from_secs(20), looked).await {
        Ok(state) => state,
        Err(_) => panic!("not in time: {:#?}", engine.load(WORKSPACE, id).await.unwrap().map(|it| it.state)),
    }
}

fn started_with(engine: &Engine, version: u128, input: Value, wait_ms: u64) -> StartRequest {
    StartRequest { version: VersionId::from_u128(version), ..start(engine, input, wait_ms) }
}

async fn run(engine: &Engine, request: StartRequest) -> Arc<InstanceState> {
    engine.start_instances(vec![request]).await.remove(0).unwrap().state
}

const FACTORIAL: &str = "
name: factorial
outputs: { result: '${result}' }
nodes:
  - { id: start, type: start }
  - { id: more, type: decision }
  - { id: self, type: call, config: { workflow: factorial, input: { n: '${n - 1}' } }, output: { result: '${n * output.result}' } }
  - { id: one, type: task, output: { result: '${1}' } }
  - { id: done, type: end }
edges:
  - { from: start, to: more }
  - { from: more, to: self, condition: '${n > 1}' }
  - { from: more, to: one, default: true }
  - { from: self, to: done }
  - { from: one, to: done }
";

fn factorial() -> Faulty {
    let storage = storage(FACTORIAL);
    define(&storage, VERSION.as_u128(), FACTORIAL);
    storage
}

#[tokio::test]
async fn a_workflow_calls_itself_and_gets_what_each_gave() {
    let storage = factorial();
    let engine = engine(&storage).await;
    let state = run(&engine, start(&engine, json!({ "n": 5 }), 30_000)).await;
    assert_eq!(state.status, InstanceStatus::Completed, "{:?}", state.error);
    assert_eq!(*state.output.as_ref().unwrap().0, json!({ "result": 120 }));
    assert_eq!(storage.memory.parcels(), [], "nothing is left on the way");
}

#[tokio::test]
async fn calls_survive_a_server_that_dies_between_them() {
    let storage = factorial();
    for round in 0..20 {
        let first = engine(&storage).await;
        let request = start(&first, json!({ "n": 6 }), 0);
        let id = request.instance;
        run(&first, request).await;
        tokio::time::sleep(Duration::from_millis(round)).await;
        // It goes without a word: whatever it had in memory is lost.
        let second = engine(&storage).await;
        let state = until(&second, id, |state| state.status.is_ended()).await;
        assert_eq!(*state.output.as_ref().unwrap().0, json!({ "result": 720 }));
        second.shutdown().await;
    }
}

#[tokio::test]
async fn a_call_of_nothing_and_too_deep_a_call_fail_their_node() {
    let storage = factorial();
    let engine = engine(&storage).await;
    let lost = FACTORIAL.replace("workflow: factorial", "workflow: nowhere");
    define(&storage, 50, &lost);
    let state = run(&engine, started_with(&engine, 50, json!({ "n": 3 }), 30_000)).await;
    assert_eq!(state.error.as_ref().unwrap().code, "NO_SUCH_WORKFLOW");
    let endless = FACTORIAL.replace("${n > 1}", "${true}").replace("name: factorial", "name: endless");
    define(&storage, 51, &endless.replace("workflow: factorial", "workflow: endless"));
    let state = run(&engine, started_with(&engine, 51, json!({ "n": 3 }), 30_000)).await;
    assert_eq!(state.error.as_ref().unwrap().code, "RECURSION_LIMIT");
}

#[tokio::test]
async fn a_caller_that_is_terminated_ends_what_it_called() {
    let storage = storage(FACTORIAL);
    define(&storage, VERSION.as_u128(), &FACTORIAL.replace("workflow: factorial", "workflow: sleeper"));
    define(
        &storage,
        60,
        "
name: sleeper
nodes: [{ id: start, type: start }, { id: nap, type: nap, config: { ms: 600000 } }, { id: done, type: end }]
edges: [{ from: start, to: nap }, { from: nap, to: done }]",
    );
    let engine = engine(&storage).await;
    let caller = run(&engine, start(&engine, json!({ "n": 3 }), 0)).await;
    let called = |state: &InstanceState| {
        state.live.values().find_map(|execution| match &execution.active {
            heddle_engine::kernel::Active::Call(child) => Some(child.instance),
            _ => None,
        })
    };
    let child = called(&*until(&engine, caller.id, |state| called(state).is_some()).await).unwrap();
    until(&engine, child, |state| state.status == InstanceStatus::Running).await;
    engine.command(WORKSPACE, caller.id, wish(Command::Terminate { reason: "enough".into() })).await.unwrap();
    until(&engine, child, |state| state.status == InstanceStatus::Terminated).await;
}

const RECEIVER: &str = "
name: receiver
nodes:
  - { id: start, type: start }
  - { id: paid, type: message, config: { name: paid, key: '${order}' }, output: { amount: '${output.amount}' } }
  - { id: done, type: end }
edges: [{ from: start, to: paid }, { from: paid, to: done }]
outputs: { amount: '${amount}' }
";

fn message(key: &str, amount: i64, ttl_ms: u64) -> SendMessage {
    let payload = json!({ "amount": amount });
    SendMessage { workspace: WORKSPACE, name: "paid".into(), key: Some(key.into()), payload, ttl_ms }
}

#[tokio::test]
async fn a_message_by_name_and_key_goes_to_one_receiver_and_others_are_kept_for_the_next() {
    let storage = storage(RECEIVER);
    let engine = engine(&storage).await;
    let first = run(&engine, start(&engine, json!({ "order": "a" }), 0)).await;
    let sent = engine.send_message(message("a", 1, 60_000)).await.unwrap().unwrap();
    assert_eq!(sent.receiver, Some(first.id));
    let kept = engine.send_message(message("a", 2, 60_000)).await.unwrap().unwrap();
    assert_eq!(kept.receiver, None, "the one receiver has had its message");
    let state = until(&engine, first.id, |state| state.status.is_ended()).await;
    assert_eq!(*state.output.as_ref().unwrap().0, json!({ "amount": 1 }));
    let other = run(&engine, start(&engine, json!({ "order": "b" }), 0)).await;
    let second = run(&engine, start(&engine, json!({ "order": "a" }), 10_000)).await;
    assert_eq!(*second.output.as_ref().unwrap().0, json!({ "amount": 2 }));
    let other = engine.load(WORKSPACE, other.id).await.unwrap().unwrap().state;
    assert_eq!(other.status, InstanceStatus::Running, "the key is another");
    assert_eq!(engine.send_message(message("c", 3, 0)).await.unwrap(), None, "nobody waits, and it may not wait");
}

#[tokio::test]
async fn a_message_whose_receiver_has_gone_on_is_kept_for_another() {
    let storage = storage(RECEIVER);
    let engine = engine(&storage).await;
    let first = run(&engine, start(&engine, json!({ "order": "a" }), 0)).await;
    // The message is on its way while its receiver is passed over.
    let skip = Command::Skip { node: "paid".into(), output: json!({ "amount": 0 }) };
    let (sent, skipped) =
        tokio::join!(engine.send_message(message("a", 7, 60_000)), engine.command(WORKSPACE, first.id, wish(skip)),);
    sent.unwrap().unwrap();
    let took = skipped.is_err() || {
        let state = until(&engine, first.id, |state| state.status.is_ended()).await;
        *state.output.as_ref().unwrap().0 == json!({ "amount": 7 })
    };
    if !took {
        let second = run(&engine, start(&engine, json!({ "order": "a" }), 10_000)).await;
        assert_eq!(*second.output.as_ref().unwrap().0, json!({ "amount": 7 }));
    }
}

#[tokio::test]
async fn g7_every_message_is_taken_once_whoever_comes_first() {
    let storage = storage(RECEIVER);
    let engine = engine(&storage).await;
    let starts = async {
        engine.start_instances((0..200).map(|_| start(&engine, json!({ "order": "x" }), 20_000)).collect()).await
    };
    let sends = async {
        for amount in 0..200 {
            engine.send_message(message("x", amount, 600_000)).await.unwrap().unwrap();
        }
    };
    let (started, ()) = tokio::join!(starts, sends);
    let amounts = started.into_iter().map(|started| {
        let state = started.unwrap().state;
        state.output.as_ref().unwrap_or_else(|| panic!("{:?}", state.status)).0["amount"].as_i64().unwrap()
    });
    let mut amounts: Vec<i64> = amounts.collect();
    amounts.sort_unstable();
    assert_eq!(amounts, (0..200).collect::<Vec<_>>());
}

/// The task before it fails once a server dies; what is published after it must not be published twice.
const PUBLISHER: &str = "
name: publisher
nodes:
  - { id: start, type: start }
  - { id: work, type: echo, config: { value: 1 } }
  - { id: tell, type: tell, config: { message: paid, key: a, payload: { amount: 1 } } }
  - { id: done, type: end }
edges: [{ from: start, to: work }, { from: work, to: tell }, { from: tell, to: done }]
";

#[tokio::test]
async fn what_a_task_publishes_is_kept_exactly_once_whatever_its_commits_meet() {
    let storage = storage(PUBLISHER);
    let first = engine(&storage).await;
    let faults = [Fault::UnknownWritten, Fault::Transient, Fault::UnknownLost, Fault::UnknownWritten];
    for round in 0..8 {
        storage.around.faults.lock().unwrap().extend(&faults[..1 + round % 4]);
        let state = run(&first, start(&first, json!({}), 20_000)).await;
        assert_eq!(state.status, InstanceStatus::Completed);
        assert_eq!(storage.memory.kept(WORKSPACE), round + 1);
    }
    // A server that is replaced at any moment: the next one finishes, and nobody sends again.
    let request = start(&first, json!({}), 0);
    let id = request.instance;
    run(&first, request).await;
    let second = engine(&storage).await;
    until(&second, id, |state| state.status == InstanceStatus::Completed).await;
    assert_eq!(storage.memory.kept(WORKSPACE), 9);
}

const LISTENER: &str = "
name: listener
nodes:
  - { id: start, type: start }
  - { id: wait, type: signal, config: { name: go } }
  - { id: done, type: end }
edges: [{ from: start, to: wait }, { from: wait, to: done }]
";

#[tokio::test]
async fn a_signal_reaches_all_who_wait_and_nobody_later() {
    let storage = storage(LISTENER);
    define(
        &storage,
        70,
        "
name: caller
nodes:
  - { id: start, type: start }
  - { id: shout, type: send, config: { signal: go } }
  - { id: done, type: end }
edges: [{ from: start, to: shout }, { from: shout, to: done }]",
    );
    let engine = engine(&storage).await;
    let wait = |_| start(&engine, json!({}), 0);
    let early = engine.start_instances((0..50).map(wait).collect()).await;
    assert_eq!(engine.send_signal(WORKSPACE, "stop".into(), json!(null)).await.unwrap(), 0);
    run(&engine, started_with(&engine, 70, json!({}), 5_000)).await;
    for one in early {
        until(&engine, one.unwrap().instance, |state| state.status == InstanceStatus::Completed).await;
    }
    let late = run(&engine, start(&engine, json!({}), 0)).await;
    assert_eq!(late.status, InstanceStatus::Running);
    assert_eq!(engine.send_signal(WORKSPACE, "go".into(), json!(1)).await.unwrap(), 1);
    until(&engine, late.id, |state| state.status == InstanceStatus::Completed).await;
}

const GUARDED: &str = "
name: guarded
nodes:
  - { id: start, type: start }
  - { id: alone, type: task, action: pack, mutex: { name: press, level: workspace } }
  - { id: done, type: end }
edges: [{ from: start, to: alone }, { from: alone, to: done }]
";

/// The instance whose job a worker gets now, and the answer to it.
async fn next_job(engine: &Engine, wait_ms: u64) -> Option<(InstanceId, heddle_engine::storage::JobRow)> {
    let wish = heddle_engine::runtime::JobWish {
        types: vec!["pack".into()],
        worker: "w".into(),
        max: 10,
        lease_ms: 30_000,
        wait: Duration::from_millis(wait_ms),
    };
    let mut jobs = engine.activate_jobs(WORKSPACE, wish).await.unwrap();
    assert!(jobs.len() <= 1, "two are inside at once");
    jobs.pop().map(|job| (job.instance, job))
}

#[tokio::test]
async fn a_mutex_of_the_workspace_lets_one_instance_in_at_a_time_first_come_first_served() {
    let storage = storage(GUARDED);
    let engine = engine(&storage).await;
    let mut order = Vec::new();
    for _ in 0..5 {
        order.push(run(&engine, start(&engine, json!({}), 0)).await.id);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    // The third does not wait any longer.
    engine.command(WORKSPACE, order[2], wish(Command::Terminate { reason: "no".into() })).await.unwrap();
    order.remove(2);
    for expected in order {
        let (instance, job) = next_job(&engine, 10_000).await.unwrap();
        assert_eq!(instance, expected);
        assert!(next_job(&engine, 0).await.is_none());
        engine.complete_job(WORKSPACE, job.id, job.token, json!(null)).await.unwrap();
    }
    assert!(next_job(&engine, 0).await.is_none());
}

#[tokio::test]
async fn what_a_dead_server_left_undone_is_found() {
    let storage = storage(RECEIVER);
    let first = engine(&storage).await;
    let waiting = run(&first, start(&first, json!({ "order": "a" }), 0)).await;
    // The message is written, and the server that wrote it dies before it looks who waits.
    let letter = heddle_engine::kernel::Letter {
        name: "paid".into(),
        key: Some("a".into()),
        payload: json!({ "amount": 9 }).into(),
        expires: Some(i64::MAX),
    };
    let row = heddle_engine::storage::MessageRow {
        id: heddle_model::ids::MessageId::from_u128(77),
        workspace: WORKSPACE,
        letter,
        sent_at: 0,
    };
    storage.memory.keep(row);
    let state = until(&first, waiting.id, |state| state.status.is_ended()).await;
    assert_eq!(*state.output.as_ref().unwrap().0, json!({ "amount": 9 }));
}

#[tokio::test]
async fn a_command_for_nobody_is_refused_as_ever() {
    let storage = storage(RECEIVER);
    let engine = engine(&storage).await;
    let nobody = engine.command(WORKSPACE, engine.new_instance_id(), wish(Command::Resume)).await;
    assert!(matches!(nobody, Err(EngineError::NotFound)));
}
