//! The cold tables as sea-orm entities, for the queries beside them. The hot tables are written by `engine` in SQL of its own.
#![allow(missing_docs, unreachable_pub)]

pub mod api_setting;
pub mod audit_log;
pub mod edge;
pub mod node;
pub mod session;
pub mod user_account;
pub mod workflow;
pub mod workflow_version;
pub mod workspace;
pub mod workspace_member;
