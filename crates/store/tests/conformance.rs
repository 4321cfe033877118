//! The engine's own suite for storages, on memory, SQLite and PostgreSQL: all three behave the same.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod common;

use async_trait::async_trait;
use common::Fixture;
use heddle_engine::storage::conformance::Subject;
use heddle_engine::storage::memory::MemoryStorage;
use heddle_engine::storage::{IncidentRow, LogRow, NodeRow, Storage};
use heddle_model::ids::{InstanceId, VersionId, WorkflowId, WorkspaceId};
use heddle_store::query::LogFilter;
use std::sync::Arc;

struct Memory(MemoryStorage);

#[async_trait]
impl Subject for Memory {
    fn storage(&self) -> Arc<dyn Storage> {
        Arc::new(self.0.clone())
    }
    async fn define(&self, workspace: WorkspaceId, version: VersionId, definition: &str) {
        self.0.define(workspace, version, definition.to_owned());
    }
    async fn nodes(&self, _: WorkspaceId, instance: InstanceId) -> Vec<NodeRow> {
        self.0.node_rows(instance)
    }
    async fn incidents(&self, _: WorkspaceId, instance: InstanceId) -> Vec<IncidentRow> {
        self.0.incident_rows(instance)
    }
    async fn logs(&self, _: WorkspaceId, instance: InstanceId) -> Vec<LogRow> {
        self.0.log_rows(instance)
    }
    async fn search(&self, _: WorkspaceId, instance: InstanceId) -> Vec<(String, String)> {
        self.0.search_values(instance).into_iter().map(|(name, value)| (name.to_string(), value)).collect()
    }
}

#[async_trait]
impl Subject for Fixture {
    fn storage(&self) -> Arc<dyn Storage> {
        Arc::new(self.store.clone())
    }
    async fn define(&self, workspace: WorkspaceId, version: VersionId, definition: &str) {
        let row = common::workspace("conformance");
        let row = heddle_store::query::WorkspaceRow { id: workspace, ..row };
        self.store.workspace_insert(row, common::audit(Some(workspace), "workspace.create")).await.unwrap();
        let workflow = WorkflowId::from_u128(common::fresh());
        let mut new = common::version(workspace, workflow, 1, "system");
        new.version.id = version;
        new.version.definition = definition.to_owned();
        self.store
            .workflow_create(workspace, workflow, "w", new, common::audit(Some(workspace), "workflow.create"))
            .await
            .unwrap();
    }
    async fn nodes(&self, workspace: WorkspaceId, instance: InstanceId) -> Vec<NodeRow> {
        self.store.node_instances(workspace, instance, None, 1_000).await.unwrap()
    }
    async fn incidents(&self, workspace: WorkspaceId, instance: InstanceId) -> Vec<IncidentRow> {
        self.store.incidents(workspace, instance).await.unwrap()
    }
    async fn logs(&self, workspace: WorkspaceId, instance: InstanceId) -> Vec<LogRow> {
        let lines = self.store.logs(workspace, instance, &LogFilter::default(), 1_000, None).await.unwrap();
        lines
            .into_iter()
            .map(|line| LogRow {
                number: line.number,
                node: line.node.into(),
                level: line.level.into(),
                message: line.message,
                at: line.at,
            })
            .collect()
    }
    async fn search(&self, workspace: WorkspaceId, instance: InstanceId) -> Vec<(String, String)> {
        self.store.search_values(workspace, instance).await.unwrap()
    }
}

mod memory {
    use super::*;
    heddle_engine::storage_conformance!(Memory(MemoryStorage::default()));
}

mod sqlite {
    use super::*;
    heddle_engine::storage_conformance!(common::sqlite().await);
}

mod postgres {
    use super::*;
    heddle_engine::storage_conformance!(common::postgres().await);
}
