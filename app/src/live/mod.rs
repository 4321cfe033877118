//! The page's life after it has been rendered: the one feed socket, folding of frames, and the browser's own services.

pub mod browser;
mod feed;
pub mod fold;
#[cfg(feature = "hydrate")]
mod socket;

pub use feed::{Connection, provide_feed, use_feed};
