//! The screens and the server functions behind them (docs/ARCHITECTURE): one Leptos application, rendered by the server and brought to
//! life in the browser.
//!
//! It speaks to Heddle only through the trait of `heddle-api`; engine, storage and HTTP are out of its sight.

#![recursion_limit = "512"]
#![allow(unreachable_pub, reason = "the component macro makes property types public; the modules here are not")]

#[cfg(not(erase_components))]
compile_error!(
    "build with the flags of .cargo/config.toml: server and browser must agree on `erase_components` (is RUSTFLAGS set?)"
);

mod app;
pub mod context;
#[cfg(feature = "ssr")]
mod door;
pub mod examples;
pub mod failure;
mod features;
mod format;
mod frame;
mod graph;
pub mod i18n;
mod live;
mod parts;
pub mod routes;
#[cfg(feature = "ssr")]
pub mod shell;
mod status;
mod ui;

pub use app::App;
#[cfg(feature = "hydrate")]
pub use ui::start_clock;
