//! Executions that ended are counted by node and hour; the journal alone tells of each. The table of executions holds those that wait.

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0050_node_tally",
    up: &[
        r"CREATE TABLE node_tally (
  workspace_id {id} NOT NULL,
  workflow_id {id} NOT NULL,
  -- Hours since 1970.
  hour {int} NOT NULL,
  -- Committers at work at the same time write under different slots: none waits for another's row.
  slot {small} NOT NULL,
  completed {int} NOT NULL,
  failed {int} NOT NULL,
  -- Milliseconds of those that completed.
  took_ms {int} NOT NULL,
  node_id TEXT NOT NULL,
  PRIMARY KEY (workspace_id, workflow_id, hour, slot, node_id)
) {hot}",
        r"INSERT INTO node_tally (workspace_id, workflow_id, hour, slot, completed, failed, took_ms, node_id)
  SELECT i.workspace_id, i.workflow_id, n.ended_at / 3600000, 0, count(CASE WHEN n.status = 'COMPLETED' THEN 1 END),
    count(CASE WHEN n.status = 'FAILED' THEN 1 END),
    coalesce(sum(CASE WHEN n.status = 'COMPLETED' AND n.ended_at > n.started_at THEN n.ended_at - n.started_at END), 0), n.node_id
  FROM workflow_instance i JOIN node_instance n ON n.workspace_id = i.workspace_id AND n.instance_id = i.id
  WHERE NOT i.test AND n.ended_at IS NOT NULL AND n.status IN ('COMPLETED', 'FAILED')
  GROUP BY i.workspace_id, i.workflow_id, n.ended_at / 3600000, n.node_id",
        "DELETE FROM node_instance WHERE ended_at IS NOT NULL",
        "DROP INDEX node_instance_live",
        "ALTER TABLE node_instance DROP COLUMN ended_at",
        "CREATE INDEX node_instance_live ON node_instance (workspace_id, node_id, instance_id)",
        "postgres: ALTER TABLE node_instance SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0)",
    ],
    down: &[
        "DROP INDEX node_instance_live",
        "ALTER TABLE node_instance ADD COLUMN ended_at {int}",
        "CREATE INDEX node_instance_live ON node_instance (workspace_id, node_id, instance_id) WHERE ended_at IS NULL",
        "DROP TABLE node_tally",
    ],
};
