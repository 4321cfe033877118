//! Values of the variables that a workflow names in `settings.search`: only these can be filtered by.

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0016_search_value",
    up: &[
        r"CREATE TABLE search_value (
  workspace_id {id} NOT NULL,
  instance_id {id} NOT NULL,
  name TEXT NOT NULL,
  -- As JSON, so that the number 1 and the text 1 differ.
  value TEXT NOT NULL,
  -- The beginning of it, which fits into an index.
  value_key TEXT NOT NULL,
  PRIMARY KEY (workspace_id, instance_id, name),
  FOREIGN KEY (workspace_id, instance_id) REFERENCES workflow_instance (workspace_id, id) ON DELETE CASCADE
) {strict}",
        "CREATE INDEX search_value_value ON search_value (workspace_id, name, value_key, instance_id)",
    ],
    down: &[
        "DROP TABLE search_value",
    ],
};
