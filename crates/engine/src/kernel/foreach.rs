//! For-each: one scope per item (docs/semantics, A.7).

use super::command::CommandError;
use super::decide::Step;
use super::event::{Event, Failure, Json, ScopeEnd};
use super::lookup::InstanceScope;
use super::state::{Active, InstanceState, Items, TimerKind};
use crate::tasks::{ErrorClass, TaskError};
use heddle_model::definition::Rest;
use heddle_model::limits;
use heddle_model::plan::{Foreach, NodeKind};
use heddle_model::value::{Value, json};
use std::collections::BTreeSet;

impl Step<'_> {
    /// A for-each begins: its items are read once. One that failed before runs only what has not ended well.
    pub(super) fn open_items(&mut self, number: u32, foreach: &Foreach) -> Result<(), CommandError> {
        let known = self.state.live.get(&number).is_some_and(|execution| execution.items.is_some());
        if known {
            self.emit(Event::ItemsAgain { number })?;
            return self.next_items(number);
        }
        let listed = match self.list(number, foreach) {
            Ok(listed) => listed,
            Err(why) => return self.fail(number, why, None),
        };
        self.emit(listed)?;
        if !foreach.wait {
            self.release_flow(number, Json::default())?;
        }
        self.next_items(number)
    }

    fn list(&self, number: u32, foreach: &Foreach) -> Result<Event, Failure> {
        let read = |template: &Option<heddle_expr::Template>| {
            let value = template.as_ref().map(|template| self.evaluate(number, template)).transpose();
            value.map_err(|why| Failure::expression(&why))
        };
        let bad = |what: String| Failure::from(TaskError::new(ErrorClass::Business, "BAD_ITEMS", what).permanent());
        let items: Vec<Json> = match (read(&foreach.items)?, read(&foreach.count)?) {
            (Some(items), _) => match &*items {
                Value::Array(items) => items.iter().cloned().map(Json::from).collect(),
                Value::Object(map) => {
                    map.iter().map(|(key, value)| json!({ "key": key, "value": value }).into()).collect()
                }
                other => return Err(bad(format!("`items` is {other}, not a list"))),
            },
            (None, Some(count)) => {
                let count = whole(&count).ok_or_else(|| bad(format!("`count` is {count}, not a whole number")))?;
                if count as usize > limits::FOREACH_ITEMS {
                    return Err(bad(format!("there are {count} items; at most {} may be", limits::FOREACH_ITEMS)));
                }
                (0..count).map(|_| Json::default()).collect()
            }
            (None, None) if foreach.open => Vec::new(),
            (None, None) => return Err(bad("neither `items` nor `count` is given".to_owned())),
        };
        if items.len() > limits::FOREACH_ITEMS {
            return Err(bad(format!("there are {} items; at most {} may be", items.len(), limits::FOREACH_ITEMS)));
        }
        let most = match read(&foreach.max_parallel)? {
            _ if foreach.sequential => 1,
            None => u32::MAX,
            Some(most) => whole(&most).filter(|&n| n > 0).ok_or_else(|| bad(format!("`max_parallel` is {most}")))?,
        };
        let max_failures = match read(&foreach.max_failures)? {
            None => None,
            Some(most) => Some(share(&most, items.len()).ok_or_else(|| bad(format!("`max_failures` is {most}")))?),
        };
        Ok(Event::ItemsListed { number, items, max_parallel: most, max_failures, closed: !foreach.open })
    }

    /// Starts as many items as may run; ends the node when all have ended, or enough.
    pub(super) fn next_items(&mut self, number: u32) -> Result<(), CommandError> {
        let plan = self.context.plan;
        let Some(execution) = self.state.live.get(&number) else { return Ok(()) };
        let NodeKind::Foreach(foreach) = &plan.node(execution.node).kind else { return Ok(()) };
        if self.enough(number, foreach)? {
            return Ok(());
        }
        loop {
            let Some(items) = self.state.live.get(&number).and_then(|it| it.items.as_deref()) else { return Ok(()) };
            if items.active >= items.max_parallel {
                return Ok(());
            }
            let Some(index) = items.upcoming() else { break };
            if self.waits(number) {
                return Ok(());
            }
            if self.started >= limits::ITEMS_PER_STEP {
                return self.go_on_later(number);
            }
            self.started += 1;
            let item = items.items.get(index as usize).cloned().unwrap_or_default();
            let variables = vec![(foreach.name.clone(), item), ("index".into(), Json::from(Value::from(index)))];
            self.open_scope(number, (foreach.body, index), variables)?;
        }
        self.all_ended(number)
    }

    /// Items that could not start while something was paused do.
    pub(super) fn go_on_with_items(&mut self) -> Result<(), CommandError> {
        let open = self.state.live.iter().filter(|(_, it)| it.active == Active::Items && it.items.is_some());
        let open: Vec<u32> = open.map(|(&number, _)| number).collect();
        open.into_iter()
            .filter(|&number| !self.state.held_result(number))
            .collect::<Vec<_>>()
            .into_iter()
            .try_for_each(|number| if self.waits(number) { Ok(()) } else { self.next_items(number) })
    }

    /// The other items are started by a step of their own, at once: one step must not hold up its lane for thousands of them.
    fn go_on_later(&mut self, number: u32) -> Result<(), CommandError> {
        let armed = self.state.timers.values().any(|timer| timer.kind == TimerKind::Items(number));
        if armed { Ok(()) } else { self.arm(TimerKind::Items(number), 0) }
    }

    /// After an item's end: too many failures, or the condition that ends it early.
    fn enough(&mut self, number: u32, foreach: &Foreach) -> Result<bool, CommandError> {
        let Some(execution) = self.state.live.get(&number) else { return Ok(true) };
        let Some(items) = execution.items.as_deref() else { return Ok(true) };
        if items.stopped {
            self.all_ended(number)?;
            return Ok(true);
        }
        if foreach.goes_on && items.max_failures.is_some_and(|most| items.failed > most) {
            let message = format!("{} items failed", items.failed);
            self.emit(Event::ItemsStopped { number })?;
            self.clear(number)?;
            let error = TaskError::new(ErrorClass::Business, "TOO_MANY_FAILURES", message).permanent();
            self.fail(number, error.into(), None)?;
            return Ok(true);
        }
        let Some(condition) = foreach.complete_when.as_ref().filter(|_| items.ended_count() > 0) else {
            return Ok(false);
        };
        let results = Value::Array(items.output());
        let names: [(&'static str, Value); 7] = [
            ("total", items.items.len().into()),
            ("created", items.next.into()),
            ("active", items.active.into()),
            ("completed", items.completed.into()),
            ("failed", items.failed.into()),
            ("cancelled", items.cancelled.into()),
            ("results", results),
        ];
        match condition.holds(&InstanceScope { names: &names, ..self.scope_of(number) }) {
            Ok(false) => Ok(false),
            Ok(true) => {
                self.stop_items(number, foreach.rest)?;
                Ok(true)
            }
            Err(why) => {
                self.fail(number, Failure::expression(&why), None)?;
                Ok(true)
            }
        }
    }

    /// No more items: what is under way is withdrawn, or goes on without effect; the flow goes on.
    pub(super) fn stop_items(&mut self, number: u32, rest: Rest) -> Result<(), CommandError> {
        self.emit(Event::ItemsStopped { number })?;
        if rest == Rest::Cancel {
            let inner = self.state.scopes_of(number);
            inner.into_iter().rev().try_for_each(|scope| self.cancel_scope(scope, ScopeEnd::Cancelled))?;
        } else {
            let output = self.results_of(number);
            self.release_flow(number, output)?;
        }
        self.all_ended(number)
    }

    fn results_of(&self, number: u32) -> Json {
        let items = self.state.live.get(&number).and_then(|it| it.items.as_deref());
        Json::from(Value::Array(items.map(Items::output).unwrap_or_default()))
    }

    /// Ends the node when no item is under way and none will come.
    fn all_ended(&mut self, number: u32) -> Result<(), CommandError> {
        let Some(execution) = self.state.live.get(&number) else { return Ok(()) };
        let Some(items) = execution.items.as_deref() else { return Ok(()) };
        let over = items.active == 0 && (items.stopped || items.closed && items.upcoming().is_none());
        if !over || matches!(execution.active, Active::Failed | Active::Split { .. }) {
            return Ok(());
        }
        let output = self.results_of(number);
        self.complete(number, output, Vec::new())
    }

    /// Whether so many more items may join.
    pub(super) fn has_room(&self, number: u32, more: usize) -> Result<(), CommandError> {
        let known = self.state.live.get(&number).and_then(|it| it.items.as_deref()).map_or(0, |it| it.items.len());
        if known + more <= limits::FOREACH_ITEMS {
            return Ok(());
        }
        let most = limits::FOREACH_ITEMS;
        Err(CommandError::Nothing(format!("there would be {} items; at most {most} may be", known + more)))
    }

    /// Items join.
    pub(super) fn add_items(&mut self, number: u32, items: Vec<Value>) -> Result<(), CommandError> {
        items.into_iter().try_for_each(|item| self.emit(Event::ItemAdded { number, item: item.into() }))?;
        self.next_items(number)
    }

    /// No more items will join.
    pub(super) fn close_items(&mut self, number: u32) -> Result<(), CommandError> {
        self.emit(Event::ItemsClosed { number })?;
        self.next_items(number)
    }
}

