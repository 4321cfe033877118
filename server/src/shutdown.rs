//! Stopping: accept nothing new, answer what waits, close sockets with a reason, and be gone within ten seconds.

use crate::state::AppState;
use std::future::Future;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Longest time that requests and sockets get to end.
const DRAIN: Duration = Duration::from_secs(6);

/// A token that is cancelled by SIGTERM or Ctrl-C.
pub(crate) fn on_signal() -> CancellationToken {
    let stop = CancellationToken::new();
    let told = stop.clone();
    tokio::spawn(async move {
        wait().await;
        tracing::info!("stopping");
        told.cancel();
    });
    stop
}

/// Waits for the end of serving and of the sockets, not for ever.
pub(crate) async fn drain(serving: impl Future<Output = std::io::Result<()>>, state: &AppState) {
    tokio::pin!(serving);
    tokio::select! {
        ended = &mut serving => {
            if let Err(error) = ended {
                tracing::error!(%error, "serving ended");
            }
            return;
        }
        () = state.stop.cancelled() => {}
    }
    state.sockets.close();
    let drained = async {
        let _ = (&mut serving).await;
        state.sockets.wait().await;
    };
    if tokio::time::timeout(DRAIN, drained).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
}

#[cfg(unix)]
async fn wait() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        }
        Err(error) => {
            tracing::error!(%error, "cannot listen for SIGTERM");
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}

#[cfg(not(unix))]
async fn wait() {
    let _ = tokio::signal::ctrl_c().await;
}
