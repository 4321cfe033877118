//! Hints between servers: "there is work for another". A lost one costs a poll, never data.

use async_trait::async_trait;
use std::fmt::Debug;

/// Hints between servers.
#[async_trait]
pub trait Doorbell: Debug + Send + Sync + 'static {
    /// Says that something was written that concerns other servers. Never waits; many calls in a short time become one hint.
    fn ring(&self);
    /// Waits until another server has rung.
    async fn rung(&self);
}

/// A server without others.
#[derive(Debug, Clone, Copy, Default)]
pub struct Alone;

#[async_trait]
impl Doorbell for Alone {
    fn ring(&self) {}
    async fn rung(&self) {
        std::future::pending::<()>().await;
    }
}
