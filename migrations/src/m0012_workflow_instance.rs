//! Instances: the hot row. No index holds a column that changes with every step, so that PostgreSQL rewrites it in place (HOT).

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0012_workflow_instance",
    up: &[
        r"CREATE TABLE workflow_instance (
  workspace_id {id} NOT NULL,
  id {id} NOT NULL,
  workflow_id {id} NOT NULL,
  version_id {id} NOT NULL,
  created_at {int} NOT NULL,
  updated_at {int} NOT NULL,
  started_at {int},
  ended_at {int},
  -- Number of the last event.
  seq {int} NOT NULL,
  version_number {int} NOT NULL,
  shard {small} NOT NULL,
  nodes_ended {small} NOT NULL,
  nodes_expected {small} NOT NULL,
  incidents {small} NOT NULL,
  priority {small} NOT NULL,
  -- To be looked at first after a restart.
  runnable {bool} NOT NULL,
  unique_business_key {bool} NOT NULL,
  test {bool} NOT NULL,
  status TEXT NOT NULL,
  phase TEXT NOT NULL,
  started_by TEXT NOT NULL,
  business_key TEXT,
  error TEXT,
  PRIMARY KEY (workspace_id, id)
) {hot}",
        "CREATE INDEX workflow_instance_status ON workflow_instance (workspace_id, status, id)",
        "CREATE INDEX workflow_instance_workflow ON workflow_instance (workspace_id, workflow_id, id)",
        "CREATE INDEX workflow_instance_business_key ON workflow_instance (workspace_id, business_key, id) WHERE business_key IS NOT NULL",
        "CREATE UNIQUE INDEX workflow_instance_unique_key ON workflow_instance (workspace_id, workflow_id, business_key) WHERE unique_business_key = {true} AND ended_at IS NULL",
        "CREATE INDEX workflow_instance_incidents ON workflow_instance (workspace_id, id) WHERE incidents > 0",
        "CREATE INDEX workflow_instance_runnable ON workflow_instance (id) WHERE runnable = {true}",
    ],
    down: &[
        "DROP TABLE workflow_instance",
    ],
};
