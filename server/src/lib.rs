//! The server: HTTP and sockets in front of the use cases, the command line, and the wiring of all parts.
//!
//! A handler is one call into a use case. What may not live here: decisions, permissions (each use case asks for its own), SQL.

pub mod cmd;
pub mod config;

mod assets;
mod bell;
mod error;
mod extract;
mod kept;
mod live;
mod metrics;
mod middleware;
mod openapi;
mod pages;
mod rest;
mod route;
mod router;
mod shutdown;
mod state;
mod telemetry;
mod wire;
