//! Edges of each version, derived from it at publishing.

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0011_edge",
    up: &[
        r"CREATE TABLE edge (
  workspace_id {id} NOT NULL,
  version_id {id} NOT NULL,
  edge_id TEXT NOT NULL,
  ordinal {small} NOT NULL,
  source_id TEXT NOT NULL,
  target_id TEXT NOT NULL,
  -- The container it stands in.
  parent_id TEXT,
  condition TEXT,
  is_default {bool} NOT NULL,
  PRIMARY KEY (workspace_id, version_id, edge_id),
  FOREIGN KEY (workspace_id, version_id, source_id) REFERENCES node (workspace_id, version_id, node_id) ON DELETE CASCADE,
  FOREIGN KEY (workspace_id, version_id, target_id) REFERENCES node (workspace_id, version_id, node_id) ON DELETE CASCADE
) {strict}",
        "CREATE INDEX edge_source ON edge (workspace_id, version_id, source_id)",
        "CREATE INDEX edge_target ON edge (workspace_id, version_id, target_id)",
    ],
    down: &[
        "DROP TABLE edge",
    ],
};
