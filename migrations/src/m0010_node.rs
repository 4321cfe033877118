//! Nodes of each version, derived from it at publishing, for searches and reports.

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0010_node",
    up: &[
        r"CREATE TABLE node (
  workspace_id {id} NOT NULL,
  version_id {id} NOT NULL,
  node_id TEXT NOT NULL,
  -- Place in the author's order.
  ordinal {small} NOT NULL,
  -- The container it stands in.
  parent_id TEXT,
  name TEXT NOT NULL,
  node_type TEXT NOT NULL,
  definition TEXT NOT NULL,
  PRIMARY KEY (workspace_id, version_id, node_id),
  FOREIGN KEY (workspace_id, version_id) REFERENCES workflow_version (workspace_id, id) ON DELETE CASCADE
) {strict}",
        "CREATE INDEX node_type ON node (workspace_id, node_type)",
    ],
    down: &[
        "DROP TABLE node",
    ],
};
