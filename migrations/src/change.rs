//! One change of the schema: its statements forth and back, in the dialect-neutral SQL of `dialect`.

use crate::dialect;
use sea_orm_migration::prelude::*;

/// A change. Both ways run inside one transaction, on both databases.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change {
    pub(crate) name: &'static str,
    pub(crate) up: &'static [&'static str],
    pub(crate) down: &'static [&'static str],
}

impl MigrationName for Change {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Change {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, self.up).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, self.down).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    let backend = manager.get_database_backend();
    for sql in statements.iter().filter_map(|statement| dialect::render(statement, backend)) {
        manager.get_connection().execute_unprepared(&sql).await?;
    }
    Ok(())
}
