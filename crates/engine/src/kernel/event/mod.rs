//! Events: facts, in the order in which they happened. Their meaning is `apply`; their stored form is `codec`.
//!
//! A field is never removed or given another meaning: a new format version upcasts the old one.

mod about;
mod failure;
mod json;
mod part;

pub use failure::Failure;
pub use json::Json;
pub(super) use json::Named;
pub use part::{AfterFailure, Created, IncidentKind, Migrated, ScopeEnd, SkipCause};

use heddle_model::plan::{EdgeIx, NodeIx};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use std::sync::Arc;

/// Edges, mostly one or two.
pub type Edges = SmallVec<[EdgeIx; 4]>;

/// A fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// The instance was made.
    InstanceCreated(Box<Created>),
    /// It left CREATED: a token is behind the start.
    InstanceStarted,
    /// It was paused.
    InstancePaused {
        /// Timers keep what is left.
        freeze: bool,
    },
    /// It goes on.
    InstanceResumed,
    /// It ended well.
    InstanceCompleted {
        /// What it gave.
        output: Json,
    },
    /// It ended by an error; live executions are suspended.
    InstanceFailed {
        /// The error.
        error: Failure,
    },
    /// It was ended by a person; everything is cancelled.
    InstanceTerminated {
        /// Why.
        reason: String,
    },
    /// A failed instance goes on: its failed executions are live again, still failed; the others follow by `NodeRefired`.
    InstanceRevived,
    /// A node fired: tokens were consumed, an execution began.
    NodeEnabled {
        /// The execution.
        number: u32,
        /// The node.
        node: NodeIx,
        /// The tokens.
        consumed: Edges,
    },
    /// An attempt began: a built-in task was dispatched or a job offered.
    NodeStarted {
        /// The execution.
        number: u32,
        /// 1 for the first.
        attempt: u32,
        /// A job for workers.
        job: bool,
    },
    /// The execution waits for a timer of its own.
    NodeWaiting {
        /// The execution.
        number: u32,
        /// The timer.
        timer: u32,
        /// When it is due.
        due: i64,
    },
    /// An attempt failed and another will follow.
    NodeRetrying {
        /// The execution.
        number: u32,
        /// What it failed with.
        error: Failure,
        /// The timer of the next attempt.
        timer: u32,
        /// When it is due.
        due: i64,
    },
    /// The node ended well: outputs are written, tokens are on the taken edges, its other edges are dead.
    NodeCompleted {
        /// The execution.
        number: u32,
        /// What it gave.
        output: Json,
        /// Variables written.
        variables: Vec<(Arc<str>, Json)>,
        /// Edges with a token now.
        taken: Edges,
    },
    /// The node did its work, but its split could not be decided.
    NodeSplitFailed {
        /// The execution.
        number: u32,
        /// What it gave.
        output: Json,
        /// Variables written.
        variables: Vec<(Arc<str>, Json)>,
    },
    /// The node failed for good.
    NodeFailed {
        /// The execution.
        number: u32,
        /// With what.
        error: Failure,
        /// What became of it.
        then: AfterFailure,
    },
    /// The node was passed over: by its own `on_error: skip`, or by a person.
    NodeSkipped {
        /// The execution.
        number: u32,
        /// Why.
        cause: SkipCause,
        /// The output it is given.
        output: Json,
        /// Edges with a token now.
        taken: Edges,
    },
    /// The execution was withdrawn.
    NodeCancelled {
        /// The execution.
        number: u32,
    },
    /// A failed execution is to run again: same iteration and key, attempts allowed anew.
    NodeRevived {
        /// The execution.
        number: u32,
    },
    /// A node that its instance's failure had cancelled fires again: a new execution with the same iteration and key.
    NodeRefired {
        /// The new execution.
        number: u32,
        /// The node.
        node: NodeIx,
        /// The cancelled one.
        before: u32,
    },
    /// These can never fire any more.
    NodesSkipped {
        /// The nodes.
        nodes: Vec<NodeIx>,
    },
    /// The server died under an attempt.
    AttemptLost {
        /// The execution.
        number: u32,
    },
    /// A timer was armed.
    TimerArmed {
        /// Its number.
        timer: u32,
        /// What for.
        kind: crate::kernel::state::TimerKind,
        /// When it is due.
        due: i64,
    },
    /// A timer fired.
    TimerFired {
        /// Its number.
        timer: u32,
    },
    /// A timer is no longer wanted.
    TimerDisarmed {
        /// Its number.
        timer: u32,
    },
    /// A result or timer came while the instance was paused.
    ResultHeld(crate::kernel::state::Held),
    /// Held results are about to be applied, in order.
    HeldReleased,
    /// A person is needed.
    IncidentOpened {
        /// Its number.
        incident: u32,
        /// What kind.
        kind: IncidentKind,
        /// The node.
        node: Option<NodeIx>,
        /// The execution.
        execution: Option<u32>,
        /// The error's code.
        code: String,
        /// What happened.
        message: String,
    },
    /// It is repaired, or gone with its instance.
    IncidentResolved {
        /// Its number.
        incident: u32,
    },
    /// Variables were written from outside; `None` removes one.
    VariablesChanged {
        /// Name and value.
        changes: Vec<(Arc<str>, Option<Json>)>,
    },
    /// A person or program asked for something, and was heard.
    Commanded {
        /// What (`pause`, `retry`, …).
        command: String,
        /// Who.
        actor: Arc<str>,
        /// Why, where they said so.
        reason: String,
    },
    /// As `NodeEnabled`, in a scope that is not the root.
    NodeEnabledInside {
        /// The scope.
        scope: u32,
        /// The execution.
        number: u32,
        /// The node.
        node: NodeIx,
        /// The tokens.
        consumed: Edges,
    },
    /// As `NodesSkipped`, in a scope that is not the root.
    NodesSkippedInside {
        /// The scope.
        scope: u32,
        /// The nodes.
        nodes: Vec<NodeIx>,
    },
    /// A round of a loop ended well and the next one begins: a new execution.
    NodeRepeated {
        /// The execution that ended.
        number: u32,
        /// The new one.
        again: u32,
        /// What it gave.
        output: Json,
        /// Variables written.
        variables: Vec<(Arc<str>, Json)>,
    },
    /// The tokens of an execution go on; what is left of it is waited for by its scope only.
    NodeReleased {
        /// The execution.
        number: u32,
        /// What it gave so far.
        output: Json,
        /// Variables written.
        variables: Vec<(Arc<str>, Json)>,
        /// Edges with a token now.
        taken: Edges,
    },
    /// An event ended the execution: it is CANCELLED, and tokens are on the event's edges.
    NodeInterrupted {
        /// The execution.
        number: u32,
        /// Edges with a token now.
        taken: Edges,
    },
    /// An event gave tokens to edges while its host goes on.
    TokensAdded {
        /// The scope.
        scope: u32,
        /// The edges.
        edges: Edges,
    },
    /// Tokens were withdrawn.
    TokensCancelled {
        /// The scope.
        scope: u32,
        /// The edges, once for each token.
        edges: Edges,
    },
    /// An `n-of-m` join took tokens without firing.
    JoinDelivered {
        /// The scope.
        scope: u32,
        /// The join.
        node: NodeIx,
        /// The edges that delivered.
        edges: Edges,
        /// How many deliveries fire it.
        n: u32,
    },
    /// The round of an `n-of-m` join is over.
    JoinClosed {
        /// The scope.
        scope: u32,
        /// The join.
        node: NodeIx,
    },
    /// A scope inside another began.
    ScopeOpened {
        /// Its number.
        scope: u32,
        /// The scope around it.
        parent: u32,
        /// The execution whose scope it is.
        host: u32,
        /// Which scope of the plan.
        of: heddle_model::plan::ScopeIx,
        /// Its place among the items of a for-each.
        index: u32,
        /// Variables of its own.
        variables: Vec<(Arc<str>, Json)>,
    },
    /// A scope ended.
    ScopeClosed {
        /// Its number.
        scope: u32,
        /// How.
        end: ScopeEnd,
    },
    /// A for-each knows its items.
    ItemsListed {
        /// The execution.
        number: u32,
        /// The items, in order.
        items: Vec<Json>,
        /// At most so many at a time.
        max_parallel: u32,
        /// More failed ones than this fail the node.
        max_failures: Option<u32>,
        /// No more may be added.
        closed: bool,
    },
    /// An item was added.
    ItemAdded {
        /// The execution.
        number: u32,
        /// The item.
        item: Json,
    },
    /// No more items may be added.
    ItemsClosed {
        /// The execution.
        number: u32,
    },
    /// No more items are started.
    ItemsStopped {
        /// The execution.
        number: u32,
    },
    /// A for-each runs its failed items again.
    ItemsAgain {
        /// The execution.
        number: u32,
    },
    /// An event is awaited.
    EventAwaited {
        /// The subscription's number.
        subscription: u32,
        /// Who waits.
        owner: crate::kernel::state::Owner,
        /// For what, and what happens then.
        wish: crate::kernel::state::Subscription,
        /// When a timer is due.
        due: Option<i64>,
    },
    /// An awaited event happened.
    EventHappened {
        /// The subscription's number.
        subscription: u32,
        /// Who waited.
        owner: crate::kernel::state::Owner,
        /// What it carries.
        payload: Json,
        /// It is awaited again.
        stays: bool,
        /// When the timer of a cycle is due next.
        next: Option<i64>,
    },
    /// An event is no longer awaited.
    EventDismissed {
        /// The subscription's number.
        subscription: u32,
        /// Who waited.
        owner: crate::kernel::state::Owner,
    },
    /// A message came before anyone waited for it.
    MessageKept(crate::kernel::state::Letter),
    /// A message that nobody waited for was let go, or its time is over.
    MessageDropped(crate::kernel::state::Letter),
    /// A kept message was taken.
    MessageTaken {
        /// Its place in the mailbox.
        place: u32,
    },
    /// A person is awaited.
    HumanAsked {
        /// The execution.
        number: u32,
        /// The task.
        task: Box<crate::kernel::state::HumanTask>,
        /// The timer of its escalation, and when it is due.
        escalation: Option<(u32, i64)>,
    },
    /// A task for a person was claimed, given back, or worked on.
    HumanChanged {
        /// The execution.
        number: u32,
        /// The task as it is now.
        task: Box<crate::kernel::state::HumanTask>,
    },
    /// Another workflow was called.
    ChildCalled {
        /// The execution.
        number: u32,
        /// What was called.
        child: crate::kernel::state::Called,
        /// What it is started with.
        input: Json,
    },
    /// What was done is being undone.
    UndoStarted {
        /// What is to be undone, the first one last.
        records: Vec<crate::kernel::state::Record>,
        /// The scope whose records they are; `None`: all of them.
        scope: Option<u32>,
        /// What comes after it.
        then: crate::kernel::state::AfterUndo,
    },
    /// An execution that undoes another began.
    UndoBegun {
        /// The new execution.
        number: u32,
        /// The node.
        node: NodeIx,
        /// What it undoes.
        undoes: Box<crate::kernel::state::Record>,
    },
    /// A node is COMPENSATED.
    NodeCompensated {
        /// The execution that undid it.
        number: u32,
    },
    /// Everything is undone.
    UndoEnded,
    /// A node of another instance called this one.
    CalledBy(crate::kernel::state::Caller),
    /// The permit of a name that is shared with other instances is awaited.
    PermitAsked {
        /// The execution.
        number: u32,
        /// The name, with its reach.
        name: Arc<str>,
        /// How many may hold it.
        permits: u32,
    },
    /// It is the execution's.
    PermitGranted {
        /// The execution.
        number: u32,
    },
    /// It was paused. `TimersFrozen` says which timers keep what is left; `InstancePaused` did so by itself, for all of them.
    PauseBegan {
        /// Timers keep what is left.
        freeze: bool,
    },
    /// These timers keep what is left of them.
    TimersFrozen {
        /// Their numbers.
        timers: Vec<u32>,
    },
    /// These timers run again, with what was left of them.
    TimersThawed {
        /// Their numbers.
        timers: Vec<u32>,
    },
    /// A node was paused: it neither fires nor takes results.
    NodePaused {
        /// The node.
        node: NodeIx,
        /// Its timers keep what is left.
        freeze: bool,
    },
    /// A node that was paused goes on.
    NodeUnpaused {
        /// The node.
        node: NodeIx,
    },
    /// Some held results are about to be applied, in order.
    HeldTaken {
        /// Their places among those that are held.
        places: Vec<u32>,
    },
    /// The instance stands again where it stood at the end of an earlier event.
    RolledBack {
        /// That event's number.
        to: u64,
        /// The whole state from here on, in its stored form.
        state: Vec<u8>,
    },
    /// The instance runs another version from here on: what stands takes the places of that version.
    InstanceMigrated(Box<Migrated>),
}
