//! Hints between servers, over the database's own.

use heddle_engine::runtime::Doorbell;
use heddle_engine::tasks::async_trait;
use heddle_store::{Hints, Notifier, Store};
use tokio::sync::Mutex;

/// Rings other servers, and hears them.
#[derive(Debug)]
pub(crate) struct Bell {
    notifier: Notifier,
    hints: Mutex<Hints>,
}

impl Bell {
    pub(crate) fn new(store: &Store) -> Self {
        Self { notifier: store.notifier(), hints: Mutex::new(store.hints()) }
    }
}

#[async_trait]
impl Doorbell for Bell {
    fn ring(&self) {
        self.notifier.hint();
    }

    async fn rung(&self) {
        self.hints.lock().await.next().await;
    }
}
