//! The kernel: (plan, instance, command, now) → events and effects. Pure: no clock, I/O, randomness, async, or hash-map order.
//!
//! [`decide`] is the only way to change an instance live, [`apply`](InstanceState::apply) the only function that changes its
//! state, live and in replay. What a run does is told by its events alone.

mod apply;
pub mod codec;
mod command;
mod create;
mod decide;
mod effect;
mod event;
mod fail;
mod finish;
mod fire;
mod join;
mod repair;
mod scope;
mod skip;
mod state;
mod view;

pub use apply::ApplyError;
pub use command::{Command, CommandError, Context, Entropy, Order, TaskResult};
pub use create::create;
pub use decide::{Decision, decide};
pub use effect::{Dispatch, Effects};
pub use event::{AfterFailure, Created, Edges, Event, Failure, IncidentKind, Json, SkipCause};
pub use state::{Active, Execution, Held, Incident, InstanceState, NodeRecord, Phase, Timer, TimerKind, Variables};
pub use view::EventRecord;
