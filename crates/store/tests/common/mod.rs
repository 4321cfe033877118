//! Stores for tests: each on a database of its own, brought up to date.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used)]

use heddle_engine::storage::{Resolved, Storage, StorageError, Unit};
use heddle_model::ids::{AuditId, UserId, VersionId, WorkflowId, WorkspaceId, uuid_v7};
use heddle_store::query::{AuditRow, NewVersion, UserRow, VersionRow, WorkspaceRow};
use heddle_store::{ConnectOptions, Store};
use heddle_testkit::{Database, Postgres, TempSqlite};
use std::sync::atomic::{AtomicU64, Ordering};

/// A store and what it stands on.
pub struct Fixture {
    pub store: Store,
    pub sqlite: Option<TempSqlite>,
    pub postgres: Option<Database>,
}

impl Fixture {
    /// An id as this database's SQL writes it.
    pub fn id(&self, id: u128) -> String {
        match self.postgres {
            Some(_) => format!("'{id:032x}'"),
            None => format!("x'{id:032x}'"),
        }
    }

    /// Rows of a statement, on a connection beside the store's.
    pub async fn ask(&self, sql: &str) -> Vec<sea_orm::QueryResult> {
        use sea_orm::{ConnectionTrait, Database, Statement};
        let url = self.postgres.as_ref().map_or_else(|| self.sqlite.as_ref().unwrap().url(), |it| it.url.clone());
        let db = Database::connect(url).await.unwrap();
        let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
        db.close().await.unwrap();
        rows
    }
}

/// The number of an instance's last event.
pub async fn last_event(store: &Store, of: &Unit) -> Result<Option<u64>, StorageError> {
    let rows = store.journal(of.workspace, of.instance, 0, u32::MAX).await?;
    Ok(rows.last().map(|row| row.first_seq + u64::from(row.count) - 1))
}

pub async fn open(url: &str) -> Store {
    let store = Store::connect(&ConnectOptions { url: url.to_owned(), max_connections: None }).await.unwrap();
    store.migrate().await.unwrap();
    store
}

pub async fn sqlite() -> Fixture {
    let file = TempSqlite::new().unwrap();
    Fixture { store: open(&file.url()).await, sqlite: Some(file), postgres: None }
}

pub async fn postgres() -> Fixture {
    let database = Postgres::shared().unwrap().database().unwrap();
    Fixture { store: open(&database.url).await, sqlite: None, postgres: Some(database) }
}

pub const AT: i64 = 1_763_800_000_000;

pub fn fresh() -> u128 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    uuid_v7(AT as u64, u128::from(NEXT.fetch_add(1, Ordering::Relaxed)) * 0x9e37_79b9_7f4a_7c15)
}

pub fn audit(workspace: Option<WorkspaceId>, action: &str) -> AuditRow {
    AuditRow {
        id: AuditId::from_u128(fresh()),
        workspace,
        at: AT,
        actor: "system".to_owned(),
        action: action.to_owned(),
        target: String::new(),
        details: "{}".to_owned(),
        address: None,
        request: "req_test".to_owned(),
    }
}

pub fn workspace(name: &str) -> WorkspaceRow {
    WorkspaceRow { id: WorkspaceId::from_u128(fresh()), name: name.to_owned(), created_at: AT }
}

pub fn user(name: &str, home: WorkspaceId) -> UserRow {
    UserRow {
        id: UserId::from_u128(fresh()),
        username: name.to_owned(),
        username_key: name.to_lowercase(),
        display_name: format!("{name} 先生"),
        email: Some(format!("{}@example.org", name.to_lowercase())),
        password_hash: Some("$argon2id$…".to_owned()),
        lang: None,
        default_workspace: home,
        disabled: false,
        auth_epoch: 0,
        failures: 0,
        locked_until: None,
        created_at: AT,
    }
}

pub fn version(workspace: WorkspaceId, workflow: WorkflowId, number: u32, by: &str) -> NewVersion {
    let version = VersionRow {
        id: VersionId::from_u128(fresh()),
        workspace,
        workflow,
        number,
        label: Some("\"1.0\"".to_owned()),
        definition: format!("{{\"number\":{number}}}"),
        source: "name: x".to_owned(),
        source_format: "yaml".to_owned(),
        content_hash: [number as u8; 32],
        created_at: AT + i64::from(number),
        created_by: by.to_owned(),
        created_by_name: None,
    };
    NewVersion { version, description: None, tags: Vec::new(), nodes: Vec::new(), edges: Vec::new() }
}

/// A workflow with so many versions; gives them, the oldest first.
pub async fn workflow_of(store: &Store, workspace: WorkspaceId, name: &str, count: u32) -> Vec<Resolved> {
    let workflow = WorkflowId::from_u128(fresh());
    let mut versions = Vec::new();
    for number in 1..=count {
        let new = version(workspace, workflow, number, "system");
        versions.push(Resolved { workflow, version: new.version.id, version_number: number });
        let entry = audit(Some(workspace), "workflow.publish");
        if number == 1 {
            store.workflow_create(workspace, workflow, name, new, entry).await.unwrap();
        } else {
            store.version_add(workspace, workflow, number - 1, new, entry).await.unwrap();
        }
    }
    versions
}

/// Makes a test of each function, on SQLite and on PostgreSQL.
#[macro_export]
macro_rules! on_both {
    ($($property:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)] async fn $property() { super::$property(&super::common::sqlite().await).await; })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)] async fn $property() { super::$property(&super::common::postgres().await).await; })*
        }
    };
}
