//! Workflows: a name over all versions. A deleted one keeps its history and frees its name.

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0009_workflow",
    up: &[
        r"CREATE TABLE workflow (
  workspace_id {id} NOT NULL REFERENCES workspace (id),
  id {id} NOT NULL,
  name TEXT NOT NULL,
  -- As compared in searches (case folded by the service).
  name_key TEXT NOT NULL,
  description TEXT,
  folder TEXT NOT NULL DEFAULT '',
  tags TEXT NOT NULL DEFAULT '[]',
  -- Number of the newest version; 0: never published.
  latest_number {int} NOT NULL DEFAULT 0,
  -- A draft that may be wrong, as text, and how it is written (yaml, json).
  draft TEXT,
  draft_format TEXT,
  created_by TEXT NOT NULL,
  created_at {int} NOT NULL,
  updated_at {int} NOT NULL,
  deleted_at {int},
  PRIMARY KEY (workspace_id, id)
) {strict}",
        "CREATE UNIQUE INDEX workflow_name ON workflow (workspace_id, name) WHERE deleted_at IS NULL",
        "CREATE INDEX workflow_updated ON workflow (workspace_id, updated_at, id) WHERE deleted_at IS NULL",
        "CREATE INDEX workflow_folder ON workflow (workspace_id, folder, name) WHERE deleted_at IS NULL",
    ],
    down: &[
        "DROP TABLE workflow",
    ],
};
