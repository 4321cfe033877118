//! Incidents: what needs a person.

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0019_incident",
    up: &[
        r"CREATE TABLE incident (
  workspace_id {id} NOT NULL,
  id {id} NOT NULL,
  instance_id {id} NOT NULL,
  number {small} NOT NULL,
  kind TEXT NOT NULL,
  node_id TEXT,
  code TEXT NOT NULL,
  message TEXT NOT NULL,
  opened_at {int} NOT NULL,
  resolved_at {int},
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, instance_id) REFERENCES workflow_instance (workspace_id, id) ON DELETE CASCADE
) {strict}",
        "CREATE INDEX incident_instance ON incident (workspace_id, instance_id, number)",
        "CREATE INDEX incident_open ON incident (workspace_id, opened_at, id) WHERE resolved_at IS NULL",
    ],
    down: &[
        "DROP TABLE incident",
    ],
};
