//! The runtime: commits what the kernel decides, and only then acts.

pub(crate) mod clock;
