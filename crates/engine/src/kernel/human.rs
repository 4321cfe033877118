//! Tasks for people: asked, claimed, given back, done, escalated (docs/semantics, C.1).

use super::command::{CommandError, HumanAction};
use super::decide::{Seen, Step};
use super::effect::Effects;
use super::event::{Event, Failure, Json};
use super::person::{self, ESCALATED_AT, HumanRefusal, Person};
use super::state::{Active, HumanTask, InstanceState, TimerKind};
use crate::storage::{HumanEnd, HumanRow};
use heddle_expr::Template;
use heddle_model::format::duration::of_seconds_or_text;
use heddle_model::lifecycle::{HumanTaskStatus, InstanceStatus, NodeStatus};
use heddle_model::limits;
use heddle_model::plan::Plan;
use heddle_model::value::{Map, Value};
use std::sync::Arc;

impl Step<'_> {
    /// A person is asked.
    pub(super) fn ask(&mut self, number: u32, config: &Template) -> Result<(), CommandError> {
        let config = match self.evaluate(number, config) {
            Ok(config) => config,
            Err(why) => return self.fail(number, Failure::expression(&why), None),
        };
        if let Some(mistake) = person::mistake(&config) {
            return self.fail(number, mistake.into(), None);
        }
        let after = config.get("due").and_then(of_seconds_or_text);
        let due = after.map(|after| self.due(after));
        let escalates = config.get("escalate").is_some_and(|to| !to.is_null());
        let escalation = due.filter(|_| escalates).map(|due| (self.state.next_timer, due));
        let task = HumanTask {
            assignee: assignee(config.get("assignee")),
            config: Json(config),
            draft: Json::default(),
            due,
            timer: escalation.map(|(timer, _)| timer),
        };
        self.emit(Event::HumanAsked { number, task: Box::new(task), escalation })
    }

    /// Somebody does something about a task. Two who claim it at once are decided one after the other: the first has it.
    pub(super) fn human(&mut self, node: &str, action: HumanAction, heard: Event) -> Result<(), CommandError> {
        self.must_be_open()?;
        let number = self.find_live(node).map_err(|error| match error {
            CommandError::Nothing(_) | CommandError::Illegal(_) => HumanRefusal::Over.into(),
            other => other,
        })?;
        let Some(Active::Human(task)) = self.state.live.get(&number).map(|execution| &execution.active) else {
            return Err(HumanRefusal::Over.into());
        };
        let mut task = task.clone();
        let output = match action {
            HumanAction::Complete { by, output } => {
                self.must_go_on(number)?;
                must_be_theirs(&task, &by)?;
                // Whoever does it has it: that is what the row and the history say.
                let changed = !task.is_of(&by);
                task.assignee = Some(by.name);
                Some((output, changed))
            }
            HumanAction::Claim { by } => {
                self.must_go_on(number)?;
                claim(&mut task, by)?;
                None
            }
            other => {
                change(&mut task, other)?;
                None
            }
        };
        self.emit(heard)?;
        match output {
            None => self.emit(Event::HumanChanged { number, task }),
            Some((output, changed)) => {
                if changed {
                    self.emit(Event::HumanChanged { number, task })?;
                }
                self.withdraw(number)?;
                self.complete(number, output.into(), Vec::new())?;
                self.touch_all();
                Ok(())
            }
        }
    }

    fn must_go_on(&self, number: u32) -> Result<(), HumanRefusal> {
        if self.waits(number) { Err(HumanRefusal::Paused) } else { Ok(()) }
    }

    /// Nobody has done it in time: it goes to those whom `escalate` names. What was filled in so far stays.
    pub(super) fn escalate_task(&mut self, number: u32) -> Result<(), CommandError> {
        let Some(Active::Human(task)) = self.state.live.get(&number).map(|execution| &execution.active) else {
            return Ok(());
        };
        let mut task = task.clone();
        let Some(to) = task.config.0.get("escalate").cloned() else { return Ok(()) };
        task.assignee = assignee(to.get("assignee").or(Some(&to)));
        task.timer = None;
        let mut config = task.config.0.as_object().cloned().unwrap_or_else(Map::new);
        if let Some(more) = to.get("candidates") {
            let all = person::joined(config.get("candidates"), more);
            config.insert("candidates".to_owned(), all);
        }
        config.insert(ESCALATED_AT.to_owned(), self.context.now.into());
        task.config = Value::Object(config).into();
        self.emit(Event::HumanChanged { number, task })
    }
}

fn assignee(name: Option<&Value>) -> Option<Arc<str>> {
    name.and_then(Value::as_str).filter(|name| !name.is_empty()).map(Into::into)
}

fn claim(task: &mut HumanTask, by: Person) -> Result<(), HumanRefusal> {
    match &task.assignee {
        // Claiming twice is no mistake.
        Some(_) if task.is_of(&by) => Ok(()),
        Some(other) => Err(HumanRefusal::Taken { by: other.clone() }),
        None if by.steers || task.is_offered_to(&by) => {
            task.assignee = Some(by.name);
            Ok(())
        }
        None => Err(HumanRefusal::NoCandidate),
    }
}

