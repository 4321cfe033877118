//! Versions.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "workflow_version")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub workflow_id: Uuid,
    pub number: i64,
    pub label: Option<String>,
    pub definition: String,
    pub source: String,
    pub source_format: String,
    pub content_hash: Vec<u8>,
    pub created_by: String,
    pub created_at: i64,
}

/// Rows are joined by hand, with the workspace in every condition.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
