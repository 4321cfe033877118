//! heddle-diagram
