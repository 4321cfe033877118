//! Units of work that a caller who hangs up cannot cut in half.
//!
//! A future dropped inside `begin` leaves a pooled connection inside a transaction (sqlx up to 0.9.0), and a dropped commit leaves
//! nobody who knows how it ended. So every unit runs in a task of its own, which the caller only awaits.

use crate::connect::Pools;
use crate::{Store, StoreError};
use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbBackend, SqliteTransactionMode, SqlxPostgresConnector,
    TransactionOptions, TransactionTrait,
};
use std::future::Future;
use std::pin::Pin;

/// What a transaction's body returns.
pub(crate) type Body<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Runs `work` to its end, whatever becomes of the caller.
pub(crate) async fn unit<T: Send + 'static, E: Send + 'static>(
    work: impl Future<Output = Result<T, E>> + Send + 'static,
    panicked: impl FnOnce(String) -> E,
) -> Result<T, E> {
    match tokio::spawn(work).await {
        Ok(result) => result,
        Err(error) => Err(panicked(format!("a unit of database work did not end: {error}"))),
    }
}

impl Store {
    /// Runs `work` to its end with this store.
    pub(crate) async fn run<T, F, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send,
        W: FnOnce(Store) -> F + Send + 'static,
    {
        let store = self.clone();
        unit(async move { work(store).await }, StoreError::Fatal).await
    }

    /// Runs `body` inside one write transaction, to its end: committed when it answers `Ok`, taken back otherwise.
    pub(crate) async fn write_unit<T, W>(&self, body: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: for<'a> FnOnce(&'a DatabaseTransaction) -> Body<'a, T> + Send + 'static,
    {
        let store = self.clone();
        unit(async move { transact(&*store.writer().await, body).await }, StoreError::Fatal).await
    }

    /// The same on the engine's own connections, where there are such for this: on PostgreSQL they plan for keys.
    pub(crate) async fn engine_write_unit<T, W>(&self, body: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: for<'a> FnOnce(&'a DatabaseTransaction) -> Body<'a, T> + Send + 'static,
    {
        let Pools::Postgres { engine, .. } = self.pools() else { return self.write_unit(body).await };
        let (store, connection) = (self.clone(), SqlxPostgresConnector::from_sqlx_postgres_pool(engine.clone()));
        let work = async move {
            let _turn = store.patience().acquire().await.map_err(|error| StoreError::Fatal(error.to_string()))?;
            transact(&connection, body).await
        };
        unit(work, StoreError::Fatal).await
    }
}

async fn transact<T, W>(writer: &DatabaseConnection, body: W) -> Result<T, StoreError>
where
    W: for<'a> FnOnce(&'a DatabaseTransaction) -> Body<'a, T>,
{
    // SQLite: a transaction that begins as a reader cannot wait for its turn to write.
    let sqlite = writer.get_database_backend() == DbBackend::Sqlite;
    let sqlite_transaction_mode = sqlite.then_some(SqliteTransactionMode::Immediate);
    let options = TransactionOptions { sqlite_transaction_mode, ..TransactionOptions::default() };
    let transaction = writer.begin_with_options(options).await?;
    match body(&transaction).await {
        Ok(value) => {
            transaction.commit().await?;
            Ok(value)
        }
        Err(error) => {
            transaction.rollback().await?;
            Err(error)
        }
    }
}
