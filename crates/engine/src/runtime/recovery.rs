//! Recovery: what ran when the last server stopped is counted as lost and begun again.

use super::engine::Engine;
use super::error::EngineError;
use super::message::{Key, Message};
use crate::storage::StorageError;
use futures::StreamExt;
use std::time::Duration;

/// Instances looked up at a time.
const PAGE: u32 = 500;
/// Instances under recovery at a time: other work must get its turn.
const ABREAST: usize = 128;

impl Engine {
    /// Looks at every instance that had something running. Others need nothing: their timers and jobs are rows.
    pub(super) async fn recover(&self, shards: &[u16]) -> Result<u64, EngineError> {
        let (mut after, mut total) = (None, 0);
        loop {
            let page = match self.shared.storage.runnable(shards, after, PAGE).await {
                // Whoever is not found now would never go on.
                Err(why @ StorageError::Transient(_)) => {
                    tracing::warn!(%why, "what is to be recovered cannot be read yet");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    continue;
                }
                page => page?,
            };
            let Some(&(_, last)) = page.last() else { return Ok(total) };
            after = Some(last);
            total += page.len() as u64;
            futures::stream::iter(page)
                .for_each_concurrent(ABREAST, |(workspace, instance)| async move {
                    let key = Key { workspace, instance };
                    if let Err(why) = self.tell(instance, |reply| Message::Recover { key, reply }).await {
                        tracing::error!(%instance, %why, "an instance could not be recovered");
                    }
                })
                .await;
        }
    }
}
