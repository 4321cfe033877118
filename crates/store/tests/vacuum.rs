//! PostgreSQL keeps up with what dies: every table whose rows change or go says so, and pages of rows that are rewritten have room.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod common;

use heddle_testkit::Postgres;

/// Tables that people write, seldom: the server's defaults do.
const COLD: [&str; 12] = [
    "workspace", "user_account", "role", "role_grant", "workspace_member", "session", "api_setting", "audit_log",
    "workflow", "workflow_version", "pause", "seaql_migrations",
];
/// Of versions, written once.
const PARTS: [&str; 2] = ["node", "edge"];

/// Whose rows are rewritten in place, so that a new version finds room on the page of the old one (HOT).
const REWRITTEN: [&str; 8] =
    ["workflow_instance", "job", "node_tally", "snapshot", "human_task", "batch", "server_node", "shard_lease"];

fn option(options: &str, name: &str) -> Option<f64> {
    options.split(',').find_map(|it| it.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_that_the_engine_writes_are_vacuumed_in_time() {
    let server = Postgres::shared().unwrap();
    let database = server.database().unwrap();
    common::open(&database.url).await.close().await;
    let tables = server
        .sql(
            &database.name,
            "SELECT relname || ' ' || coalesce(array_to_string(reloptions, ','), '') FROM pg_class \
             WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1",
        )
        .unwrap();
    let mut rewritten = 0;
    for line in tables.lines() {
        // The last line's end is cut.
        let (table, options) = line.split_once(' ').unwrap_or((line, ""));
        if COLD.contains(&table) || PARTS.contains(&table) {
            continue;
        }
        // A fifth of a large table dead, as is the default, is hours of vacuum and slow lists until then.
        let share = option(options, "autovacuum_vacuum_scale_factor");
        assert!(share.is_some_and(|share| share <= 0.05), "{table} is vacuumed too late, or new: {options}");
        if REWRITTEN.contains(&table) {
            rewritten += 1;
            assert!(option(options, "fillfactor").is_some_and(|filled| filled <= 85.0), "{table}: {options}");
        }
    }
    assert_eq!(rewritten, REWRITTEN.len());
    let toast = "SELECT array_to_string(reloptions, ',') FROM pg_class WHERE oid = 'snapshot'::regclass::oid OR oid = \
        (SELECT reltoastrelid FROM pg_class WHERE oid = 'snapshot'::regclass)";
    assert_eq!(server.sql(&database.name, toast).unwrap().matches("autovacuum_vacuum_scale_factor=0.02").count(), 2);
}
