//! What an event is about: its scope, its execution, the tokens that it makes.

use super::{AfterFailure, Edges, Event};
use heddle_model::plan::NodeIx;

impl Event {
    /// The scope that it changes, where it is about a scope rather than an execution.
    pub const fn scope(&self) -> Option<u32> {
        match self {
            Self::NodeEnabled { .. } => Some(0),
            Self::NodeEnabledInside { scope, .. }
            | Self::NodesSkippedInside { scope, .. }
            | Self::TokensAdded { scope, .. }
            | Self::TokensCancelled { scope, .. }
            | Self::JoinDelivered { scope, .. }
            | Self::JoinClosed { scope, .. }
            | Self::ScopeOpened { scope, .. } => Some(*scope),
            _ => None,
        }
    }

    /// The edges on which it puts tokens as a node ends: the node's other ways out are dead.
    pub const fn taken(&self) -> Option<&Edges> {
        match self {
            Self::NodeCompleted { taken, .. }
            | Self::NodeSkipped { taken, .. }
            | Self::NodeReleased { taken, .. }
            | Self::NodeInterrupted { taken, .. }
            | Self::NodeFailed { then: AfterFailure::Caught(taken), .. } => Some(taken),
            _ => None,
        }
    }

    /// The execution that it begins, and its node.
    pub const fn begun(&self) -> Option<(u32, NodeIx)> {
        match self {
            Self::NodeEnabled { number, node, .. }
            | Self::NodeEnabledInside { number, node, .. }
            | Self::NodeRefired { number, node, .. }
            | Self::UndoBegun { number, node, .. } => Some((*number, *node)),
            _ => None,
        }
    }

    /// The execution that it is about.
    pub const fn execution(&self) -> Option<u32> {
        match self {
            Self::NodeEnabled { number, .. }
            | Self::NodeEnabledInside { number, .. }
            | Self::NodeRepeated { number, .. }
            | Self::NodeReleased { number, .. }
            | Self::NodeInterrupted { number, .. }
            | Self::ItemsListed { number, .. }
            | Self::ItemAdded { number, .. }
            | Self::ItemsClosed { number }
            | Self::ItemsStopped { number }
            | Self::ItemsAgain { number }
            | Self::EventAwaited { owner: crate::kernel::state::Owner::Execution(number), .. }
            | Self::EventHappened { owner: crate::kernel::state::Owner::Execution(number), .. }
            | Self::EventDismissed { owner: crate::kernel::state::Owner::Execution(number), .. }
            | Self::ScopeOpened { host: number, .. }
            | Self::HumanAsked { number, .. }
            | Self::HumanChanged { number, .. }
            | Self::ChildCalled { number, .. }
            | Self::UndoBegun { number, .. }
            | Self::NodeCompensated { number }
            | Self::NodeStarted { number, .. }
            | Self::NodeWaiting { number, .. }
            | Self::NodeRetrying { number, .. }
            | Self::NodeCompleted { number, .. }
            | Self::NodeSplitFailed { number, .. }
            | Self::NodeFailed { number, .. }
            | Self::NodeSkipped { number, .. }
            | Self::NodeCancelled { number }
            | Self::NodeRevived { number }
            | Self::NodeRefired { number, .. }
            | Self::PermitAsked { number, .. }
            | Self::PermitGranted { number }
            | Self::AttemptLost { number } => Some(*number),
            _ => None,
        }
    }
}
