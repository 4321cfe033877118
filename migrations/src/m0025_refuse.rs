//! PostgreSQL: a function that ends a statement with an error of our own, so that a batch which must not be written undoes itself.

use crate::change::Change;

pub(crate) const CHANGE: Change = Change {
    name: "m0025_refuse",
    up: &[
        r"postgres: CREATE FUNCTION heddle_refuse(code text, reason text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = code, MESSAGE = reason;
END $$",
    ],
    down: &[
        "postgres: DROP FUNCTION heddle_refuse(text, text)",
    ],
};
