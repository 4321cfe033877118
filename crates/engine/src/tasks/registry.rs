//! The registry: task types by name. Filled once at start, read by the planner, the kernel and the pool.

use super::{PureTask, SendTask, TaskInfo, TaskType, TimerTask};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A name was registered twice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the task type `{0}` is registered twice")]
pub struct RegistryError(String);

/// One registered type.
#[derive(Clone)]
pub(crate) enum Registered {
    /// Acts.
    Active(Arc<dyn TaskType>),
    /// Computes.
    Pure(Arc<dyn PureTask>),
    /// Waits.
    Timer(Arc<dyn TimerTask>),
    /// Sends.
    Send(Arc<dyn SendTask>),
}

/// Task types by name.
#[derive(Clone, Default)]
pub struct Registry {
    types: BTreeMap<&'static str, Registered>,
}

impl Registry {
    /// Registers a type that acts.
    pub fn register(&mut self, task: impl TaskType) -> Result<(), RegistryError> {
        let info = task.info();
        self.insert(&info, Registered::Active(Arc::new(task)))
    }

    /// Registers a type that only computes.
    pub fn register_pure(&mut self, task: impl PureTask) -> Result<(), RegistryError> {
        let info = task.info();
        self.insert(&info, Registered::Pure(Arc::new(task)))
    }

    /// Registers a type that only waits.
    pub fn register_timer(&mut self, task: impl TimerTask) -> Result<(), RegistryError> {
        let info = task.info();
        self.insert(&info, Registered::Timer(Arc::new(task)))
    }

    /// Registers a type that only sends.
    pub fn register_send(&mut self, task: impl SendTask) -> Result<(), RegistryError> {
        let info = task.info();
        self.insert(&info, Registered::Send(Arc::new(task)))
    }

    fn insert(&mut self, info: &TaskInfo, registered: Registered) -> Result<(), RegistryError> {
        for name in std::iter::once(&info.name).chain(info.aliases) {
            if self.types.insert(name, registered.clone()).is_some() {
                return Err(RegistryError((*name).to_owned()));
            }
        }
        Ok(())
    }

    /// The type of this name or alias.
    pub(crate) fn get(&self, name: &str) -> Option<&Registered> {
        self.types.get(name)
    }

    /// Whether this type only computes: it runs inside the commit.
    pub fn is_pure(&self, name: &str) -> bool {
        matches!(self.get(name), Some(Registered::Pure(_)))
    }

    /// All types, by name; aliases are not repeated.
    pub fn infos(&self) -> Vec<TaskInfo> {
        self.types
            .iter()
            .map(|(name, registered)| (name, registered.info()))
            .filter(|(name, info)| **name == info.name)
            .map(|(_, info)| info)
            .collect()
    }
}

impl Registered {
    /// Name, schema, limits.
    pub(crate) fn info(&self) -> TaskInfo {
        match self {
            Self::Active(task) => task.info(),
            Self::Pure(task) => task.info(),
            Self::Timer(task) => task.info(),
            Self::Send(task) => task.info(),
        }
    }
}