/// A number of items, from 0.
fn whole(value: &Value) -> Option<u32> {
    value
        .as_u64()
        .or_else(|| value.as_f64().filter(|n| n.fract() == 0.0 && *n >= 0.0).map(|n| n as u64))
        .and_then(|n| u32::try_from(n).ok())
}

/// A number, or a share of so many items, rounded down.
fn share(value: &Value, of: usize) -> Option<u32> {
    if let Some(percent) = value.as_str().and_then(|text| text.trim().strip_suffix('%')) {
        let percent: f64 = percent.trim().parse().ok().filter(|percent| (0.0..=100.0).contains(percent))?;
        return Some((percent * of as f64 / 100.0).floor() as u32);
    }
    value.as_str().map_or_else(|| whole(value), |text| text.trim().parse().ok())
}

impl Items {
    /// The next item to be started.
    pub(super) fn upcoming(&self) -> Option<u32> {
        if self.stopped {
            return None;
        }
        self.again.first().copied().or_else(|| ((self.next as usize) < self.items.len()).then_some(self.next))
    }

    pub(super) fn opened(&mut self, index: u32) {
        self.again.retain(|again| *again != index);
        self.next = self.next.max(index + 1);
        self.active += 1;
    }

    pub(super) fn ended(&mut self, index: u32, end: &ScopeEnd) {
        self.active = self.active.saturating_sub(1);
        match end {
            ScopeEnd::Completed(result) => {
                self.completed += 1;
                self.results.insert(index, result.clone());
            }
            ScopeEnd::Failed => self.failed += 1,
            ScopeEnd::Cancelled => self.cancelled += 1,
        }
    }

