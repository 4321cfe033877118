//! The built-in task types, one file each.
//!
//! What a task may be set to is written once, as JSON schemas in `heddle_model::validate`; what it does is written here.
//! What may not live here: anything that knows instances, storage or the cluster.

mod config;
mod delay;
mod echo;
pub mod email;
mod error;
pub mod http;
mod log;
mod process;
mod publish;
pub mod script;
mod secret;
pub mod shell;
pub mod sql;
mod transform;

pub use delay::Delay;
pub use echo::Echo;
pub use email::{Email, EmailConfig};
pub use error::RaiseError;
pub use http::{Http, HttpConfig};
pub use log::Log;
pub use publish::Publish;
pub use script::{Script, ScriptConfig};
pub use secret::Secret;
pub use shell::{Shell, ShellConfig};
pub use sql::{Sql, SqlConfig};
pub use transform::Transform;

use heddle_engine::tasks::{Registry, RegistryError};
use serde::{Deserialize, Serialize};

/// What the operator sets about task types.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TasksConfig {
    /// The `http` task.
    pub http: HttpConfig,
    /// The `email` task.
    pub email: EmailConfig,
    /// The `script` task.
    pub script: ScriptConfig,
    /// The `shell` task.
    pub shell: ShellConfig,
    /// The `sql` task.
    pub sql: SqlConfig,
}

/// Why the task types could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A name is taken.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The operator's settings of `http` cannot be understood.
    #[error(transparent)]
    Http(#[from] http::AllowError),
    /// A data source of `sql` cannot be understood.
    #[error(transparent)]
    Sql(#[from] sql::SourceError),
    /// An account of `email` cannot be used.
    #[error(transparent)]
    Email(#[from] email::AccountError),
}

/// Registers every built-in task type.
///
/// # Errors
/// A name that is registered already, or settings that cannot be understood.
pub fn register_all(registry: &mut Registry, config: &TasksConfig) -> Result<(), SetupError> {
    registry.register(Echo)?;
    registry.register_pure(Log)?;
    registry.register_pure(Transform)?;
    registry.register_pure(RaiseError)?;
    registry.register_timer(Delay)?;
    registry.register_send(Publish)?;
    registry.register(Http::new(&config.http)?)?;
    registry.register(Script::new(&config.script))?;
    registry.register(Shell::new(&config.shell))?;
    registry.register(Sql::new(&config.sql)?)?;
    registry.register(Email::new(&config.email)?)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_registry_holds_what_the_model_knows() {
        let mut registry = Registry::default();
        register_all(&mut registry, &TasksConfig::default()).unwrap();
        let infos = registry.infos();
        for builtin in heddle_model::validate::BUILTIN {
            let info = infos.iter().find(|info| info.name == builtin.name).unwrap();
            assert_eq!((info.aliases, &info.schema), (builtin.aliases, &builtin.schema_value()), "{}", builtin.name);
        }
        assert_eq!(infos.len(), heddle_model::validate::BUILTIN.len());
        for builtin in heddle_model::validate::BUILTIN {
            assert_eq!(registry.is_pure(builtin.name), builtin.pure, "{}", builtin.name);
        }
        assert!(!registry.is_pure("echo"), "it stands for tasks that act, so it is dispatched");
        assert!(register_all(&mut registry, &TasksConfig::default()).is_err(), "a second registration is refused");
    }
}
