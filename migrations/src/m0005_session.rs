//! Sign-ins. The id is stored as a hash: who reads the table cannot take a session over.

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0005_session",
    up: &[
        r"CREATE TABLE session (
  id_hash {bytes} NOT NULL PRIMARY KEY,
  user_id {id} NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
  workspace_id {id} NOT NULL REFERENCES workspace (id),
  -- What the browser proves its own requests with, hashed.
  csrf_hash {bytes},
  created_at {int} NOT NULL,
  last_seen_at {int} NOT NULL,
  expires_at {int} NOT NULL,
  address TEXT,
  user_agent TEXT,
  data TEXT NOT NULL,
  -- Rises with each save: a save of something older is refused.
  revision {int} NOT NULL DEFAULT 1
) {strict}",
        "CREATE INDEX session_by_user ON session (user_id)",
        "CREATE INDEX session_by_workspace ON session (workspace_id)",
        "CREATE INDEX session_by_expiry ON session (expires_at)",
    ],
    down: &[
        "DROP TABLE session",
    ],
};
