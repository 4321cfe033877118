//! Tasks for people: asked, claimed, given back, escalated (docs/semantics, C.1). They are answered by `complete`.

use super::command::{CommandError, HumanAction};
use super::decide::Step;
use super::event::{Event, Failure, Json};
use super::state::{Active, HumanTask, InstanceState, TimerKind};
use heddle_expr::Template;
use heddle_model::format::duration::of_seconds_or_text;
use heddle_model::lifecycle::NodeStatus;
use heddle_model::value::Value;

impl Step<'_> {
    /// A person is asked.
    pub(super) fn ask(&mut self, number: u32, config: &Template) -> Result<(), CommandError> {
        let config = match self.evaluate(number, config) {
            Ok(config) => config,
            Err(why) => return self.fail(number, Failure::expression(&why), None),
        };
        let after = config.get("due").and_then(of_seconds_or_text);
        let due = after.map(|after| self.due(after));
        let escalation = due.filter(|_| config.get("escalate").is_some()).map(|due| (self.state.next_timer, due));
        let task = HumanTask {
            assignee: config.get("assignee").and_then(Value::as_str).map(Into::into),
            config: Json(config),
            draft: Json::default(),
            due,
            timer: escalation.map(|(timer, _)| timer),
        };
        self.emit(Event::HumanAsked { number, task: Box::new(task), escalation })
    }

    /// The task after someone has done something about it. The first who claims it has it.
    pub(super) fn task_after(&self, number: u32, action: HumanAction) -> Result<Box<HumanTask>, CommandError> {
        let Some(Active::Human(task)) = self.state.live.get(&number).map(|execution| &execution.active) else {
            return Err(CommandError::Nothing("it does not wait for a person".to_owned()));
        };
        let mut task = task.clone();
        match action {
            HumanAction::Claim { user } => match &task.assignee {
                Some(other) if *other != user => {
                    return Err(CommandError::Nothing(format!("{other} has taken it")));
                }
                _ => task.assignee = Some(user),
            },
            HumanAction::Release => task.assignee = None,
            HumanAction::Assign { user, keep_draft } => {
                task.assignee = Some(user);
                if !keep_draft {
                    task.draft = Json::default();
                }
            }
            HumanAction::Save { draft } => task.draft = draft.into(),
        }
        Ok(task)
    }

    /// Nobody has done it in time: it goes to those whom `escalate` names.
    pub(super) fn escalate_task(&mut self, number: u32) -> Result<(), CommandError> {
        let Some(Active::Human(task)) = self.state.live.get(&number).map(|execution| &execution.active) else {
            return Ok(());
        };
        let mut task = task.clone();
        let Some(to) = task.config.0.get("escalate").cloned() else { return Ok(()) };
        task.assignee = to.get("assignee").or(Some(&to)).and_then(Value::as_str).map(Into::into);
        task.timer = None;
        let mut config = (*task.config.0).clone();
        if let (Some(candidates), Some(map)) = (to.get("candidates"), config.as_object_mut()) {
            map.insert("candidates".to_owned(), candidates.clone());
        }
        task.config = config.into();
        self.emit(Event::HumanChanged { number, task })
    }
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
}
