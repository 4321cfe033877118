//! Rows of tasks for people: what lists of them are read from. Written with the events, so that they never say anything else.

use heddle_model::ids::WorkflowId;
use std::sync::Arc;

/// A task for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HumanRow {
    /// Number of the execution in its instance; the id is `instance.human_task(number)`.
    pub number: u32,
    /// The workflow.
    pub workflow: WorkflowId,
    /// The node's id.
    pub node: Arc<str>,
    /// Status in print (`OPEN`, …).
    pub status: &'static str,
    /// Its instance or its node is paused: it is in no list.
    pub held: bool,
    /// What is to be done.
    pub title: String,
    /// Who has it: the name they sign in with.
    pub assignee: Option<Arc<str>>,
    /// Who may take it (`user:…`, `group:…`, `role:…`, or `*` for anybody); empty while somebody has it.
    pub offers: Vec<Arc<str>>,
    /// Since when it waits.
    pub asked_at: i64,
    /// When it last changed.
    pub updated_at: i64,
    /// When it was to be done.
    pub due: Option<i64>,
    /// When it went to others because it was overdue.
    pub escalated_at: Option<i64>,
    /// When it ended.
    pub ended_at: Option<i64>,
    /// Its evaluated settings, as JSON.
    pub config: String,
    /// What is filled in so far, as JSON.
    pub draft: String,
    /// What its node gave, as JSON.
    pub output: Option<String>,
}

/// A task that waits for nobody any more. One that has no row is no error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HumanEnd {
    /// Number of the execution.
    pub number: u32,
    /// Status in print (`DONE`, `CANCELLED`).
    pub status: &'static str,
    /// When.
    pub at: i64,
    /// What its node gave, as JSON.
    pub output: Option<String>,
}

/// What a unit does to tasks for people: of each task only the last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct People {
    /// Inserted, or replaced where they are.
    pub asked: Vec<HumanRow>,
    /// Ended where they are.
    pub ended: Vec<HumanEnd>,
}

impl People {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.asked.is_empty() && self.ended.is_empty()
    }

    /// A task is as this row says.
    pub fn ask(&mut self, row: HumanRow) {
        self.ended.retain(|ended| ended.number != row.number);
        self.asked.retain(|asked| asked.number != row.number);
        self.asked.push(row);
    }

    /// A task ends: in the row that is to be written, where there is one.
    pub fn end(&mut self, end: HumanEnd) {
        match self.asked.iter_mut().find(|row| row.number == end.number) {
            Some(row) => {
                (row.status, row.ended_at, row.updated_at, row.held) = (end.status, Some(end.at), end.at, false);
                row.output = end.output;
                row.offers.clear();
            }
            None => {
                self.ended.retain(|ended| ended.number != end.number);
                self.ended.push(end);
            }
        }
    }

    /// What a later decision of the same commit adds.
    pub fn absorb(&mut self, later: Self) {
        later.asked.into_iter().for_each(|row| self.ask(row));
        later.ended.into_iter().for_each(|end| self.end(end));
    }
}
