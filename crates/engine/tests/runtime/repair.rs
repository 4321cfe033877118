//! What reaches beyond the moment, through the whole engine: the journal is read, versions follow one another, rows follow them.

use super::support::{WORKSPACE, engine, start, storage, wish};
use heddle_engine::kernel::{Command, Event, Migrate, Rerun, Rollback};
use heddle_engine::runtime::{EngineError, JobWish};
use heddle_model::format::{self, Format};
use heddle_model::ids::VersionId;
use heddle_model::lifecycle::InstanceStatus;
use heddle_model::value::{Map, json};
use std::collections::BTreeMap;
use std::time::Duration;

const FLOW: &str = "
name: flow
nodes:
  - { id: start, type: start }
  - { id: book, type: set, config: { room: 7 }, compensate: { type: set, config: { room: 0, undone: true } } }
  - { id: pack, type: task, action: pack }
  - { id: last, type: echo, config: { value: '${room}' } }
  - { id: done, type: end }
edges:
  - { from: start, to: book }
  - { from: book, to: pack }
  - { from: pack, to: last }
  - { from: last, to: done }
outputs: { last: '${nodes.last.output}' }
";

const NEXT: VersionId = VersionId::from_u128(3);

fn next() -> String {
    FLOW.replace(
        "  - { id: start, type: start }",
        "  - { id: more, type: set, config: { room: 8 } }\n  - { id: start, type: start }",
    )
    .replace("  - { from: pack, to: last }", "  - { from: pack, to: more }\n  - { from: more, to: last }")
}

fn define(storage: &super::support::Faulty) {
    let parsed = format::parse(next(), Format::Yaml);
    storage.memory.define(WORKSPACE, NEXT, format::to_json(&parsed.definition.unwrap()).to_string());
}

fn rollback(to_seq: u64) -> Command {
    Command::Rollback(Box::new(Rollback { to_seq, keep: vec![], past: None }))
}

fn migrate() -> Migrate {
    Migrate { version: NEXT, version_number: 2, mapping: BTreeMap::new(), definition: None, target: None }
}

fn jobs() -> JobWish {
    JobWish { types: vec!["pack".into()], worker: "w".into(), max: 1, lease_ms: 30_000, wait: Duration::from_secs(5) }
}

#[tokio::test]
async fn a_completed_instance_goes_back_and_ends_again() {
    let storage = storage(FLOW);
    let engine = engine(&storage).await;
    let started = engine.start_instances(vec![start(&engine, json!({}), 0)]).await.remove(0).unwrap();
    let instance = started.instance;
    let waiting = started.state.seq;
    for _ in 0..2 {
        let job = engine.activate_jobs(WORKSPACE, jobs()).await.unwrap().remove(0);
        engine.complete_job(WORKSPACE, job.id, job.token, json!(1)).await.unwrap();
        let ended = engine.wait_end(WORKSPACE, instance, Duration::from_secs(5)).await.unwrap().unwrap();
        assert_eq!(ended.state.status, InstanceStatus::Completed);
        let mut dry = wish(rollback(waiting));
        dry.dry_run = true;
        let would = engine.carry_out(WORKSPACE, instance, dry).await.unwrap();
        let preview = would.preview.unwrap();
        assert_eq!(preview.starts.iter().map(|it| &*it.node).collect::<Vec<_>>(), ["pack"]);
        assert_eq!(preview.again.iter().map(|it| &*it.node).collect::<Vec<_>>(), ["last", "done"]);
        assert_eq!(engine.load(WORKSPACE, instance).await.unwrap().unwrap().state.status, InstanceStatus::Completed);
        let back = engine.command(WORKSPACE, instance, wish(rollback(waiting))).await.unwrap();
        assert_eq!(back.status, InstanceStatus::Running);
        assert_eq!(storage.memory.head(instance).unwrap().ended_at, None);
    }
    let steps = engine.steps(WORKSPACE, instance).await.unwrap();
    assert!(steps.contains(&waiting) && !steps.contains(&1));
    let refused = engine.command(WORKSPACE, instance, wish(rollback(1))).await;
    assert!(matches!(refused, Err(EngineError::InvalidCommand(_))), "{refused:?}");
    engine.shutdown().await;
}

