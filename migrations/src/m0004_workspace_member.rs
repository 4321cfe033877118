//! Who belongs to a workspace, and with which built-in role.

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0004_workspace_member",
    up: &[
        r"CREATE TABLE workspace_member (
  workspace_id {id} NOT NULL REFERENCES workspace (id),
  user_id {id} NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
  role TEXT NOT NULL,
  created_at {int} NOT NULL,
  PRIMARY KEY (workspace_id, user_id)
) {strict}",
        "CREATE INDEX workspace_member_user ON workspace_member (user_id)",
    ],
    down: &[
        "DROP TABLE workspace_member",
    ],
};
