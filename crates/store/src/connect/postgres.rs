//! PostgreSQL: a pool for the doors and one for the engine, each with its time limits set on the server.

use super::{Committers, ConnectOptions, Pools};
use crate::StoreError;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sea_orm::sqlx::{self, ConnectOptions as _, Connection, Executor};
use sea_orm::{DatabaseConnection, SqlxPostgresConnector};
use std::str::FromStr;
use std::time::Duration;

/// The oldest server that the schema and the statements are tested with (`server_version_num`).
const OLDEST: i32 = 150_000;
const DOORS: u32 = 10;
/// Loads and activations of the engine; its commits have connections of their own, one per lane.
const ENGINE: u32 = 6;
/// Of these, for units that may wait for a lock that another server holds: a name that many ask for must not hold up loads.
pub(super) const PATIENT: usize = 3;
pub(super) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// Old connections are replaced, so that whatever they gathered is let go.
pub(super) const MAX_LIFETIME: Duration = Duration::from_secs(600);
/// Key of the advisory lock under which the schema is changed.
const MIGRATION_LOCK: i64 = 0x6865_6464_6c65;
const STATEMENTS: usize = 512;

/// Limits of every session: nothing waits or runs without end, and a peer that vanished is noticed.
const LIMITS: [(&str, &str); 8] = [
    ("statement_timeout", "30s"),
    ("lock_timeout", "5s"),
    ("idle_in_transaction_session_timeout", "10s"),
    ("tcp_keepalives_idle", "30"),
    ("tcp_keepalives_interval", "10"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "30000"),
    // The pool's ROLLBACK outside of a transaction warns each time; nobody reads that.
    ("client_min_messages", "error"),
];

/// The engine's statements find every row by a key: a plan that reads a whole table is never the right one, however small the table
/// was when the plan was made.
const PLANS: [(&str, &str); 5] = [
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("jit", "off"),
];

pub(super) async fn open(
    options: &ConnectOptions,
) -> Result<(Pools, DatabaseConnection, DatabaseConnection), StoreError> {
    let base =
        parse_url(&options.url)?.statement_cache_capacity(STATEMENTS).options(LIMITS).disable_statement_logging();

    let doors = PgPoolOptions::new()
        .max_connections(options.max_connections.unwrap_or(DOORS).max(2))
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .max_lifetime(MAX_LIFETIME)
        // A connection whose owner was cut off inside `begin` comes back inside a transaction: end it here.
        .after_release(|connection, _| Box::pin(async move { connection.execute("ROLLBACK").await.map(|_| true) }))
        .connect_with(base.clone().application_name("heddle"))
        .await
        .map_err(|error| unreachable_error(&error))?;
    check_version(&doors).await?;

    let keyed = base.application_name("heddle-engine").options(PLANS);
    let engine = PgPoolOptions::new()
        .max_connections(ENGINE)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .max_lifetime(MAX_LIFETIME)
        // A round trip per unit; a dead connection shows itself in the statement, which the engine knows how to take.
        .test_before_acquire(false)
        .connect_lazy_with(keyed.clone());

    let connection = SqlxPostgresConnector::from_sqlx_postgres_pool(doors.clone());
    let committers = Box::new(Committers::new(keyed));
    Ok((Pools::Postgres { doors, engine, committers }, connection.clone(), connection))
}

/// What the schema is changed on: a change of a large table may take as long as it must, all else has its limits. One connection.
pub(super) async fn migration_pool(url: &str) -> Result<sqlx::PgPool, StoreError> {
    let options = parse_url(url)?.options(LIMITS).options([("statement_timeout", "0")]).disable_statement_logging();
    let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(ACQUIRE_TIMEOUT);
    let pool = pool.connect_with(options.application_name("heddle-migrate")).await;
    pool.map_err(|error| unreachable_error(&error))
}

/// Waits for the turn to change the schema; the turn ends when the connection is dropped.
pub(super) async fn migration_lock(url: &str) -> Result<PgConnection, StoreError> {
    let mut connection = PgConnection::connect_with(&parse_url(url)?.disable_statement_logging()).await?;
    sqlx::query("SELECT pg_advisory_lock($1)").bind(MIGRATION_LOCK).execute(&mut connection).await?;
    Ok(connection)
}

/// Options without a password in any message.
pub(crate) fn parse_url(url: &str) -> Result<PgConnectOptions, StoreError> {
    PgConnectOptions::from_str(url)
        .map_err(|error| StoreError::Fatal(format!("the database URL cannot be read: {error}")))
}

fn unreachable_error(error: &sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::Configuration(_) => StoreError::Fatal(error.to_string()),
        _ => StoreError::Transient(error.to_string()),
    }
}

async fn check_version(pool: &sqlx::PgPool) -> Result<(), StoreError> {
    let number: i32 = sqlx::query_scalar("SELECT current_setting('server_version_num')::int").fetch_one(pool).await?;
    if number < OLDEST {
        return Err(StoreError::Fatal(format!(
            "PostgreSQL {} is too old; {} or newer is needed",
            number / 10_000,
            OLDEST / 10_000
        )));
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::Store;
    use heddle_testkit::Postgres;

    async fn setting(on: impl sqlx::Executor<'_, Database = sqlx::Postgres>, name: &str) -> String {
        sqlx::query_scalar("SELECT current_setting($1)").bind(name).fetch_one(on).await.unwrap()
    }

    /// No transaction of doors, engine or committers lasts longer than its statements, 30 seconds each, and 10 seconds between two of them.
    #[tokio::test]
    async fn every_session_has_its_limits() {
        let database = Postgres::shared().unwrap().database().unwrap();
        let options = ConnectOptions { url: database.url.clone(), max_connections: None };
        let store = Store::connect(&options).await.unwrap();
        let Pools::Postgres { doors, engine, committers } = store.pools() else { panic!("not PostgreSQL") };
        let mut committer = committers.take().await.unwrap();
        let limits =
            [("statement_timeout", "30s"), ("lock_timeout", "5s"), ("idle_in_transaction_session_timeout", "10s")];
        for (name, limit) in limits {
            assert_eq!(setting(doors, name).await, limit, "{name}");
            assert_eq!(setting(engine, name).await, limit, "{name}");
            assert_eq!(setting(&mut committer.connection, name).await, limit, "{name}");
        }
        // A change of the schema may read a large table: only its statements have no limit.
        let pool = migration_pool(&database.url).await.unwrap();
        assert_eq!(setting(&pool, "statement_timeout").await, "0");
        assert_eq!(setting(&pool, "lock_timeout").await, "5s");
        assert_eq!(setting(&pool, "idle_in_transaction_session_timeout").await, "10s");
    }
}
