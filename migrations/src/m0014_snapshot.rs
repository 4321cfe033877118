//! The last snapshot of each instance: where recovery begins.

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0014_snapshot",
    up: &[
        r"CREATE TABLE snapshot (
  workspace_id {id} NOT NULL,
  instance_id {id} NOT NULL,
  seq {int} NOT NULL,
  checksum {int} NOT NULL,
  state {bytes} NOT NULL,
  PRIMARY KEY (workspace_id, instance_id)
) {strict}",
        "postgres: ALTER TABLE snapshot ALTER COLUMN state SET STORAGE EXTERNAL",
    ],
    down: &[
        "DROP TABLE snapshot",
    ],
};
