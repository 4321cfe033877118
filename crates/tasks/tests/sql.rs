//! The `sql` task against a real PostgreSQL and a real SQLite file: what both must do alike stands in one test each.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use heddle_engine::tasks::{ErrorClass, TaskType};
use heddle_model::ids::WorkspaceId;
use heddle_model::value::{Value, json};
use heddle_tasks::sql::*;
use heddle_testkit::{Database, Postgres, until};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use support::{failure, run, task};

const LIMIT: Duration = Duration::from_secs(20);

/// A database of each kind with a table of goods, once for reading and once for writing.
struct World {
    sql: Sql,
    folder: tempfile::TempDir,
    database: Database,
}

fn source(url: &str, read_only: bool) -> SourceConfig {
    SourceConfig { url: url.into(), read_only, workspaces: Vec::new() }
}

fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.db");
    let make = "CREATE TABLE goods (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, price REAL); INSERT INTO goods VALUES (1, '茶', 2.5), (2, 'tea''s', NULL)";
    rusqlite::Connection::open(&file).unwrap().execute_batch(make).unwrap();
    let database = Postgres::shared().unwrap().database().unwrap();
    let name = database.name.clone();
    Postgres::shared().unwrap().sql(&name, &make.replace("REAL", "DOUBLE PRECISION")).unwrap();
    let (lite, pg) = (format!("sqlite://{}", file.display()), database.url.clone());
    let sources = [("lite", &lite, false), ("lite-read", &lite, true), ("pg", &pg, false), ("pg-read", &pg, true)];
    let sources = sources.into_iter().map(|(name, url, read)| (name.to_owned(), source(url, read))).collect();
    World { sql: Sql::new(&SqlConfig { sources, slots: None }).unwrap(), folder, database }
}

fn ask(source: &str, query: &str, params: Value) -> Value {
    json!({ "source": source, "query": query, "params": params })
}

#[tokio::test]
async fn rows_become_objects_and_values_are_bound() {
    let world = world();
    for kind in ["lite", "pg", "lite-read", "pg-read"] {
        let all = run(&world.sql, ask(kind, "SELECT id, name, price FROM goods ORDER BY id", json!([]))).await.unwrap();
        let want = json!({ "rows": [{ "id": 1, "name": "茶", "price": 2.5 }, { "id": 2, "name": "tea's", "price": null }], "count": 2 });
        assert_eq!(all, want, "{kind}");
        let evil = "x'; DROP TABLE goods; --";
        let found = run(&world.sql, ask(kind, "SELECT id FROM goods WHERE name = $1 OR id = $2", json!([evil, 2])))
            .await
            .unwrap();
        assert_eq!(found["rows"], json!([{ "id": 2 }]), "{kind}");
        // The second parameter may come first, and twice.
        let twice =
            run(&world.sql, ask(kind, "SELECT id FROM goods WHERE id = $2 OR name = $1 OR id = $2", json!(["茶", 2])))
                .await
                .unwrap();
        assert_eq!(twice["rows"].as_array().unwrap().len(), 2, "{kind}");
    }
}

#[tokio::test]
async fn changes_are_counted_and_kept_and_refused_where_only_reading_is_allowed() {
    let world = world();
    for (kind, reading) in [("lite", "lite-read"), ("pg", "pg-read")] {
        for write in ["INSERT INTO goods VALUES ($1, $2, $3)", "INSERT INTO goods VALUES ($1, $2, $3) RETURNING id"] {
            let row = json!([3, "x'); DELETE FROM goods; --", 1]);
            assert_eq!(
                failure(&world.sql, ask(reading, write, row)).await,
                (SQL_DENIED.into(), ErrorClass::Business, false),
                "{reading}"
            );
        }
        let row = json!([3, "x'); DELETE FROM goods; --", 1]);
        let made =
            run(&world.sql, ask(kind, "INSERT INTO goods VALUES ($1, $2, $3) RETURNING name", row)).await.unwrap();
        assert_eq!(made, json!({ "rows": [{ "name": "x'); DELETE FROM goods; --" }], "count": 1 }), "{kind}");
        let changed = run(&world.sql, ask(kind, "UPDATE goods SET price = $1", json!([9]))).await.unwrap();
        assert_eq!(changed, json!({ "rows": [], "count": 3 }), "{kind}");
        let read =
            run(&world.sql, ask(reading, "SELECT count(*) AS n, max(price) AS p FROM goods", json!([]))).await.unwrap();
        assert_eq!(read["rows"], json!([{ "n": 3, "p": 9.0 }]), "{kind}");
    }
}