fn must_be_theirs(task: &HumanTask, by: &Person) -> Result<(), HumanRefusal> {
    if by.steers || task.is_of(by) { Ok(()) } else { Err(HumanRefusal::NotTheirs) }
}

/// What leaves the flow as it is.
fn change(task: &mut HumanTask, action: HumanAction) -> Result<(), HumanRefusal> {
    match action {
        HumanAction::Release { by } => {
            must_be_theirs(task, &by)?;
            if task.assignee.take().is_none() {
                return Err(HumanRefusal::NotTaken);
            }
        }
        HumanAction::Assign { by, to, keep_draft } => {
            must_be_theirs(task, &by)?;
            if !by.steers && !task.is_offered_to(&to) {
                return Err(HumanRefusal::NoCandidate);
            }
            task.assignee = Some(to.name);
            if !keep_draft {
                task.draft = Json::default();
            }
        }
        HumanAction::Save { by, draft } => {
            must_be_theirs(task, &by)?;
            task.draft = draft.into();
        }
        HumanAction::Claim { .. } | HumanAction::Complete { .. } => {}
    }
    Ok(())
}

impl InstanceState {
    pub(super) fn change_human(&mut self, event: &Event) -> Result<(), String> {
        match event {
            Event::HumanAsked { number, task, escalation } => {
                if let Some((timer, due)) = escalation {
                    self.arm(*timer, TimerKind::Escalation(*number), *due);
                }
                self.execution(*number)?.active = Active::Human(task.clone());
                self.running(*number, |record| record.status = NodeStatus::Running)
            }
            Event::HumanChanged { number, task } => {
                self.execution(*number)?.active = Active::Human(task.clone());
                Ok(())
            }
            _ => Err("no event about a person".to_owned()),
        }
    }

    /// The task that a live execution is.
    pub fn human_task(&self, number: u32) -> Option<&HumanTask> {
        match self.live.get(&number).map(|execution| &execution.active) {
            Some(Active::Human(task)) => Some(task),
            _ => None,
        }
    }
}

impl Effects {
    /// What an event means for the rows of tasks for people: each says what the state says.
    pub(super) fn follow_people(&mut self, plan: &Plan, state: &InstanceState, event: &Event, seen: Option<&Seen>) {
        match event {
            Event::HumanAsked { number, .. } | Event::HumanChanged { number, .. } => self.asked(plan, state, *number),
            Event::InstancePaused { .. }
            | Event::PauseBegan { .. }
            | Event::InstanceResumed
            | Event::NodePaused { .. }
            | Event::NodeUnpaused { .. }
            | Event::InstanceMigrated(_)
            | Event::RolledBack { .. } => state.live.keys().for_each(|&number| self.asked(plan, state, number)),
            _ => {
                if let Some(seen) = seen.filter(|seen| seen.is_human && state.human_task(seen.number).is_none()) {
                    let output = match event {
                        Event::NodeCompleted { output, .. }
                        | Event::NodeRepeated { output, .. }
                        | Event::NodeSplitFailed { output, .. } => Some(output),
                        _ => None,
                    };
                    self.no_longer_asked(seen.number, output, state.updated_at);
                }
            }
        }
    }

    fn asked(&mut self, plan: &Plan, state: &InstanceState, number: u32) {
        let (Some(task), Some(execution)) = (state.human_task(number), state.live.get(&number)) else { return };
        let title = task.config.0.get("title").and_then(Value::as_str).unwrap_or(&plan.node(execution.node).name);
        let status = if task.assignee.is_some() { HumanTaskStatus::Claimed } else { HumanTaskStatus::Open };
        let row = HumanRow {
            number,
            workflow: state.workflow,
            node: plan.node(execution.node).id.clone(),
            status: status.as_str(),
            held: state.status == InstanceStatus::Paused || state.is_paused(plan, execution.node),
            title: title.chars().take(limits::HUMAN_TITLE_CHARS).collect(),
            assignee: task.assignee.clone(),
            offers: if task.assignee.is_some() { Vec::new() } else { task.offers().into_iter().collect() },
            asked_at: execution.started_at,
            updated_at: state.updated_at,
            due: task.due,
            escalated_at: task.escalated_at(),
            ended_at: None,
            config: task.config.0.to_string(),
            draft: task.draft.0.to_string(),
            output: None,
        };
        self.people.ask(row);
    }

    /// Nobody is awaited any more: it is done, where there is an output.
    pub(super) fn no_longer_asked(&mut self, number: u32, output: Option<&Json>, at: i64) {
        let status = if output.is_some() { HumanTaskStatus::Done } else { HumanTaskStatus::Cancelled };
        let output = output.map(|output| output.0.to_string());
        self.people.end(HumanEnd { number, status: status.as_str(), at, output });
    }
}
