//! The few words in which SQLite's and PostgreSQL's `CREATE TABLE` differ.
//!
//! Ids are native UUIDs on PostgreSQL and 16-byte blobs on SQLite; times are Unix milliseconds in `{int}`; JSON that is only kept is
//! TEXT, JSON that is asked into is `{json}`. SQLite's tables are STRICT, so that a wrong type is refused there as well.

use sea_orm_migration::sea_orm::DbBackend;

/// A statement for one database only begins with one of these.
const POSTGRES_ONLY: &str = "postgres: ";
const SQLITE_ONLY: &str = "sqlite: ";

/// Each word: how it is written, on PostgreSQL, on SQLite.
const WORDS: &[(&str, &str, &str)] = &[
    ("{id}", "uuid", "BLOB"),
    ("{int}", "bigint", "INTEGER"),
    ("{small}", "integer", "INTEGER"),
    ("{bool}", "boolean", "INTEGER"),
    ("{true}", "true", "1"),
    ("{false}", "false", "0"),
    ("{bytes}", "bytea", "BLOB"),
    ("{json}", "jsonb", "TEXT"),
    ("{serial}", "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "INTEGER PRIMARY KEY"),
    // What follows the closing parenthesis of a table.
    ("{strict}", "", "STRICT"),
    // A table whose rows are rewritten in place: room on each page for the next version, and a vacuum that keeps up.
    (
        "{hot}",
        "WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0)",
        "STRICT",
    ),
    // A table that is only appended to: frozen early, so that no late, large vacuum is needed.
    ("{log}", "WITH (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0)", "STRICT"),
    // A table whose rows come and go: a vacuum that keeps up, before the index is full of what is gone.
    ("{queue}", "WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0)", "STRICT"),
    (
        "{keyed_queue}",
        "WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0)",
        "STRICT, WITHOUT ROWID",
    ),
    // Small rows found by their key alone: SQLite keeps them in the key's own tree.
    ("{keyed}", "", "STRICT, WITHOUT ROWID"),
];

/// The statement for this database; `None` when it is meant for the other one.
pub(crate) fn render(statement: &str, backend: DbBackend) -> Option<String> {
    let postgres = backend == DbBackend::Postgres;
    let (own, other) = if postgres { (POSTGRES_ONLY, SQLITE_ONLY) } else { (SQLITE_ONLY, POSTGRES_ONLY) };
    if statement.starts_with(other) {
        return None;
    }
    let mut sql = statement.strip_prefix(own).unwrap_or(statement).to_owned();
    for (word, on_postgres, on_sqlite) in WORDS {
        sql = sql.replace(word, if postgres { on_postgres } else { on_sqlite });
    }
    Some(sql)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_written_for_each_database() {
        let table = "CREATE TABLE t (id {id}, at {int}) {strict}";
        assert_eq!(render(table, DbBackend::Postgres).as_deref(), Some("CREATE TABLE t (id uuid, at bigint) "));
        assert_eq!(render(table, DbBackend::Sqlite).as_deref(), Some("CREATE TABLE t (id BLOB, at INTEGER) STRICT"));
    }

    #[test]
    fn a_statement_for_the_other_database_is_left_out() {
        assert_eq!(render("postgres: SELECT 1", DbBackend::Sqlite), None);
        assert_eq!(render("postgres: SELECT 1", DbBackend::Postgres).as_deref(), Some("SELECT 1"));
    }
}
