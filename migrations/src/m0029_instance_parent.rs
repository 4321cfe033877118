//! The instance that called an instance. It never changes, so its index costs no step anything.

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0029_instance_parent",
    up: &[
        "ALTER TABLE workflow_instance ADD COLUMN parent_id {id}",
        "CREATE INDEX workflow_instance_parent ON workflow_instance (workspace_id, parent_id, id) WHERE parent_id IS NOT NULL",
    ],
    down: &[
        "DROP INDEX workflow_instance_parent",
        "ALTER TABLE workflow_instance DROP COLUMN parent_id",
    ],
};
