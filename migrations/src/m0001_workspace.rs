//! Workspaces: what isolates data. Every other key begins with one.

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0001_workspace",
    up: &[
        r"CREATE TABLE workspace (
  id {id} NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  created_at {int} NOT NULL,
  deleted_at {int}
) {strict}",
    ],
    down: &[
        "DROP TABLE workspace",
    ],
};
