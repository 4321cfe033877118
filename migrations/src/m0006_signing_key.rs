//! Keys that sign access tokens, sealed under the server's secret key.

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0006_signing_key",
    up: &[
        r"CREATE TABLE signing_key (
  id {id} NOT NULL PRIMARY KEY,
  algorithm TEXT NOT NULL,
  sealed_private_key {bytes} NOT NULL,
  public_key {bytes} NOT NULL,
  created_at {int} NOT NULL,
  retired_at {int}
) {strict}",
    ],
    down: &[
        "DROP TABLE signing_key",
    ],
};
