//! heddle-testkit
