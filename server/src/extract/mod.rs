//! What handlers take out of a request. Every refusal is an `ApiError`.

mod body;
mod caller;
mod definition;
mod id;
mod network;
mod query;

pub(crate) use body::{Body, Form, read};
pub(crate) use caller::{Context, cookie};
pub(crate) use definition::Definition;
pub(crate) use id::{Id, Id2};
pub(crate) use network::{Network, client_address, is_secure};
pub(crate) use query::{Query, instances_query};
