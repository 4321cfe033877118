//! Indexes for lists of incidents: the open ones of a kind (the dead-letter list is the kind `poisoned`), and those that were resolved.

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0030_incident_lists",
    up: &[
        "CREATE INDEX incident_open_kind ON incident (workspace_id, kind, opened_at, id) WHERE resolved_at IS NULL",
        "CREATE INDEX incident_resolved ON incident (workspace_id, opened_at, id) WHERE resolved_at IS NOT NULL",
    ],
    down: &[
        "DROP INDEX incident_resolved",
        "DROP INDEX incident_open_kind",
    ],
};
