//! Settings of the whole server that change at run time (signing keys, sealed, and the set-up link's hash among them).

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0006_api_setting",
    up: &[
        r"CREATE TABLE api_setting (
  name TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL,
  updated_at {int} NOT NULL
) {strict}",
    ],
    down: &[
        "DROP TABLE api_setting",
    ],
};
