//! All SQL: the engine's storage port and the service's queries, on SQLite and PostgreSQL.
//!
//! Nothing is decided here: a row is written because somebody else decided so. Only this crate and `heddle-migrations` name sea-orm and
//! sqlx, and only this one rusqlite, for the engine's commit (docs/adr/0012). What may not live here: permissions (`heddle-service`), what an event means (`heddle-engine`).

mod connect;
mod engine;
mod entity;
mod error;
mod notify;
pub mod query;
mod row;
mod unit;

pub use connect::{Backend, ConnectOptions, Store};
pub use error::StoreError;
pub use notify::{Hints, Notifier};
