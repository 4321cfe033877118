//! `heddle admin workspace add` and `heddle admin user add`.

use crate::config::Config;
use crate::wire;
use anyhow::Context;
use clap::Subcommand;
use heddle_api::Role;
use heddle_service::users::{Accounts, NewUser};
use std::io::Read;

#[derive(Subcommand)]
pub(super) enum Admin {
    /// Workspaces: what isolates data.
    Workspace {
        #[command(subcommand)]
        what: Workspace,
    },
    /// People and programs that sign in.
    User {
        #[command(subcommand)]
        what: User,
    },
}

#[derive(Subcommand)]
pub(super) enum Workspace {
    /// Makes a workspace.
    Add {
        /// Its name, in any script.
        name: String,
    },
}

#[derive(Subcommand)]
pub(super) enum User {
    /// Makes an account in a workspace, or brings an existing one into it.
    Add {
        /// Name to sign in with, in any script.
        name: String,
        /// Name of the workspace.
        #[arg(long)]
        workspace: String,
        /// owner, admin, developer, operator, task-worker, viewer or auditor.
        #[arg(long)]
        role: Role,
        /// Reads the password from the standard input. Without this and without HEDDLE_USER_PASSWORD one is drawn and printed.
        #[arg(long)]
        password_stdin: bool,
        /// The password. A variable and not a flag's value: the command line is for everybody to see.
        #[arg(long, env = "HEDDLE_USER_PASSWORD", hide_env_values = true)]
        password: Option<String>,
    },
}

pub(super) async fn run(config: Config, what: Admin) -> anyhow::Result<()> {
    let store = wire::connect(&config).await?;
    store.migrate().await?;
    let accounts = Accounts::new(store.clone())?;
    match what {
        Admin::Workspace { what: Workspace::Add { name } } => {
            let id = accounts.add_workspace(&name).await?;
            println!("workspace {name}\nid {id}");
        }
        Admin::User { what: User::Add { name, workspace, role, password_stdin, password } } => {
            let password = if password_stdin { Some(read_password()?) } else { password };
            let added = accounts
                .add_user(NewUser { username: name.clone(), password, workspace: workspace.clone(), role })
                .await?;
            println!("user {name}\nid {}\nworkspace {workspace}\nrole {role}", added.id);
            if added.existed {
                println!("the account was there already; its password is unchanged");
            }
            if let Some(password) = added.drawn_password {
                println!("password {password}");
            }
        }
    }
    store.close().await;
    Ok(())
}

pub(super) fn read_password() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin()
        .take(4096)
        .read_to_string(&mut text)
        .context("cannot read the password from the standard input")?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
