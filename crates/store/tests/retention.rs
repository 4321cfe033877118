//! Retention: what has ended long ago goes with all its rows, what is open or wanted stays, and nothing is ever half gone.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod common;

use common::Fixture;
use heddle_engine::storage::conformance::make::{AT, Maker, head, human, job, node, subscription};
use heddle_engine::storage::{
    CommitError, Head, IncidentRow, LogRow, People, PermitRow, Post, Snapshot, Storage, TimerRow, Unit,
};
use heddle_model::ids::InstanceId;
use heddle_store::query::HISTORY;
use heddle_store::{Backend, Store};
use heddle_testkit::{Postgres, until};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60);
/// All that was made at `AT` is older than this.
const DAY: u64 = 24 * 3_600 * 1_000;
const PAGE: u64 = 100;

on_both!(
    what_ended_goes_with_its_rows_in_every_table,
    what_is_open_or_young_or_watched_stays,
    a_child_goes_after_its_caller,
    a_late_change_of_what_is_gone_is_refused_whole,
    a_crash_while_deleting_leaves_nothing_half,
    no_call_deletes_more_than_it_was_told,
    g11_a_shard_whose_history_is_gone_gives_no_place_twice,
);

/// An end at `AT`.
fn ended(seq: u64) -> Head {
    Head { status: "COMPLETED", ended_at: Some(AT), updated_at: AT, runnable: false, ..head(seq) }
}

/// An instance that has ended at `AT`, with `rows` more rows in its journal.
async fn an_ended_one(it: &Store, maker: &mut Maker, rows: u64) -> InstanceId {
    let start = maker.start();
    let id = start.instance;
    maker.commit(it, vec![start]).await;
    for row in 0..rows {
        let mut unit = maker.step(id, 3 + row, 1);
        if row + 1 == rows {
            unit.head = Some(ended(3 + row));
        }
        maker.commit(it, vec![unit]).await;
    }
    id
}

/// How many instances of the maker's workflow go now.
async fn prune(it: &Store, maker: &Maker) -> u64 {
    let (mut gone, mut from) = (0, None);
    loop {
        let page = it.retention_prune((maker.workspace, maker.workflow), DAY, from, PAGE).await.unwrap();
        let page = page.expect("nobody else is at it");
        gone += page.pruned;
        from = page.next;
        if from.is_none() {
            return gone;
        }
    }
}

/// How many rows they have left behind.
async fn clear(it: &Store) -> u64 {
    let mut rows = 0;
    loop {
        let cleared = it.retention_clear(PAGE, 1_000).await.unwrap().expect("nobody else is at it");
        rows += cleared.rows;
        if !cleared.more {
            return rows;
        }
    }
}

async fn count(it: &Fixture, sql: &str) -> i64 {
    it.ask(&format!("SELECT count(*) AS n FROM {sql}")).await[0].try_get("", "n").unwrap()
}

/// Tables of the schema that have a column of this name.
async fn tables_with(it: &Fixture, column: &str) -> BTreeSet<String> {
    let sql = match it.store.backend() {
        Backend::Postgres => format!(
            "SELECT c.table_name::text AS name FROM information_schema.columns c WHERE c.table_schema = 'public' AND c.column_name = '{column}'"
        ),
        Backend::Sqlite => format!(
            "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = '{column}'"
        ),
    };
    it.ask(&sql).await.iter().map(|row| row.try_get("", "name").unwrap()).collect()
}

/// Something in every table that an instance writes.
fn with_everything(unit: &mut Unit) {
    unit.nodes = vec![node(1)];
    unit.jobs = vec![job(unit, 1, "t")];
    unit.timers =
        vec![TimerRow { workspace: unit.workspace, instance: unit.instance, number: 1, shard: unit.shard, due: AT }];
    unit.incidents = vec![IncidentRow {
        number: 1,
        kind: "error",
        node: Some("n".into()),
        code: "X".to_owned(),
        message: "m".to_owned(),
        opened_at: AT,
        resolved_at: Some(AT),
    }];
    unit.search = vec![("a".into(), "1".to_owned())];
    unit.snapshot = Some(Snapshot { seq: 2, checksum: 1, state: Arc::from([1u8]) });
    unit.logs = vec![LogRow { number: 1, at: AT, node: "n".into(), level: "info".into(), message: "m".to_owned() }];
    unit.people = Some(Box::new(People { asked: vec![human(2, &["user:a", "*"])], ended: Vec::new() }));
    unit.post = Some(Box::new(Post {
        subscribed: vec![subscription(1, "m", None, AT)],
        permits: vec![PermitRow { number: 1, name: "p".into(), permits: 1, since: AT }],
        ..Post::default()
    }));
}

