//! Live: from the engine's hints to frames for sockets. A hint only wakes; what is sent is read from the journal.

mod hub;
mod instance;
mod rows;

pub(crate) use hub::Hub;

use crate::authz::authorize;
use crate::error::Result;
use crate::service::Service;
use futures::StreamExt;
use heddle_api::feed::{InstanceFrame, ServerFrame, Topic};
use heddle_api::params::{ListInstances, WatchInstance};
use heddle_api::view::{EventView, InstanceView};
use heddle_api::{ApiError, FeedStream, Permission, RequestContext};

impl Service {
    /// Follows a topic of the feed.
    pub(crate) async fn subscribe(
        &self,
        context: &RequestContext,
        topic: Topic,
        after: Option<String>,
    ) -> Result<FeedStream<ServerFrame>> {
        let allowed = authorize(context, Permission::InstanceView)?;
        let name = topic.to_string();
        match topic {
            Topic::Instance(id) => {
                // A cursor that is none of ours starts anew with a snapshot.
                let after = after.and_then(|cursor| cursor.parse().ok());
                let (snapshot, events) = self.follow(allowed, id, after).await?;
                let first = match snapshot {
                    Some(instance) => ServerFrame::Snapshot {
                        topic: name.clone(),
                        cursor: instance.seq.to_string(),
                        instance: Box::new(instance),
                    },
                    None => ServerFrame::Subscribed { topic: name.clone(), cursor: after.unwrap_or(0).to_string() },
                };
                let frames = events.map(move |event| ServerFrame::Event {
                    topic: name.clone(),
                    cursor: event.seq.to_string(),
                    event,
                });
                Ok(futures::stream::once(async { first }).chain(frames).boxed())
            }
            Topic::Instances(filter) => {
                let params: ListInstances = read_filter(&filter, context)?;
                let filter = self.instance_filter(allowed, params, context.lang).await?;
                Ok(self.follow_rows(allowed, name, filter, after.is_some()))
            }
        }
    }

    /// Follows one instance.
    pub(crate) async fn watch_instance(
        &self,
        context: &RequestContext,
        params: WatchInstance,
    ) -> Result<FeedStream<InstanceFrame>> {
        let allowed = authorize(context, Permission::InstanceView)?;
        let (snapshot, events) = self.follow(allowed, params.id, params.after).await?;
        let first = snapshot
            .map(|instance: InstanceView| InstanceFrame::Snapshot { seq: instance.seq, instance: Box::new(instance) });
        let frames = events.map(|event: EventView| InstanceFrame::Event { seq: event.seq, event });
        Ok(futures::stream::iter(first).chain(frames).boxed())
    }
}

/// The list's filter as a query string. `var.…` filters need the database and belong to the list itself.
fn read_filter(query: &str, context: &RequestContext) -> Result<ListInstances> {
    let (mut known, mut vars) = (Vec::new(), std::collections::BTreeMap::new());
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match name.strip_prefix("var.") {
            Some(variable) => {
                vars.insert(variable.to_owned(), value.into_owned());
            }
            None if !value.is_empty() => known.push((name.into_owned(), value.into_owned())),
            None => {}
        }
    }
    let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(known).finish();
    let mut params: ListInstances = serde_urlencoded::from_str(&text).map_err(|error| {
        ApiError::invalid(
            "",
            format!("The filter cannot be read: {error}."),
            format!("无法读取筛选条件：{error}。"),
            context.lang,
        )
    })?;
    params.vars = vars;
    Ok(params)
}
