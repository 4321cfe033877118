//! Going back to the end of an earlier step, and running again from there (docs/semantics, A.14, rollback and retry).
//!
//! What was made since is withdrawn, what was done since and can be undone is undone, then what stood then stands again. `past` reads
//! the moment from the journal, `restore` makes the state.

use super::codec;
use super::command::CommandError;
use super::decide::{Seen, Step};
use super::event::Event;
use super::marking::ROOT;
use super::past::Past;
use super::restore::{Restored, is_same};
use super::state::{Active, AfterUndo, InstanceState, Owner, Record, Return, Then, TimerKind};
use super::wish::{Rerun, Rollback};
use heddle_model::lifecycle::InstanceStatus;
use std::sync::Arc;

impl Step<'_> {
    pub(super) fn roll_back(&mut self, wish: Rollback, heard: Event) -> Result<(), CommandError> {
        let past = read(wish.past)?;
        self.may_go_back(&past, &wish.keep)?;
        self.emit(heard)?;
        self.go_back(past, &wish.keep)
    }

    /// Runs again: on another version, from a node, or what has failed.
    pub(super) fn rerun(&mut self, wish: Rerun, heard: Event) -> Result<(), CommandError> {
        let Rerun { from, migrate, keep, variables, past } = wish;
        let target = migrate.as_ref().map(|wish| self.may_migrate(wish)).transpose()?;
        let Some(from) = from else {
            self.may_retry(None)?;
            self.emit(heard)?;
            target.map_or(Ok(()), |migrated| self.take_version(migrated))?;
            return self.retry_now(None, variables);
        };
        let mut past = read(past)?;
        if self.state.status == InstanceStatus::Completed {
            return Err(self.illegal(InstanceStatus::Running));
        }
        let is_start = past.state.nodes.is_empty();
        if self.state.undone && !is_start {
            let why =
                format!("everything was undone, so `{from}` cannot run again by itself; run again from the start");
            return Err(CommandError::Nothing(why));
        }
        self.may_go_back(&past, &keep)?;
        if let Some(migrated) = &target {
            past.carry(migrated)?;
        }
        self.emit(heard)?;
        target.map_or(Ok(()), |migrated| self.take_version(migrated))?;
        // They are part of the state that stands again: what undoes sees the old ones.
        past.state.patch_variables(variables);
        self.go_back(past, &keep)
    }

    /// Everything that could be wrong with going back, before the first event.
    fn may_go_back(&self, past: &Past, keep: &[String]) -> Result<(), CommandError> {
        let refuse = |why: &str| Err(CommandError::Nothing(why.to_owned()));
        if let Some(caller) = self.state.caller.filter(|caller| caller.wait && self.state.status.is_ended()) {
            let caller = caller.instance;
            return refuse(&format!("{caller}, which called this one, has used its result; roll that one back"));
        }
        match self.state.status {
            InstanceStatus::Running | InstanceStatus::Paused | InstanceStatus::Failed | InstanceStatus::Completed => {}
            InstanceStatus::Created | InstanceStatus::Terminated => {
                return Err(self.illegal(InstanceStatus::Running));
            }
        }
        if self.state.undoing.is_some() || past.state.undoing.is_some() {
            return refuse("something is, or was then, being undone");
        }
        if past.state.version != self.state.version || past.seq > self.state.seq {
            return refuse("the instance has moved on since its journal was read");
        }
        for kept in keep {
            let known = self.context.plan.find(kept).is_some()
                || past.since.iter().any(|done| *done.node == **kept || self.is_instance(done.number, kept));
            if !known {
                return Err(CommandError::NoSuchNode(kept.clone()));
            }
        }
        match past.since.iter().find(|done| done.once && !self.is_kept(keep, done.number, &done.node)) {
            None => Ok(()),
            Some(done) => refuse(&format!(
                "`{}` must not run twice and nothing undoes it; keep what it has done, or go back less far",
                done.node
            )),
        }
    }

    fn is_instance(&self, number: u32, id: &str) -> bool {
        self.state.id.node_instance(number).to_string() == id
    }

    fn is_kept(&self, keep: &[String], number: u32, node: &str) -> bool {
        keep.iter().any(|kept| kept == node || self.is_instance(number, kept))
    }

    /// Withdraws what was made since; undoes what was done since; then goes back.
    fn go_back(&mut self, mut past: Past, keep: &[String]) -> Result<(), CommandError> {
        let scopes: Vec<u32> = self.state.open_scopes().collect();
        let since = |record: &Record| record.seq > past.seq;
        let (kept, records): (Vec<Record>, Vec<Record>) =
            self.records_of(&scopes).into_iter().filter(since).partition(|record| self.keeps(keep, record));
        self.withdraw_what_came_after(&past.state)?;
        self.effects.children_gone.extend(past.children.iter().copied());
        past.state.forget_undone(&past.undone);
        past.state.mailbox = std::mem::take(&mut past.mailbox);
        let while_paused = self.state.status == InstanceStatus::Paused;
        let stored = codec::encode_state(&past.state).map_err(|why| self.damaged(&why.to_string()))?;
        let back = Return { to: past.seq, past: stored.to_vec(), kept, while_paused };
        if records.is_empty() {
            return self.return_to(back);
        }
        // What leads on from what was withdrawn is decided when all stands again.
        self.dead.clear();
        self.emit(Event::UndoStarted { records, scope: None, then: AfterUndo::Return(Box::new(back)) })
    }

    fn keeps(&self, keep: &[String], record: &Record) -> bool {
        let id = match self.state.handler_of(record.number) {
            Some(handler) => &handler.node,
            None => &self.context.plan.node(record.node).id,
        };
        self.is_kept(keep, record.number, id)
    }

    pub(super) fn damaged(&self, why: &str) -> CommandError {
        super::apply::ApplyError { instance: self.state.id, seq: self.state.seq, what: why.to_owned() }.into()
    }

    /// Executions and scopes that did not stand then go, the deepest first, and incidents with them.
    fn withdraw_what_came_after(&mut self, past: &InstanceState) -> Result<(), CommandError> {
        let doomed: Vec<u32> = self.state.live.keys().copied().filter(|&it| !is_same(self.state, past, it)).collect();
        doomed.into_iter().rev().try_for_each(|number| self.cancel(number))?;
        let doomed: Vec<u32> = self.state.scopes.keys().copied().filter(|it| !past.scopes.contains_key(it)).collect();
        doomed.into_iter().rev().try_for_each(|scope| match self.state.scopes.contains_key(&scope) {
            true => self.cancel_scope(scope, super::event::ScopeEnd::Cancelled),
            false => Ok(()),
        })?;
        let gone: Vec<u32> = self
            .state
            .incidents
            .iter()
            .filter(|(_, it)| it.execution.is_none_or(|number| !self.state.live.contains_key(&number)))
            .map(|(&number, _)| number)
            .collect();
        gone.into_iter().try_for_each(|number| self.resolve(number))
    }

    /// The instance stands where it stood; what had ended since begins anew.
    pub(super) fn return_to(&mut self, back: Return) -> Result<(), CommandError> {
        let past = codec::decode_state(&back.past).map_err(|why| self.damaged(&why.to_string()))?;
        let is_start = past.nodes.is_empty();
        let restored = Restored::new(self.state, past, &back, self.context.now);
        let state = codec::encode_state(&restored.state).map_err(|why| self.damaged(&why.to_string()))?;
        let names: Vec<Arc<str>> =
            self.state.variables.keys().chain(restored.state.variables.keys()).cloned().collect();
        self.emit(Event::RolledBack { to: back.to, state: state.to_vec() })?;
        self.effects.variables.extend(names);
        self.dead.clear();
        self.touched.clear();
        self.begun.clear();
        self.begin_anew(&restored)?;
        if !self.state.timers.values().any(|timer| timer.kind == TimerKind::Instance) {
            self.arm_instance_timeout()?;
        }
        if is_start {
            self.fire((ROOT, self.context.plan.start), &[])?;
        }
        self.go_on_after_pause()
    }

    fn begin_anew(&mut self, restored: &Restored) -> Result<(), CommandError> {
        for &number in &restored.anew {
            let Some(seen) = Seen::of(self.state, number) else { continue };
            self.know((number, seen.node));
            match self.state.live.get(&number).map(|it| &it.active) {
                Some(Active::Scope | Active::Items) => {
                    self.effects.waits_for_children((self.context.plan, self.state), &seen);
                    if let Some(timeout) =
                        self.context.plan.node(seen.node).timeout.filter(|_| restored.times_out(number))
                    {
                        self.arm(TimerKind::JobTimeout(number), timeout)?;
                    }
                }
                Some(Active::Split { .. }) => self.begin_again_in_time(number)?,
                Some(_) => self.begin(number)?,
                None => {}
            }
        }
        for &(owner, then) in &restored.awaited {
            self.listen_again(owner, then)?;
        }
        Ok(())
    }

    /// An event that was awaited then is awaited again: durations count from now, dates stay.
    fn listen_again(&mut self, owner: Owner, then: Then) -> Result<(), CommandError> {
        let plan = self.context.plan;
        match (owner, then) {
            (Owner::Execution(number), Then::Take(edge)) if self.state.live.contains_key(&number) => {
                match &plan.edge(edge).way {
                    Some(way) if way.trigger.is_armed() => self.listen(owner, then, &way.trigger),
                    _ => Ok(()),
                }
            }
            (Owner::Scope(scope), Then::Begin(node)) => {
                let mut handlers = plan.scope(self.state.scope_ix(scope)).handlers.iter();
                let handler = handlers.find(|handler| handler.node == node && handler.trigger.is_armed());
                handler.map_or(Ok(()), |handler| self.listen(owner, then, &handler.trigger))
            }
            _ => Ok(()),
        }
    }
}

fn read(past: Option<Arc<Past>>) -> Result<Past, CommandError> {
    let past = past.ok_or_else(|| CommandError::Nothing("the journal of that time was not read".to_owned()))?;
    Ok(Arc::unwrap_or_clone(past))
}

impl InstanceState {
    /// What was undone since is not undone again.
    fn forget_undone(&mut self, undone: &[u32]) {
        let all = std::iter::once(&mut self.root).chain(self.scopes.values_mut().map(|scope| &mut scope.marking));
        all.for_each(|marking| marking.done.retain(|record| !undone.contains(&record.number)));
    }

    pub(super) fn change_back(&mut self, stored: &[u8], at: i64) -> Result<(), String> {
        let mut restored = codec::decode_state(stored).map_err(|why| why.to_string())?;
        if self.status != restored.status {
            self.status.to(restored.status, self.id).map_err(|illegal| illegal.to_string())?;
        }
        (restored.seq, restored.updated_at) = (self.seq, at);
        *self = restored;
        Ok(())
    }
}
