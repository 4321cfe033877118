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
    m0006_api_setting,
    m0007_audit_log,
    m0008_workflow,
    m0009_workflow_version,
    m0010_node,
    m0011_edge,
    m0012_workflow_instance,
    m0013_journal,
    m0014_snapshot,
    m0015_node_instance,
    m0016_search_value,
    m0017_job,
    m0018_timer,
    m0019_incident,
    m0020_inbox,
    m0021_server_node,
    m0022_shard_lease,
    m0023_idempotency_key,
    m0024_task_log,
    m0025_refuse,
    m0026_inbox_parcels,
    m0027_mailbox,
    m0028_permit,
    m0029_instance_parent,
    m0030_incident_lists,
    m0031_batch,
    m0040_pause,
    m0041_human_task,
    m0042_key_permit,
    m0045_retention,
    m0046_vacuum,
    m0050_node_tally,
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
