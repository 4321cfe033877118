//! That the databases find rows by keys: no statement of the hot path and no list walks through a whole table, and steps rewrite their
//! hot row in place.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod common;

use heddle_engine::storage::conformance::make::{AT, Maker, head, human, job, message, node, subscription};
use heddle_engine::storage::{
    Activation, Awaits, Content, HeadRow, HumanEnd, Parcel, People, PermitRow, Post, Published, ReplyRow, Settlement,
    SignalRow, Storage, SubscriptionRow, TallyRow, TimerRow, Unit,
};
use heddle_model::ids::{ParcelId, WorkspaceId};
use heddle_store::Store;
use heddle_testkit::Postgres;

/// Everything that the engine does with its tables, some of it often.
async fn engine_at_work(store: &Store) {
    let mut maker = Maker::new(store).await;
    let shards: Vec<u16> = (0..256).collect();
    for _ in 0..4 {
        let mut starts: Vec<Unit> = (0..200).map(|_| maker.start()).collect();
        for unit in &mut starts {
            unit.jobs = vec![job(unit, 1, "t")];
            unit.people = Some(Box::new(People { asked: vec![human(2, &["user:a", "*"])], ended: Vec::new() }));
            unit.timers = vec![TimerRow {
                workspace: unit.workspace,
                instance: unit.instance,
                number: 1,
                shard: unit.shard,
                due: AT,
            }];
        }
        let ids: Vec<_> = starts.iter().map(|unit| unit.instance).collect();
        maker.commit(store, starts).await;
        for step in 0..10u32 {
            let mut units: Vec<Unit> = ids.iter().map(|&id| maker.step(id, 3 + u64::from(step), 1)).collect();
            for unit in &mut units {
                unit.nodes = vec![node(step)];
                unit.nodes_gone = step.checked_sub(1).into_iter().collect();
                let node = format!("n{step}").into();
                unit.tally = vec![TallyRow { workflow: maker.workflow, node, completed: true, took_ms: 1 }];
            }
            maker.commit(store, units).await;
        }
        let tokens = (0..10).collect();
        let wish = Activation {
            workspace: maker.workspace,
            types: vec!["t".to_owned()],
            worker: "w".to_owned(),
            max: 10,
            lease_ms: 60_000,
            tokens,
        };
        for given in store.activate_jobs(&wish).await.unwrap() {
            store.heartbeat_job(maker.workspace, given.id, given.token, 60_000).await.unwrap();
        }
        store.timers(&shards, i64::MAX, 50).await.unwrap();
        store.runnable(&shards, None, 50).await.unwrap();
        let behind = |&instance: &_| HeadRow { workspace: maker.workspace, instance, head: head(12) };
        store.refresh_heads(maker.fence, &ids[..20].iter().map(behind).collect::<Vec<_>>()).await.unwrap();
        store.load(maker.workspace, ids[0]).await.unwrap();
        store.journal(maker.workspace, ids[0], 5, 10).await.unwrap();
        let ended: Vec<Unit> = ids
            .iter()
            .map(|&id| {
                let mut unit = maker.step(id, 13, 1);
                unit.nodes_gone = vec![9];
                unit.timers_gone = vec![1];
                unit.jobs_gone = vec![id.job(1)];
                let end = HumanEnd { number: 2, status: "DONE", at: AT, output: None };
                unit.people = Some(Box::new(People { asked: Vec::new(), ended: vec![end] }));
                unit
            })
            .collect();
        maker.commit(store, ended).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_engine_never_walks_a_table_on_postgres() {
    let server = Postgres::shared().unwrap();
    let database = server.database().unwrap();
    common::open(&database.url).await.close().await;
    // Making an index walks its table: forget what the migrations did.
    server.sql(&database.name, "SELECT pg_stat_reset()").unwrap();
    let store = common::open(&database.url).await;
    engine_at_work(&store).await;
    // A session tells its statistics when it ends.
    store.close().await;
    let ask = |sql: &str| server.sql(&database.name, sql).unwrap();
    heddle_testkit::until("statistics", std::time::Duration::from_secs(30), || async {
        (ask("SELECT n_tup_ins FROM pg_stat_user_tables WHERE relname = 'node_instance'") == "8000").then_some(())
    })
    .await
    .unwrap();
    let walked = ask(
        "SELECT string_agg(relname || ' ' || seq_scan, ', ') FROM pg_stat_user_tables WHERE seq_scan > 0 AND relname IN \
         ('workflow_instance', 'journal', 'node_instance', 'node_tally', 'job', 'timer', 'snapshot', 'incident', 'search_value', 'idempotency_key', 'task_log', \
         'human_task', 'human_task_offer')",
    );
    assert_eq!(walked, "");
    let in_place: f64 =
        ask("SELECT n_tup_hot_upd::float / n_tup_upd FROM pg_stat_user_tables WHERE relname = 'workflow_instance'")
            .parse()
            .unwrap();
    assert!(in_place > 0.9, "only {in_place} of the hot rows' updates were in place");
}

/// Ten thousand of everything that passes between instances, three times as many parcels; nothing of it fits together.
const POST: [&str; 6] = [
    "INSERT INTO workflow_instance (workspace_id, id, workflow_id, version_id, created_at, updated_at, seq, version_number, shard, nodes_ended, \
     nodes_expected, incidents, priority, runnable, unique_business_key, test, status, phase, started_by) SELECT {ws}, md5(n::text)::uuid, {ws}, {ws}, \
     1, 1, 1, 1, n % 256, 1, 1, 0, 5, false, false, false, 'RUNNING', '', 'usr' FROM generate_series(1, 10000) n",
    "INSERT INTO subscription (workspace_id, instance_id, number, shard, awaits, name, key, since) \
     SELECT {ws}, md5(n::text)::uuid, 1, n % 256, n % 2, 'm', 'waits ' || n, n FROM generate_series(1, 10000) n",
    "INSERT INTO message (workspace_id, id, sent_at, expires_at, name, key, letter) \
     SELECT {ws}, md5(n::text)::uuid, n, 4102444800000, 'm', 'kept ' || n, '{}' FROM generate_series(1, 10000) n",
    "INSERT INTO permit (workspace_id, instance_id, number, shard, permits, since, granted, name) \
     SELECT {ws}, md5(n::text)::uuid, 1, n % 256, 1, n, n <= 100, 'm' || n % 100 FROM generate_series(1, 10000) n",
    "INSERT INTO inbox (shard, id, workspace_id, instance_id, sent_at, content) \
     SELECT n % 256, md5(n::text)::uuid, {ws}, {ws}, n, '\"unwanted\"' FROM generate_series(1, 30000) n",
    "INSERT INTO reply (id, content, at) SELECT md5(n::text)::uuid, '{}', 4102444800000 FROM generate_series(1, 10000) n",
];

fn parcel(unit: &Unit, id: u128) -> Parcel {
    let (workspace, instance) = (unit.workspace, unit.instance);
    Parcel { id: ParcelId::from_u128(id), workspace, instance, sent_at: AT, content: Content::Unwanted }
}

/// Something of everything that the post does, once.
async fn post_at_work(store: &Store, maker: &mut Maker, round: u128) {
    let key = format!("{round}");
    let mut waiting = maker.start();
    let taken = parcel(&waiting, round * 10);
    waiting.post = Some(Box::new(Post {
        sent: vec![taken.clone()],
        replies: vec![ReplyRow { id: ParcelId::from_u128(round), content: String::new(), at: AT }],
        subscribed: vec![
            subscription(1, "m", Some(&key), AT),
            subscription(2, "m", None, AT),
            SubscriptionRow { awaits: Awaits::Signal, ..subscription(3, &key, None, AT) },
        ],
        published: vec![message(maker.workspace, "m", Some(&key), AT)],
        permits: vec![PermitRow { number: 1, name: key.as_str().into(), permits: 1, since: AT }],
        ..Post::default()
    }));
    maker.commit(store, vec![waiting.clone()]).await;
    assert_eq!(store.pair(maker.workspace, &"m".into(), Some(&key.as_str().into())).await.unwrap().len(), 1);
    assert!(store.pair(maker.workspace, &"m".into(), None).await.unwrap().is_empty());
    let row = message(maker.workspace, "m", None, AT);
    assert!(matches!(store.publish(&row, true).await.unwrap(), Published::Sent(_)));
    assert_eq!(store.publish(&row, true).await.unwrap(), Published::Refused);
    assert_eq!(store.publish(&message(maker.workspace, "m", Some("kept"), AT), false).await.unwrap(), Published::Kept);
    let signal = SignalRow { name: key.as_str().into(), payload: heddle_model::value::json!(1).into() };
    assert_eq!(store.broadcast(maker.workspace, &signal).await.unwrap(), 1);
    assert_eq!(store.grant(maker.workspace, &key.as_str().into()).await.unwrap().len(), 1);
    assert!(store.grant(maker.workspace, &"m5".into()).await.unwrap().is_empty());
    let mut step = maker.step(waiting.instance, 3, 1);
    step.post = Some(Box::new(Post {
        taken: vec![taken.id],
        unsubscribed: vec![3],
        signals: vec![signal],
        permits_gone: vec![1],
        ..Post::default()
    }));
    maker.commit(store, vec![step]).await;
    let door = parcel(&waiting, round * 10 + 1);
    store.post(&door).await.unwrap();
    let settlement = Settlement { taken: (door.shard(), door.id), reply: None, sent: None, returned: None };
    store.settle(maker.fence, &[settlement]).await.unwrap();
    assert!(store.reply(ParcelId::from_u128(round)).await.unwrap().is_some());
    store.sweep(25).await.unwrap();
}

/// What is read is a small part of what is there: a look through any table would show, and so would one through an index.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_post_reads_what_it_needs_on_postgres() {
    const ROUNDS: u128 = 10;
    // A server of its own: while it fills its tables, no other database of the server forgets old versions of rows.
    let server = Postgres::start().unwrap();
    let database = server.database().unwrap();
    common::open(&database.url).await.close().await;
    let ask = |sql: &str| server.sql(&database.name, sql).unwrap();
    let workspace = WorkspaceId::from_u128(common::fresh());
    POST.iter().for_each(|sql| drop(ask(&sql.replace("{ws}", &format!("'{:032x}'", workspace.as_u128())))));
    ask("ANALYZE");
    ask("SELECT pg_stat_reset()");
    let store = common::open(&database.url).await;
    let mut maker = Maker::new(&store).await;
    maker.workspace = workspace;
    for round in 1..=ROUNDS {
        post_at_work(&store, &mut maker, round).await;
    }
    let shards: Vec<u16> = (0..256).collect();
    for _ in 0..2 {
        assert_eq!(store.inbox(&shards, 100).await.unwrap().len(), 100);
    }
    // A session tells its statistics when it ends.
    store.close().await;
    let changed = "SELECT n_tup_ins FROM pg_stat_user_tables WHERE relname = 'permit'";
    heddle_testkit::until("statistics", std::time::Duration::from_secs(30), || async {
        (ask(changed) == ROUNDS.to_string()).then_some(())
    })
    .await
    .unwrap();
    let read = ask("SELECT relname, indexrelname, idx_tup_read FROM pg_stat_user_indexes \
         WHERE relname IN ('inbox', 'reply', 'subscription', 'message', 'permit') AND idx_tup_read > 0 ORDER BY 1, 2");
    let walked = ask("SELECT coalesce(string_agg(relname, ' '), '') FROM pg_stat_user_tables WHERE seq_scan > 0 \
         AND relname IN ('inbox', 'reply', 'subscription', 'message', 'permit')");
    assert_eq!(walked, "", "{read}");
    for line in read.lines() {
        let rows: u64 = line.rsplit('|').next().unwrap().trim().parse().unwrap();
        assert!(rows < 10_000, "ten rounds read more than one look through: {read}");
    }
    assert!(
        read.contains("subscription_line") && read.contains("permit_line") && read.contains("inbox_order"),
        "{read}"
    );
}

/// The index that must serve each list, whatever the table's size.
const LISTS: [(&str, &str); 21] = [
    ("SELECT id FROM workflow_instance WHERE workspace_id = {id} ORDER BY id DESC LIMIT 50", "workflow_instance"),
    (
        "SELECT id FROM workflow_instance WHERE workspace_id = {id} AND status = 'FAILED' ORDER BY id DESC LIMIT 50",
        "workflow_instance_status",
    ),
    (
        "SELECT id FROM workflow_instance WHERE workspace_id = {id} AND workflow_id = {id} ORDER BY id DESC LIMIT 50",
        "workflow_instance_workflow",
    ),
    (
        "SELECT id FROM workflow_instance WHERE workspace_id = {id} AND business_key = 'x' ORDER BY id DESC LIMIT 50",
        "workflow_instance_business_key",
    ),
    (
        "SELECT id FROM workflow_instance WHERE workspace_id = {id} AND incidents > 0 ORDER BY id DESC LIMIT 50",
        "workflow_instance_incidents",
    ),
    (
        "SELECT id FROM workflow_instance WHERE workspace_id = {id} AND parent_id = {id} ORDER BY id DESC LIMIT 50",
        "workflow_instance_parent",
    ),
    (
        "SELECT instance_id FROM search_value WHERE workspace_id = {id} AND name = 'n' AND value_key = '1'",
        "search_value_value",
    ),
    ("SELECT instance_id FROM node_instance WHERE workspace_id = {id} AND node_id = 'n'", "node_instance_live"),
    (
        "SELECT id FROM workflow WHERE workspace_id = {id} AND deleted_at IS NULL ORDER BY updated_at DESC, id DESC LIMIT 50",
        "workflow_updated",
    ),
    (
        "SELECT * FROM incident n WHERE n.workspace_id = {id} AND n.resolved_at IS NULL AND (SELECT of.workflow_id FROM workflow_instance of \
         WHERE of.workspace_id = n.workspace_id AND of.id = n.instance_id) = {id} AND (n.opened_at, n.id) < (5, {id}) \
         ORDER BY n.opened_at DESC, n.id DESC LIMIT 50",
        "incident_open",
    ),
    (
        "SELECT * FROM incident n WHERE n.workspace_id = {id} AND n.resolved_at IS NULL AND n.kind = 'poisoned' ORDER BY n.opened_at DESC, n.id DESC LIMIT 50",
        "incident_open_kind",
    ),
    (
        "SELECT * FROM incident n WHERE n.workspace_id = {id} AND n.resolved_at IS NOT NULL ORDER BY n.opened_at DESC, n.id DESC LIMIT 50",
        "incident_resolved",
    ),
    ("SELECT id FROM batch WHERE workspace_id = {id} AND id < {id} ORDER BY id DESC LIMIT 50", "batch"),
    ("SELECT id FROM batch WHERE open = 1 AND lease_until <= 5 ORDER BY worked_at, id LIMIT 1", "batch_open"),
    (
        "SELECT number FROM batch_item WHERE ended_at IS NULL AND workspace_id = {id} AND batch_id = {id} ORDER BY number LIMIT 64",
        "batch_item_open",
    ),
    (
        "SELECT line FROM task_log WHERE workspace_id = {id} AND instance_id = {id} AND line > 5 ORDER BY line LIMIT 50",
        "task_log_instance",
    ),
    (
        "SELECT t.id FROM human_task t WHERE t.workspace_id = {id} AND t.ended_at IS NULL AND NOT t.held AND t.workflow_id = {id} \
         AND (t.asked_at, t.id) < (5, {id}) ORDER BY t.asked_at DESC, t.id DESC LIMIT 50",
        "human_task_open",
    ),
    (
        "SELECT t.id FROM human_task t WHERE t.workspace_id = {id} AND t.ended_at IS NOT NULL AND t.status = 'DONE' \
         ORDER BY t.asked_at DESC, t.id DESC LIMIT 50",
        "human_task_ended",
    ),
    (
        "SELECT t.id FROM human_task t WHERE t.workspace_id = {id} AND t.assignee = 'a' AND t.ended_at IS NULL AND NOT t.held \
         ORDER BY t.asked_at DESC, t.id DESC LIMIT 50",
        "human_task_mine",
    ),
    (
        "SELECT t.id FROM human_task t WHERE t.workspace_id = {id} AND t.ended_at IS NULL AND NOT t.held AND t.due < 9 AND t.due IS NOT NULL \
         AND (t.assignee = 'a' OR EXISTS (SELECT 1 FROM human_task_offer o WHERE o.workspace_id = t.workspace_id AND o.id = t.id AND o.who = '*')) \
         AND (t.due, t.id) > (5, {id}) ORDER BY t.due, t.id LIMIT 50",
        "human_task_due",
    ),
    (
        "SELECT t.id FROM human_task_offer o JOIN human_task t ON t.workspace_id = o.workspace_id AND t.id = o.id WHERE o.workspace_id = {id} \
         AND o.who = 'user:a' AND t.ended_at IS NULL AND NOT t.held AND (o.asked_at, o.id) < (5, {id}) ORDER BY o.asked_at DESC, o.id DESC LIMIT 50",
        "human_task_offer_who",
    ),
];

#[tokio::test]
async fn lists_have_an_index_on_postgres() {
    let server = Postgres::shared().unwrap();
    let database = server.database().unwrap();
    common::open(&database.url).await.close().await;
    for (sql, index) in LISTS {
        let sql = sql.replace("{id}", "'018f0000-0000-7000-8000-000000000001'");
        // Empty tables are walked because they are small: what counts is that the index can serve the question in its order.
        let settings = "SET enable_seqscan = off; SET enable_bitmapscan = off;";
        let plan = server.sql(&database.name, &format!("{settings} EXPLAIN {sql}")).unwrap();
        assert!(plan.contains(&format!("using {index}")) && !plan.contains("Sort"), "{sql}\n{plan}");
    }
}

#[tokio::test]
async fn lists_have_an_index_on_sqlite() {
    use sea_orm::{ConnectionTrait, Database, DbBackend, Statement};
    let it = common::sqlite().await;
    let db = Database::connect(it.sqlite.as_ref().unwrap().url()).await.unwrap();
    for (sql, index) in LISTS {
        let sql = format!("EXPLAIN QUERY PLAN {}", sql.replace("{id}", "x'018f0000000070008000000000000001'"));
        let rows = db.query_all_raw(Statement::from_string(DbBackend::Sqlite, &sql)).await.unwrap();
        let plan: String = rows.iter().map(|row| row.try_get::<String>("", "detail").unwrap() + "\n").collect();
        // The primary key's own index has a name of SQLite's.
        let own = format!("sqlite_autoindex_{index}_1");
        let index = if ["workflow_instance", "batch"].contains(&index) { own.as_str() } else { index };
        assert!(
            plan.contains(&format!("INDEX {index} (")) && !plan.contains("TEMP B-TREE") && !plan.contains("SCAN"),
            "{sql}\n{plan}"
        );
    }
}

/// What the auditor asks about a page of open instances, every minute.
fn causes(id: &str, is_true: &str) -> String {
    let sql = heddle_store::query::CAUSES.replace("{true}", is_true).replace("$1", id).replace("$2", "'RUNNING'");
    sql.replace("$3", id).replace("$4", "1000")
}

#[tokio::test]
async fn g10_the_auditor_reads_by_keys_on_postgres() {
    let server = Postgres::start().unwrap();
    let database = server.database().unwrap();
    common::open(&database.url).await.close().await;
    let ask = |sql: &str| server.sql(&database.name, sql).unwrap();
    let workspace = format!("'{:032x}'", common::fresh());
    POST.iter().for_each(|sql| drop(ask(&sql.replace("{ws}", &workspace))));
    for sql in [
        "INSERT INTO timer SELECT {ws}, md5(n::text)::uuid, 1, n % 256, n FROM generate_series(1, 10000) n",
        "INSERT INTO job SELECT {ws}, md5(n::text)::uuid, md5(n::text)::uuid, 1, 0, 5, 1, 0, 1, NULL, 1, false, 't', 'n', NULL, 'k', '{}' \
         FROM generate_series(1, 10000) n",
        "INSERT INTO node_instance SELECT {ws}, md5((n / 4)::text)::uuid, 1, n % 4, 1, 1, 'n', 'task', 'RUNNING', \
         'timer', NULL, NULL FROM generate_series(4, 40003) n",
    ] {
        ask(&sql.replace("{ws}", &workspace));
    }
    ask("ANALYZE");
    let plan = ask(&format!("EXPLAIN {}", causes(&workspace, "true")));
    let walks = ["Seq Scan", "hashed", "Sort"];
    assert!(!walks.iter().any(|walk| plan.contains(walk)), "{plan}");
    for index in ["timer_pkey", "job_instance", "subscription_pkey", "permit_pkey", "workflow_instance_parent"] {
        assert!(plan.contains(&format!("using {index} on")), "{index}: {plan}");
    }
}

#[tokio::test]
async fn g10_the_auditor_reads_by_keys_on_sqlite() {
    use sea_orm::{ConnectionTrait, Database, DbBackend, Statement};
    let it = common::sqlite().await;
    let db = Database::connect(it.sqlite.as_ref().unwrap().url()).await.unwrap();
    let sql = format!("EXPLAIN QUERY PLAN {}", causes("x'018f0000000070008000000000000001'", "1"));
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Sqlite, &sql)).await.unwrap();
    let plan: String = rows.iter().map(|row| row.try_get::<String>("", "detail").unwrap() + "\n").collect();
    assert!(plan.contains("workflow_instance_status (") && plan.contains("workflow_instance_parent ("), "{plan}");
    assert!(!plan.contains("SCAN i") && !plan.contains("SCAN b") && !plan.contains("TEMP B-TREE"), "{plan}");
    assert!(plan.lines().all(|line| !line.starts_with("SCAN") || line.contains("CONSTANT ROW")), "{plan}");
}
