//! The mail accounts of the operator's settings: where to, how encrypted, as whom, and to whom.

use crate::secret::Secret;
use heddle_model::ids::WorkspaceId;
use heddle_model::limits;
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// One mail account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountConfig {
    /// The mail server's name.
    pub host: String,
    /// Its port; absent: 587 for `starttls`, 465 for `tls`, 25 for `none`.
    pub port: Option<u16>,
    /// How the connection is encrypted.
    #[serde(default)]
    pub encryption: Encryption,
    /// Who signs in; absent: nobody does.
    pub username: Option<String>,
    /// The password of `username`.
    pub password: Option<Secret>,
    /// The sender of every mail: `orders@example.com` or `Orders <orders@example.com>`.
    pub from: String,
    /// Domains (`example.com`) and addresses (`a@example.org`) that mails may go to; none named: everywhere.
    #[serde(default)]
    pub recipients: Vec<String>,
    /// Workspaces whose workflows may use it; none named: all.
    #[serde(default)]
    pub workspaces: Vec<WorkspaceId>,
}

/// How a connection to a mail server is encrypted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encryption {
    /// Begins in plain text and changes to TLS before anything is said; a server that cannot is refused.
    #[default]
    Starttls,
    /// TLS from the first byte.
    Tls,
    /// None; without a sign-in, or on this machine only.
    None,
}

/// An account that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// The sender is no address.
    #[error(
        "the mail account `{0}` has a `from` that is not an address such as orders@example.com or Orders <orders@example.com>"
    )]
    From(String),
    /// Half of a sign-in.
    #[error("the mail account `{0}` has only one of `username` and `password`; set both or none")]
    SignIn(String),
    /// A password in plain text over a network.
    #[error("the mail account `{0}` would send its password in plain text; set `encryption` to starttls or tls")]
    Plain(String),
    /// The server's name is none, or the certificates of the system cannot be read.
    #[error("the mail account `{0}` cannot use TLS with this `host`: {1}")]
    Tls(String, String),
}

/// An account that is ready to send.
pub struct Account {
    pub(super) transport: AsyncSmtpTransport<Tokio1Executor>,
    pub(super) from: Mailbox,
    pub(super) workspaces: Vec<WorkspaceId>,
    recipients: Vec<String>,
}

impl Account {
    pub(super) fn new(name: &str, config: &AccountConfig) -> Result<Self, AccountError> {
        let from: Mailbox = config.from.parse().map_err(|_| AccountError::From(name.to_owned()))?;
        let local = matches!(config.host.as_str(), "localhost" | "127.0.0.1" | "::1");
        let tls = || {
            TlsParameters::new(config.host.clone())
                .map_err(|error| AccountError::Tls(name.to_owned(), error.to_string()))
        };
        let (tls, port) = match config.encryption {
            Encryption::Starttls => (Tls::Required(tls()?), 587),
            Encryption::Tls => (Tls::Wrapper(tls()?), 465),
            Encryption::None => (Tls::None, 25),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&config.host)
            .port(config.port.unwrap_or(port))
            .tls(tls)
            // The sender's domain: the machine's own name is nobody's business.
            .hello_name(ClientId::Domain(from.email.domain().to_owned()))
            .timeout(Some(Duration::from_millis(limits::EMAIL_ANSWER_MS)));
        match (&config.username, &config.password) {
            (Some(_), Some(_)) if config.encryption == Encryption::None && !local => {
                return Err(AccountError::Plain(name.to_owned()));
            }
            (Some(user), Some(password)) => {
                builder = builder.credentials(Credentials::new(user.clone(), password.reveal().to_owned()));
            }
            (None, None) => {}
            _ => return Err(AccountError::SignIn(name.to_owned())),
        }
        let recipients = config.recipients.iter().map(|entry| entry.to_lowercase()).collect();
        Ok(Self { transport: builder.build(), from, workspaces: config.workspaces.clone(), recipients })
    }

    /// Whether the operator lets mails go to this address.
    pub(super) fn may_reach(&self, to: &Mailbox) -> bool {
        let (domain, whole) = (to.email.domain().to_lowercase(), to.email.to_string().to_lowercase());
        self.recipients.is_empty() || self.recipients.iter().any(|entry| *entry == domain || *entry == whole)
    }
}
