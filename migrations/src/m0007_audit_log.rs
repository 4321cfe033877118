//! Who changed what: a chain per workspace, each row hashed over the one before. It outlives what it names, so it references nothing.

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0007_audit_log",
    up: &[
        r"CREATE TABLE audit_log (
  -- All zero for what belongs to no workspace.
  workspace_id {id} NOT NULL,
  number {int} NOT NULL,
  id {id} NOT NULL,
  at {int} NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  details TEXT NOT NULL,
  request TEXT NOT NULL,
  address TEXT,
  previous_hash {bytes} NOT NULL,
  hash {bytes} NOT NULL,
  PRIMARY KEY (workspace_id, number)
) {strict}",
        "CREATE INDEX audit_log_actor ON audit_log (workspace_id, actor, number)",
        "CREATE INDEX audit_log_target ON audit_log (workspace_id, target, number)",
    ],
    down: &[
        "DROP TABLE audit_log",
    ],
};
