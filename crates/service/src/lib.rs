//! heddle-service