#[tokio::test]
async fn versions_follow_one_another_in_the_row_and_in_every_reading() {
    let storage = storage(FLOW);
    define(&storage);
    let engine = engine(&storage).await;
    let started = engine.start_instances(vec![start(&engine, json!({}), 0)]).await.remove(0).unwrap();
    let instance = started.instance;
    // Several at once: what gathers in one commit is written in the places of one version.
    let (paused, moved) = tokio::join!(
        engine.command(WORKSPACE, instance, wish(Command::Pause { freeze: true })),
        engine.command(WORKSPACE, instance, wish(Command::Migrate(Box::new(migrate())))),
    );
    assert!(paused.is_ok() && moved.is_ok(), "{paused:?} {moved:?}");
    engine.command(WORKSPACE, instance, wish(Command::Resume)).await.unwrap();
    engine.shutdown().await;

    let engine = super::support::engine(&storage).await;
    let loaded = engine.load(WORKSPACE, instance).await.unwrap().unwrap();
    assert_eq!((loaded.state.version, loaded.earlier.len()), (NEXT, 1));
    let events = engine.events(WORKSPACE, instance, 0, 100).await.unwrap();
    let at = events.iter().find(|event| matches!(event.event, Event::InstanceMigrated(_))).unwrap().seq;
    let enabled = events.iter().filter(|event| event.type_name() == "node.enabled");
    let ids: Vec<_> = enabled.map(|event| &*loaded.plan_at(event.seq).node(event.node.unwrap()).id).collect();
    assert_eq!(ids, ["start", "book", "pack"]);
    assert!(loaded.plan_at(at).find("more").is_none() && loaded.plan_at(at + 1).find("more").is_some());
    let job = engine.activate_jobs(WORKSPACE, jobs()).await.unwrap().remove(0);
    engine.complete_job(WORKSPACE, job.id, job.token, json!(1)).await.unwrap();
    let ended = engine.wait_end(WORKSPACE, instance, Duration::from_secs(5)).await.unwrap().unwrap();
    assert_eq!(*ended.state.output.as_ref().unwrap().0, json!({ "last": 8 }));
    let stored = heddle_engine::storage::Storage::load(&storage, WORKSPACE, instance).await.unwrap().unwrap();
    assert_eq!(stored.version, NEXT, "the row names the version that runs");
    engine.shutdown().await;
}

#[tokio::test]
async fn from_a_node_on_another_version() {
    let storage = storage(&FLOW.replace("value: '${room}'", "value: '${nobody}'"));
    define(&storage);
    let engine = engine(&storage).await;
    let started = engine.start_instances(vec![start(&engine, json!({}), 0)]).await.remove(0).unwrap();
    let job = engine.activate_jobs(WORKSPACE, jobs()).await.unwrap().remove(0);
    engine.complete_job(WORKSPACE, job.id, job.token, json!(1)).await.unwrap();
    let failed = engine.wait_end(WORKSPACE, started.instance, Duration::from_secs(5)).await.unwrap().unwrap();
    assert_eq!(failed.state.status, InstanceStatus::Failed);
    let again = Command::Rerun(Box::new(Rerun {
        from: Some("book".into()),
        migrate: Some(migrate()),
        keep: vec![],
        variables: Map::new(),
        past: None,
    }));
    let state = engine.command(WORKSPACE, started.instance, wish(again)).await.unwrap();
    assert_eq!((state.status, state.version), (InstanceStatus::Running, NEXT));
    assert!(!state.variables.contains_key("undone"), "variables are those of then");
    let job = engine.activate_jobs(WORKSPACE, jobs()).await.unwrap().remove(0);
    engine.complete_job(WORKSPACE, job.id, job.token, json!(1)).await.unwrap();
    let ended = engine.wait_end(WORKSPACE, started.instance, Duration::from_secs(5)).await.unwrap().unwrap();
    assert_eq!(*ended.state.output.as_ref().unwrap().0, json!({ "last": 8 }));
    engine.shutdown().await;
}
