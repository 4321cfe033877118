//! Running servers: the epoch of a name rises with each start, and commits prove themselves with it.

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0021_server_node",
    up: &[
        r"CREATE TABLE server_node (
  name TEXT NOT NULL PRIMARY KEY,
  server_id {id} NOT NULL,
  epoch {int} NOT NULL,
  started_at {int} NOT NULL,
  heartbeat_at {int} NOT NULL,
  -- In the database's time; in the past: free to be taken over.
  lease_until {int} NOT NULL
) {strict}",
        "CREATE UNIQUE INDEX server_node_fence ON server_node (server_id, epoch)",
    ],
    down: &[
        "DROP TABLE server_node",
    ],
};
