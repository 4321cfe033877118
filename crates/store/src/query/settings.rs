//! Settings of the whole server: a value by its name.

use super::sql::Sql;
use crate::entity::api_setting::Entity as Settings;
use crate::row::get;
use crate::{Store, StoreError};
use sea_orm::EntityTrait;
use std::time::{SystemTime, UNIX_EPOCH};

/// For the reader of the table only: nothing is decided by it.
fn written_at() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}

impl Store {
    /// A setting's value.
    pub async fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        let name = name.to_owned();
        self.run(|store| async move {
            Ok(Settings::find_by_id(name).one(&*store.writer().await).await?.map(|row| row.value))
        })
        .await
    }

    /// Sets it.
    pub async fn setting_put(&self, name: &str, value: &str) -> Result<(), StoreError> {
        let mut sql = Sql::new("INSERT INTO api_setting (name, value, updated_at) VALUES ");
        sql.push(
            "(?, ?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
            [name.into(), value.into(), written_at().into()],
        );
        self.run(|store| async move { sql.execute(&*store.writer().await).await.map(drop) }).await
    }

    /// Sets it where there is none; answers the value that stands afterwards.
    pub async fn setting_put_if_absent(&self, name: &str, value: &str) -> Result<String, StoreError> {
        // An update that changes nothing makes RETURNING give the row that was there.
        let mut sql = Sql::new("INSERT INTO api_setting (name, value, updated_at) VALUES ");
        sql.push(
            "(?, ?, ?) ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING value",
            [name.into(), value.into(), written_at().into()],
        );
        self.run(|store| async move {
            let rows = sql.all(&*store.writer().await).await?;
            rows.first().map_or(Err(StoreError::Stale), |row| get(row, "value"))
        })
        .await
    }

    /// Deletes it; `false` when there was none.
    pub async fn setting_delete(&self, name: &str) -> Result<bool, StoreError> {
        let name = name.to_owned();
        self.run(|store| async move {
            Ok(Settings::delete_by_id(name).exec(&*store.writer().await).await?.rows_affected > 0)
        })
        .await
    }
}
