//! The kernel: (plan, instance, command, now) → events and effects. Pure: no clock, I/O, randomness, async, or hash-map order.
//!
//! [`decide`] is the only way to change an instance live, [`apply`](InstanceState::apply) the only function that changes its
//! state, live and in replay. What a run does is told by its events alone.

mod apply;
mod call;
mod cancel;
mod chronicle;
pub mod codec;
mod command;
mod container;
mod create;
mod decide;
mod effect;
mod event;
mod fail;
mod finish;
mod fire;
mod foreach;
mod hold;
mod human;
mod join;
mod lookup;
mod marking;
mod migrate;
mod modify;
mod moment;
mod past;
mod pause;
mod permit;
mod person;
mod places;
mod post;
mod preview;
mod reach;
mod repair;
mod repeat;
mod replay;
mod restore;
mod rollback;
mod round;
mod settle;
mod skip;
mod state;
mod steer;
mod undo;
mod view;
mod wait;
mod why;
mod wish;

pub use apply::ApplyError;
pub use call::ChildStart;
pub use command::{Change, Command, CommandError, Context, Entropy, HumanAction, Order, TaskResult};
pub use create::create;
pub use decide::{Decision, decide};
pub use effect::{Dispatch, Effects};
pub use event::{AfterFailure, Created, Edges, Event, Failure, IncidentKind, Json, Migrated, ScopeEnd, SkipCause};
pub use past::{Done, History, Message, Past, Point};
pub use permit::{Limited, limited_execution, limited_instance};
pub use person::{HumanRefusal, Person};
pub use preview::{Preview, Touched, preview};
pub use replay::{PlanSet, Replay};
pub use state::{
    Active, AfterUndo, Awaited, Called, Caller, Execution, Handler, Held, HumanTask, Incident, InstanceState, Items,
    Letter, Marking, NodeRecord, Owner, Phase, Record, Return, RoundState, Scope, Subscription, Then, Timer, TimerKind,
    Undoing, Variables,
};
pub use view::EventRecord;
pub use wait::Outgoing;
pub use why::{Reason, Waiting, why};
pub use wish::{Migrate, Rerun, Rollback};
