//! Workflows: a name over all versions. A deleted one keeps its history and frees its name.

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0008_workflow",
    up: &[
        r"CREATE TABLE workflow (
  workspace_id {id} NOT NULL REFERENCES workspace (id),
  id {id} NOT NULL,
  name TEXT NOT NULL,
  description TEXT,
  -- Each between two unit separators (U+001F), so that a whole tag can be looked for.
  tags TEXT NOT NULL,
  -- Name, description and tags in lower case: what a search looks through.
  search_text TEXT NOT NULL,
  -- The newest version.
  latest_number {int} NOT NULL,
  latest_version_id {id} NOT NULL,
  -- The author's label of it, as JSON.
  label TEXT,
  created_at {int} NOT NULL,
  updated_at {int} NOT NULL,
  updated_by TEXT NOT NULL,
  deleted_at {int},
  PRIMARY KEY (workspace_id, id)
) {strict}",
        "CREATE UNIQUE INDEX workflow_name ON workflow (workspace_id, name) WHERE deleted_at IS NULL",
        "CREATE INDEX workflow_updated ON workflow (workspace_id, updated_at, id) WHERE deleted_at IS NULL",
    ],
    down: &[
        "DROP TABLE workflow",
    ],
};
