//! What every request passes, one layer per file, from the outside in: headers, problems (and panics), linger, then per route the guard.

mod csrf;
mod guard;
mod headers;
mod idempotency;
mod linger;
mod problems;

pub(crate) use csrf::{Origin, same_origin};
pub(crate) use guard::{credentials, guard, identify};
pub(crate) use headers::{content_security_policy, headers};
pub(crate) use idempotency::key_of;
pub(crate) use linger::linger;
pub(crate) use problems::problems;
