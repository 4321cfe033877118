//! The runtime: commits what the kernel decides, and only then acts.
//!
//! Shards are spread over a few *lanes*. A lane holds the instances of its shards in memory and works in rounds: take everything
//! that has gathered, decide it, commit it as one batch, let its effects go. While one round is being committed the next one
//! gathers; two lanes keep both the processor and the disk busy. There is no timer that makes anyone wait for a fuller batch.

mod actor;
mod attempt;
mod begin;
mod books;
mod call;
pub(crate) mod clock;
mod commit;
mod desk;
mod door;
mod doorbell;
mod engine;
mod error;
mod figures;
mod head;
mod ids;
mod jobs;
mod journal;
mod lane;
mod leave;
mod machine;
mod membership;
mod message;
mod pauses;
mod pending;
mod permits;
mod plans;
mod pool;
mod post;
mod prepare;
mod proof;
mod quarantine;
mod reads;
mod recovery;
mod remote;
mod request;
mod round;
mod scheduling;
mod send;
mod shards;
mod start;
mod timers;
mod unit;

pub use call::{AnyInput, InputCheck};
pub use doorbell::{Alone, Doorbell};
pub use engine::{Engine, EngineConfig};
pub use error::EngineError;
pub use jobs::JobWish;
pub use machine::{Machine, RealMachine};
pub use plans::LoadedInstance;
pub use request::{CommandRequest, Committed, Outcome, StartRequest, Started};
pub use send::{SendMessage, Sent};
