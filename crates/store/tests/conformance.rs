//! The engine's own suite for storages, on memory, SQLite and PostgreSQL: all three behave the same.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod common;

use async_trait::async_trait;
use common::Fixture;
use heddle_engine::storage::conformance::Subject;
use heddle_engine::storage::memory::MemoryStorage;
use heddle_engine::storage::{HumanRow, IncidentRow, LogRow, NodeRow, Resolved, Storage};
use heddle_model::ids::{InstanceId, VersionId, WorkflowId, WorkspaceId};
use heddle_model::lifecycle::HumanTaskStatus;
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
    async fn tally(&self, workspace: WorkspaceId, workflow: WorkflowId) -> Vec<(Arc<str>, (u64, u64, i64))> {
        self.0.tally(workspace, workflow)
    }
    async fn head(&self, _: WorkspaceId, instance: InstanceId) -> (u64, String) {
        let head = self.0.head(instance).unwrap();
        (head.seq, head.status.to_owned())
    }
    async fn incidents(&self, _: WorkspaceId, instance: InstanceId) -> Vec<IncidentRow> {
        self.0.incident_rows(instance)
    }
    async fn people(&self, workspace: WorkspaceId, instance: InstanceId) -> Vec<HumanRow> {
        self.0.human_rows(workspace, instance)
    }
    async fn logs(&self, _: WorkspaceId, instance: InstanceId) -> Vec<LogRow> {
        self.0.log_rows(instance)
    }
    async fn search(&self, _: WorkspaceId, instance: InstanceId) -> Vec<(String, String)> {
        self.0.search_values(instance).into_iter().map(|(name, value)| (name.to_string(), value)).collect()
    }
    async fn versions(&self, workspace: WorkspaceId, name: &str, count: u32) -> Vec<Resolved> {
        let workflow = WorkflowId::from_u128(common::fresh());
        let version =
            |version_number| Resolved { workflow, version: VersionId::from_u128(common::fresh()), version_number };
        let versions: Vec<Resolved> = (1..=count).map(version).collect();
        versions.iter().for_each(|version| self.0.name(workspace, name, version.clone()));
        versions
    }
    async fn kept(&self, workspace: WorkspaceId) -> usize {
        self.0.kept(workspace)
    }
    async fn end_lease(&self, server_name: &str) {
        self.0.end_lease(server_name);
    }
    fn is_shared(&self) -> bool {
        true
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
    async fn tally(&self, workspace: WorkspaceId, workflow: WorkflowId) -> Vec<(Arc<str>, (u64, u64, i64))> {
        let (workspace, workflow) = (self.id(workspace.as_u128()), self.id(workflow.as_u128()));
        let rows = self
            .ask(&format!(
                "SELECT node_id, CAST(sum(completed) AS BIGINT) AS completed, CAST(sum(failed) AS BIGINT) AS failed, \
                 CAST(sum(took_ms) AS BIGINT) AS took_ms FROM node_tally WHERE workspace_id = {workspace} AND workflow_id = {workflow} \
                 GROUP BY node_id"
            ))
            .await;
        let number = |row: &sea_orm::QueryResult, column| row.try_get::<i64>("", column).unwrap();
        let tally = |row| (number(row, "completed") as u64, number(row, "failed") as u64, number(row, "took_ms"));
        rows.iter().map(|row| (row.try_get::<String>("", "node_id").unwrap().into(), tally(row))).collect()
    }
    async fn head(&self, workspace: WorkspaceId, instance: InstanceId) -> (u64, String) {
        let (workspace, instance) = (self.id(workspace.as_u128()), self.id(instance.as_u128()));
        let sql =
            format!("SELECT seq, status FROM workflow_instance WHERE workspace_id = {workspace} AND id = {instance}");
        let row = self.ask(&sql).await.remove(0);
        (row.try_get::<i64>("", "seq").unwrap() as u64, row.try_get("", "status").unwrap())
    }
    async fn incidents(&self, workspace: WorkspaceId, instance: InstanceId) -> Vec<IncidentRow> {
        self.store.incidents(workspace, instance).await.unwrap()
    }
    async fn people(&self, workspace: WorkspaceId, instance: InstanceId) -> Vec<HumanRow> {
        let literal = |id: u128| if self.postgres.is_some() { format!("'{id:032x}'") } else { format!("x'{id:032x}'") };
        let mut found = Vec::new();
        let of = format!(
            "workspace_id = {} AND instance_id = {}",
            literal(workspace.as_u128()),
            literal(instance.as_u128())
        );
        for number in self.ask(&format!("SELECT number FROM human_task WHERE {of} ORDER BY number")).await {
            let id = instance.human_task(number.try_get::<i32>("", "number").unwrap() as u32);
            let task = self.store.human_task(workspace, id).await.unwrap().unwrap();
            let of = format!("workspace_id = {} AND id = {}", literal(workspace.as_u128()), literal(id.as_u128()));
            let offers = self.ask(&format!("SELECT who FROM human_task_offer WHERE {of} ORDER BY who")).await;
            let word = |status: &str| HumanTaskStatus::ALL.iter().find(|it| it.as_str() == status).unwrap().as_str();
            found.push(HumanRow {
                number: task.row.number,
                workflow: task.row.workflow,
                node: task.row.node.into(),
                status: word(&task.row.status),
                held: task.row.held,
                title: task.row.title,
                assignee: task.row.assignee.map(Into::into),
                offers: offers.iter().map(|row| row.try_get::<String>("", "who").unwrap().into()).collect(),
                asked_at: task.row.asked_at,
                updated_at: task.row.updated_at,
                due: task.row.due,
                escalated_at: task.row.escalated_at,
                ended_at: task.row.ended_at,
                config: task.config,
                draft: task.draft,
                output: task.output,
            });
        }
        found
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
    async fn versions(&self, workspace: WorkspaceId, name: &str, count: u32) -> Vec<Resolved> {
        let row = heddle_store::query::WorkspaceRow { id: workspace, ..common::workspace(name) };
        self.store.workspace_insert(row, common::audit(Some(workspace), "workspace.create")).await.unwrap();
        common::workflow_of(&self.store, workspace, name, count).await
    }
    async fn kept(&self, workspace: WorkspaceId) -> usize {
        let id = self.id(workspace.as_u128());
        let rows = self.ask(&format!("SELECT count(*) AS n FROM message WHERE workspace_id = {id}")).await;
        rows[0].try_get::<i64>("", "n").unwrap() as usize
    }
    async fn end_lease(&self, server_name: &str) {
        self.ask(&format!("UPDATE server_node SET lease_until = 1 WHERE name = '{server_name}' RETURNING name")).await;
    }
    fn is_shared(&self) -> bool {
        self.postgres.is_some()
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
