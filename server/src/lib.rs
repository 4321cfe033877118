//! heddle-server
