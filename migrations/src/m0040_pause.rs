//! Pauses wider than an instance: of the whole engine, a task type, a workflow.

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0040_pause",
    up: &[
        r"CREATE TABLE pause (
  -- engine, task-type, workflow.
  scope TEXT NOT NULL,
  -- The task type, or the workflow's id in print; `all` for the engine.
  subject TEXT NOT NULL,
  -- Of a workflow only.
  workspace_id {id},
  since {int} NOT NULL,
  paused_by TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (scope, subject)
) {strict}",
    ],
    down: &[
        "DROP TABLE pause",
    ],
};
