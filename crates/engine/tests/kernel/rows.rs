//! What the harness proves of the rows that a run would have written, after each of its steps.

use super::harness::Run;
use heddle_engine::kernel::{Active, Held};
use heddle_model::lifecycle::InstanceStatus;
use std::collections::{BTreeMap, BTreeSet};

impl Run {
    /// The database would hold a row for each timer that runs and each job that waits, and for no other.
    pub(crate) fn rows_are_those_of_the_state(&self) {
        let rows: BTreeMap<u32, i64> = self.effects.timers.iter().copied().collect();
        let running = self.state.timers.iter().filter(|(number, _)| !self.state.is_frozen(**number));
        let running: BTreeMap<u32, i64> = running.map(|(&number, timer)| (number, timer.due)).collect();
        assert_eq!(rows, running, "rows of timers are not those of the state");
        let jobs: BTreeSet<u32> = self.effects.jobs.iter().map(|job| job.number).collect();
        let answered = |wanted: u32| {
            self.state.held.iter().any(|held| {
                matches!(held, Held::Completed { number, .. } | Held::Failed { number, .. } if *number == wanted)
            })
        };
        let offered = self.state.live.iter().filter(|(number, it)| it.active == Active::Job && !answered(**number));
        assert_eq!(jobs, offered.map(|(&number, _)| number).collect(), "rows of jobs are not those of the state");
        let asked: Vec<_> = self.effects.people.asked.iter().filter(|row| row.ended_at.is_none()).collect();
        for row in &asked {
            let task = self.state.human_task(row.number).expect("an open row of a task that waits for nobody");
            let paused = self.state.status == InstanceStatus::Paused;
            let held = paused || self.state.is_paused(&self.plan, self.state.live[&row.number].node);
            assert_eq!((&row.assignee, row.held, row.due), (&task.assignee, held, task.due), "{row:?}");
            assert_eq!(row.draft, task.draft.0.to_string());
            assert_eq!(row.offers.is_empty(), task.assignee.is_some(), "{row:?}");
        }
        let waiting = self.state.live.keys().filter(|number| self.state.human_task(**number).is_some());
        assert_eq!(asked.len(), waiting.count(), "a task for a person has no row");
    }

    /// What is read from the journal later is what was said of executions when it was written.
    pub(crate) fn the_journal_tells_of_every_execution(&self) {
        let told = self.history().executions().unwrap();
        for said in &self.effects.nodes {
            let found = told.iter().find(|row| row.number == said.number);
            // A container that a roll-back made anew has no event of its own.
            let is_anew = said.reason == "children" && self.state.live.contains_key(&said.number);
            assert!(found == Some(said) || is_anew, "said {said:?}, the journal tells {found:?}");
        }
    }
}
