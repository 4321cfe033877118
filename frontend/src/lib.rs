//! heddle-frontend
