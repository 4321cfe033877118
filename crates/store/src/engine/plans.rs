//! That SQLite finds what passes between instances by keys. What PostgreSQL reads is counted in `tests/plans.rs`: it plans by what is there.
#![allow(clippy::unwrap_used)]

use super::inbox::{READ_SQLITE, REPLY};
use super::mailbox::{Address, TAKE, broadcast_text, line_text, oldest_text};
use super::sweep::{GRANTABLE, MESSAGES_END, PERMITS_END, WANTED, expired_text, unread_text};
use super::{permit, read};
use heddle_model::ids::WorkspaceId;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

const SQLITE: DbBackend = DbBackend::Sqlite;

/// Statements, and whether they may put into order what they have found.
fn statements() -> Vec<(String, bool)> {
    let workspace = WorkspaceId::from_u128(1);
    let (keyed, plain) = (Address::new(workspace, "m", Some("k")), Address::new(workspace, "m", None));
    let mut all: Vec<(String, bool)> = Vec::new();
    for address in [&keyed, &plain] {
        all.push((line_text(SQLITE, address, 4, ""), false));
        all.push((oldest_text(SQLITE, address, 4), false));
    }
    for which in [read::LATEST, read::NUMBERED, read::LABELLED] {
        all.push((read::resolve_text(which), false));
    }
    all.extend(
        [TAKE, REPLY, MESSAGES_END, PERMITS_END, permit::STANDING, permit::MARK_SQLITE]
            .map(|it| (it.to_owned(), false)),
    );
    all.extend([permit::line_text(SQLITE, 4), expired_text(SQLITE), unread_text(SQLITE)].map(|it| (it, false)));
    all.extend([READ_SQLITE, WANTED, GRANTABLE].map(|it| (it.to_owned(), true)));
    all.push((broadcast_text(SQLITE), true));
    all
}

/// With ten thousand rows in each table, without figures about them and with.
#[tokio::test]
async fn no_statement_of_the_post_walks_a_table() {
    let file = heddle_testkit::TempSqlite::new().unwrap();
    let store = crate::Store::connect(&crate::ConnectOptions { url: file.url(), max_connections: None }).await.unwrap();
    store.migrate().await.unwrap();
    let writer = store.writer().await;
    for sql in FILL {
        let sql = format!("WITH RECURSIVE n (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < 10000) {sql}");
        writer.execute_raw(Statement::from_string(SQLITE, sql)).await.unwrap();
    }
    let mut walks: Vec<String> = Vec::new();
    for analyze in ["SELECT 1", "ANALYZE"] {
        writer.execute_raw(Statement::from_string(SQLITE, analyze)).await.unwrap();
        for (sql, sorts) in statements() {
            let explain = Statement::from_string(SQLITE, format!("EXPLAIN QUERY PLAN {sql}"));
            for row in writer.query_all_raw(explain).await.unwrap() {
                let detail: String = row.try_get("", "detail").unwrap();
                // Shards that were asked for, and what a key has found.
                let small = [
                    "SCAN s VIRTUAL TABLE", "SCAN CONSTANT ROW", "SCAN c", "SCAN w", "SCAN first", "SCAN t",
                    "SCAN (subquery-",
                ];
                let scans = detail.starts_with("SCAN") && !small.iter().any(|it| detail.starts_with(it));
                if scans || (!sorts && detail.contains("TEMP B-TREE")) {
                    walks.push(format!("{sql}\n{detail}"));
                }
            }
        }
    }
    assert!(walks.is_empty(), "{}", walks.join("\n"));
}

const FILL: [&str; 6] = [
    "INSERT INTO workflow_instance SELECT x'01', CAST(n AS BLOB), x'01', x'01', 1, 1, 1, NULL, 1, 1, n % 256, 1, 1, 0, 5, 0, 0, 0, 'RUNNING', '', \
     'usr', NULL, NULL, NULL FROM n",
    "INSERT INTO subscription SELECT x'01', CAST(n AS BLOB), 1, n % 256, n % 2, 'm', n, n FROM n",
    "INSERT INTO message SELECT x'01', CAST(n AS BLOB), n, n, 'm', n, '{}' FROM n",
    "INSERT INTO permit SELECT x'01', CAST(n AS BLOB), 1, n % 256, 1, n, n % 2, 'm' || n % 100 FROM n",
    "INSERT INTO inbox SELECT n % 256, CAST(n AS BLOB), x'01', x'01', n, '{}' FROM n",
    "INSERT INTO reply SELECT CAST(n AS BLOB), '{}', n FROM n",
];
