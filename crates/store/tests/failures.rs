//! What happens when things break: lost connections, a crashed server, callers that hang up, two owners.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod common;

use heddle_engine::storage::conformance::make::Maker;
use heddle_engine::storage::{CommitError, Storage, Unit};
use heddle_store::{ConnectOptions, Store, StoreError};
use heddle_testkit::{Postgres, TempSqlite, until};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60);

/// Commits events to one instance until told to stop, as the engine would: after a doubt it reads the head before it goes on.
async fn write_on(
    store: Store,
    mut maker: Maker,
    stop: Arc<AtomicBool>,
    acknowledged: Arc<AtomicU64>,
) -> (Unit, u64, u64) {
    let start = maker.start();
    let instance = start.instance;
    maker.commit(&store, vec![start.clone()]).await;
    let (mut seq, mut doubts, mut in_doubt) = (2, 0, false);
    while !stop.load(Ordering::Relaxed) {
        let unit = maker.step(instance, seq + 1, 1);
        match store.commit(&maker.batch(vec![unit])).await {
            Ok(()) => (seq, in_doubt) = (seq + 1, false),
            // As the engine does: not at once again, while the database comes up.
            Err(CommitError::Transient(_)) => tokio::time::sleep(Duration::from_millis(20)).await,
            // What nobody knew about may land after the journal was read: the server that went down had it in its log, and nobody
            // saw it before it came up again. The engine reads again, too.
            Err(outcome) if matches!(outcome, CommitError::Unknown(_)) || in_doubt => {
                doubts += 1;
                // The database may be down for a while: ask until it answers.
                let last = until("the journal", LIMIT, || async { common::last_event(&store, &start).await.ok() });
                let last = last.await.unwrap().unwrap();
                let clashed = matches!(outcome, CommitError::Conflict(_));
                assert!(last == seq + 1 || last == seq && !clashed, "event {last} after {seq} acknowledged: {outcome}");
                (seq, in_doubt) = (last, last == seq);
            }
            Err(error) => panic!("{error}"),
        }
        acknowledged.fetch_add(1, Ordering::Relaxed);
    }
    (start, seq, doubts)
}