/// Tables whose rows of an instance outlive it, each with the reason.
const OUTLIVE: [&str; 3] = [
    // The result of a batch, which has a life of its own.
    "batch_item",
    // Permits are given back at the end. Of one that was left behind, whoever owns the shard finds within seconds that nobody has it.
    "key_permit",
    // Parcels on their way: the owner of the shard finds that there is nobody, and answers who waits.
    "inbox",
];

async fn what_ended_goes_with_its_rows_in_every_table(it: &Fixture) {
    let mut maker = Maker::new(&it.store).await;
    let mut start = maker.start();
    let id = start.instance;
    with_everything(&mut start);
    maker.commit(&it.store, vec![start]).await;
    let mut end = maker.step(id, 3, 1);
    end.head = Some(ended(3));
    maker.commit(&it.store, vec![end]).await;
    let other = an_ended_one(&it.store, &mut maker, 0).await;

    let mut tables = tables_with(it, "instance_id").await;
    OUTLIVE.iter().for_each(|table| assert!(tables.remove(*table), "{table} is no more: take it off the list"));
    assert!(HISTORY.iter().all(|table| tables.contains(*table)));
    let of = |table: &str| format!("{table} WHERE instance_id = {}", it.id(id.as_u128()));
    for table in &tables {
        assert!(count(it, &of(table)).await > 0, "{table} is new: give it a row here, and see that retention takes it");
    }
    assert_eq!(count(it, "human_task_offer").await, 2);

    assert_eq!(prune(&it.store, &maker).await, 1);
    assert!(it.store.load(maker.workspace, id).await.unwrap().is_none(), "it is gone at once");
    // Journal: two. Snapshot, log, node: one each.
    assert_eq!(clear(&it.store).await, 5);
    for table in &tables {
        assert_eq!(count(it, &of(table)).await, 0, "{table}");
    }
    assert_eq!(count(it, "human_task_offer").await, 0);
    assert_eq!(count(it, "pruned_instance").await, 0);
    assert_eq!(count(it, "workflow_instance").await, 1);
    assert!(it.store.load(maker.workspace, other).await.unwrap().is_some(), "one that runs was touched");
}

async fn what_is_open_or_young_or_watched_stays(it: &Fixture) {
    let mut maker = Maker::new(&it.store).await;
    let now = it.store.now().await.unwrap();
    let heads = [
        head(3),
        Head { ended_at: Some(now - DAY as i64 + 60_000), ..ended(3) },
        Head { incidents: 1, ..ended(3) },
        // Its time is over, and something has happened to it just now.
        Head { updated_at: now - 5_000, ..ended(3) },
        ended(3),
    ];
    let mut ids = Vec::new();
    for head in heads {
        let start = maker.start();
        ids.push(start.instance);
        let mut step = maker.step(start.instance, 3, 1);
        step.head = Some(head);
        maker.commit(&it.store, vec![start]).await;
        maker.commit(&it.store, vec![step]).await;
    }
    assert_eq!(prune(&it.store, &maker).await, 1);
    for (at, id) in ids.iter().enumerate() {
        assert_eq!(it.store.load(maker.workspace, *id).await.unwrap().is_some(), at < 4, "number {at}");
    }
    // Another workflow's time says nothing about this one.
    let strange = heddle_model::ids::WorkflowId::from_u128(common::fresh());
    let page = it.store.retention_prune((maker.workspace, strange), 0, None, PAGE).await.unwrap().unwrap();
    assert_eq!((page.pruned, page.next), (0, None));
}

