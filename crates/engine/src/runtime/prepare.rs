//! What a command needs that the kernel cannot read: an earlier moment, or another version. Read before the command is sent to its lane;
//! the kernel refuses it where the instance has moved on meanwhile.

use super::actor::Damaged;
use super::engine::Engine;
use super::error::EngineError;
use super::{journal, plans};
use crate::kernel::{Command, CommandError, History, Migrate, Past, Point, codec};
use crate::storage::NodeRow;
use heddle_model::ids::{InstanceId, VersionId, WorkspaceId};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Journal rows that are read at a time.
const PAGE: u32 = 1_000;

impl Engine {
    /// Fills in what the command needs.
    pub(super) async fn prepare(
        &self,
        workspace: WorkspaceId,
        instance: InstanceId,
        command: &mut Command,
    ) -> Result<(), EngineError> {
        match command {
            Command::Migrate(wish) => self.read_target(workspace, wish).await,
            Command::Rollback(wish) if wish.past.is_none() => {
                let past = self.past(workspace, instance, Point::After(wish.to_seq)).await?;
                wish.past = Some(Arc::new(past));
                Ok(())
            }
            Command::Rerun(wish) => {
                if let Some(migrate) = &mut wish.migrate {
                    self.read_target(workspace, migrate).await?;
                }
                if let (Some(from), None) = (&wish.from, &wish.past) {
                    let past = self.past(workspace, instance, Point::Before(from.clone())).await?;
                    wish.past = Some(Arc::new(past));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn read_target(&self, workspace: WorkspaceId, wish: &mut Migrate) -> Result<(), EngineError> {
        if wish.target.is_none() {
            wish.target = Some(self.shared.plans.get(workspace, wish.version).await?);
        }
        if wish.definition.is_none() && self.shared.others.load(Ordering::Relaxed) {
            // Another server may decide it: that one compiles the text.
            let text = self.shared.storage.definition(workspace, wish.version).await?;
            wish.definition = text.map(Into::into);
        }
        Ok(())
    }

    /// The ends of steps to which an instance can go back, in order.
    pub async fn steps(&self, workspace: WorkspaceId, instance: InstanceId) -> Result<Vec<u64>, EngineError> {
        self.with_history(workspace, instance, |history| history.steps()).await
    }

    /// Everything that an instance executed, by number.
    ///
    /// # Errors
    /// Not found, or the beginning of its journal is not kept any more.
    pub async fn executions(&self, workspace: WorkspaceId, instance: InstanceId) -> Result<Vec<NodeRow>, EngineError> {
        self.with_history(workspace, instance, |history| history.executions()).await
    }

    async fn past(&self, workspace: WorkspaceId, instance: InstanceId, point: Point) -> Result<Past, EngineError> {
        self.with_history(workspace, instance, |history| Past::read(history, &point)).await
    }

    async fn with_history<T>(
        &self,
        workspace: WorkspaceId,
        instance: InstanceId,
        ask: impl FnOnce(&History<'_>) -> Result<T, CommandError>,
    ) -> Result<T, EngineError> {
        let rows = self.whole_journal(workspace, instance).await?;
        let versions: Vec<VersionId> = rows.iter().flat_map(|(_, row)| row.versions()).collect();
        let plans = self.shared.plans.set(workspace, versions).await?;
        Ok(ask(&History { workspace, instance, plans: &plans, rows: &rows })?)
    }

    async fn whole_journal(
        &self,
        workspace: WorkspaceId,
        instance: InstanceId,
    ) -> Result<Vec<(i64, codec::Row)>, EngineError> {
        let damaged = |why: Damaged| EngineError::Damaged(why.to_string());
        let (mut rows, mut after, mut checksum) = (Vec::new(), 0, 0);
        loop {
            let page = self.shared.storage.journal(workspace, instance, after, PAGE).await?;
            match page.first() {
                None if after == 0 => return Err(EngineError::NotFound),
                None => return Ok(rows),
                Some(first) if after == 0 && first.first_seq != 1 => {
                    let why = "the journal of that time is not kept any more";
                    return Err(EngineError::InvalidCommand(why.to_owned()));
                }
                Some(_) => {}
            }
            for row in &page {
                let read = journal::read(instance, &mut checksum, row).map_err(damaged)?;
                after = read.last_seq;
                rows.push((read.at, read.row));
            }
        }
    }
}

/// The version to which a command of another server leads, from its text.
pub(super) fn read_target(command: &mut Command) -> Result<(), EngineError> {
    let Some(wish) = command.migrate_mut() else { return Ok(()) };
    if let (None, Some(text)) = (&wish.target, &wish.definition) {
        wish.target = Some(Arc::new(plans::compile(wish.version, text)?));
    }
    Ok(())
}
