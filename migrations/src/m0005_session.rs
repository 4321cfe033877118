//! Sign-ins. The token is stored as a hash: who reads the table cannot take a session over.

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0005_session",
    up: &[
        r"CREATE TABLE session (
  id {id} NOT NULL PRIMARY KEY,
  token_hash {bytes} NOT NULL UNIQUE,
  user_id {id} NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
  workspace_id {id} NOT NULL REFERENCES workspace (id),
  created_at {int} NOT NULL,
  last_seen_at {int} NOT NULL,
  expires_at {int} NOT NULL,
  address TEXT,
  user_agent TEXT
) {strict}",
        "CREATE INDEX session_by_user ON session (user_id)",
        "CREATE INDEX session_by_workspace ON session (workspace_id)",
        "CREATE INDEX session_by_expiry ON session (expires_at)",
    ],
    down: &[
        "DROP TABLE session",
    ],
};
