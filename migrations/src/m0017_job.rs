//! Work offered to external workers: a narrow queue, apart from the history; a job that ends leaves it.

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0017_job",
    up: &[
        r"CREATE TABLE job (
  workspace_id {id} NOT NULL,
  id {id} NOT NULL,
  instance_id {id} NOT NULL,
  number {small} NOT NULL,
  -- 0: ready, 1: leased.
  state {small} NOT NULL,
  priority {small} NOT NULL,
  attempt {small} NOT NULL,
  token {int} NOT NULL,
  not_before {int} NOT NULL,
  lease_until {int},
  created_at {int} NOT NULL,
  held {bool} NOT NULL,
  job_type TEXT NOT NULL,
  node_id TEXT NOT NULL,
  worker TEXT,
  key TEXT NOT NULL,
  input TEXT NOT NULL,
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, instance_id) REFERENCES workflow_instance (workspace_id, id) ON DELETE CASCADE
) {hot}",
        "CREATE INDEX job_instance ON job (workspace_id, instance_id)",
        "CREATE INDEX job_ready ON job (workspace_id, job_type, priority DESC, created_at, id) WHERE state = 0 AND held = {false}",
        "CREATE INDEX job_leased ON job (workspace_id, job_type, lease_until) WHERE state = 1 AND held = {false}",
    ],
    down: &[
        "DROP TABLE job",
    ],
};
