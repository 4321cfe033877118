//! The journal: the source of truth, append-only, one row per instance and commit.

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0013_journal",
    up: &[
        r"postgres: CREATE TABLE journal (
  workspace_id uuid NOT NULL,
  instance_id uuid NOT NULL,
  first_seq bigint NOT NULL,
  pos bigint NOT NULL,
  at bigint NOT NULL,
  count integer NOT NULL,
  checksum integer NOT NULL,
  shard smallint NOT NULL,
  events bytea NOT NULL,
  PRIMARY KEY (workspace_id, instance_id, first_seq)
) {log}",
        "postgres: CREATE UNIQUE INDEX journal_pos ON journal (shard, pos)",
        r"sqlite: CREATE TABLE journal (
  -- Rows lie in the order of writing: a commit touches the last page instead of one page per instance.
  row INTEGER PRIMARY KEY,
  workspace_id BLOB NOT NULL,
  instance_id BLOB NOT NULL,
  first_seq INTEGER NOT NULL,
  pos INTEGER NOT NULL,
  at INTEGER NOT NULL,
  count INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  shard INTEGER NOT NULL,
  events BLOB NOT NULL
) STRICT",
        "sqlite: CREATE UNIQUE INDEX journal_instance ON journal (workspace_id, instance_id, first_seq)",
    ],
    down: &[
        "DROP TABLE journal",
    ],
};