#[tokio::test]
async fn failures_have_the_same_codes_everywhere() {
    let world = world();
    for kind in ["lite", "pg"] {
        for (query, params, code, class, retryable) in [
            ("INSERT INTO goods VALUES (9, $1, 1)", json!(["茶"]), SQL_CONSTRAINT, ErrorClass::Business, true),
            ("SELEKT 1", json!([]), SQL_STATEMENT, ErrorClass::Business, false),
            ("SELECT * FROM nothing", json!([]), SQL_STATEMENT, ErrorClass::Business, false),
            ("SELECT 1 AS a; DELETE FROM goods", json!([]), SQL_STATEMENT, ErrorClass::Business, false),
            ("SELECT id FROM goods WHERE id = $1", json!([]), SQL_STATEMENT, ErrorClass::Business, false),
            ("SELECT id FROM goods WHERE id = $1", json!([1, 2]), SQL_STATEMENT, ErrorClass::Business, false),
            ("SELECT 1 AS a, 2 AS a", json!([]), SQL_STATEMENT, ErrorClass::Business, false),
        ] {
            assert_eq!(
                failure(&world.sql, ask(kind, query, params)).await,
                (code.into(), class, retryable),
                "{kind}: {query}"
            );
        }
        let left = run(&world.sql, ask(kind, "SELECT count(*) AS n FROM goods", json!([]))).await.unwrap();
        assert_eq!(left["rows"], json!([{ "n": 2 }]), "{kind}: nothing was deleted");
    }
}

#[tokio::test]
async fn too_many_rows_or_bytes_are_an_error_and_undo_the_change() {
    let world = world();
    for kind in ["lite", "pg"] {
        let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT i FROM n";
        assert_eq!(
            failure(&world.sql, ask(kind, numbers, json!([]))).await,
            (SQL_TOO_LARGE.into(), ErrorClass::Business, false)
        );
        let mut enough = ask(kind, numbers, json!([]));
        enough["max_rows"] = json!(5000);
        assert_eq!(run(&world.sql, enough).await.unwrap()["rows"].as_array().unwrap().len(), 5000);
        let mut large = ask(kind, "SELECT name FROM goods", json!([]));
        large["max_bytes"] = json!(20);
        assert_eq!(failure(&world.sql, large).await.0, SQL_TOO_LARGE);
        let mut change = ask(kind, "UPDATE goods SET price = 77 RETURNING id", json!([]));
        change["max_rows"] = json!(1);
        assert_eq!(failure(&world.sql, change).await.0, SQL_TOO_LARGE);
        let changed =
            run(&world.sql, ask(kind, "SELECT count(*) AS n FROM goods WHERE price = 77", json!([]))).await.unwrap();
        assert_eq!(changed["rows"], json!([{ "n": 0 }]), "{kind}");
    }
}

#[tokio::test]
async fn a_statement_that_nobody_waits_for_is_stopped() {
    let world = world();
    let forever = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS n FROM n";
    let sql = std::sync::Arc::new(world.sql);
    for (kind, query) in [("pg", "SELECT pg_sleep(1000), 'heddle-sleeps' AS mark"), ("lite", forever)] {
        let (sql, task) = (sql.clone(), task(ask(kind, query, json!([]))));
        let (cancelled, running) = (task.cancelled.clone(), tokio::spawn(async move { sql.execute(task).await }));
        if kind == "pg" {
            until("it sleeps", LIMIT, || async { (sleepers(&world.database) == "1").then_some(()) }).await.unwrap();
        }
        cancelled.cancel();
        assert_eq!(running.await.unwrap().unwrap_err().code, "CANCELLED");
        until("it is gone", LIMIT, || async { (sleepers(&world.database) == "0").then_some(()) }).await.unwrap();
    }
    // The runtime waits for its blocking threads when it ends: a statement that went on would hang this test for ever.
}

fn sleepers(database: &Database) -> String {
    let query = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%heddle-sleeps%' AND pid <> pg_backend_pid() AND datname = current_database()";
    Postgres::shared().unwrap().sql(&database.name, query).unwrap().trim().to_owned()
}

