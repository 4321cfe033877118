//! Permits of names that reach beyond one instance: who holds one, who is in line.

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0028_permit",
    up: &[
        r"CREATE TABLE permit (
  workspace_id {id} NOT NULL,
  instance_id {id} NOT NULL,
  -- The execution that asks.
  number {small} NOT NULL,
  shard {small} NOT NULL,
  -- How many may be held at a time.
  permits {int} NOT NULL,
  since {int} NOT NULL,
  granted {bool} NOT NULL,
  -- With its reach.
  name TEXT NOT NULL,
  PRIMARY KEY (workspace_id, instance_id, number),
  FOREIGN KEY (workspace_id, instance_id) REFERENCES workflow_instance (workspace_id, id) ON DELETE CASCADE
) {keyed_queue}",
        "CREATE INDEX permit_line ON permit (workspace_id, name, granted, since, instance_id, number)",
    ],
    down: &[
        "DROP TABLE permit",
    ],
};
