//! Several servers on the same data: shards move, requests find their owner, a server that was taken for dead writes nothing.

use super::post::until;
use super::support::{Faulty, SEQUENCE, WORKSPACE, named, start, storage, wish};
use heddle_engine::kernel::{Command, Migrate, Rollback};
use heddle_engine::runtime::{Engine, EngineError};
use heddle_engine::storage::Storage;
use heddle_model::ids::{InstanceId, VersionId};
use heddle_model::lifecycle::InstanceStatus;
use heddle_model::limits::{SHARD_LEASE_MS, SHARDS};
use heddle_model::value::json;
use std::collections::BTreeMap;
use std::time::Duration;

const NAP: &str = "
name: nap
nodes:
  - { id: start, type: start }
  - { id: nap, type: nap, config: { ms: 600000 } }
  - { id: one, type: echo, config: { value: 1 } }
  - { id: done, type: end }
edges: [{ from: start, to: nap }, { from: nap, to: one }, { from: one, to: done }]
";

/// Waits until the shards are spread: none unowned, none owned twice, and each server has some.
async fn spread(engines: &[&Engine]) {
    let all = async {
        loop {
            let mut shards: Vec<u16> = engines.iter().flat_map(|engine| engine.shards()).collect();
            shards.sort_unstable();
            if engines.iter().all(|engine| engine.owns_shards()) && shards == (0..SHARDS).collect::<Vec<_>>() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), all).await.expect("the shards are spread in time");
}

/// The data, and two servers on it that have their shares.
async fn two(yaml: &str) -> (Faulty, Engine, Engine) {
    let storage = storage(yaml);
    let a = named(&storage, "a").await;
    let b = named(&storage, "b").await;
    spread(&[&a, &b]).await;
    (storage, a, b)
}

#[tokio::test]
async fn a_second_server_gets_its_share_and_gives_it_back_when_it_stops() {
    let (_, a, b) = two(SEQUENCE).await;
    assert!(a.shards().len() > 80 && b.shards().len() > 80);
    let instances = b.start_instances((0..20).map(|_| start(&b, json!({}), 5_000)).collect()).await;
    assert!(instances.iter().all(|it| it.as_ref().unwrap().state.status == InstanceStatus::Completed));
    b.shutdown().await;
    spread(&[&a]).await;
}

#[tokio::test]
async fn a_start_that_waits_for_its_end_is_answered_though_its_shard_moves() {
    let storage = storage(&NAP.replace("600000", "3000"));
    let a = named(&storage, "a").await;
    let starts = a.start_instances((0..60).map(|_| start(&a, json!({}), 30_000)).collect());
    let join = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let b = named(&storage, "b").await;
        spread(&[&a, &b]).await;
        b
    };
    let (answers, b) = tokio::join!(starts, join);
    let moved = |id: &InstanceId| b.shards().contains(&id.shard());
    let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    assert!(answers.iter().any(|started| moved(&started.instance)), "some moved");
    assert!(answers.iter().all(|started| started.state.status == InstanceStatus::Completed));
}

#[tokio::test]
async fn any_server_takes_requests_for_any_instance() {
    let (_, a, b) = two(NAP).await;
    let id = a.start_instances(vec![start(&a, json!({}), 0)]).await.remove(0).unwrap().instance;
    assert!(a.shards().contains(&id.shard()));
    assert_eq!(b.load(WORKSPACE, id).await.unwrap().unwrap().state.status, InstanceStatus::Running);
    let mut dry = wish(Command::Pause { freeze: true });
    dry.dry_run = true;
    assert_eq!(b.command(WORKSPACE, id, dry).await.unwrap().status, InstanceStatus::Paused);
    let paused = b.command(WORKSPACE, id, wish(Command::Pause { freeze: true })).await.unwrap();
    assert_eq!(paused.status, InstanceStatus::Paused);
    let again = b.command(WORKSPACE, id, wish(Command::Pause { freeze: true })).await;
    assert!(matches!(again, Err(EngineError::IllegalTransition { .. })), "{again:?}");
    let mut stale = wish(Command::Resume);
    stale.expected_seq = Some(1);
    assert!(matches!(b.command(WORKSPACE, id, stale).await, Err(EngineError::SeqMismatch { .. })));
    b.command(WORKSPACE, id, wish(Command::Resume)).await.unwrap();
    let nap = Command::Complete { node: "nap".into(), output: json!(null) };
    b.command(WORKSPACE, id, wish(nap)).await.unwrap();
    let ended = b.wait_end(WORKSPACE, id, Duration::from_secs(10)).await.unwrap().unwrap();
    assert_eq!(ended.state.status, InstanceStatus::Completed);
}

