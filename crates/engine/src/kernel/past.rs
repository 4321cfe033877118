//! An earlier moment of an instance, read from its journal: what stood then, and what has happened since (docs/semantics, A.14, rollback).

use super::codec::Row;
use super::command::CommandError;
use super::event::Event;
use super::replay::{PlanSet, Replay};
use super::state::{Awaited, InstanceState, Letter};
use heddle_model::definition::{Join, NodeType, Rest};
use heddle_model::ids::{InstanceId, NodeInstanceId, WorkspaceId};
use heddle_model::plan::{NodeIx, NodeKind, Plan};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Past {
    /// The last event of it.
    pub seq: u64,
    /// What stood then, in the places of the version that runs now.
    #[serde(with = "stored")]
    pub state: InstanceState,
    /// What has completed since, in order.
    pub since: Vec<Done>,
    /// Messages consumed since: they stay consumed.
    pub messages: Vec<Message>,
    /// Workflows called since.
    pub children: Vec<InstanceId>,
    /// Executions undone since: nothing undoes them again.
    pub undone: Vec<u32>,
    /// Messages that nobody had taken when the instance ended.
    pub mailbox: Vec<Letter>,
}

/// A node that completed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// Its execution.
    pub number: u32,
    /// Its id.
    pub node: Arc<str>,
    /// It must not run twice, and nothing undoes it.
    pub once: bool,
}

/// A message that was consumed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its name.
    pub name: Arc<str>,
    /// The key that its receiver asked for.
    pub key: Option<Arc<str>>,
}

/// Which moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Point {
    /// The end of the step whose last event this is.
    After(u64),
    /// Just before a node fired: its id in the version that runs now, or a node instance's id.
    Before(String),
}

/// A whole journal.
#[derive(Debug, Clone, Copy)]
pub struct History<'a> {
    /// Whose.
    pub workspace: WorkspaceId,
    /// Of what.
    pub instance: InstanceId,
    /// Every version that it names.
    pub plans: &'a PlanSet,
    /// Its rows, from the first, with their times.
    pub rows: &'a [(i64, Row)],
}

impl History<'_> {
    pub(super) fn events(&self) -> impl Iterator<Item = (i64, &Event, bool)> {
        self.rows.iter().flat_map(|(at, row)| {
            let last = row.events.len().saturating_sub(1);
            row.events.iter().enumerate().map(move |(place, event)| (*at, event, place == last))
        })
    }

    pub(super) fn begin(&self) -> Result<Replay, CommandError> {
        let Some((at, first, _)) = self.events().next() else {
            return Err(CommandError::Nothing("the journal of that time is not kept any more".to_owned()));
        };
        Ok(Replay::create(self.plans, (self.workspace, self.instance), (at, first))?)
    }

    /// The ends of steps to which one can go back, in order: of those after the start, and just before the start itself.
    pub fn steps(&self) -> Result<Vec<u64>, CommandError> {
        Ok(self.survey()?.0)
    }

    /// Ends of steps; and what fired, with the last end before it.
    fn survey(&self) -> Result<(Vec<u64>, Vec<Firing>), CommandError> {
        let mut replay = self.begin()?;
        let (mut ends, mut firings): (Vec<u64>, Vec<Firing>) = (Vec::new(), Vec::new());
        let mut events = self.events().skip(1).peekable();
        while let Some((at, event, is_last)) = events.next() {
            if let Some((number, node)) = event.begun().filter(|_| !matches!(event, Event::UndoBegun { .. })) {
                let of = if let Event::NodeRefired { before, .. } = event { Some(*before) } else { None };
                firings.push(Firing { number, of, node: Some(node), end: ends.last().copied() });
            } else if let Event::NodeRepeated { number, again, .. } = event {
                let node = replay.state.live.get(number).map(|execution| execution.node);
                firings.push(Firing { number: *again, of: None, node, end: ends.last().copied() });
            } else if let Event::InstanceMigrated(migrated) = event {
                for firing in &mut firings {
                    firing.node = firing.node.and_then(|node| migrated.node(node));
                }
            }
            let known = replay.state.next_execution;
            replay.apply(self.plans, event, at)?;
            if matches!(event, Event::RolledBack { .. }) {
                // What was made anew fired when what it replaces did.
                let anew = replay.state.live.range(known..).map(|(&number, execution)| (number, execution.node));
                for (number, node) in anew.collect::<Vec<_>>() {
                    let of = firings.iter().rev().find(|it| it.node == Some(node)).map(|it| it.number);
                    firings.push(Firing { number, of, node: Some(node), end: None });
                }
            }
            let next = events.peek().map(|(_, next, _)| *next);
            if replay.state.started_at.is_some()
                && (is_last || next.is_some_and(|next| begins_step(&replay.plan, next)))
            {
                ends.push(replay.state.seq);
            }
        }
        Ok((ends, firings))
    }
}

struct Firing {
    number: u32,
    /// The execution that it replaces.
    of: Option<u32>,
    node: Option<NodeIx>,
    end: Option<u64>,
}

