//! What the rows of both databases share: ids as UUIDs, numbers as the databases know them, texts that they accept.

use crate::StoreError;
use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, QueryResult, Statement, TryGetable, Value};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::fmt::Write;

/// An id as the databases keep it.
pub(crate) const fn uuid(value: u128) -> Uuid {
    Uuid::from_u128(value)
}

/// A text that PostgreSQL accepts: it knows every character but U+0000, which becomes the replacement character.
pub(crate) fn text(value: &str) -> Cow<'_, str> {
    if value.contains('\0') { Cow::Owned(value.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(value) }
}

/// The beginning of a search value, as far as an index can hold it.
pub(crate) fn search_key(value: &str) -> Cow<'_, str> {
    const BYTES: usize = 512;
    let end = (0..=BYTES.min(value.len())).rev().find(|&at| value.is_char_boundary(at)).unwrap_or(0);
    text(&value[..end])
}

/// A name or a key as it is matched, as far as an index can hold it: a longer one is cut, and ends with its hash.
pub(crate) fn word(value: &str) -> Cow<'_, str> {
    const BYTES: usize = 512;
    if value.len() <= BYTES {
        return text(value);
    }
    let end = (0..=BYTES / 2).rev().find(|&at| value.is_char_boundary(at)).unwrap_or(0);
    let mut cut = text(&value[..end]).into_owned();
    for byte in Sha256::digest(value.as_bytes()) {
        // Writing to a String cannot fail.
        let _ = write!(cut, "{byte:02x}");
    }
    Cow::Owned(cut)
}

/// Runs a query and answers its rows.
pub(crate) async fn query(
    db: &impl ConnectionTrait,
    sql: &str,
    values: Vec<Value>,
) -> Result<Vec<QueryResult>, StoreError> {
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    Ok(db.query_all_raw(statement).await?)
}

/// Runs a statement and answers how many rows it wrote.
pub(crate) async fn execute(db: &impl ConnectionTrait, sql: &str, values: Vec<Value>) -> Result<u64, StoreError> {
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    Ok(db.execute_raw(statement).await?.rows_affected())
}

/// A column of a row.
pub(crate) fn get<T: TryGetable>(row: &QueryResult, column: &str) -> Result<T, StoreError> {
    Ok(row.try_get("", column)?)
}

/// A column that holds a number which is never negative.
pub(crate) fn get_u64(row: &QueryResult, column: &str) -> Result<u64, StoreError> {
    let value: i64 = get(row, column)?;
    u64::try_from(value).map_err(|_| StoreError::Fatal(format!("{column} is {value}")))
}

/// The same for a small one.
pub(crate) fn get_u32(row: &QueryResult, column: &str) -> Result<u32, StoreError> {
    let value: i32 = get(row, column)?;
    u32::try_from(value).map_err(|_| StoreError::Fatal(format!("{column} is {value}")))
}

/// A column that holds an id.
pub(crate) fn get_id(row: &QueryResult, column: &str) -> Result<u128, StoreError> {
    Ok(get::<Uuid>(row, column)?.as_u128())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_words_are_short_and_differ() {
        let (one, two) = (format!("{}1", "长".repeat(500)), format!("{}2", "长".repeat(500)));
        assert!(word(&one).len() <= 512 && word(&one) != word(&two) && word(&one) == word(&one.clone()));
        assert_eq!(word("订单 1"), "订单 1");
        assert_eq!(word("a\0b"), "a\u{fffd}b");
    }
}
