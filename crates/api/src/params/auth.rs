//! Signing in and the first run.

use crate::lang::Lang;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Makes the first administrator, with the one-time token of the set-up link.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct SetUp {
    /// The token of the link.
    pub token: String,
    /// Name to sign in with, in any script.
    pub username: String,
    /// At least 15 characters.
    pub password: String,
    /// What others see; the user name where absent.
    pub display_name: Option<String>,
    /// Where to reach them.
    pub email: Option<String>,
    /// Their language.
    pub lang: Option<Lang>,
    /// Name of the workspace; `default` where absent.
    pub workspace: Option<String>,
}

/// Starts a browser session.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct SignIn {
    /// User name or e-mail.
    pub username: String,
    /// The password.
    pub password: String,
    /// Name or id of the workspace; the user's default one where absent.
    pub workspace: Option<String>,
}

/// The OAuth2 password grant, as form fields.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct PasswordGrant {
    /// `password`.
    pub grant_type: String,
    /// User name or e-mail.
    pub username: String,
    /// The password.
    pub password: String,
    /// Name or id of the workspace; the user's default one where absent.
    pub workspace: Option<String>,
}

// Written by hand: a password must not reach a log, not even by `{:?}`.
impl fmt::Debug for SetUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetUp").field("username", &self.username).finish_non_exhaustive()
    }
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn")
            .field("username", &self.username)
            .field("workspace", &self.workspace)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for PasswordGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordGrant")
            .field("username", &self.username)
            .field("workspace", &self.workspace)
            .finish_non_exhaustive()
    }
}
