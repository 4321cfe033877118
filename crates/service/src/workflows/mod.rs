//! Workflows and their versions.

mod change;
mod delete;
mod derive;
mod import;
mod latest;
mod read;
mod view;

pub(crate) use import::Importer;
pub(crate) use latest::{Latest, LatestVersions};
