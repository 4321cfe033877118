//! `heddle serve`.

use crate::config::Config;
use crate::state::AppState;
use crate::{router, shutdown, wire};
use anyhow::Context;
use heddle_service::FirstAdmin;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;

/// What has ended is removed this often.
const PRUNE: Duration = Duration::from_secs(600);

pub(super) async fn run(config: Config) -> anyhow::Result<()> {
    config.check_listen()?;
    // First the door, so that a port that is taken is told before anything is touched.
    let listener =
        TcpListener::bind(config.listen).await.with_context(|| format!("cannot listen on {}", config.listen))?;
    let address = listener.local_addr()?;
    let parts = wire::start(&config).await?;
    let stop = shutdown::on_signal();
    let state = AppState::new(&config, &parts, stop.clone());
    let app = router::build(state.clone())?;
    first_run(&config, &parts.service, address).await?;
    tracing::info!(%address, "serving");
    tokio::spawn(housekeeping(parts.service.clone(), stop.clone()));
    tokio::spawn(audit(parts.service.clone(), stop.clone()));
    tokio::spawn(retention(parts.service.clone(), config.retention, stop.clone()));
    let batches = tokio::spawn(batches(parts.service.clone(), config.node_name()?, stop.clone()));
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, service).with_graceful_shutdown(stop.clone().cancelled_owned()).into_future();
    shutdown::drain(serving, &state).await;
    // It gives its turn back before the database is closed.
    batches.await.ok();
    parts.engine.shutdown().await;
    parts.store.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// The configured administrator, or the one-time link.
async fn first_run(config: &Config, service: &heddle_service::Service, address: SocketAddr) -> anyhow::Result<()> {
    if let Some((username, password)) = &config.admin {
        let admin = FirstAdmin { username: username.clone(), password: password.clone() };
        let made = service
            .ensure_admin(&admin)
            .await
            .context("cannot create the administrator of HEDDLE_ADMIN_USER and HEDDLE_ADMIN_PASSWORD")?;
        if made {
            tracing::info!(username, "administrator created");
        }
    }
    match service.setup_link().await? {
        Some(link) => {
            // To the terminal and not to the log: logs are kept and shipped, and this is a secret.
            println!(
                "\n  Open this link once to create the administrator (it holds for 30 minutes):\n\n    http://{address}/setup?token={}\n",
                link.token
            );
        }
        None => println!("  Heddle is at http://{address}"),
    }
    Ok(())
}

async fn housekeeping(service: std::sync::Arc<heddle_service::Service>, stop: tokio_util::sync::CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PRUNE) => {}
        }
        if let Err(error) = service.prune().await {
            tracing::warn!(%error, "housekeeping failed; it comes again");
        }
    }
}

/// Looks for instances that nothing will ever move, until the server stops.
async fn audit(service: std::sync::Arc<heddle_service::Service>, stop: tokio_util::sync::CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = service.watch_causes() => {}
    }
}

/// Deletes ended instances whose time is over, until the server stops: a transaction that is under way then is whole, as all are.
async fn retention(
    service: std::sync::Arc<heddle_service::Service>,
    keep_ms: Option<u64>,
    stop: tokio_util::sync::CancellationToken,
) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = service.watch_retention(keep_ms) => {}
    }
}

/// Goes through batches until the server stops; an item that is under way then is found by the next turn.
async fn batches(
    service: std::sync::Arc<heddle_service::Service>,
    server: String,
    stop: tokio_util::sync::CancellationToken,
) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = service.work_batches(&server) => {}
    }
    if let Err(error) = service.release_batches(&server).await {
        tracing::warn!(%error, "turns at batches could not be given back; they end by themselves");
    }
}
