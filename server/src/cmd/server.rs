//! How the commands that talk to a running server find it and sign in.

use crate::cmd::admin::read_password;
use crate::config::Config;
use anyhow::{Context, bail};
use clap::Args;
use heddle_service::remote::{Caller, Remote};

#[derive(Args)]
pub(super) struct Server {
    /// Address of the server [default: the address to listen on].
    #[arg(long, env = "HEDDLE_URL")]
    url: Option<String>,
    /// A bearer token, in place of a name and a password.
    #[arg(long, env = "HEDDLE_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Name to sign in with.
    #[arg(long, env = "HEDDLE_USER")]
    user: Option<String>,
    /// The password. A variable and not a flag's value: the command line is for everybody to see.
    #[arg(long, env = "HEDDLE_USER_PASSWORD", hide_env_values = true)]
    password: Option<String>,
    /// Reads the password from the standard input.
    #[arg(long)]
    password_stdin: bool,
    /// Name or id of the workspace [default: the user's own].
    #[arg(long, env = "HEDDLE_WORKSPACE")]
    workspace: Option<String>,
    /// Sends the password or the token over plain HTTP to another machine.
    #[arg(long)]
    allow_plain_http: bool,
}

impl Server {
    /// Signs in.
    pub(super) async fn sign_in(self, config: &Config) -> anyhow::Result<Remote> {
        let caller = match (self.token, self.user) {
            (Some(token), _) => Caller::Token(token),
            (None, Some(user)) => {
                let password = if self.password_stdin { Some(read_password()?) } else { self.password };
                let password =
                    password.context("the password is missing: set HEDDLE_USER_PASSWORD or use --password-stdin")?;
                Caller::Password { user, password, workspace: self.workspace }
            }
            (None, None) => bail!("who are you? Set HEDDLE_TOKEN, or HEDDLE_USER and HEDDLE_USER_PASSWORD"),
        };
        let url = self.url.unwrap_or_else(|| format!("http://{}", config.listen));
        Ok(Remote::sign_in(&url, caller, self.allow_plain_http).await?)
    }
}
