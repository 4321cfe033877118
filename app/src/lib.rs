//! heddle-app
