//! heddle-tasks
