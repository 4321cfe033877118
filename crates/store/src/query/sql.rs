//! Small helpers: locks, and SQL that grows a condition at a time.

use crate::StoreError;
use crate::connect::Backend;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, QueryResult, Statement, Value};

/// Makes transactions that name the same key follow one another. SQLite has one writer: they do anyway.
pub(super) async fn serial(db: &DatabaseTransaction, key: u128) -> Result<(), StoreError> {
    if db.get_database_backend() == DbBackend::Postgres {
        // Both halves in one: a collision of two keys only makes one wait for the other.
        let folded = ((key >> 64) ^ key) as u64;
        let sql = "SELECT pg_advisory_xact_lock($1) IS NULL AS locked";
        db.query_all_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [folded.cast_signed().into()]))
            .await?;
    }
    Ok(())
}

/// SQL with its values; placeholders are numbered as they come.
#[derive(Debug)]
pub(super) struct Sql {
    text: String,
    values: Vec<Value>,
}

impl Sql {
    pub(super) fn new(text: &str) -> Self {
        Self { text: text.to_owned(), values: Vec::new() }
    }

    /// Appends text in which each `?` stands for one of the values.
    pub(super) fn push<const N: usize>(&mut self, text: &str, values: [Value; N]) -> &mut Self {
        let mut values = values.into_iter();
        for piece in text.split_inclusive('?') {
            match piece.strip_suffix('?') {
                Some(before) => {
                    self.text.push_str(before);
                    if let Some(value) = values.next() {
                        self.bind(value);
                    }
                }
                None => self.text.push_str(piece),
            }
        }
        self
    }

    /// Appends ` AND column IN (…)`; of an empty list nothing is a member.
    pub(super) fn among(&mut self, column: &str, values: impl IntoIterator<Item = Value>) -> &mut Self {
        self.text.push_str(" AND ");
        self.text.push_str(column);
        self.text.push_str(" IN (");
        for (at, value) in values.into_iter().enumerate() {
            if at > 0 {
                self.text.push_str(", ");
            }
            self.bind(value);
        }
        if self.text.ends_with('(') {
            self.text.push_str("NULL");
        }
        self.text.push(')');
        self
    }

    fn bind(&mut self, value: Value) {
        self.values.push(value);
        self.text.push('$');
        self.text.push_str(&self.values.len().to_string());
    }

    pub(super) async fn all(self, db: &impl ConnectionTrait) -> Result<Vec<QueryResult>, StoreError> {
        Ok(db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), self.text, self.values)).await?)
    }

    pub(super) async fn execute(self, db: &impl ConnectionTrait) -> Result<u64, StoreError> {
        Ok(db
            .execute_raw(Statement::from_sql_and_values(db.get_database_backend(), self.text, self.values))
            .await?
            .rows_affected())
    }
}

/// The function that finds a text inside another: its place, or 0.
pub(super) const fn place_of(backend: Backend) -> &'static str {
    match backend {
        Backend::Postgres => "strpos",
        Backend::Sqlite => "instr",
    }
}

/// A limit as the databases want it.
pub(super) fn limit(rows: u64) -> Value {
    i64::try_from(rows).unwrap_or(i64::MAX).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_numbered_through() {
        let mut sql = Sql::new("SELECT 1 WHERE true");
        sql.push(" AND a = ? AND b < ?", [1i64.into(), 2i64.into()])
            .among("c", [3i64.into(), 4i64.into()])
            .among("d", []);
        assert_eq!(sql.text, "SELECT 1 WHERE true AND a = $1 AND b < $2 AND c IN ($3, $4) AND d IN (NULL)");
        assert_eq!(sql.values.len(), 4);
    }
}