async fn a_child_goes_after_its_caller(it: &Fixture) {
    let mut maker = Maker::new(&it.store).await;
    let mut family = Vec::new();
    let mut parent = None;
    // The youngest runs on for a while.
    for generation in 0..3 {
        let mut start = maker.start();
        start.created.as_mut().unwrap().parent = parent;
        parent = Some(start.instance);
        family.push(start.instance);
        let mut step = maker.step(start.instance, 3, 1);
        step.head = Some(if generation == 2 { head(3) } else { ended(3) });
        maker.commit(&it.store, vec![start]).await;
        maker.commit(&it.store, vec![step]).await;
    }
    // The middle one waits for both: who called it is there, and whom it called runs. The oldest has no open child.
    assert_eq!(prune(&it.store, &maker).await, 1);
    assert!(it.store.load(maker.workspace, family[0]).await.unwrap().is_none());
    assert_eq!(prune(&it.store, &maker).await, 0, "one went while an instance that it had called was open");
    let mut end = maker.step(family[2], 4, 1);
    end.head = Some(ended(4));
    maker.commit(&it.store, vec![end]).await;
    assert_eq!(prune(&it.store, &maker).await, 1);
    assert!(it.store.load(maker.workspace, family[1]).await.unwrap().is_none());
    assert!(it.store.load(maker.workspace, family[2]).await.unwrap().is_some(), "a child went with its caller there");
    assert_eq!(prune(&it.store, &maker).await, 1);
}

async fn a_late_change_of_what_is_gone_is_refused_whole(it: &Fixture) {
    let mut maker = Maker::new(&it.store).await;
    let id = an_ended_one(&it.store, &mut maker, 2).await;
    let beside = an_ended_one(&it.store, &mut maker, 0).await;
    assert_eq!(prune(&it.store, &maker).await, 1);
    clear(&it.store).await;
    // Somebody had read it before and now goes on with it; what is in the same batch is not written either.
    let mut late = maker.step(id, 5, 1);
    late.head = Some(head(5));
    let in_time = maker.step(beside, 3, 1);
    let batch = maker.batch(vec![in_time, late]);
    assert!(matches!(it.store.commit(&batch).await, Err(CommitError::Conflict(_))));
    assert_eq!(maker.last_events(&it.store, &[id, beside]).await, [None, Some(2)]);
}

/// What is true of each instance at any moment: it is whole, or it is gone for everybody.
async fn nothing_is_half(it: &Store, maker: &Maker, ids: &[InstanceId], last: u64) -> usize {
    let mut there = 0;
    for &id in ids {
        // The row first: an instance goes, it does not come.
        let row = it.load(maker.workspace, id).await.unwrap().is_some();
        let journal = maker.last_events(it, &[id]).await[0];
        if it.load(maker.workspace, id).await.unwrap().is_some() {
            assert!(row && journal == Some(last), "{id} is shown and its journal ends with {journal:?}");
            there += 1;
        }
    }
    there
}

async fn a_crash_while_deleting_leaves_nothing_half(it: &Fixture) {
    let mut maker = Maker::new(&it.store).await;
    let mut ids = Vec::new();
    for _ in 0..12 {
        ids.push(an_ended_one(&it.store, &mut maker, 5).await);
    }
    // Crash between the two steps, then in the middle of the second: each call is a process that did no more.
    let gone = it.store.retention_prune((maker.workspace, maker.workflow), DAY, None, 7).await.unwrap().unwrap();
    assert_eq!(gone.pruned, 7);
    assert_eq!(nothing_is_half(&it.store, &maker, &ids, 7).await, 5);
    let some = it.store.retention_clear(PAGE, 10).await.unwrap().unwrap();
    assert!(some.more && some.rows == 10, "{some:?}");
    assert_eq!(nothing_is_half(&it.store, &maker, &ids, 7).await, 5);
    // Another one finds what was left behind.
    let url = it.postgres.as_ref().map_or_else(|| it.sqlite.as_ref().unwrap().url(), |it| it.url.clone());
    let next = common::open(&url).await;
    assert_eq!(clear(&next).await, 7 * 6 - 10);
    assert_eq!(prune(&next, &maker).await, 5);
    assert_eq!(clear(&next).await, 5 * 6);
    assert_eq!(count(it, "journal").await + count(it, "pruned_instance").await, 0);
    next.close().await;
}

async fn no_call_deletes_more_than_it_was_told(it: &Fixture) {
    let mut maker = Maker::new(&it.store).await;
    for _ in 0..5 {
        an_ended_one(&it.store, &mut maker, 9).await;
    }
    let page = it.store.retention_prune((maker.workspace, maker.workflow), DAY, None, 2).await.unwrap().unwrap();
    assert!(page.pruned == 2 && page.next.is_some());
    assert_eq!(count(it, "workflow_instance").await, 3);
    let before = count(it, "journal").await;
    for round in 1..=3 {
        let cleared = it.store.retention_clear(PAGE, 4).await.unwrap().unwrap();
        assert!(cleared.rows == 4 && cleared.more);
        assert_eq!(count(it, "journal").await, before - 4 * round);
    }
}

