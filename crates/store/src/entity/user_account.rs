//! People who sign in.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "user_account")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub username: String,
    pub username_key: String,
    pub display_name: String,
    pub email: Option<String>,
    pub password_hash: Option<String>,
    pub lang: Option<String>,
    pub default_workspace_id: Uuid,
    pub disabled: bool,
    pub auth_epoch: i64,
    pub failures: i64,
    pub locked_until: Option<i64>,
    pub created_at: i64,
}

/// Rows are joined by hand, with the workspace in every condition.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
