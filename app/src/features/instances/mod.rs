//! Instances: the live list, and one instance with its graph, timeline, events, logs, variables and actions.

mod actions;
mod calls;
mod events;
mod filter;
mod header;
mod inspector;
mod list;
mod logs;
mod page;
mod shown;
mod span;
mod timeline;
mod variables;

#[cfg(feature = "ssr")]
pub use calls::{Act, GetInstance, ListEvents, ListInstances, ListLogs, Terminate};
pub use list::ListPage;
pub use page::InstancePage;