#[tokio::test]
async fn a_command_under_a_key_is_done_once_whichever_server_is_asked() {
    let (_, a, b) = two(NAP).await;
    let id = a.start_instances(vec![start(&a, json!({}), 0)]).await.remove(0).unwrap().instance;
    let keyed = |n: u64| {
        let patch = [("n".to_owned(), json!(n))].into_iter().collect();
        super::flow::keyed(Command::SetVariables { patch }, "k")
    };
    let first = b.command(WORKSPACE, id, keyed(1)).await.unwrap();
    for server in [&b, &a, &b] {
        let again = server.command(WORKSPACE, id, keyed(2)).await;
        assert!(matches!(again, Err(EngineError::Conflict(_))), "{again:?}");
    }
    let now = b.load(WORKSPACE, id).await.unwrap().unwrap().state;
    assert_eq!((now.seq, now.variables["n"].0.as_u64()), (first.seq, Some(1)), "the others changed nothing");
    b.command(WORKSPACE, id, wish(Command::Pause { freeze: true })).await.unwrap();
}

#[tokio::test]
async fn what_reaches_beyond_the_moment_is_asked_of_any_server_too() {
    let (storage, a, b) = two(NAP).await;
    super::support::define(&storage, 77, &NAP.replace("value: 1", "value: 2"));
    let started = a.start_instances(vec![start(&a, json!({}), 0)]).await.remove(0).unwrap();
    let (id, waiting) = (started.instance, started.state.seq);
    let migrate = || Migrate {
        version: VersionId::from_u128(77),
        version_number: 2,
        mapping: BTreeMap::new(),
        definition: None,
        target: None,
    };
    let mut dry = wish(Command::Migrate(Box::new(migrate())));
    dry.dry_run = true;
    assert_eq!(b.carry_out(WORKSPACE, id, dry).await.unwrap().state.version_number, 2);
    let moved = b.command(WORKSPACE, id, wish(Command::Migrate(Box::new(migrate())))).await.unwrap();
    assert_eq!(moved.version_number, 2);
    let nap = Command::Complete { node: "nap".into(), output: json!(null) };
    b.command(WORKSPACE, id, wish(nap)).await.unwrap();
    until(&b, id, |state| state.status == InstanceStatus::Completed).await;
    let back = || Command::Rollback(Box::new(Rollback { to_seq: waiting, keep: vec![], past: None }));
    let mut dry = wish(back());
    dry.dry_run = true;
    let preview = b.carry_out(WORKSPACE, id, dry).await.unwrap().preview.expect("a dry run tells what it would do");
    assert_eq!(preview.starts.iter().map(|it| &*it.node).collect::<Vec<_>>(), ["nap"]);
    let state = b.command(WORKSPACE, id, wish(back())).await.unwrap();
    assert_eq!((state.status, state.version_number), (InstanceStatus::Running, 2));
}

#[tokio::test]
async fn instances_go_on_where_their_shards_go() {
    let storage = storage(NAP);
    let a = named(&storage, "a").await;
    let started = a.start_instances((0..60).map(|_| start(&a, json!({}), 0)).collect()).await;
    let ids: Vec<_> = started.into_iter().map(|it| it.unwrap().instance).collect();
    let b = named(&storage, "b").await;
    spread(&[&a, &b]).await;
    assert!(ids.iter().any(|id| b.shards().contains(&id.shard())));
    for &id in &ids {
        let nap = Command::Complete { node: "nap".into(), output: json!(null) };
        a.command(WORKSPACE, id, wish(nap)).await.unwrap();
    }
    for &id in &ids {
        until(&b, id, |state| state.status == InstanceStatus::Completed).await;
    }
}

#[tokio::test]
async fn a_server_that_was_taken_for_dead_writes_nothing_and_joins_again() {
    let storage = storage(NAP);
    let a = named(&storage, "a").await;
    let id = a.start_instances(vec![start(&a, json!({}), 0)]).await.remove(0).unwrap().instance;
    // Its lease ends while it does not look; another one takes everything.
    let now = storage.memory.now().await.unwrap();
    storage.memory.set_now(now + SHARD_LEASE_MS + 1);
    let b = storage.memory.acquire("b").await.unwrap();
    assert_eq!(b.shards.len(), usize::from(SHARDS));
    let late = a.command(WORKSPACE, id, wish(Command::Pause { freeze: false })).await;
    assert!(matches!(late, Err(EngineError::Unavailable(_))), "{late:?}");
    assert_eq!(storage.memory.load(WORKSPACE, id).await.unwrap().unwrap().journal.len(), 1);
    // The other one stops; the first has joined again and gets everything back.
    storage.memory.release(b.fence).await.unwrap();
    spread(&[&a]).await;
    let paused = a.command(WORKSPACE, id, wish(Command::Pause { freeze: false })).await.unwrap();
    assert_eq!(paused.status, InstanceStatus::Paused);
}

/// Whole instances and jobs are limited by a key.
const KEYED: &str = "
name: keyed
settings: { concurrency: { key: '${customer}', limit: 1 } }
nodes:
  - { id: start, type: start }
  - { id: one, type: task, action: pack }
  - { id: done, type: end }