    pub(super) const fn ended_count(&self) -> u32 {
        self.completed + self.failed + self.cancelled
    }

    /// What each item gave, null where it gave nothing.
    pub(super) fn output(&self) -> Vec<Value> {
        (0..self.items.len() as u32)
            .map(|index| self.results.get(&index).map_or(Value::Null, |result| (*result.0).clone()))
            .collect()
    }
}

impl InstanceState {
    pub(super) fn change_items(&mut self, event: &Event) -> Result<(), String> {
        let Some(number) = event.execution() else { return Err("no event about items".to_owned()) };
        let execution = self.execution(number)?;
        if let Event::ItemsListed { items, max_parallel, max_failures, closed, .. } = event {
            execution.active = Active::Items;
            execution.items = Some(Box::new(Items {
                items: items.clone(),
                max_parallel: *max_parallel,
                max_failures: *max_failures,
                closed: *closed,
                ..Items::default()
            }));
            return Ok(());
        }
        let list = execution.items.as_mut().ok_or("it has no items")?;
        match event {
            Event::ItemAdded { item, .. } => list.items.push(item.clone()),
            Event::ItemsClosed { .. } => list.closed = true,
            Event::ItemsStopped { .. } => list.stopped = true,
            Event::ItemsAgain { .. } => {
                let done: BTreeSet<u32> = list.results.keys().copied().collect();
                list.again = (0..list.next).filter(|index| !done.contains(index)).collect();
                (list.failed, list.cancelled, list.active) = (0, 0, 0);
                list.stopped = false;
                execution.active = Active::Items;
            }
            _ => return Err("no event about items".to_owned()),
        }
        Ok(())
    }
}
