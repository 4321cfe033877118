//! Scheduling of built-in tasks: which ready attempt runs next (docs/adr/0016-scheduler.md).
//!
//! The core ([`Scheduler`]) is a deterministic data structure: given what was pushed, what has ended and a clock's value it says what
//! runs next. It spawns nothing and reads no clock; `runtime::pool` does that.
//!
//! The order: priority first (9 before 0); within a priority a fair share for each workspace; within a workspace the level of a feedback
//! queue, in which instances and workflows that have used much lately sink; within a level first come first served. One start in
//! [`AGEING_TURN`](heddle_model::limits::AGEING_TURN) goes past the priorities to a lower one, in turn, and likewise past the levels, so
//! that nothing starves.

mod admission;
mod core;
mod entries;
mod feedback;
mod keys;
mod limits;
mod line;
mod parked;
mod rate;
mod share;
mod turns;
mod why;

pub use self::core::{About, Scheduler, Started, Ticket, Wanted};
pub use admission::{Admission, AdmissionLimits, Load, Refused};
pub use keys::{Holder, KeyAsk, KeyWait, Keys, PermitName, PermitWish, Verdict};
pub use limits::{Limits, LimitsError, Rate, TypeLimits, WorkspaceLimits};
pub use line::LineIx;
pub use why::{Ahead, Blocked, Queued};

/// Time of a scheduler: microseconds since any fixed moment.
pub type Micros = u64;
