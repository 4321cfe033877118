//! Batches: one action on many instances, gone through by whichever server has time, item by item.

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0031_batch",
    up: &[
        r"CREATE TABLE batch (
  workspace_id {id} NOT NULL,
  id {id} NOT NULL,
  action TEXT NOT NULL,
  -- As JSON: details of the action, and what chose the instances (NULL where they were named).
  params TEXT NOT NULL,
  filter TEXT,
  status TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_at {int} NOT NULL,
  started_at {int},
  ended_at {int},
  total {int} NOT NULL,
  done {int} NOT NULL,
  succeeded {int} NOT NULL,
  failed {int} NOT NULL,
  refused {int} NOT NULL,
  -- 1 while a server has something to do for it.
  open {small} NOT NULL,
  -- Batches take turns: the one that was worked on longest ago comes first.
  worked_at {int} NOT NULL,
  -- Which server works on it, the proof of its turn, and until when it may, in the database's time.
  lease_server TEXT,
  lease_token TEXT,
  lease_until {int} NOT NULL,
  PRIMARY KEY (workspace_id, id)
) {strict}",
        "CREATE INDEX batch_open ON batch (open, worked_at, id) WHERE open = 1",
        r"CREATE TABLE batch_item (
  workspace_id {id} NOT NULL,
  batch_id {id} NOT NULL,
  number {int} NOT NULL,
  instance_id {id} NOT NULL,
  status TEXT NOT NULL,
  -- Of one that failed or was refused: the error's code, and what happened in English and in 中文.
  code TEXT,
  detail_en TEXT,
  detail_zh TEXT,
  ended_at {int},
  PRIMARY KEY (workspace_id, batch_id, number),
  FOREIGN KEY (workspace_id, batch_id) REFERENCES batch (workspace_id, id) ON DELETE CASCADE
) {keyed}",
        "postgres: CREATE INDEX batch_item_open ON batch_item (workspace_id, batch_id, number) WHERE ended_at IS NULL",
        // With the column in front of the number: else SQLite takes the table's own tree, and walks through what has ended.
        "sqlite: CREATE INDEX batch_item_open ON batch_item (workspace_id, batch_id, ended_at, number) WHERE ended_at IS NULL",
    ],
    down: &[
        "DROP TABLE batch_item",
        "DROP TABLE batch",
    ],
};
