//! heddle-migrations
