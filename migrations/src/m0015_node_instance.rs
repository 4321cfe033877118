//! Node instances: written once at their end, or when a commit leaves one waiting, and then once more.

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0015_node_instance",
    up: &[
        r"postgres: CREATE TABLE node_instance (
  workspace_id uuid NOT NULL,
  instance_id uuid NOT NULL,
  started_at bigint NOT NULL,
  ended_at bigint,
  number integer NOT NULL,
  attempt integer NOT NULL,
  iteration integer NOT NULL,
  node_id text NOT NULL,
  node_type text NOT NULL,
  status text NOT NULL,
  reason text NOT NULL,
  output text,
  error text,
  PRIMARY KEY (workspace_id, instance_id, number)
) {log}",
        r"sqlite: CREATE TABLE node_instance (
  row INTEGER PRIMARY KEY,
  workspace_id BLOB NOT NULL,
  instance_id BLOB NOT NULL,
  number INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  attempt INTEGER NOT NULL,
  iteration INTEGER NOT NULL,
  node_id TEXT NOT NULL,
  node_type TEXT NOT NULL,
  status TEXT NOT NULL,
  reason TEXT NOT NULL,
  output TEXT,
  error TEXT
) STRICT",
        "sqlite: CREATE UNIQUE INDEX node_instance_number ON node_instance (workspace_id, instance_id, number)",
        "CREATE INDEX node_instance_live ON node_instance (workspace_id, node_id, instance_id) WHERE ended_at IS NULL",
    ],
    down: &[
        "DROP TABLE node_instance",
    ],
};
