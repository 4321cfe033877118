//! Opening a database by its URL, bringing its schema up to date, and closing it.

mod committers;
mod postgres;
mod sqlite;
mod sqlite_engine;

pub(crate) use committers::Committers;
pub(crate) use postgres::parse_url;

use crate::StoreError;
use crate::engine::Cursors;
use heddle_migrations::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DatabaseConnection, SqlxPostgresConnector, Statement, sqlx};
use sqlite_engine::EngineConnection;
use std::ops::Deref;
use std::sync::Arc;
use tokio::sync::{Mutex, MutexGuard, Semaphore};

/// How to open a database.
#[derive(Debug, Clone)]
pub struct ConnectOptions {
    /// `sqlite://path/to/file.db?mode=rwc` or `postgres://user:password@host:port/database`.
    pub url: String,
    /// Connections for the doors (on SQLite: readers); `None`: 10 on PostgreSQL, 4 on SQLite.
    pub max_connections: Option<u32>,
}

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// A file, one writer.
    Sqlite,
    /// A server.
    Postgres,
}

/// An open database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    pools: Pools,
    /// For the doors' reads and writes. On PostgreSQL they are the same pool.
    reader: DatabaseConnection,
    writer: DatabaseConnection,
    /// On SQLite everybody who writes queues here, the doors and the engine, each with a connection of its own. Left to SQLite's own lock they
    /// would ask for it by turns, and the one who asks seldom would hardly ever find it free.
    turn: Mutex<()>,
    url: String,
    cursors: Cursors,
    /// On PostgreSQL: who may hold one of the engine's connections while it waits for a lock. The others stay free for commits.
    patience: Semaphore,
}

/// The driver's own pools, for the engine's hot path.
#[derive(Debug)]
pub(crate) enum Pools {
    Sqlite { writer: sqlx::SqlitePool, readers: sqlx::SqlitePool, engine: Box<EngineConnection> },
    Postgres { doors: sqlx::PgPool, engine: sqlx::PgPool, committers: Box<Committers> },
}

/// The right to write, and the doors' connection to write with.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    connection: &'a DatabaseConnection,
    _turn: Option<MutexGuard<'a, ()>>,
}

impl Deref for Writer<'_> {
    type Target = DatabaseConnection;

    fn deref(&self) -> &DatabaseConnection {
        self.connection
    }
}

/// Applies what is missing; its names.
async fn up(db: &DatabaseConnection) -> Result<Vec<String>, StoreError> {
    let pending = Migrator::get_pending_migrations(db).await?;
    Migrator::up(db, None).await?;
    Ok(pending.iter().map(|change| change.name().to_owned()).collect())
}

impl Store {
    /// Opens the database, creating a SQLite file and its folder where they are missing. Applies no change of the schema.
    ///
    /// Errors: `Fatal` for an URL that cannot be used and for a database that is too old, `Transient` when it cannot be reached.
    pub async fn connect(options: &ConnectOptions) -> Result<Self, StoreError> {
        let scheme = options.url.split(':').next().unwrap_or_default();
        let (pools, reader, writer) = match scheme {
            "sqlite" => sqlite::open(options).await?,
            "postgres" | "postgresql" => postgres::open(options).await?,
            _ => {
                return Err(StoreError::Fatal(format!(
                    "the database URL begins with `{scheme}:`; use sqlite://… or postgres://…"
                )));
            }
        };
        let url = options.url.clone();
        let (turn, patience) = (Mutex::new(()), Semaphore::new(postgres::PATIENT));
        let inner = Inner { pools, reader, writer, turn, url, cursors: Cursors::default(), patience };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Brings the schema up to date; answers the names of the changes that were applied now.
    pub async fn migrate(&self) -> Result<Vec<String>, StoreError> {
        self.run(|store| async move {
            let pending = match store.backend() {
                Backend::Sqlite => up(&*store.writer().await).await?,
                Backend::Postgres => {
                    // Two servers may start at once: the second waits, and finds nothing left to do.
                    let _turn = postgres::migration_lock(&store.inner.url).await?;
                    let pool = postgres::migration_pool(&store.inner.url).await?;
                    let pending = up(&SqlxPostgresConnector::from_sqlx_postgres_pool(pool.clone())).await;
                    pool.close().await;
                    pending?
                }
            };
            Ok(pending)
        })
        .await
    }

    /// Whether every change of the schema that this program knows has been applied.
    pub async fn migrations_done(&self) -> Result<bool, StoreError> {
        self.run(
            |store| async move { Ok(Migrator::get_pending_migrations_read_only(store.reader()).await?.is_empty()) },
        )
        .await
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.run(|store| async move {
            let db = store.reader();
            db.query_one_raw(Statement::from_string(db.get_database_backend(), "SELECT 1")).await?;
            Ok(())
        })
        .await
    }

    /// Closes all connections, after what is under way has ended.
    pub async fn close(&self) {
        match &self.inner.pools {
            Pools::Sqlite { writer, readers, engine } => {
                readers.close().await;
                writer.close().await;
                engine.close();
            }
            Pools::Postgres { doors, engine, committers } => {
                committers.close().await;
                engine.close().await;
                doors.close().await;
            }
        }
    }

    /// Which database it is.
    pub fn backend(&self) -> Backend {
        match self.inner.pools {
            Pools::Sqlite { .. } => Backend::Sqlite,
            Pools::Postgres { .. } => Backend::Postgres,
        }
    }

    pub(crate) fn pools(&self) -> &Pools {
        &self.inner.pools
    }

    pub(crate) fn url(&self) -> &str {
        &self.inner.url
    }

    /// Who may wait for a lock on one of the engine's connections.
    pub(crate) fn patience(&self) -> &Semaphore {
        &self.inner.patience
    }

    /// Where the sweep of the post goes on.
    pub(crate) fn cursors(&self) -> &Cursors {
        &self.inner.cursors
    }

    /// For reading.
    pub(crate) fn reader(&self) -> &DatabaseConnection {
        &self.inner.reader
    }

    /// For writing, as long as the answer is kept: on SQLite one writes at a time. Asking again meanwhile would wait for ever.
    pub(crate) async fn writer(&self) -> Writer<'_> {
        let turn = match self.backend() {
            Backend::Sqlite => Some(self.inner.turn.lock().await),
            Backend::Postgres => None,
        };
        Writer { connection: &self.inner.writer, _turn: turn }
    }
}
