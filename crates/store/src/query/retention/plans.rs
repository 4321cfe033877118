//! That retention finds every row by an index, with ten thousand rows in each table, on both databases.
#![allow(clippy::unwrap_used)]

use super::{FORGET, HISTORY, PRUNE_POSTGRES, PRUNE_SQLITE, WORKFLOWS, clear_text, page_text};
use crate::connect::Backend;
use crate::engine::NOW_POSTGRES;
use crate::{ConnectOptions, Store};
use heddle_testkit::{Postgres, TempSqlite};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

/// Ten thousand ended instances of ten workflows, each the child of the one before, each with a row in every table of history.
const FILL: [&str; 6] = [
    "INSERT INTO workflow_instance (workspace_id, id, workflow_id, version_id, created_at, updated_at, ended_at, seq, version_number, shard, \
     nodes_ended, nodes_expected, incidents, priority, runnable, unique_business_key, test, status, phase, started_by, parent_id) \
     SELECT {ws}, {id}, {wf}, {ws}, 1, 1, n, 1, 1, n % 256, 1, 1, 0, 5, {false}, {false}, {false}, 'COMPLETED', '', 'usr', {before} FROM n",
    "INSERT INTO journal (workspace_id, instance_id, first_seq, pos, at, count, checksum, shard, events) SELECT {ws}, {id}, 1, n, 1, 2, 1, n % 256, {bytes} FROM n",
    "INSERT INTO task_log (workspace_id, instance_id, number, at, node_id, level, message) SELECT {ws}, {id}, 1, 1, 'n', 'info', 'm' FROM n",
    "INSERT INTO snapshot (workspace_id, instance_id, seq, checksum, state) SELECT {ws}, {id}, 1, 1, {bytes} FROM n",
    "INSERT INTO node_instance (workspace_id, instance_id, started_at, number, attempt, iteration, node_id, node_type, status, reason) \
     SELECT {ws}, {id}, 1, 1, 1, 1, 'n', 'task', 'RUNNING', 'timer' FROM n",
    "INSERT INTO pruned_instance SELECT {ws}, {id} FROM n",
];

fn fill(words: &[(&str, &str)], numbers: &str) -> Vec<String> {
    let write = |sql: &&str| words.iter().fold(format!("{numbers} {sql}"), |sql, (word, is)| sql.replace(word, is));
    FILL.iter().map(write).collect()
}

#[tokio::test]
async fn retention_finds_by_an_index_on_sqlite() {
    let file = TempSqlite::new().unwrap();
    let store = Store::connect(&ConnectOptions { url: file.url(), max_connections: None }).await.unwrap();
    store.migrate().await.unwrap();
    let writer = store.writer().await;
    let numbers = "WITH RECURSIVE n (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < 10000)";
    let words = [
        ("{ws}", "x'01'"),
        ("{id}", "CAST(n AS BLOB)"),
        ("{before}", "CAST(n - 1 AS BLOB)"),
        ("{wf}", "CAST(n % 10 AS BLOB)"),
        ("{false}", "0"),
        ("{bytes}", "x'01'"),
    ];
    for sql in fill(&words, numbers) {
        writer.execute_raw(Statement::from_string(DbBackend::Sqlite, sql)).await.unwrap();
    }
    let mut statements =
        vec![page_text(Backend::Sqlite), PRUNE_SQLITE.to_owned(), FORGET.to_owned(), WORKFLOWS.to_owned()];
    statements.extend(HISTORY.map(|table| clear_text(Backend::Sqlite, table)));
    for analyze in ["SELECT 1", "ANALYZE"] {
        writer.execute_raw(Statement::from_string(DbBackend::Sqlite, analyze)).await.unwrap();
        for sql in &statements {
            let explain = Statement::from_string(DbBackend::Sqlite, format!("EXPLAIN QUERY PLAN {sql}"));
            let rows = writer.query_all_raw(explain).await.unwrap();
            let plan: Vec<String> = rows.iter().map(|row| row.try_get("", "detail").unwrap()).collect();
            // The first page of what is gone is read in the order of its key.
            let walks = |line: &String| {
                line.starts_with("SCAN")
                    && !["SCAN CONSTANT ROW", "SCAN p", "SCAN pruned_instance", "SCAN (subquery"]
                        .iter()
                        .any(|it| line.starts_with(it))
            };
            assert!(!plan.iter().any(|line| walks(line) || line.contains("TEMP B-TREE")), "{sql}\n{plan:#?}");
            if sql.contains("AS goes") {
                assert!(plan.iter().any(|line| line.contains("workflow_instance_ended (")), "{plan:#?}");
            }
        }
    }
}

#[tokio::test]
async fn retention_finds_by_an_index_on_postgres() {
    let server = Postgres::shared().unwrap();
    let database = server.database().unwrap();
    let store = Store::connect(&ConnectOptions { url: database.url.clone(), max_connections: None }).await.unwrap();
    store.migrate().await.unwrap();
    let ask = |sql: &str| server.sql(&database.name, sql).unwrap();
    let ws = "'018f0000-0000-7000-8000-000000000001'";
    let words = [
        ("{ws}", "'018f0000-0000-7000-8000-000000000001'::uuid"),
        ("{id}", "md5(n::text)::uuid"),
        ("{before}", "md5((n - 1)::text)::uuid"),
        ("{wf}", "md5('w' || n % 10)::uuid"),
        ("{false}", "false"),
        ("{bytes}", "'\\x01'::bytea"),
    ];
    for sql in fill(&words, "WITH n AS (SELECT generate_series(1, 10000) AS n)") {
        ask(&sql);
    }
    ask("ANALYZE");
    let given = |sql: &str, values: &[&str]| {
        let whole = values.iter().enumerate().rev();
        whole.fold(sql.to_owned(), |sql, (at, value)| sql.replace(&format!("${}", at + 1), value))
    };
    let (page, prune) = (page_text(Backend::Postgres), PRUNE_POSTGRES.replace("{now}", NOW_POSTGRES));
    let mut statements = vec![
        (given(&page, &[ws, ws, "5::bigint", "6::bigint", "7::bigint", ws, "200"]), "workflow_instance_ended"),
        (
            given(&prune, &[ws, &format!("ARRAY[{ws}, {ws}]::uuid[]"), "5::bigint", "6::bigint"]),
            "workflow_instance_pkey",
        ),
        (given(FORGET, &["200"]), "pruned_instance_pkey"),
        (given(WORKFLOWS, &[ws, ws, "500"]), "workflow_pkey"),
    ];
    let keys = ["journal_pkey", "task_log_instance", "snapshot_pkey", "node_instance_pkey"];
    for (table, key) in HISTORY.into_iter().zip(keys) {
        statements.push((given(&clear_text(Backend::Postgres, table), &["200", "5000"]), key));
    }
    // The settings of the engine's connections, with which these statements run.
    let settings = "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;";
    for (sql, index) in statements {
        let plan = ask(&format!("{settings} EXPLAIN {sql}"));
        assert!(plan.contains(index) && !plan.contains("Seq Scan") && !plan.contains("Sort"), "{sql}\n{plan}");
    }
}
