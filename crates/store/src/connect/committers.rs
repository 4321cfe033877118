//! The engine's connections for commits on PostgreSQL, apart from the pool: whoever commits takes the one that was used last, so that
//! with few committers the same few server processes do all the work, with warm plans and caches. A pool hands its connections out
//! by turns, and spawns a task for each that comes back.
//!
//! A connection belongs to whoever took it until it is given back. One that is not given back, because its owner was cut off or does
//! not trust it any more, is closed by being dropped.

use super::postgres::{ACQUIRE_TIMEOUT, MAX_LIFETIME};
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::{self, Connection};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Connections that wait for the next commit, the one used last at the end.
#[derive(Debug)]
pub(crate) struct Committers {
    options: PgConnectOptions,
    idle: Mutex<Vec<Committer>>,
    closed: AtomicBool,
}

/// A connection that somebody commits with.
#[derive(Debug)]
pub(crate) struct Committer {
    pub(crate) connection: PgConnection,
    since: Instant,
}

impl Committers {
    pub(super) fn new(options: PgConnectOptions) -> Self {
        Self { options, idle: Mutex::default(), closed: AtomicBool::new(false) }
    }

    /// A connection: as many are open as commit at the same time.
    pub(crate) async fn take(&self) -> Result<Committer, sqlx::Error> {
        if self.closed.load(Ordering::Relaxed) {
            return Err(sqlx::Error::PoolClosed);
        }
        let known = self.idle().pop();
        if let Some(known) = known.filter(|known| known.since.elapsed() < MAX_LIFETIME) {
            return Ok(known);
        }
        let connecting = PgConnection::connect_with(&self.options);
        let connection =
            tokio::time::timeout(ACQUIRE_TIMEOUT, connecting).await.map_err(|_| sqlx::Error::PoolTimedOut)??;
        Ok(Committer { connection, since: Instant::now() })
    }

    /// The connection is as good as before.
    pub(crate) fn give_back(&self, committer: Committer) {
        if !self.closed.load(Ordering::Relaxed) {
            self.idle().push(committer);
        }
    }

    /// The server was lost: the connections that wait have lost it too.
    pub(crate) fn forget(&self) {
        self.idle().clear();
    }

    /// Closes those that wait; the others are closed when their work is done.
    pub(super) async fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        let idle = std::mem::take(&mut *self.idle());
        for committer in idle {
            // The server notices either way.
            drop(committer.connection.close().await);
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Committer>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
