//! Retention: ended instances are found by workflow and end; what has been taken out of sight and still has rows of history
//! (docs/adr/0020).

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0045_retention",
    up: &[
        // An instance comes in once, at its end. `ended_at` decides over another index already: no step pays for this one.
        "CREATE INDEX workflow_instance_ended ON workflow_instance (workspace_id, workflow_id, ended_at, id) WHERE ended_at IS NOT NULL",
        r"CREATE TABLE pruned_instance (
  workspace_id {id} NOT NULL,
  id {id} NOT NULL,
  PRIMARY KEY (workspace_id, id)
) {keyed_queue}",
    ],
    down: &["DROP TABLE pruned_instance", "DROP INDEX workflow_instance_ended"],
};
