//! `email`: sends a mail through a server that an operator has named. The sender is the operator's; recipients, subject and text are
//! the author's, and none of them can become a header of its own.

mod account;
mod error;
mod message;

pub use account::{Account, AccountConfig, AccountError, Encryption};
pub use error::*;

use crate::config::{info, is_open_to, read, until_cancelled};
use async_trait::async_trait;
use heddle_engine::tasks::{ErrorClass, Task, TaskError, TaskInfo, TaskOutput, TaskType};
use heddle_model::limits;
use heddle_model::value::json;
use lettre::AsyncTransport;
use message::EmailTask;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The account of a task that names none.
const DEFAULT: &str = "default";

/// The operator's settings of the `email` task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EmailConfig {
    /// The accounts that mails are sent from; a task that names none uses `default`. None: `email` is off.
    pub accounts: BTreeMap<String, AccountConfig>,
    /// Mails that may be on their way at a time; absent: `limits::EMAIL_SLOTS`.
    pub slots: Option<usize>,
}

/// The `email` task.
pub struct Email {
    accounts: BTreeMap<String, Account>,
    slots: usize,
}

impl Email {
    /// The task with an operator's settings.
    ///
    /// # Errors
    /// An account that cannot be understood, or that would send its password in plain text.
    pub fn new(config: &EmailConfig) -> Result<Self, AccountError> {
        let account = |(name, config): (&String, &AccountConfig)| Ok((name.clone(), Account::new(name, config)?));
        let accounts = config.accounts.iter().map(account).collect::<Result<_, _>>()?;
        Ok(Self { accounts, slots: config.slots.unwrap_or(limits::EMAIL_SLOTS).max(1) })
    }

    async fn call(&self, task: &Task) -> Result<TaskOutput, TaskError> {
        let config: EmailTask = read(&task.input)?;
        let name = config.account.as_deref().unwrap_or(DEFAULT);
        // One answer for an account that is missing and for one that is not for this workspace.
        let account = self.accounts.get(name).filter(|account| is_open_to(&account.workspaces, task.workspace));
        let account = account.ok_or_else(|| {
            let message =
                format!("there is no mail account `{name}`; an operator names one as `[tasks.email.accounts.{name}]`");
            TaskError::new(ErrorClass::Business, EMAIL_NO_ACCOUNT, message).permanent()
        })?;
        let id = message::id(&task.key, &account.from);
        let mail = message::message(&config, account, &id)?;
        let recipients: Vec<String> = mail.envelope().to().iter().map(ToString::to_string).collect();
        let answer = account.transport.send(mail).await.map_err(|error| error::failed(&error))?;
        let said = answer.message().collect::<Vec<_>>().join(" ");
        let said: String = said.chars().take(limits::EMAIL_ANSWER_CHARS).collect();
        Ok(TaskOutput::value(json!({ "message_id": id, "recipients": recipients, "answer": said })))
    }
}

#[async_trait]
impl TaskType for Email {
    fn info(&self) -> TaskInfo {
        info("email")
    }

    fn slots(&self) -> Option<usize> {
        Some(self.slots)
    }

    async fn execute(&self, task: Task) -> Result<TaskOutput, TaskError> {
        until_cancelled(&task, self.call(&task)).await
    }
}
