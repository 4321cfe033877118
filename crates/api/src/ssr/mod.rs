//! The server's side of the contract: the context of a request and the trait of the use cases.

pub(crate) mod context;
pub mod cookie;
pub(crate) mod use_cases;
