//! The API of the real program over real HTTP, on SQLite and on PostgreSQL. One module per resource, named as in the address.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod support;

mod actions;
mod admission;
mod auth;
mod batches;
mod commands;
mod errors;
mod foreach;
mod hang_ups;
mod history;
mod human_tasks;
mod idempotency;
mod incidents;
mod instances;
mod jobs;
mod live;
mod messages;
mod openapi;
mod pages;
mod pauses;
mod roles;
mod setup;
mod sizes;
mod steer;
mod waiting;
mod workflows;
mod workspaces;
