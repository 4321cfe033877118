//! Following the list of instances: rows that changed, at most four times a second.

use crate::authz::Allowed;
use crate::instances::view;
use crate::service::Service;
use crate::source;
use futures::StreamExt;
use heddle_api::FeedStream;
use heddle_api::feed::ServerFrame;
use heddle_model::ids::InstanceId;
use heddle_model::limits;
use heddle_store::query::{InstanceFilter, InstanceRow};
use std::time::Duration;
use tokio::sync::mpsc;

/// Changes are gathered for so long.
const GATHER: Duration = Duration::from_millis(250);

impl Service {
    /// Rows of this filter that change from now on. `resumed`: the caller has missed some and reads its page again.
    pub(super) fn follow_rows(
        &self,
        allowed: Allowed<'_>,
        topic: String,
        filter: Option<InstanceFilter>,
        resumed: bool,
    ) -> FeedStream<ServerFrame> {
        let place = self.hub.list(allowed.workspace());
        let (store, workspace) = (self.store.clone(), allowed.workspace());
        let (send, receive) = mpsc::channel(limits::PAGE_ROWS as usize);
        tokio::spawn(async move {
            let cursor = || source::now_ms().to_string();
            let first = if resumed {
                ServerFrame::Resync { topic: topic.clone(), cursor: cursor() }
            } else {
                ServerFrame::Subscribed { topic: topic.clone(), cursor: cursor() }
            };
            if send.send(first).await.is_err() {
                return;
            }
            loop {
                tokio::select! {
                    () = place.signal.woken() => {}
                    () = send.closed() => return,
                }
                tokio::time::sleep(GATHER).await;
                let changed = place.signal.take();
                let Some(filter) = &filter else { continue };
                let frames = if changed.overflow || changed.instances.len() as u64 > limits::PAGE_ROWS {
                    vec![ServerFrame::Resync { topic: topic.clone(), cursor: cursor() }]
                } else {
                    let ids: Vec<InstanceId> = changed.instances.into_iter().collect();
                    match store.instances_by_ids(workspace, &ids).await {
                        Ok(rows) => rows
                            .into_iter()
                            .filter(|row| concerns(filter, row))
                            .map(|row| ServerFrame::Row {
                                topic: topic.clone(),
                                cursor: row.updated_at.to_string(),
                                instance: view::summary(row),
                            })
                            .collect(),
                        Err(error) => {
                            tracing::warn!(%error, "cannot read rows for a socket");
                            vec![ServerFrame::Resync { topic: topic.clone(), cursor: cursor() }]
                        }
                    }
                };
                for frame in frames {
                    if send.send(frame).await.is_err() {
                        return;
                    }
                }
            }
        });
        stream(receive)
    }
}

/// Whether a row can be one of the list by what never changes about it. A row that no longer matches by its status is sent too: the
/// list must learn that it left.
fn concerns(filter: &InstanceFilter, row: &InstanceRow) -> bool {
    filter.workflow.is_none_or(|workflow| workflow == row.workflow)
        && filter.version.is_none_or(|version| version == row.version_number)
        && filter.id.is_none_or(|id| id == row.id)
        && filter.business_key.as_ref().is_none_or(|key| Some(key) == row.business_key.as_ref())
        && filter
            .business_key_prefix
            .as_ref()
            .is_none_or(|prefix| row.business_key.as_ref().is_some_and(|key| key.starts_with(prefix)))
        && filter.started_after.is_none_or(|time| row.created_at >= time)
        && filter.started_before.is_none_or(|time| row.created_at < time)
}

/// What a channel gives, as a stream.
pub(super) fn stream<T: Send + 'static>(receive: mpsc::Receiver<T>) -> FeedStream<T> {
    futures::stream::unfold(receive, |mut receive| async move { Some((receive.recv().await?, receive)) }).boxed()
}
