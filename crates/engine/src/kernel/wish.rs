//! What the commands say that reach beyond the moment: back to an earlier one, or on to another version.
//!
//! The kernel reads nothing: what such a command needs of the journal or of another version, the runtime puts into it.

use super::command::Command;
use super::past::Past;
use heddle_model::ids::VersionId;
use heddle_model::plan::Plan;
use heddle_model::value::{Map, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Back to the end of an earlier step.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rollback {
    /// The step's last event.
    pub to_seq: u64,
    /// What these nodes (ids, or node instances' ids) have done since is to stand: it is not undone.
    pub keep: Vec<String>,
    /// What the journal says of that moment; the runtime reads it.
    pub past: Option<Arc<Past>>,
}

/// To another version.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Migrate {
    /// Which.
    pub version: VersionId,
    /// Its number.
    pub version_number: u32,
    /// Ids of nodes and edges that are called otherwise there: from, to.
    pub mapping: BTreeMap<String, String>,
    /// That version as canonical JSON, for a server that has not compiled it; the runtime reads it.
    pub definition: Option<Arc<str>>,
    /// That version, compiled; the runtime sees to it.
    #[serde(skip)]
    pub target: Option<Arc<Plan>>,
}

/// Runs again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rerun {
    /// From just before this node (id in the version that runs now, or node instance's id) fired; `None`: what has failed.
    pub from: Option<String>,
    /// To this version first.
    pub migrate: Option<Migrate>,
    /// As for a rollback.
    pub keep: Vec<String>,
    /// Variables to write, after going back.
    pub variables: Map<String, Value>,
    /// What the journal says of the moment before the node fired; the runtime reads it.
    pub past: Option<Arc<Past>>,
}

impl Command {
    /// The version that it leads to.
    pub fn migrate(&self) -> Option<&Migrate> {
        match self {
            Self::Migrate(wish) => Some(wish),
            Self::Rerun(wish) => wish.migrate.as_ref(),
            _ => None,
        }
    }

    /// The same, to be completed.
    pub fn migrate_mut(&mut self) -> Option<&mut Migrate> {
        match self {
            Self::Migrate(wish) => Some(wish),
            Self::Rerun(wish) => wish.migrate.as_mut(),
            _ => None,
        }
    }

    /// What was read of the moment to which it goes back.
    pub fn past(&self) -> Option<&Arc<Past>> {
        match self {
            Self::Rollback(wish) => wish.past.as_ref(),
            Self::Rerun(wish) => wish.past.as_ref(),
            _ => None,
        }
    }
}
