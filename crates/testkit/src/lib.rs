//! Real parts for tests: a temporary PostgreSQL server, SQLite files, the real `heddle` process, a small HTTP client.
//!
//! Nothing here is shipped, and nothing here knows what the product does: a helper that asserts a behaviour belongs to its test.

mod client;
mod guard;
mod heddle;
mod ports;
mod postgres;
mod sqlite;
mod wait;

pub use client::{Client, Reply};
pub use heddle::{Heddle, HeddleProcess};
pub use ports::free_port;
pub use postgres::{Database, Postgres};
pub use sqlite::{TempSqlite, sqlite_url};
pub use wait::{until, until_blocking};