edges: [{ from: start, to: one }, { from: one, to: done }]
";

fn for_customer(engine: &Engine) -> heddle_engine::runtime::StartRequest {
    start(engine, json!({ "customer": "a" }), 0)
}

/// Starts one instance with the key `a` at this server.
async fn begin(engine: &Engine) -> InstanceId {
    engine.start_instances(vec![for_customer(engine)]).await.remove(0).unwrap().instance
}

async fn status(engine: &Engine, id: InstanceId) -> InstanceStatus {
    engine.load(WORKSPACE, id).await.unwrap().unwrap().state.status
}

async fn finish(engine: &Engine, id: InstanceId) {
    let done = Command::Complete { node: "one".into(), output: json!(null) };
    engine.command(WORKSPACE, id, wish(done)).await.unwrap();
}

/// Waits until an instance is in line, and says how many are before it.
async fn ahead(engine: &Engine, id: InstanceId) -> usize {
    let looked = async {
        loop {
            if let Some(wait) = engine.why_not_begun(id).await {
                return wait.ahead;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), looked).await.expect("it waits for its key")
}

#[tokio::test]
async fn a_key_holds_over_all_servers_in_the_order_of_asking() {
    let (storage, a, b) = two(KEYED).await;
    let first = begin(&a).await;
    until(&a, first, |state| state.status == InstanceStatus::Running).await;
    let second = begin(&b).await;
    assert_eq!(ahead(&b, second).await, 0);
    let third = begin(&a).await;
    assert_eq!(ahead(&a, third).await, 1);
    assert_eq!(status(&a, second).await, InstanceStatus::Created);
    finish(&a, first).await;
    until(&b, second, |state| state.status == InstanceStatus::Running).await;
    assert_eq!(status(&b, third).await, InstanceStatus::Created);
    // Its owner goes in order: what it holds and waits for is known over there.
    b.shutdown().await;
    spread(&[&a]).await;
    assert_eq!(status(&a, second).await, InstanceStatus::Running);
    assert_eq!(status(&a, third).await, InstanceStatus::Created);
    finish(&a, second).await;
    until(&a, third, |state| state.status == InstanceStatus::Running).await;
    finish(&a, third).await;
    until(&a, third, |state| state.status == InstanceStatus::Completed).await;
    let all: Vec<u16> = (0..SHARDS).collect();
    let empty = async {
        while !storage.memory.key_holders(&all).await.unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), empty).await.expect("nobody stands in the books any more");
}

#[tokio::test]
async fn one_that_goes_on_after_it_failed_holds_its_permit_again() {
    let storage = storage(KEYED);
    let a = named(&storage, "a").await;
    let first = begin(&a).await;
    until(&a, first, |state| state.status == InstanceStatus::Running).await;
    let jobs = heddle_engine::runtime::JobWish {
        types: vec!["pack".into()],
        worker: "w".into(),
        max: 1,
        lease_ms: 30_000,
        wait: Duration::from_secs(10),
    };
    let job = a.activate_jobs(WORKSPACE, jobs).await.unwrap().remove(0);
    let error =
        heddle_engine::tasks::TaskError::new(heddle_engine::tasks::ErrorClass::Business, "NO", "no").permanent();
    a.fail_job(WORKSPACE, job.id, job.token, error).await.unwrap();
    until(&a, first, |state| state.status == InstanceStatus::Failed).await;
    let retry = Command::Retry { node: None, variables: serde_json::Map::new() };
    a.command(WORKSPACE, first, wish(retry)).await.unwrap();
    let second = begin(&a).await;
    assert_eq!(ahead(&a, second).await, 0, "the one that goes on holds it");
    finish(&a, first).await;
    until(&a, second, |state| state.status == InstanceStatus::Running).await;
}

#[tokio::test(start_paused = true)]
async fn a_permit_whose_holder_is_gone_for_good_is_freed() {
    use heddle_engine::scheduler::{Holder, KeyAsk, PermitName, PermitWish};
    let storage = storage(KEYED);
    // A server asked for a start and died before it stored it.
    let fence = storage.memory.acquire("a").await.unwrap().fence;
    let gone = Holder::Instance(InstanceId::from_u128(77));
    let name = PermitName { workspace: WORKSPACE, of_instances: true, key: "a".into() };
    let asked = PermitWish {
        name,
        holder: gone,
        limit: 1,
        at_limit: heddle_model::definition::AtLimit::Queue,
        priority: 5,
        has_begun: false,
    };
    let (verdicts, _) = storage.memory.keep_books(fence, &[KeyAsk::Acquire(asked)]).await.unwrap();
    assert_eq!(verdicts.len(), 1);
    let a = named(&storage, "a").await;
    let waits = begin(&a).await;
    assert_eq!(ahead(&a, waits).await, 0);
    // Who is missing twice in a row is gone.
    let begun = async {
        while status(&a, waits).await != InstanceStatus::Running {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), begun).await.expect("the permit is freed");
}
