//! A statement against PostgreSQL: connect, one transaction, one prepared statement, rows as they come. When nobody waits any more
//! the server is asked to stop.

use super::SqlTask;
use super::error::{self, connection};
use super::postgres_value::{Parameter, cell, is_known};
use super::rows::{Rows, distinct};
use futures::TryStreamExt;
use heddle_engine::tasks::TaskError;
use heddle_model::limits;
use heddle_model::value::{Map, Value};
use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{CancelToken, Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

/// The settings of an address. Without `sslmode`, a host that is not this machine needs TLS.
pub(super) fn config(url: &str) -> Option<Config> {
    let mut config: Config = url.parse().ok()?;
    let local = config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => matches!(name.as_str(), "localhost" | "127.0.0.1" | "::1"),
        Host::Unix(_) => true,
    });
    if config.get_hosts().is_empty() {
        return None;
    }
    if !url.contains("sslmode=") {
        config.ssl_mode(if local { SslMode::Disable } else { SslMode::Require });
    }
    config.application_name("heddle");
    config.connect_timeout(Duration::from_millis(limits::SQL_CONNECT_MS));
    Some(config)
}

pub(super) async fn run(at: &Config, read_only: bool, task: &SqlTask, rows: Rows) -> Result<Value, TaskError> {
    let mut session = connect(at).await?;
    let output = ask(&mut session.client, read_only, task, rows).await;
    // Whatever came of it has come: there is nothing to stop.
    session.cancel = None;
    output
}

/// A connection that ends with this, its statement too.
struct Session {
    client: Client,
    driver: JoinHandle<()>,
    cancel: Option<(CancelToken, Option<MakeRustlsConnect>)>,
}

impl Drop for Session {
    fn drop(&mut self) {
        let driver = self.driver.abort_handle();
        match (self.cancel.take(), tokio::runtime::Handle::try_current()) {
            (Some((token, tls)), Ok(runtime)) => {
                // The answer of the cancelled statement is nobody's: the connection closes after the request is out.
                drop(runtime.spawn(async move {
                    let asked = async {
                        match tls {
                            Some(tls) => token.cancel_query(tls).await,
                            None => token.cancel_query(NoTls).await,
                        }
                    };
                    drop(tokio::time::timeout(Duration::from_millis(limits::SQL_CONNECT_MS), asked).await);
                    driver.abort();
                }));
            }
            _ => driver.abort(),
        }
    }
}

async fn connect(at: &Config) -> Result<Session, TaskError> {
    let failed = |error: tokio_postgres::Error| error::postgres(&error);
    let (client, driver, tls) = if at.get_ssl_mode() == SslMode::Disable {
        let (client, work) = at.connect(NoTls).await.map_err(failed)?;
        (client, tokio::spawn(async move { drop(work.await) }), None)
    } else {
        let tls = tls()?;
        let (client, work) = at.connect(tls.clone()).await.map_err(failed)?;
        (client, tokio::spawn(async move { drop(work.await) }), Some(tls))
    };
    let cancel = Some((client.cancel_token(), tls));
    Ok(Session { client, driver, cancel })
}

fn tls() -> Result<MakeRustlsConnect, TaskError> {
    let failed = |error: rustls::Error| connection(format!("TLS cannot be set up: {error}"));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(failed)?;
    Ok(MakeRustlsConnect::new(config.with_platform_verifier().map_err(failed)?.with_no_client_auth()))
}

async fn ask(client: &mut Client, read_only: bool, task: &SqlTask, mut rows: Rows) -> Result<Value, TaskError> {
    let failed = |error: tokio_postgres::Error| error::postgres(&error);
    let transaction = client.build_transaction().read_only(read_only).start().await.map_err(failed)?;
    let statement = transaction.prepare(&task.query).await.map_err(failed)?;
    if statement.params().len() != task.params.len() {
        return Err(error::count(statement.params().len(), task.params.len()));
    }
    distinct(statement.columns().iter().map(|column| column.name()))?;
    if let Some(column) = statement.columns().iter().find(|column| !is_known(column.type_())) {
        let message =
            format!("the column `{}` is of type {}; write `::text` behind it", column.name(), column.type_().name());
        return Err(error::statement(message));
    }
    let params: Vec<Parameter> =
        task.params.iter().zip(statement.params()).map(|(value, kind)| Parameter::new(value, kind)).collect();
    let found = transaction.query_raw(&statement, &params).await.map_err(failed)?;
    let mut found = std::pin::pin!(found);
    while let Some(row) = found.try_next().await.map_err(failed)? {
        let mut object = Map::new();
        for (index, column) in statement.columns().iter().enumerate() {
            object.insert(column.name().to_owned(), cell(&row, index).map_err(failed)?);
        }
        rows.push(object)?;
    }
    let count = found.rows_affected().unwrap_or(0);
    transaction.commit().await.map_err(failed)?;
    Ok(rows.output(count))
}
