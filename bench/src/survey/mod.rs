//! Surveys: workloads without a floor. Their figures are held against each other (a larger graph against a smaller one, two servers
//! against one) or against a fixed target, never against what a machine happens to do.

mod cluster;
mod copies;
mod cost;
mod drive;
mod mixed;
mod waiting;

use anyhow::Result;

use crate::Databases;
use crate::finding::Finding;
use crate::plan::Plan;

/// What is surveyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Survey {
    /// Cost per step against the size of the graph, of what is stored, of variables; and what compiling takes.
    Cost,
    /// Instances that wait: memory, restart, waking.
    Waiting,
    /// One, two and three servers on one database.
    Cluster,
    /// Everything at once, watched by a hundred browsers.
    Mixed,
}

impl Survey {
    pub(crate) const ALL: [Self; 4] = [Self::Cost, Self::Waiting, Self::Cluster, Self::Mixed];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cost => "cost",
            Self::Waiting => "waiting",
            Self::Cluster => "cluster",
            Self::Mixed => "mixed",
        }
    }

    /// Shows each finding as it is made.
    pub(crate) async fn run(self, databases: &Databases, plan: &Plan, show: &mut dyn FnMut(Finding)) -> Result<()> {
        match self {
            Self::Cost => cost::run(databases, plan, show).await,
            Self::Waiting => waiting::run(databases, plan, show).await,
            Self::Cluster => cluster::run(databases, plan, show).await,
            Self::Mixed => mixed::run(databases, plan, show).await,
        }
    }
}
