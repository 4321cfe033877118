//! heddle-store
