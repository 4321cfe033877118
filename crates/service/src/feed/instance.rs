//! Following one instance: a snapshot, then every event after it, in order, without gaps.

use crate::authz::Allowed;
use crate::error::Result;
use crate::instances::view;
use crate::service::Service;
use heddle_api::view::{EventView, InstanceView};
use heddle_api::{FeedStream, PermissionSet};
use heddle_engine::kernel::Event;
use heddle_engine::runtime::{Engine, LoadedInstance};
use heddle_model::ids::{InstanceId, WorkspaceId};
use std::time::Duration;
use tokio::sync::mpsc;

/// Events read at once, and kept for a socket that is slow.
const CHUNK: u32 = 200;
/// A lost hint costs so much.
const POLL: Duration = Duration::from_secs(2);

impl Service {
    /// The instance (where `after` is absent), and its further events.
    pub(super) async fn follow(
        &self,
        allowed: Allowed<'_>,
        id: InstanceId,
        after: Option<u64>,
    ) -> Result<(Option<InstanceView>, FeedStream<EventView>)> {
        // Interest first, then the look, then the wait: nothing falls between.
        let hub = self.hub.clone();
        let place = hub.instance(allowed.workspace(), id);
        let loaded = self.loaded(allowed, id).await?;
        let snapshot = match after {
            Some(_) => None,
            None => Some(self.instance_view(allowed, id).await?),
        };
        let cursor = after.unwrap_or_else(|| snapshot.as_ref().map_or(0, |snapshot| snapshot.seq));
        let (send, receive) = mpsc::channel(CHUNK as usize);
        let follower = Follower {
            engine: self.engine.clone(),
            workspace: allowed.workspace(),
            instance: id,
            loaded,
            permissions: allowed.principal().permissions,
            cursor,
        };
        tokio::spawn(async move {
            follower.run(send, &place.signal).await;
            drop(place);
        });
        Ok((snapshot, super::rows::stream(receive)))
    }
}

struct Follower {
    engine: Engine,
    workspace: WorkspaceId,
    instance: InstanceId,
    loaded: LoadedInstance,
    permissions: PermissionSet,
    cursor: u64,
}

impl Follower {
    /// Sends events until the receiver is gone.
    async fn run(mut self, send: mpsc::Sender<EventView>, woken: &tokio::sync::Notify) {
        loop {
            match self.engine.events(self.workspace, self.instance, self.cursor, CHUNK).await {
                Ok(records) => {
                    let more = records.len() == CHUNK as usize;
                    if records.iter().any(|record| matches!(record.event, Event::InstanceMigrated(_))) {
                        self.read_versions().await;
                    }
                    for record in &records {
                        let plan = self.loaded.plan_at(record.seq);
                        let event = view::mask_event(view::event(self.instance, plan, record), self.permissions);
                        self.cursor = record.seq;
                        if send.send(event).await.is_err() {
                            return;
                        }
                    }
                    if more {
                        continue;
                    }
                }
                Err(error) => tracing::warn!(%error, instance = %self.instance, "cannot read events for a socket"),
            }
            tokio::select! {
                () = woken.notified() => {}
                () = tokio::time::sleep(POLL) => {}
                () = send.closed() => return,
            }
        }
    }

    /// The instance runs another version now: which one ran when.
    async fn read_versions(&mut self) {
        match self.engine.load(self.workspace, self.instance).await {
            Ok(Some(loaded)) => self.loaded = loaded,
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, instance = %self.instance, "cannot read the versions of an instance"),
        }
    }
}
