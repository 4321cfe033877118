//! Retention: ended instances go when their time is over, a few at a time, all the while (docs/adr/0020).
//!
//! How long is said by the newest version of a workflow (`settings.retention`), else by the server (`retention`), else by nobody: then they
//! stay. Every server works at it, and the database lets one of them at a time.

use crate::error::Result;
use crate::service::Service;
use heddle_engine::storage::Storage;
use heddle_model::format::{self, Format};
use heddle_model::ids::{VersionId, WorkflowId, WorkspaceId};
use heddle_model::limits;
use heddle_store::Store;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// The first pass comes soon after the start: what a crash has left half done is finished then.
const FIRST: Duration = Duration::from_secs(10);
/// Workflows read at once.
const WORKFLOWS: u64 = 500;
/// The least rest after a transaction.
const REST: Duration = Duration::from_millis(20);
/// Versions whose setting is remembered; past this it begins anew.
const REMEMBERED: usize = 100_000;

/// What versions say about retention: they never change.
#[derive(Debug, Default)]
struct Known(HashMap<VersionId, Keep>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keep {
    /// As long as the server says.
    Default,
    /// So many milliseconds.
    For(u64),
    /// Its text cannot be read: nothing is deleted on a guess.
    Ever,
}

/// What a pass has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retained {
    /// Instances that are gone.
    pub instances: u64,
    /// Rows of history that were deleted.
    pub rows: u64,
    /// Whether another server is at it: this one stopped where it stood.
    pub elsewhere: bool,
}

/// A pass under way.
struct Pass<'a> {
    store: &'a Store,
    known: &'a mut Known,
    done: Retained,
}

impl Service {
    /// Deletes ended instances whose time is over, until dropped. `keep_ms`: how long the server keeps those of workflows that say nothing.
    pub async fn watch_retention(&self, keep_ms: Option<u64>) {
        let mut known = Known::default();
        let mut pause = FIRST;
        loop {
            tokio::time::sleep(pause).await;
            pause = Duration::from_millis(limits::RETENTION_PERIOD_MS);
            match Pass::new(&self.store, &mut known).run(keep_ms).await {
                Ok(done) if done.instances > 0 => {
                    tracing::info!(instances = done.instances, rows = done.rows, "retention: ended instances deleted");
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "ended instances could not be deleted; the next pass comes"),
            }
        }
    }
}

/// Deletes what may go now, also beside running servers.
pub async fn retain(store: &Store, keep_ms: Option<u64>) -> Result<Retained> {
    Pass::new(store, &mut Known::default()).run(keep_ms).await
}

/// What a version's text says.
fn said(text: &str) -> Keep {
    let definition = format::parse(text, Format::Json).definition;
    definition.map_or(Keep::Ever, |it| it.settings.retention.map_or(Keep::Default, Keep::For))
}

impl<'a> Pass<'a> {
    fn new(store: &'a Store, known: &'a mut Known) -> Self {
        Self { store, known, done: Retained::default() }
    }

    /// Over all workflows.
    async fn run(mut self, keep_ms: Option<u64>) -> Result<Retained> {
        // What an earlier pass has left behind, first.
        self.clear().await?;
        for workspace in self.store.workspaces().await? {
            let mut after = None;
            loop {
                let page = self.store.retention_workflows(workspace.id, after, WORKFLOWS).await?;
                for &(workflow, version) in &page {
                    let keep = match self.keep(workspace.id, version).await? {
                        Keep::Default => keep_ms,
                        Keep::For(ms) => Some(ms),
                        Keep::Ever => None,
                    };
                    if let Some(keep) = keep {
                        self.workflow((workspace.id, workflow), keep).await?;
                    }
                    if self.done.elsewhere {
                        return Ok(self.done);
                    }
                }
                after = page.last().map(|(workflow, _)| *workflow);
                if (page.len() as u64) < WORKFLOWS {
                    break;
                }
            }
        }
        Ok(self.done)
    }

    async fn keep(&mut self, workspace: WorkspaceId, version: VersionId) -> Result<Keep> {
        if let Some(keep) = self.known.0.get(&version) {
            return Ok(*keep);
        }
        let text = self.store.definition(workspace, version).await.map_err(crate::verify::unreadable)?;
        let keep = text.map_or(Keep::Ever, |text| said(&text));
        if self.known.0.len() >= REMEMBERED {
            self.known.0.clear();
        }
        self.known.0.insert(version, keep);
        Ok(keep)
    }

    /// The ended instances of one workflow.
    async fn workflow(&mut self, of: (WorkspaceId, WorkflowId), keep_ms: u64) -> Result<()> {
        let mut from = None;
        loop {
            let began = Instant::now();
            let page = self.store.retention_prune(of, keep_ms, from, limits::RETENTION_PAGE).await?;
            let Some(page) = page else {
                self.done.elsewhere = true;
                return Ok(());
            };
            if page.pruned > 0 {
                self.done.instances += page.pruned;
                metrics::counter!("heddle_instances_deleted_total").increment(page.pruned);
                rest(began).await;
                self.clear().await?;
            }
            if page.next.is_none() || self.done.elsewhere {
                return Ok(());
            }
            from = page.next;
        }
    }

    /// What instances have left behind that are gone.
    async fn clear(&mut self) -> Result<()> {
        loop {
            let began = Instant::now();
            let cleared = self.store.retention_clear(limits::RETENTION_PAGE, limits::RETENTION_ROWS).await?;
            let Some(cleared) = cleared else {
                self.done.elsewhere = true;
                return Ok(());
            };
            self.done.rows += cleared.rows;
            if !cleared.more {
                return Ok(());
            }
            rest(began).await;
        }
    }
}

/// Rests as long as the work took: half of the time is everybody else's.
async fn rest(began: Instant) {
    tokio::time::sleep(began.elapsed().max(REST)).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_says_how_long_its_workflow_s_instances_are_kept() {
        let text = |settings: &str| {
            format!(r#"{{"name":"x",{settings}"nodes":[{{"id":"start","type":"start"}}],"edges":[]}}"#)
        };
        assert_eq!(said(&text(r#""settings":{"retention":"90d"},"#)), Keep::For(90 * 24 * 3_600 * 1_000));
        assert_eq!(said(&text("")), Keep::Default);
        assert_eq!(said("not a definition"), Keep::Ever);
    }
}
