//! The wire contract: what travels between the server, the browser and outside programs (docs/api).
//!
//! Pure and small, also WebAssembly. With the feature `ssr` it holds, besides, the trait of the use cases that both doors call and
//! the OpenAPI schemas of these types. What may not live here: decisions, SQL, HTTP handlers, screens.

pub mod error;
pub mod feed;
pub mod lang;
pub mod page;
pub mod params;
pub mod permission;
pub mod role;
pub mod routes;
pub mod time;
pub mod view;

#[cfg(feature = "ssr")]
mod ssr;

#[cfg(feature = "ssr")]
pub use ssr::{
    context::{Principal, RequestContext},
    cookie,
    use_cases::{FeedStream, UseCases, UseCasesRef},
};

pub use error::{ApiError, ErrorCode, Problem, ProblemItem};
pub use lang::Lang;
pub use page::Page;
pub use permission::{Permission, PermissionSet};
pub use role::Role;
pub use time::Timestamp;
