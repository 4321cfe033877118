//! People who sign in. An account is one for the whole server; what it may do is said per workspace (`workspace_member`).

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0002_user_account",
    up: &[
        r"CREATE TABLE user_account (
  id {id} NOT NULL PRIMARY KEY,
  -- As typed, and as compared (normalised and case folded by the service).
  username TEXT NOT NULL,
  username_key TEXT NOT NULL UNIQUE,
  display_name TEXT NOT NULL,
  -- In lower case.
  email TEXT UNIQUE,
  password_hash TEXT,
  lang TEXT,
  default_workspace_id {id} NOT NULL REFERENCES workspace (id),
  disabled {bool} NOT NULL,
  -- Rises when all sessions and tokens must end.
  auth_epoch {int} NOT NULL,
  -- Wrong passwords in a row.
  failures {int} NOT NULL,
  locked_until {int},
  created_at {int} NOT NULL
) {strict}",
        "CREATE INDEX user_account_default_workspace ON user_account (default_workspace_id)",
    ],
    down: &[
        "DROP TABLE user_account",
    ],
};
