//! Lines that tasks logged.

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0024_task_log",
    up: &[
        r"CREATE TABLE task_log (
  line {serial},
  workspace_id {id} NOT NULL,
  instance_id {id} NOT NULL,
  number {small} NOT NULL,
  at {int} NOT NULL,
  node_id TEXT NOT NULL,
  level TEXT NOT NULL,
  message TEXT NOT NULL
) {log}",
        "CREATE INDEX task_log_instance ON task_log (workspace_id, instance_id, line)",
    ],
    down: &[
        "DROP TABLE task_log",
    ],
};
