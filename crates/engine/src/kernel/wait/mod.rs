//! Waiting for events: subscriptions of executions and scopes, and what follows when one happens (docs/semantics, A.9).
//!
//! `mail` has messages, signals and escalations as they come and go. One mechanism serves event nodes, event gateways, boundary events and event
//! sub-scopes: a subscription says who waits, for what, and what happens then.

mod mail;

pub use mail::Outgoing;

use super::command::CommandError;
use super::decide::Step;
use super::event::{Edges, Event, Failure, IncidentKind, Json};
use super::lookup::InstanceScope;
use super::marking::ROOT;
use super::moment::{When, when};
use super::state::{Awaited, InstanceState, Owner, Subscription, Then, TimerKind};
use heddle_expr::Template;
use heddle_model::definition::NodeType;
use heddle_model::plan::{EdgeIx, Keep, NodeIx, NodeKind, Trigger};
use heddle_model::value::Value;
use std::sync::Arc;

pub(super) type Key = (Owner, u32);

impl Step<'_> {
    /// Arms the event sub-scopes of a scope that has just opened.
    pub(super) fn listen_in(&mut self, scope: u32) -> Result<(), CommandError> {
        let plan = self.context.plan;
        for handler in &plan.scope(self.state.scope_ix(scope)).handlers {
            if handler.trigger.is_armed() {
                self.listen(Owner::Scope(scope), Then::Begin(handler.node), &handler.trigger)?;
            }
        }
        Ok(())
    }

    /// Arms what hangs on a node: its boundary events and, where it is no task, its timeout.
    pub(super) fn listen_around(&mut self, number: u32, node: NodeIx) -> Result<(), CommandError> {
        let plan = self.context.plan;
        let at = plan.node(node);
        let is_task = matches!(at.kind, NodeKind::Task { .. });
        if let Some(timeout) = at.timeout.filter(|_| !is_task && !matches!(at.kind, NodeKind::Pass | NodeKind::End(_)))
        {
            self.arm(TimerKind::JobTimeout(number), timeout)?;
        }
        for &edge in &at.events {
            let Some(way) = plan.edge(edge).way.as_ref().filter(|way| way.trigger.is_armed()) else { continue };
            if self.state.live.contains_key(&number) {
                self.listen(Owner::Execution(number), Then::Take(edge), &way.trigger)?;
            }
        }
        Ok(())
    }

    /// An event node waits for its event.
    pub(super) fn await_event(&mut self, number: u32, trigger: &Trigger) -> Result<(), CommandError> {
        self.listen(Owner::Execution(number), Then::Complete, trigger)
    }

    /// An event gateway waits for the first of its targets' events; all are armed in one step.
    pub(super) fn await_first(&mut self, number: u32, node: NodeIx) -> Result<(), CommandError> {
        let plan = self.context.plan;
        for &edge in &plan.node(node).outgoing {
            if !self.state.live.contains_key(&number) {
                return Ok(());
            }
            match &plan.node(plan.edge(edge).to).kind {
                NodeKind::Event(trigger) => self.listen(Owner::Execution(number), Then::Take(edge), trigger)?,
                NodeKind::Timer { config } => {
                    let due = self.due_of(Owner::Execution(number), config);
                    self.listen_for_time(Owner::Execution(number), Then::Take(edge), due)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn scope_of_owner(&self, owner: Owner) -> u32 {
        match owner {
            Owner::Execution(number) => self.state.live.get(&number).map_or(ROOT, |execution| execution.scope),
            Owner::Scope(scope) => scope,
        }
    }

    fn in_scope_of(&self, owner: Owner) -> InstanceScope<'_> {
        InstanceScope { scope: self.scope_of_owner(owner), ..self.scope() }
    }

    pub(super) fn listen(&mut self, owner: Owner, then: Then, trigger: &Trigger) -> Result<(), CommandError> {
        let subscription = self.state.next_subscription;
        let event = match trigger {
            Trigger::Timer { config } => {
                let due = self.due_of(owner, config);
                return self.listen_for_time(owner, then, due);
            }
            Trigger::Message { name, key, .. } => {
                let text = |template: &Template| self.text(owner, template);
                let read = text(name).and_then(|name| Ok((name, key.as_ref().map(text).transpose()?)));
                read.map(|(name, key)| Awaited::Message { name, key })
            }
            Trigger::Signal { name } => self.text(owner, name).map(Awaited::Signal),
            Trigger::Condition(_) => Ok(Awaited::Condition),
            Trigger::Error { .. } | Trigger::Timeout | Trigger::Escalation { .. } => return Ok(()),
        };
        match event {
            Err(why) => self.cannot_listen(owner, why),
            Ok(event) => {
                let is_condition = event == Awaited::Condition;
                let wish = Subscription { then, event };
                self.emit(Event::EventAwaited { subscription, owner, wish, due: None })?;
                if is_condition {
                    self.data_changed = true;
                    return Ok(());
                }
                self.look_into_mailbox((owner, subscription))
            }
        }
    }

    fn due_of(&self, owner: Owner, config: &Template) -> Result<When, Failure> {
        let config = config.eval(&self.in_scope_of(owner)).map_err(|why| Failure::expression(&why))?;
        Ok(when(&config, self.context.now)?)
    }

    fn listen_for_time(&mut self, owner: Owner, then: Then, due: Result<When, Failure>) -> Result<(), CommandError> {
        match due {
            Err(why) => self.cannot_listen(owner, why),
            Ok(when) => {
                let wish =
                    Subscription { then, event: Awaited::Timer { timer: self.state.next_timer, again: when.again } };
                let subscription = self.state.next_subscription;
                self.emit(Event::EventAwaited { subscription, owner, wish, due: Some(when.due) })
            }
        }
    }

    /// What is waited for cannot be computed: the execution fails; an event sub-scope opens an incident.
    fn cannot_listen(&mut self, owner: Owner, why: Failure) -> Result<(), CommandError> {
        match owner {
            Owner::Execution(number) => self.fail(number, why, None),
            Owner::Scope(_) => self.open_incident(IncidentKind::Expression, (None, None), &why.code, why.message),
        }
    }

    fn text(&self, owner: Owner, template: &Template) -> Result<Arc<str>, Failure> {
        let value = template.eval(&self.in_scope_of(owner)).map_err(|why| Failure::expression(&why))?;
        Ok(plain(&value))
    }

    /// Nobody waits for these any more: their timers go.
    pub(super) fn ignore(&mut self, owner: Owner) -> Result<(), CommandError> {
        if self.state.subscriptions.is_empty() {
            return Ok(());
        }
        let own = self.state.subscriptions.range((owner, 0)..=(owner, u32::MAX));
        let own: Vec<Key> = own.map(|(&key, _)| key).collect();
        own.into_iter().try_for_each(|key| self.dismiss(key))
    }

    /// An event is not waited for any more; the row of its timer goes.
    pub(super) fn dismiss(&mut self, key: Key) -> Result<(), CommandError> {
        let ((owner, subscription), wish) = (key, self.state.subscriptions.get(&key));
        if let Some(Awaited::Timer { timer, .. }) = wish.map(|wish| &wish.event) {
            self.effects.timer_gone(*timer);
        }
        self.emit(Event::EventDismissed { subscription, owner })
    }

    /// A timer that someone waits for has fired.
    pub(super) fn timer_happened(&mut self, owner: Owner, subscription: u32) -> Result<(), CommandError> {
        self.happen((owner, subscription), Json::default())
    }

    /// An awaited event happened: what follows.
    pub(super) fn happen(&mut self, key: Key, payload: Json) -> Result<(), CommandError> {
        let Some(subscription) = self.state.subscriptions.get(&key).cloned() else { return Ok(()) };
        let (owner, number) = key;
        let interrupts = self.interrupts(owner, subscription.then);
        let next = match (&subscription.event, interrupts) {
            (Awaited::Timer { again: Some((every, left)), .. }, false) if *left != Some(0) => Some(self.due(*every)),
            _ => None,
        };
        let repeats = matches!(subscription.event, Awaited::Message { .. } | Awaited::Signal(_));
        let stays = !interrupts && (repeats || next.is_some());
        self.emit(Event::EventHappened { subscription: number, owner, payload: payload.clone(), stays, next })?;
        match (subscription.then, owner) {
            (Then::Complete, Owner::Execution(execution)) => self.complete(execution, payload, Vec::new()),
            (Then::Take(edge), Owner::Execution(execution)) => self.take(execution, edge, payload),
            (Then::Begin(node), Owner::Scope(scope)) => {
                if interrupts {
                    self.cancel_scope_content(scope, None)?;
                }
                self.begin_handler(scope, node, payload)
            }
            _ => Ok(()),
        }
    }

    fn interrupts(&self, owner: Owner, then: Then) -> bool {
        let plan = self.context.plan;
        match (then, owner) {
            (Then::Take(edge), _) => plan.edge(edge).is_interrupting(),
            (Then::Begin(node), Owner::Scope(scope)) => {
                let handlers = &plan.scope(self.state.scope_ix(scope)).handlers;
                handlers.iter().find(|handler| handler.node == node).is_none_or(|handler| handler.interrupting)
            }
            _ => true,
        }
    }

    /// The event of an edge happened: it wins at its gateway, ends its host, or adds a token beside it.
    fn take(&mut self, number: u32, edge: EdgeIx, payload: Json) -> Result<(), CommandError> {
        let plan = self.context.plan;
        let Some(execution) = self.state.live.get(&number) else { return Ok(()) };
        let (scope, node) = (execution.scope, execution.node);
        let taken = Edges::from_slice(&[edge]);
        if matches!(plan.node(node).kind, NodeKind::Choice) {
            self.ignore(Owner::Execution(number))?;
            self.disarm_timeout(number)?;
            let output = payload.clone();
            self.emit(Event::NodeCompleted { number, output, variables: Vec::new(), taken })?;
        } else if plan.edge(edge).is_interrupting() {
            self.clear(number)?;
            self.resolve_of(number)?;
            self.emit(Event::NodeInterrupted { number, taken })?;
        } else {
            self.emit(Event::TokensAdded { scope, edges: taken })?;
        }
        self.pass_on(scope, edge, payload)
    }

    /// The node behind an event's edge is that event: it has happened already, and completes with what it carried.
    pub(super) fn pass_on(&mut self, scope: u32, edge: EdgeIx, payload: Json) -> Result<(), CommandError> {
        let plan = self.context.plan;
        let to = plan.edge(edge).to;
        let node = plan.node(to);
        let is_event =
            matches!(node.kind, NodeKind::Event(_) | NodeKind::Timer { .. }) || node.node_type == NodeType::Boundary;
        let from = plan.node(plan.edge(edge).from);
        let belongs = matches!(from.kind, NodeKind::Choice) || node.node_type == NodeType::Boundary;
        if !is_event || !belongs || !self.state.tokens(scope).contains(&edge) {
            return Ok(());
        }
        let number = self.enable((scope, to), &[edge])?;
        self.complete(number, payload, Vec::new())
    }

    /// An event sub-scope begins.
    pub(super) fn begin_handler(&mut self, scope: u32, node: NodeIx, payload: Json) -> Result<(), CommandError> {
        let NodeKind::Group(of) = self.context.plan.node(node).kind else { return Ok(()) };
        let number = self.enable((scope, node), &[])?;
        self.listen_around(number, node)?;
        self.open_scope(number, (of, 0), vec![("event".into(), payload)])
    }

    /// Conditions that are waited for, after variables were written.
    pub(super) fn conditions(&mut self) -> Result<(), CommandError> {
        let waiting = self.state.subscriptions.iter().filter(|(_, wish)| wish.event == Awaited::Condition);
        let waiting: Vec<Key> = waiting.map(|(&key, _)| key).collect();
        for key in waiting {
            let Some(then) = self.state.subscriptions.get(&key).map(|wish| wish.then) else { continue };
            let Some(condition) = self.condition_of(key.0, then) else { continue };
            match condition.holds(&self.in_scope_of(key.0)) {
                Ok(true) if !self.owner_waits(key.0) => self.happen(key, Json::default())?,
                // A name that does not exist yet may come with a later write.
                Ok(_) | Err(_) => {}
            }
        }
        Ok(())
    }

    fn condition_of(&self, owner: Owner, then: Then) -> Option<&heddle_expr::Condition> {
        let trigger = self.trigger_of(owner, then)?;
        if let Trigger::Condition(condition) = trigger { Some(condition) } else { None }
    }

    /// The trigger that a subscription was made from.
    fn trigger_of(&self, owner: Owner, then: Then) -> Option<&Trigger> {
        let plan = self.context.plan;
        let of_node = |node: NodeIx| match &plan.node(node).kind {
            NodeKind::Event(trigger) => Some(trigger),
            _ => None,
        };
        match (then, owner) {
            (Then::Complete, Owner::Execution(number)) => of_node(self.state.live.get(&number)?.node),
            (Then::Take(edge), _) => {
                let edge = plan.edge(edge);
                edge.way.as_ref().map(|way| &way.trigger).or_else(|| of_node(edge.to))
            }
            (Then::Begin(node), Owner::Scope(scope)) => {
                let handlers = &plan.scope(self.state.scope_ix(scope)).handlers;
                handlers.iter().find(|handler| handler.node == node).map(|handler| &handler.trigger)
            }
            _ => None,
        }
    }

    /// How long a message of this name is kept where nobody waits for it: as its receivers in the plan say.
    fn keep_of(&self, name: &str) -> Keep {
        let plan = self.context.plan;
        let of_edges = plan.edges().filter_map(|(_, edge)| edge.way.as_ref().map(|way| &way.trigger));
        let of_nodes = plan.nodes().filter_map(|(_, node)| match &node.kind {
            NodeKind::Event(trigger) => Some(trigger),
            _ => None,
        });
        let mut keeps = of_nodes.chain(of_edges).filter_map(|trigger| match trigger {
            Trigger::Message { name: own, keep, .. } => {
                let own = own.eval(&self.scope()).ok()?;
                (*plain(&own) == *name).then_some(*keep)
            }
            _ => None,
        });
        keeps.next().unwrap_or_default()
    }
}

/// A value as text: of a text itself, of anything else its JSON.
pub(super) fn plain(value: &Value) -> Arc<str> {
    value.as_str().map_or_else(|| value.to_string().into(), Into::into)
}

impl InstanceState {
    pub(super) fn change_waits(&mut self, event: &Event) -> Result<(), String> {
        match event {
            Event::EventAwaited { subscription, owner, wish, due } => {
                self.next_subscription = self.next_subscription.max(subscription + 1);
                if let (Awaited::Timer { timer, .. }, Some(due)) = (&wish.event, due) {
                    self.arm(*timer, TimerKind::Event(*owner, *subscription), *due);
                }
                if let (Owner::Execution(number), Then::Complete) = (owner, wish.then) {
                    self.execution(*number)?.active = super::state::Active::Event;
                } else if let (Owner::Execution(number), Then::Take(_)) = (owner, wish.then) {
                    let execution = self.execution(*number)?;
                    // An event gateway has nothing else to do; a host has not begun its work yet.
                    if execution.attempt == 0
                        && execution.items.is_none()
                        && execution.active == super::state::Active::Task
                    {
                        execution.active = super::state::Active::Event;
                    }
                }
                self.subscriptions.insert((*owner, *subscription), wish.clone());
            }
            Event::EventHappened { subscription, owner, stays, next, .. } => {
                let key = (*owner, *subscription);
                if !*stays {
                    self.forget(key);
                    return Ok(());
                }
                let timer = self.next_timer;
                let wish = self.subscriptions.get_mut(&key).ok_or("nobody waits for that event")?;
                if let (Awaited::Timer { timer: own, again }, Some(due)) = (&mut wish.event, next) {
                    *own = timer;
                    if let Some((_, Some(left))) = again {
                        *left = left.saturating_sub(1);
                    }
                    self.arm(timer, TimerKind::Event(*owner, *subscription), *due);
                }
            }
            Event::EventDismissed { subscription, owner } => self.forget((*owner, *subscription)),
            Event::MessageKept(letter) => self.mailbox.push(letter.clone()),
            Event::MessageDropped(letter) => self.mailbox.retain(|kept| kept != letter),
            Event::MessageTaken { place } => {
                if *place as usize >= self.mailbox.len() {
                    return Err("there is no such message".to_owned());
                }
                self.mailbox.remove(*place as usize);
            }
            _ => return Err("no event about waiting".to_owned()),
        }
        Ok(())
    }

    fn forget(&mut self, key: Key) {
        if let Some(Subscription { event: Awaited::Timer { timer, .. }, .. }) = self.subscriptions.remove(&key) {
            self.timers.remove(&timer);
        }
    }
}
