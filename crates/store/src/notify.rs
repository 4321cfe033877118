//! Hints between servers over PostgreSQL's LISTEN/NOTIFY: "there is work", never data.
//!
//! NOTIFY takes a lock on the whole cluster of databases when it commits, so it never runs inside a batch: one notifier per server, on a
//! connection of its own, sends what has gathered at most 20 times a second. A lost hint costs one poll of whoever waits for it. On SQLite
//! there is one process, which has no need of hints: both halves exist and stay silent.

use crate::connect::{Backend, parse_url};
use crate::{Store, StoreError};
use sea_orm::sqlx::postgres::{PgConnection, PgListener, PgPoolOptions};
use sea_orm::sqlx::{self, ConnectOptions as _};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, broadcast};

const CHANNEL: &str = "heddle_hint";
/// At most 20 notifications a second.
const PAUSE: Duration = Duration::from_millis(50);
/// Before a lost connection is opened again.
const RETRY: Duration = Duration::from_secs(1);
/// Hints that a slow listener may fall behind; it then polls, as it would have to anyway.
const BEHIND: usize = 16;

/// Sends hints. Cheap to clone; the task behind it ends with the last clone.
#[derive(Debug, Clone)]
pub struct Notifier {
    wish: Arc<Wish>,
}

#[derive(Debug)]
struct Wish {
    notify: Arc<Notify>,
    task: Option<tokio::task::AbortHandle>,
}

impl Drop for Wish {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// Receives hints.
#[derive(Debug)]
pub struct Hints {
    receiver: broadcast::Receiver<()>,
    task: Option<tokio::task::AbortHandle>,
}

impl Notifier {
    /// Says that there is work. Never waits; many calls in a short time become one notification.
    pub fn hint(&self) {
        self.wish.notify.notify_one();
    }
}

impl Hints {
    /// Waits for the next hint. Polling goes on beside it: this may never return.
    pub async fn next(&mut self) {
        if let Err(broadcast::error::RecvError::Closed) = self.receiver.recv().await {
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Hints {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl Store {
    /// The sending half.
    pub fn notifier(&self) -> Notifier {
        let notify = Arc::new(Notify::new());
        let task = (self.backend() == Backend::Postgres).then(|| {
            let (url, notify) = (self.url().to_owned(), notify.clone());
            tokio::spawn(async move { send(&url, &notify).await }).abort_handle()
        });
        Notifier { wish: Arc::new(Wish { notify, task }) }
    }

    /// The receiving half.
    pub fn hints(&self) -> Hints {
        let (sender, receiver) = broadcast::channel(BEHIND);
        if self.backend() == Backend::Sqlite {
            return Hints { receiver, task: None };
        }
        let url = self.url().to_owned();
        let task = tokio::spawn(async move { receive(&url, &sender).await });
        Hints { receiver, task: Some(task.abort_handle()) }
    }
}

/// Runs until it is aborted: it holds no `Wish`, whose end that is.
async fn send(url: &str, wish: &Notify) {
    let mut connection: Option<PgConnection> = None;
    loop {
        wish.notified().await;
        let result = match &mut connection {
            Some(open) => sqlx::query("SELECT pg_notify($1, '')").bind(CHANNEL).execute(open).await.map(drop),
            None => connect(url).await.map(|open| connection = Some(open)),
        };
        if let Err(error) = result {
            tracing::debug!(%error, "a hint to other servers was lost");
            connection = None;
            tokio::time::sleep(RETRY).await;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn connect(url: &str) -> Result<PgConnection, sqlx::Error> {
    let options = parse_url(url).map_err(|error| sqlx::Error::Configuration(error.to_string().into()))?;
    let mut connection = options.application_name("heddle-notify").disable_statement_logging().connect().await?;
    sqlx::query("SELECT pg_notify($1, '')").bind(CHANNEL).execute(&mut connection).await?;
    Ok(connection)
}

async fn receive(url: &str, sender: &broadcast::Sender<()>) {
    loop {
        if let Err(error) = listen(url, sender).await {
            tracing::debug!(%error, "hints of other servers are not heard at the moment");
        }
        tokio::time::sleep(RETRY).await;
    }
}

async fn listen(url: &str, sender: &broadcast::Sender<()>) -> Result<(), StoreError> {
    let options = parse_url(url)?.application_name("heddle-listen").disable_statement_logging();
    let pool =
        PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None).connect_with(options).await?;
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.listen(CHANNEL).await?;
    // What was said while nobody listened is lost: look once.
    let _ = sender.send(());
    loop {
        listener.recv().await?;
        let _ = sender.send(());
    }
}