/// Whether a step begins with this event in the middle of a commit: a node fires with tokens, and not as the second half of an event.
fn begins_step(plan: &Plan, event: &Event) -> bool {
    let (node, consumed) = match event {
        Event::NodeEnabled { node, consumed, .. } => (*node, consumed),
        Event::NodeEnabledInside { node, consumed, .. } => (*node, consumed),
        _ => return false,
    };
    let at = plan.node(node);
    let Some(&edge) = consumed.first() else { return node == plan.start && at.incoming.is_empty() };
    let follows_event =
        at.node_type == NodeType::Boundary || matches!(plan.node(plan.edge(edge).from).kind, NodeKind::Choice);
    let cancels_first = matches!(at.join, Join::NOfM { rest: Rest::Cancel, .. });
    !follows_event && !cancels_first
}

impl Past {
    /// Reads a moment.
    pub fn read(history: &History<'_>, point: &Point) -> Result<Self, CommandError> {
        let (ends, firings) = history.survey()?;
        let refuse = |why: String| Err(CommandError::Nothing(why));
        let seq = match point {
            Point::After(seq) if ends.first().is_none_or(|first| seq < first) => {
                return refuse(format!("event {seq} is before the start"));
            }
            Point::After(seq) if ends.binary_search(seq).is_err() => {
                return refuse(format!("event {seq} is not the end of a step"));
            }
            Point::After(seq) => *seq,
            Point::Before(node) => end_before(history, node, &firings)?,
        };
        Self::fold(history, seq)
    }

    fn fold(history: &History<'_>, seq: u64) -> Result<Self, CommandError> {
        let mut replay = history.begin()?;
        let mut past: Option<Self> = None;
        for (at, event, _) in history.events().skip(1) {
            if replay.state.seq == seq && past.is_none() {
                past = Some(Self::of(replay.state.clone()));
            }
            if let Some(past) = &mut past {
                past.note(&replay, event)?;
            }
            replay.apply(history.plans, event, at)?;
        }
        Ok(past.unwrap_or_else(|| Self::of(replay.state)))
    }

    fn of(state: InstanceState) -> Self {
        Self {
            seq: state.seq,
            state,
            since: Vec::new(),
            messages: Vec::new(),
            children: Vec::new(),
            undone: Vec::new(),
            mailbox: Vec::new(),
        }
    }

    /// Notes what happened after the moment; `before` is the instance before the event.
    fn note(&mut self, before: &Replay, event: &Event) -> Result<(), CommandError> {
        let state = &before.state;
        match event {
            Event::NodeCompleted { number, .. } | Event::NodeRepeated { number, .. } => {
                if let Some(execution) = state.live.get(number) {
                    let node = before.plan.node(execution.node);
                    let once = node.at_most_once && node.compensate.is_none();
                    self.since.push(Done { number: *number, node: node.id.clone(), once });
                }
            }
            Event::EventHappened { subscription, owner, .. } => {
                let wish = state.subscriptions.get(&(*owner, *subscription)).map(|wish| &wish.event);
                if let Some(Awaited::Message { name, key }) = wish {
                    self.messages.push(Message { name: name.clone(), key: key.clone() });
                }
            }
            Event::ChildCalled { child, .. } => self.children.push(child.instance),
            Event::NodeCompensated { number } => {
                let undone = state.live.get(number).and_then(|execution| execution.undoes.as_ref());
                self.undone.extend(undone.map(|record| record.number));
            }
            Event::InstanceCompleted { .. } => self.mailbox.clone_from(&state.mailbox),
            Event::InstanceMigrated(migrated) => self.carry(migrated)?,
            _ => {}
        }
        Ok(())
    }

    /// The moment in the places of another version.
    pub(super) fn carry(&mut self, migrated: &super::event::Migrated) -> Result<(), CommandError> {
        self.state.change_version(migrated).map_err(|why| {
            CommandError::Nothing(format!("what stood then has no place in version {}: {why}", migrated.version_number))
        })
    }
}

fn end_before(history: &History<'_>, node: &str, firings: &[Firing]) -> Result<u64, CommandError> {
    let unknown = || CommandError::NoSuchNode(node.to_owned());
    let never = || CommandError::Nothing(format!("`{node}` has not fired"));
    let firing = if let Ok(id) = node.parse::<NodeInstanceId>() {
        let mut found =
            firings.iter().find(|it| history.instance.node_instance(it.number) == id).ok_or_else(unknown)?;
        while let Some(before) = found.of {
            found = firings.iter().find(|it| it.number == before).ok_or_else(unknown)?;
        }
        found
    } else {
        let version = history.rows.iter().flat_map(|(_, row)| row.versions()).last();
        let plan = version.and_then(|version| history.plans.get(&version)).ok_or_else(unknown)?;
        let ix = plan.find(node).ok_or_else(unknown)?;
        firings.iter().rev().find(|it| it.node == Some(ix) && it.of.is_none()).ok_or_else(never)?
    };
    firing.end.ok_or_else(never)
}

/// A state on its way to another server: in its stored form, as text.
mod stored {
    use super::InstanceState;
    use crate::kernel::codec;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
    use serde::{Deserialize, Deserializer, Serializer, de, ser};

    pub(super) fn serialize<S: Serializer>(state: &InstanceState, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes = codec::encode_state(state).map_err(ser::Error::custom)?;
        serializer.serialize_str(&BASE64.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<InstanceState, D::Error> {
        let bytes = BASE64.decode(String::deserialize(deserializer)?).map_err(de::Error::custom)?;
        codec::decode_state(&bytes).map_err(de::Error::custom)
    }
}
