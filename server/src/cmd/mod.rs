//! The command line. One file per command; what is not finished is not offered.

mod admin;
mod apply;
mod backup;
mod migrate;
mod prune;
mod restore;
mod run;
mod serve;
mod server;
mod sqlite;
mod verify;

use crate::config::{Config, Flags};
use crate::telemetry;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Heddle: draw a workflow, run it durably, watch it live.
#[derive(Parser)]
#[command(name = "heddle", version, about, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves the pages, the API and the sockets, and runs workflows.
    Serve,
    /// Brings the database's schema up to date and ends.
    Migrate,
    /// Reads the whole database and tells what does not fit: audit chains, journals, derived rows. Ends with 2 where something does not.
    Verify,
    /// Deletes ended instances whose time is over and ends; servers do it every minute by themselves.
    Prune,
    /// Copies the SQLite database while it is in use. (Postgres has tools of its own.)
    Backup(backup::Backup),
    /// Puts a copy made by `backup` in the place of the SQLite database, while no server runs on it.
    Restore(restore::Restore),
    /// Makes workflows on a running server from their files, or new versions of them.
    Apply(apply::Apply),
    /// Starts an instance on a running server, waits for its end and prints its output.
    Run(run::Run),
    /// Makes workspaces and accounts.
    Admin {
        #[command(subcommand)]
        what: admin::Admin,
    },
}

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    // The process of one script: before settings, logs and threads, so that there is nothing in it to find.
    if std::env::args_os().nth(1).is_some_and(|first| first == heddle_tasks::script::CHILD) {
        return heddle_tasks::script::child();
    }
    let cli = Cli::parse();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Before logging stands, and for people at a terminal: the whole chain of causes on one line each.
            eprintln!("heddle: {error}");
            for cause in error.chain().skip(1) {
                eprintln!("  because: {cause}");
            }
            if error.is::<verify::Damaged>() { ExitCode::from(DAMAGED) } else { ExitCode::FAILURE }
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    let config = Config::load(cli.flags)?;
    telemetry::start(&config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(STACK).build()?;
    runtime.block_on(async {
        match cli.command {
            Command::Serve => serve::run(config).await,
            Command::Migrate => migrate::run(config).await,
            Command::Verify => verify::run(config).await,
            Command::Prune => prune::run(config).await,
            Command::Backup(what) => backup::run(config, what).await,
            Command::Restore(what) => restore::run(config, what).await,
            Command::Apply(what) => apply::run(config, what).await,
            Command::Run(what) => run::run(config, what).await,
            Command::Admin { what } => admin::run(config, what).await,
        }
    })
}

/// Exit code of `verify` where it has found damage.
const DAMAGED: u8 = 2;

/// Stack of a worker thread: rendering pages and reading deep documents recurse.
const STACK: usize = 8 * 1024 * 1024;