/// Several writers, and something done to the database while they write; nothing acknowledged is lost, nothing is there twice.
async fn survives(server: &Postgres, harm: impl AsyncFn(&Postgres, &str)) {
    let database = server.database().unwrap();
    let store = common::open(&database.url).await;
    let maker = Maker::new(&store).await;
    let (stop, acknowledged) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let writers: Vec<_> = (0..4)
        .map(|lane| tokio::spawn(write_on(store.clone(), maker.lane(lane, 4), stop.clone(), acknowledged.clone())))
        .collect();
    for round in 1..=3u64 {
        let enough = acknowledged.load(Ordering::Relaxed) + 50;
        until("writers to get on", LIMIT, || async { (acknowledged.load(Ordering::Relaxed) > enough).then_some(()) })
            .await
            .unwrap();
        harm(server, &database.name).await;
        assert!(round <= 3);
    }
    let enough = acknowledged.load(Ordering::Relaxed) + 50;
    until("writers to recover", LIMIT, || async { (acknowledged.load(Ordering::Relaxed) > enough).then_some(()) })
        .await
        .unwrap();
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        let (start, seq, _) = writer.await.unwrap();
        let journal = store.journal(start.workspace, start.instance, 0, u32::MAX).await.unwrap();
        let mut expected = 1;
        for row in &journal {
            assert_eq!(row.first_seq, expected, "a gap or a double");
            expected += u64::from(row.count);
        }
        assert_eq!(expected - 1, seq, "what was acknowledged is what is there");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g2_cut_connections_lose_nothing() {
    survives(Postgres::shared().unwrap(), async |server: &Postgres, database: &str| {
        server.cut_connections(database).unwrap()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g1_a_crashed_server_loses_nothing() {
    let server = Postgres::start().unwrap();
    survives(&server, async |server: &Postgres, _: &str| {
        server.stop_immediately().unwrap();
        server.launch().unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g1_a_killed_server_loses_nothing() {
    let server = Postgres::start().unwrap();
    survives(&server, async |server: &Postgres, _: &str| {
        server.kill().unwrap();
        server.launch().unwrap();
    })
    .await;
}

/// Callers that hang up at any moment leave no transaction open and no connection lost, and every batch is whole.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_that_hang_up_leave_nothing_open() {
    let server = Postgres::shared().unwrap();
    let database = server.database().unwrap();
    let store = common::open(&database.url).await;
    let mut maker = Maker::new(&store).await;
    let mut started = Vec::new();
    for round in 0..300u64 {
        let units: Vec<Unit> = (0..3).map(|_| maker.start()).collect();
        started.push(units.clone());
        let batch = maker.batch(units);
        let patience = Duration::from_micros(round * 13 % 4_000);
        let workspace = common::workspace(&format!("w{round}"));
        let audit = common::audit(None, "workspace.create");
        let _ = tokio::time::timeout(patience, async {
            tokio::join!(store.commit(&batch), store.workspace_insert(workspace, audit))
        })
        .await;
    }
    // What was begun goes on without its caller; it is over when nobody is at work any more.
    let busy = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'heddle%' AND state <> 'idle'";
    until("all sessions to be idle", LIMIT, || async {
        (server.sql(&database.name, busy).unwrap() == "0").then_some(())
    })
    .await
    .unwrap();
    for units in &started {
        let mut last = Vec::new();
        for unit in units {
            last.push(common::last_event(&store, unit).await.unwrap());
        }
        assert!(last.iter().all(Option::is_some) || last.iter().all(Option::is_none), "half a batch: {last:?}");
    }
    assert_eq!(store.audit_verify(None).await.unwrap().1, None);
    let all: Vec<_> = (0..40)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.ping().await })
        })
        .collect();
    for ping in all {
        ping.await.unwrap().unwrap();
    }
}

/// A second server gets nothing while the first lives, everything once its lease has ended, and the first can write nothing then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_server_waits_for_the_lease() {
    let server = Postgres::shared().unwrap();
    let database = server.database().unwrap();
    let store = common::open(&database.url).await;
    let mut first = Maker::new(&store).await;
    let second = store.acquire("second").await.unwrap();
    assert!(second.shards.is_empty());
    first.commit(&store, Vec::new()).await;
    server.sql(&database.name, "UPDATE server_node SET lease_until = 1 WHERE name = 'conformance'").unwrap();
    let second = store.acquire("second").await.unwrap();
    assert_eq!(second.shards.len(), 256);
    let unit = first.start();
    assert!(matches!(store.commit(&first.batch(vec![unit])).await, Err(CommitError::Fenced)));
    assert!(!store.heartbeat(first.fence).await.unwrap());
    let again = store.acquire("conformance").await.unwrap();
    assert!(again.shards.is_empty(), "the first one is back, and does not take what the second holds");
}

/// A commit that is under way when somebody takes over is either before the take-over or fenced: never after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn take_overs_and_commits_do_not_overlap() {
    let database = Postgres::shared().unwrap().database().unwrap();
    let store = common::open(&database.url).await;
    for _ in 0..30 {
        let mut maker = Maker::new(&store).await;
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let (store, unit) = (store.clone(), maker.start());
                let batch = maker.batch(vec![unit]);
                tokio::spawn(async move { (batch.units[0].clone(), store.commit(&batch).await) })
            })
            .collect();
        let leased = store.acquire("conformance").await.unwrap();
        for task in tasks {
            let (unit, result) = task.await.unwrap();
            match result {
                Ok(()) => {
                    let known = leased.positions[usize::from(unit.shard)];
                    assert!(
                        known >= unit.journal.pos,
                        "the new owner did not see a commit that was acknowledged to the old one"
                    );
                }
                Err(CommitError::Fenced) => assert_eq!(common::last_event(&store, &unit).await.unwrap(), None),
                Err(error) => panic!("{error}"),
            }
        }
    }
}

