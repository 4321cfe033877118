//! Up, down to nothing, up again; and one at a time: on both databases, with the same tables at the end.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use heddle_migrations::{Migrator, MigratorTrait};
use heddle_testkit::{Postgres, TempSqlite};
use sea_orm_migration::sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use std::collections::BTreeSet;

/// Names of the tables and indexes there are, but for the migrator's own.
async fn objects(db: &DatabaseConnection) -> BTreeSet<String> {
    let sql = match db.get_database_backend() {
        DbBackend::Sqlite => "SELECT type || ' ' || name AS name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'",
        _ => {
            "SELECT CASE relkind WHEN 'r' THEN 'table ' ELSE 'index ' END || relname AS name FROM pg_class \
             WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i') \
             UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        }
    };
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
    rows.iter()
        .map(|row| row.try_get::<String>("", "name").unwrap())
        .filter(|name| !name.contains("seaql_migrations"))
        .collect()
}

async fn all_ways(url: &str) {
    let db = Database::connect(url).await.unwrap();
    Migrator::up(&db, None).await.unwrap();
    let full = objects(&db).await;
    assert!(full.contains("table journal") && full.contains("table workflow_instance"), "{full:?}");
    Migrator::up(&db, None).await.unwrap();
    assert_eq!(objects(&db).await, full, "applied twice");

    for left in (0..Migrator::migrations().len()).rev() {
        Migrator::down(&db, Some(1)).await.unwrap();
        assert_eq!(Migrator::get_applied_migrations(&db).await.unwrap().len(), left);
    }
    assert_eq!(objects(&db).await, BTreeSet::new(), "the way back leaves something");

    for _ in Migrator::migrations() {
        Migrator::up(&db, Some(1)).await.unwrap();
    }
    assert_eq!(objects(&db).await, full, "one at a time");
}

#[tokio::test]
async fn sqlite() {
    let file = TempSqlite::new().unwrap();
    all_ways(&file.url()).await;
}

#[tokio::test]
async fn postgres() {
    let database = Postgres::shared().unwrap().database().unwrap();
    all_ways(&database.url).await;
}

#[test]
fn names_rise_and_are_unique() {
    let migrations = Migrator::migrations();
    let names: Vec<&str> = migrations.iter().map(|migration| migration.name()).collect();
    assert!(names.windows(2).all(|pair| pair[0] < pair[1]), "{names:?}");
}
