//! Pages: limits, cursors, sort words. Cursors are opaque to callers.

use crate::error::{Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use heddle_api::{ApiError, Lang};
use heddle_model::limits;
use std::fmt::Display;
use std::str::FromStr;

/// The number of rows asked for.
pub(crate) fn limit(limit: Option<u64>, lang: Lang) -> Result<u64> {
    match limit {
        None => Ok(limits::PAGE_ROWS_DEFAULT),
        Some(rows) if (1..=limits::PAGE_ROWS).contains(&rows) => Ok(rows),
        Some(_) => {
            let (en, zh) = (
                format!("limit is a number from 1 to {}.", limits::PAGE_ROWS),
                format!("limit 为 1 至 {} 的数字。", limits::PAGE_ROWS),
            );
            Err(ApiError::invalid("/limit", en, zh, lang).into())
        }
    }
}

/// Cuts the one row too many that tells whether there is a next page.
pub(crate) fn cut<T>(mut rows: Vec<T>, limit: u64, cursor: impl Fn(&T) -> String) -> (Vec<T>, Option<String>) {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = if more { rows.last().map(cursor) } else { None };
    (rows, next)
}

/// A cursor that is a number.
pub(crate) fn number_cursor<T: FromStr>(cursor: Option<&str>, lang: Lang) -> Result<Option<T>> {
    cursor.filter(|cursor| !cursor.is_empty()).map(|cursor| cursor.parse().map_err(|_| wrong(lang))).transpose()
}

/// A cursor of a sort key and an id.
pub(crate) fn key_cursor(key: &str, id: impl Display) -> String {
    BASE64.encode(format!("{id}\n{key}"))
}

/// Reads a cursor of a sort key and an id.
pub(crate) fn keyed_cursor<T: FromStr>(cursor: Option<&str>, lang: Lang) -> Result<Option<(String, T)>> {
    let Some(cursor) = cursor.filter(|cursor| !cursor.is_empty()) else { return Ok(None) };
    let read = || {
        let text = String::from_utf8(BASE64.decode(cursor).ok()?).ok()?;
        let (id, key) = text.split_once('\n')?;
        Some((key.to_owned(), id.parse().ok()?))
    };
    read().map(Some).ok_or_else(|| wrong(lang))
}

/// 422 for a sort word that is none.
pub(crate) fn unknown_sort(word: &str, known: &str, lang: Lang) -> Error {
    let (en, zh) = (
        format!("`{word}` is not a sort order; there are {known}."),
        format!("`{word}` 不是有效的排序；可用：{known}。"),
    );
    ApiError::invalid("/sort", en, zh, lang).into()
}

fn wrong(lang: Lang) -> Error {
    ApiError::invalid("/cursor", "The cursor is not one that this list gave.", "该 cursor 不是此列表给出的。", lang)
        .into()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use heddle_model::ids::WorkflowId;

    #[test]
    fn cursors_read_back_and_forgeries_are_refused() {
        let id = WorkflowId::from_u128(7);
        let cursor = key_cursor("示例\n流程", id);
        assert_eq!(keyed_cursor(Some(&cursor), Lang::En).unwrap(), Some(("示例\n流程".to_owned(), id)));
        assert_eq!(keyed_cursor::<WorkflowId>(None, Lang::En).unwrap(), None);
        for wrong in ["x", "%%", &BASE64.encode("wi_1\nkey")] {
            assert!(keyed_cursor::<WorkflowId>(Some(wrong), Lang::En).is_err());
        }
        assert!(number_cursor::<u32>(Some("-1"), Lang::En).is_err());
    }

    #[test]
    fn one_row_too_many_means_another_page() {
        assert_eq!(cut(vec![1, 2, 3], 2, ToString::to_string), (vec![1, 2], Some("2".to_owned())));
        assert_eq!(cut(vec![1, 2], 2, ToString::to_string), (vec![1, 2], None));
    }

    #[test]
    fn limits_are_bounded() {
        assert_eq!(limit(None, Lang::En).unwrap(), 50);
        assert!(
            limit(Some(0), Lang::En).is_err()
                && limit(Some(201), Lang::En).is_err()
                && limit(Some(200), Lang::En).is_ok()
        );
    }
}