#[tokio::test]
async fn wrong_urls_say_what_is_wrong() {
    let connect = |url: &str| {
        let options = ConnectOptions { url: url.to_owned(), max_connections: None };
        async move { Store::connect(&options).await.map(drop).unwrap_err() }
    };
    assert!(matches!(connect("mysql://x").await, StoreError::Fatal(text) if text.contains("sqlite://")));
    assert!(matches!(connect("sqlite::memory:").await, StoreError::Fatal(text) if text.contains("file")));
    let nobody = connect("postgres://heddle:secret@127.0.0.1:1/x").await;
    assert!(matches!(&nobody, StoreError::Transient(text) if !text.contains("secret")), "{nobody:?}");
}

#[tokio::test]
async fn a_file_is_made_with_its_folder_and_reopened() {
    let place = TempSqlite::new().unwrap();
    let url = format!("sqlite://{}/new/folder/数据.db?mode=rwc", place.dir().display());
    let store = Store::connect(&ConnectOptions { url: url.clone(), max_connections: Some(2) }).await.unwrap();
    assert!(!store.migrations_done().await.unwrap());
    assert!(!store.migrate().await.unwrap().is_empty());
    assert!(store.migrate().await.unwrap().is_empty());
    store.setting_put("a", "b").await.unwrap();
    store.close().await;
    let again = Store::connect(&ConnectOptions { url, max_connections: None }).await.unwrap();
    assert!(again.migrations_done().await.unwrap());
    assert_eq!(again.setting("a").await.unwrap().as_deref(), Some("b"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_start_at_once_change_the_schema_once() {
    let database = Postgres::shared().unwrap().database().unwrap();
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let options = ConnectOptions { url: database.url.clone(), max_connections: Some(2) };
            tokio::spawn(async move { Store::connect(&options).await.unwrap().migrate().await.unwrap().len() })
        })
        .collect();
    let mut applied = Vec::new();
    for task in tasks {
        applied.push(task.await.unwrap());
    }
    applied.sort_unstable();
    assert!(applied[..3] == [0, 0, 0] && applied[3] > 20, "{applied:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hints_reach_other_servers() {
    let database = Postgres::shared().unwrap().database().unwrap();
    let (one, two) = (common::open(&database.url).await, common::open(&database.url).await);
    let (notifier, mut hints) = (one.notifier(), two.hints());
    tokio::time::timeout(LIMIT, hints.next()).await.expect("the first look after listening began");
    // A hint that is sent while a listener connects may be lost: say it again, as an engine does with each commit.
    let said = tokio::spawn(async move {
        loop {
            notifier.hint();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    tokio::time::timeout(LIMIT, hints.next()).await.expect("a hint");
    said.abort();
    let file = common::sqlite().await;
    file.store.notifier().hint();
    drop(file.store.hints());
}

/// While the engine commits without a pause, a door's write waits for its turn and no longer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doors_and_engine_take_turns_on_sqlite() {
    let it = common::sqlite().await;
    let maker = Maker::new(&it.store).await;
    let (stop, acknowledged) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let writers: Vec<_> = (0..4)
        .map(|lane| tokio::spawn(write_on(it.store.clone(), maker.lane(lane, 4), stop.clone(), acknowledged.clone())))
        .collect();
    let mut waited = Vec::new();
    for round in 0..50 {
        let before = acknowledged.load(Ordering::Relaxed);
        let workspace = common::workspace(&format!("w{round}"));
        it.store.workspace_insert(workspace, common::audit(None, "workspace.create")).await.unwrap();
        waited.push(acknowledged.load(Ordering::Relaxed) - before);
    }
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        let (start, seq, doubts) = writer.await.unwrap();
        assert_eq!((common::last_event(&it.store, &start).await.unwrap(), doubts), (Some(seq), 0));
    }
    // Four ask again as soon as they are answered: the fifth is behind each of them once, and the machine may be slow to tell.
    waited.sort_unstable();
    assert!(waited[25] <= 20, "a door waited for {waited:?} commits");
    assert!(acknowledged.load(Ordering::Relaxed) > 0, "the engine wrote nothing meanwhile");
}
