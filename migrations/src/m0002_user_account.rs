//! People who sign in. An account is one for the whole server; what it may do is said per workspace (`workspace_member`).

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0002_user_account",
    up: &[
        r"CREATE TABLE user_account (
  id {id} NOT NULL PRIMARY KEY,
  -- As typed, and as compared (case folded, normalised by the service).
  name TEXT NOT NULL,
  name_key TEXT NOT NULL UNIQUE,
  display_name TEXT,
  email TEXT,
  password_hash TEXT,
  default_workspace_id {id} REFERENCES workspace (id),
  locale TEXT,
  -- Sessions and tokens made before this are void.
  credentials_changed_at {int} NOT NULL,
  failed_sign_ins {int} NOT NULL DEFAULT 0,
  locked_until {int},
  disabled_at {int},
  created_at {int} NOT NULL,
  updated_at {int} NOT NULL
) {strict}",
        "CREATE INDEX user_account_default_workspace ON user_account (default_workspace_id)",
    ],
    down: &[
        "DROP TABLE user_account",
    ],
};
