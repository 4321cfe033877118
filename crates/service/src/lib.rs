//! The use cases, once. Both doors (REST in `heddle-server`, server functions in `heddle-app`) call these and nothing else.
//!
//! Each use case asks for its permission itself and gets a typed proof; the workspace comes from who asks. What may not live here:
//! SQL (`heddle-store`), HTTP (`heddle-server`), the rules of running (`heddle-engine`) and of definitions (`heddle-model`).

mod audit;
mod auth;
mod authz;
mod batches;
mod cache;
mod calls;
mod error;
mod feed;
mod human_tasks;
mod idempotency;
mod incidents;
mod instances;
mod jobs;
mod messages;
mod page;
mod pauses;
pub mod remote;
mod retention;
mod service;
mod source;
mod stats;
mod stuck;
mod use_cases;
pub mod users;
mod verify;
mod workflows;

pub use auth::{Credentials, FirstAdmin, SecretKey, SetupLink};
pub use authz::{Allowed, authorize};
pub use calls::CallInputs;
pub use error::{Error, Result};
pub use idempotency::Claimed;
pub use instances::StartKey;
pub use retention::{Retained, retain};
pub use service::{Service, ServiceConfig};
pub use verify::{Verified, verify};
