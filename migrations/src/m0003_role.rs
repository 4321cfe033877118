//! Roles made by people; the seven built-in ones live in code. And what a role is granted for (`role_grant`).

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0003_role",
    up: &[
        r"CREATE TABLE role (
  workspace_id {id} NOT NULL REFERENCES workspace (id),
  id {id} NOT NULL,
  name TEXT NOT NULL,
  permissions {json} NOT NULL,
  created_at {int} NOT NULL,
  updated_at {int} NOT NULL,
  PRIMARY KEY (workspace_id, id),
  UNIQUE (workspace_id, name)
) {strict}",
        r"CREATE TABLE role_grant (
  workspace_id {id} NOT NULL,
  id {id} NOT NULL,
  user_id {id} NOT NULL REFERENCES user_account (id),
  role_id {id} NOT NULL,
  -- workspace, folder, workflow or own; the object's id or path in scope_target.
  scope TEXT NOT NULL,
  scope_target TEXT,
  created_at {int} NOT NULL,
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, role_id) REFERENCES role (workspace_id, id) ON DELETE CASCADE
) {strict}",
        "CREATE INDEX role_grant_user ON role_grant (workspace_id, user_id)",
        "CREATE INDEX role_grant_role ON role_grant (workspace_id, role_id)",
    ],
    down: &[
        "DROP TABLE role_grant",
        "DROP TABLE role",
    ],
};
