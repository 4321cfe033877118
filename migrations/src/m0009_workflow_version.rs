//! Versions: immutable, proven valid. The canonical definition runs; the text is what its author wrote.

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0009_workflow_version",
    up: &[
        r"CREATE TABLE workflow_version (
  workspace_id {id} NOT NULL,
  id {id} NOT NULL,
  workflow_id {id} NOT NULL,
  number {int} NOT NULL,
  -- The author's own version label, as JSON.
  label TEXT,
  definition TEXT NOT NULL,
  source TEXT NOT NULL,
  source_format TEXT NOT NULL,
  -- SHA-256 of the canonical definition: the same content is not published twice in a row.
  content_hash {bytes} NOT NULL,
  created_by TEXT NOT NULL,
  created_at {int} NOT NULL,
  PRIMARY KEY (workspace_id, id),
  UNIQUE (workspace_id, workflow_id, number),
  FOREIGN KEY (workspace_id, workflow_id) REFERENCES workflow (workspace_id, id)
) {strict}",
    ],
    down: &[
        "DROP TABLE workflow_version",
    ],
};
