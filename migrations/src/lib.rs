//! The schema, one change per file, each with its way back, for SQLite and PostgreSQL alike.
//!
//! A change that has been released is never edited: a new file follows it. Columns are added before the code that needs them and removed after
//! the code that used them, so that two releases can run side by side. What may not live here: queries (`heddle-store`).

mod change;
mod dialect;

pub use sea_orm_migration::MigratorTrait;
pub use sea_orm_migration::sea_orm::DbErr;

use sea_orm_migration::prelude::MigrationTrait;

macro_rules! changes {
    ($($module:ident),* $(,)?) => {
        $(mod $module;)*

        /// All changes, oldest first.
        fn all() -> Vec<Box<dyn MigrationTrait>> {
            vec![$(Box::new($module::CHANGE)),*]
        }
    };
}

changes! {
    m0001_workspace,
    m0002_user_account,
    m0003_role,
    m0004_workspace_member,
    m0005_session,
    m0006_signing_key,
    m0007_api_setting,
    m0008_audit_log,
    m0009_workflow,
    m0010_workflow_version,
    m0011_node,
    m0012_edge,
    m0013_workflow_instance,
    m0014_journal,
    m0015_snapshot,
    m0016_node_instance,
    m0017_search_value,
    m0018_job,
    m0019_timer,
    m0020_incident,
    m0021_inbox,
    m0022_server_node,
    m0023_shard_lease,
    m0024_idempotency_key,
    m0025_task_log,
    m0026_refuse,
}

/// Applies and takes back the changes.
#[derive(Debug, Clone, Copy)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        all()
    }
}
