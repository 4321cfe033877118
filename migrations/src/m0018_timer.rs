//! Timers that are armed.

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0018_timer",
    up: &[
        r"CREATE TABLE timer (
  workspace_id {id} NOT NULL,
  instance_id {id} NOT NULL,
  number {small} NOT NULL,
  shard {small} NOT NULL,
  due {int} NOT NULL,
  PRIMARY KEY (workspace_id, instance_id, number),
  FOREIGN KEY (workspace_id, instance_id) REFERENCES workflow_instance (workspace_id, id) ON DELETE CASCADE
) {keyed}",
        "CREATE INDEX timer_due ON timer (due, instance_id, number)",
    ],
    down: &[
        "DROP TABLE timer",
    ],
};
