//! Live frames: what goes over `/ws/feed` (the browser's one socket) and `/ws/workflow-instances/{id}` (programs).

use crate::error::Problem;
use crate::view::{EventView, InstanceSummary, InstanceView};
use heddle_model::ids::InstanceId;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What one subscription is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Topic {
    /// `instance:<id>`: one instance, its snapshot and then every event.
    Instance(InstanceId),
    /// `instances?<filter>`: rows of the list that changed. The filter is a query string as the list takes it.
    Instances(String),
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instance(id) => write!(f, "instance:{id}"),
            Self::Instances(filter) if filter.is_empty() => f.write_str("instances"),
            Self::Instances(filter) => write!(f, "instances?{filter}"),
        }
    }
}

impl FromStr for Topic {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if let Some(id) = text.strip_prefix("instance:") {
            return id.parse().map(Self::Instance).map_err(|_| ());
        }
        match text.strip_prefix("instances") {
            Some("") => Ok(Self::Instances(String::new())),
            Some(rest) => rest.strip_prefix('?').map(|filter| Self::Instances(filter.to_owned())).ok_or(()),
            None => Err(()),
        }
    }
}

/// What the browser sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum ClientFrame {
    /// Begins a subscription; again with the same topic: begins it anew.
    Subscribe {
        /// The topic, as text.
        subscribe: String,
        /// Cursor of the last frame that was seen; where absent, or too old, a snapshot comes first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    },
    /// Ends a subscription.
    Unsubscribe {
        /// The topic, as text.
        unsubscribe: String,
    },
    /// Asks for a `pong`.
    Ping {
        /// Comes back.
        ping: u64,
    },
}

/// What the server sends over `/ws/feed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame {
    /// The subscription stands; what follows is newer than `cursor`.
    Subscribed {
        /// The topic, as text.
        topic: String,
        /// Where it begins.
        cursor: String,
    },
    /// `instance:<id>`: the whole instance as of `cursor`.
    Snapshot {
        /// The topic, as text.
        topic: String,
        /// Where it stands.
        cursor: String,
        /// The instance.
        instance: Box<InstanceView>,
    },
    /// `instance:<id>`: one event, in order, without gaps.
    Event {
        /// The topic, as text.
        topic: String,
        /// Where it stands.
        cursor: String,
        /// The event.
        event: EventView,
    },
    /// `instances?<filter>`: this row changed or is new. Rows that changed several times in a short while come once.
    Row {
        /// The topic, as text.
        topic: String,
        /// Where it stands.
        cursor: String,
        /// The row as it is now.
        instance: InstanceSummary,
    },
    /// The server fell behind for this topic: read the page again. The subscription goes on.
    Resync {
        /// The topic, as text.
        topic: String,
        /// Where it goes on.
        cursor: String,
    },
    /// The subscription was refused or has ended.
    Closed {
        /// The topic, as text.
        topic: String,
        /// Why.
        problem: Problem,
    },
    /// Answers `ping`.
    Pong {
        /// What came.
        pong: u64,
    },
}

/// What the server sends over `/ws/workflow-instances/{id}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum InstanceFrame {
    /// First: the whole instance as of `seq`.
    Snapshot {
        /// Number of the last event that it holds.
        seq: u64,
        /// The instance.
        instance: Box<InstanceView>,
    },
    /// Then each event, in order, without gaps.
    Event {
        /// Number of the event.
        seq: u64,
        /// The event.
        event: EventView,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_read_back() {
        for text in
            ["instances", "instances?status=RUNNING&workflow=%E7%A4%BA", "instance:wi_00000000000000000000000007"]
        {
            assert_eq!(text.parse::<Topic>().map(|topic| topic.to_string()), Ok(text.to_owned()));
        }
        for wrong in ["", "instance:", "instance:wf_00000000000000000000000007", "instancesx", "dashboards"] {
            assert!(wrong.parse::<Topic>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn client_frames_have_the_documented_form() {
        let frame: Result<ClientFrame, _> = serde_json::from_str(r#"{"subscribe":"instances","after":"x"}"#);
        assert_eq!(frame.ok(), Some(ClientFrame::Subscribe { subscribe: "instances".into(), after: Some("x".into()) }));
    }
}