/// Feeds go on from the places that they know: a shard never begins anew.
async fn g11_a_shard_whose_history_is_gone_gives_no_place_twice(it: &Fixture) {
    let mut maker = Maker::new(&it.store).await;
    let gone = an_ended_one(&it.store, &mut maker, 8).await;
    let other = loop {
        let start = maker.start();
        if start.shard != gone.shard() {
            maker.commit(&it.store, vec![start.clone()]).await;
            break start.shard;
        }
    };
    let places = async || {
        let leased = it.store.acquire("conformance").await.unwrap();
        let of = |shard: u16| leased.positions[leased.shards.iter().position(|&it| it == shard).unwrap()];
        (of(gone.shard()), of(other))
    };
    let before = places().await;
    assert!(before.0 >= 9, "{before:?}");
    assert_eq!(prune(&it.store, &maker).await, 1);
    while it.store.retention_clear(PAGE, 4).await.unwrap().unwrap().more {
        assert_eq!(places().await, before);
    }
    assert_eq!(count(it, "journal").await, 1);
    assert_eq!(places().await, before);
}

/// Connections are cut under two servers that both delete, again and again: what is there stays whole, and in the end all has gone once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_delete_at_once_and_cut_connections_hurt_nothing() {
    let server = Postgres::shared().unwrap();
    let database = server.database().unwrap();
    let store = common::open(&database.url).await;
    let mut maker = Maker::new(&store).await;
    let mut ids = Vec::new();
    for _ in 0..60 {
        ids.push(an_ended_one(&store, &mut maker, 4).await);
    }
    let stop = Arc::new(AtomicBool::new(false));
    let of = (maker.workspace, maker.workflow);
    let workers: Vec<_> = (0..2)
        .map(|_| {
            let (url, stop) = (database.url.clone(), stop.clone());
            tokio::spawn(async move {
                let store = common::open(&url).await;
                // An error is a connection that was cut: the next call goes on.
                while !stop.load(Ordering::Relaxed) {
                    let _ = store.retention_prune(of, DAY, None, 3).await;
                    let _ = store.retention_clear(2, 7).await;
                }
                store.close().await;
            })
        })
        .collect();
    for _ in 0..10 {
        server.cut_connections(&database.name).unwrap();
        until("a look", LIMIT, || async {
            let ask = |sql: &str| server.sql(&database.name, sql);
            // Whole: five rows of the journal.
            let half = ask("SELECT count(*) FROM workflow_instance i WHERE 5 <> (SELECT count(*) FROM journal j WHERE j.instance_id = i.id)").ok()?;
            assert_eq!(half, "0");
            let lost = ask("SELECT count(*) FROM journal j WHERE NOT EXISTS (SELECT FROM workflow_instance i WHERE i.id = j.instance_id) \
                AND NOT EXISTS (SELECT FROM pruned_instance p WHERE p.id = j.instance_id)").ok()?;
            assert_eq!(lost, "0", "rows that nobody will ever delete");
            Some(())
        })
        .await
        .unwrap();
    }
    let left = "SELECT (SELECT count(*) FROM workflow_instance) + (SELECT count(*) FROM journal) + (SELECT count(*) FROM pruned_instance)";
    until("all to be gone", LIMIT, || async { (server.sql(&database.name, left).unwrap() == "0").then_some(()) })
        .await
        .unwrap();
    stop.store(true, Ordering::Relaxed);
    for worker in workers {
        worker.await.unwrap();
    }
}

/// While another server is at it, this one stands back at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_server_deletes_at_a_time() {
    use sea_orm::{ConnectionTrait, Database, DbBackend, Statement, TransactionTrait};
    let it = common::postgres().await;
    let mut maker = Maker::new(&it.store).await;
    an_ended_one(&it.store, &mut maker, 1).await;
    let db = Database::connect(&it.postgres.as_ref().unwrap().url).await.unwrap();
    let other = db.begin().await.unwrap();
    let lock = "SELECT pg_try_advisory_xact_lock(7522534)";
    other.query_one_raw(Statement::from_string(DbBackend::Postgres, lock)).await.unwrap();
    assert_eq!(it.store.retention_prune((maker.workspace, maker.workflow), DAY, None, PAGE).await.unwrap(), None);
    assert_eq!(it.store.retention_clear(PAGE, PAGE).await.unwrap(), None);
    other.rollback().await.unwrap();
    assert_eq!(prune(&it.store, &maker).await, 1);
}
