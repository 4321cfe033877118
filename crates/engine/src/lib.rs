//! Running workflows: a pure kernel that decides, and a runtime that commits what it decided and only then acts.
//!
//! What may not live here: SQL (`heddle-store`), HTTP (`heddle-server`), permissions (`heddle-service`), what a definition may say
//! (`heddle-model`).

pub mod kernel;
pub mod runtime;
pub mod scheduler;
pub mod storage;
pub mod tasks;
