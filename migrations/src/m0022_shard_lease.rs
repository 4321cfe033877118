//! Which server owns each of the 256 shards, and, on SQLite, the last place given in its journal.

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0022_shard_lease",
    up: &[
        r"CREATE TABLE shard_lease (
  shard {small} NOT NULL PRIMARY KEY,
  server_name TEXT REFERENCES server_node (name),
  epoch {int} NOT NULL,
  -- Written with each commit on SQLite only, where one page holds them all; PostgreSQL has an index over (shard, pos) instead.
  pos {int} NOT NULL
) {strict}",
        "CREATE INDEX shard_lease_server ON shard_lease (server_name)",
        "postgres: INSERT INTO shard_lease (shard, epoch, pos) SELECT shard, 0, 0 FROM generate_series(0, 255) AS shard",
        "sqlite: WITH RECURSIVE n (shard) AS (VALUES (0) UNION ALL SELECT shard + 1 FROM n WHERE shard < 255) INSERT INTO shard_lease (shard, epoch, pos) SELECT shard, 0, 0 FROM n",
    ],
    down: &[
        "DROP TABLE shard_lease",
    ],
};