#[tokio::test]
async fn types_of_postgres_become_json() {
    let world = world();
    let query = "SELECT true AS b, 1::int2 AS i2, 9007199254740993 AS i8, 0.5::float4 AS f, 'NaN'::float8 AS nan, -1234567.0890::numeric AS n, 0.00012::numeric AS small, 100000000::numeric AS big,
        'x'::char(3) AS c, '{\"a\":[1]}'::jsonb AS j, '0198f0aa-0000-7000-8000-000000000001'::uuid AS u, '\\xff00'::bytea AS y, date '2026-11-22' AS d, time '10:20:30.5' AS t,
        timestamp '2026-11-22 10:20:30' AS ts, timestamptz '1969-12-31 23:00:00.25+00' AS tz, 'infinity'::timestamptz AS inf, ARRAY[1, NULL, 3] AS list, NULL::int AS nothing, ARRAY['a,b', '\"'] AS texts";
    let row = &run(&world.sql, ask("pg-read", query, json!([]))).await.unwrap()["rows"][0];
    let want = json!({ "b": true, "i2": 1, "i8": 9_007_199_254_740_993_i64, "f": 0.5, "nan": "NaN", "n": "-1234567.0890", "small": "0.00012", "big": "100000000",
        "c": "x  ", "j": { "a": [1] }, "u": "0198f0aa-0000-7000-8000-000000000001", "y": "/wA=", "d": "2026-11-22", "t": "10:20:30.500000",
        "ts": "2026-11-22T10:20:30", "tz": "1969-12-31T23:00:00.25Z", "inf": "infinity", "list": [1, null, 3], "nothing": null, "texts": ["a,b", "\""] });
    assert_eq!(*row, want);
    let back = "SELECT $1::int = ANY($2) AS found, $3::jsonb AS j, $4::jsonb AS s, $5::numeric + 1 AS n, $6::timestamptz AS t, $7::bool AS b, $8::text[] AS l";
    let params =
        json!([3, [1, 3], {"金": 1}, "text", 0.1, "2026-11-22T10:00:00+08:00", false, ["a\"b\\", null, "{,}"]]);
    let row = &run(&world.sql, ask("pg-read", back, params)).await.unwrap()["rows"][0];
    assert_eq!(
        *row,
        json!({ "found": true, "j": {"金": 1}, "s": "text", "n": "1.1", "t": "2026-11-22T02:00:00Z", "b": false, "l": ["a\"b\\", null, "{,}"] })
    );
    let error = run(&world.sql, ask("pg", "SELECT '1 day'::interval AS span", json!([]))).await.unwrap_err();
    assert!(error.code == SQL_STATEMENT && error.message.contains("::text"), "{error}");
    let error = run(&world.sql, ask("pg", "SELECT 1 / $1 AS x", json!([0]))).await.unwrap_err();
    assert_eq!((error.code.as_str(), &error.details["sqlstate"]), (SQL_STATEMENT, &json!("22012")));
}

#[tokio::test]
async fn sqlite_reaches_no_other_file() {
    let world = world();
    let other = world.folder.path().join("other.db");
    for query in [
        format!("ATTACH '{}' AS o", other.display()),
        format!("VACUUM INTO '{}'", other.display()),
        "PRAGMA journal_mode = OFF".to_owned(),
        "PRAGMA writable_schema = 1".to_owned(),
        "SELECT load_extension('/tmp/x.so')".to_owned(),
    ] {
        run(&world.sql, ask("lite", &query, json!([]))).await.unwrap_err();
        run(&world.sql, ask("lite-read", &query, json!([]))).await.unwrap_err();
    }
    assert!(!other.exists());
    let types = run(
        &world.sql,
        ask("lite", "SELECT $1 AS a, $2 AS b, $3 AS c, $4 AS d, x'ff00' AS e", json!([true, 2.5, {"x": 1}, null])),
    )
    .await
    .unwrap();
    assert_eq!(types["rows"], json!([{ "a": 1, "b": 2.5, "c": "{\"x\":1}", "d": null, "e": "/wA=" }]));
}

#[tokio::test]
async fn only_named_sources_of_the_own_workspace_and_no_password_is_seen() {
    let mut sources = BTreeMap::new();
    let port = heddle_testkit::free_port().unwrap();
    sources.insert("dead".to_owned(), source(&format!("postgres://u:geheim@127.0.0.1:{port}/x"), true));
    let other = SourceConfig { workspaces: vec![WorkspaceId::from_u128(9)], ..source("sqlite:///nothing.db", true) };
    sources.insert("other".to_owned(), other);
    sources.insert("gone".to_owned(), source("sqlite:///no/such/folder/x.db", false));
    let config = SqlConfig { sources, slots: Some(0) };
    assert!(!format!("{config:?}{}", serde_json::to_string(&config).unwrap()).contains("geheim"));
    let sql = Sql::new(&config).unwrap();
    assert_eq!(sql.slots(), Some(1));
    for name in ["none", "other"] {
        let error = run(&sql, ask(name, "SELECT 1", json!([]))).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.retryable), (SQL_NO_SOURCE, false));
    }
    let begun = Instant::now();
    for name in ["dead", "gone"] {
        let error = run(&sql, ask(name, "SELECT 1", json!([]))).await.unwrap_err();
        assert_eq!(
            (error.code.as_str(), error.class, error.retryable),
            (SQL_CONNECTION, ErrorClass::System, true),
            "{error}"
        );
        assert!(!error.message.contains("geheim") && !error.message.contains("such"), "{error}");
    }
    assert!(begun.elapsed() < LIMIT);
    for wrong in ["mysql://x/y", "sqlite://", "sqlite://:memory:", "postgres://", "host=/tmp password=geheim"] {
        let config = SqlConfig { sources: BTreeMap::from([("x".to_owned(), source(wrong, true))]), slots: None };
        let error = Sql::new(&config).err().unwrap();
        assert!(error.to_string().contains("`x`") && !error.to_string().contains("geheim"));
    }
    for wrong in [
        json!({}),
        json!({ "source": "dead" }),
        json!({ "source": "dead", "query": " " }),
        json!({ "source": "dead", "query": "SELECT 1", "max_rows": 10_001 }),
        json!({ "source": "dead", "query": "SELECT 1", "max_bytes": 0 }),
    ] {
        assert_eq!(failure(&sql, wrong).await, ("CONFIG_INVALID".into(), ErrorClass::Business, false));
    }
}
