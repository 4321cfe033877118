//! Logging: structured, to the standard error, text for people or JSON for programs.

use crate::config::{Config, LogFormat};
use anyhow::Context;
use tracing_subscriber::EnvFilter;

/// Begins to log.
pub(crate) fn start(config: &Config) -> anyhow::Result<()> {
    // What is set stands after what is quiet, and so wins where it names the same.
    let filter = EnvFilter::try_new(format!("{QUIET},{}", config.log))
        .with_context(|| format!("HEDDLE_LOG `{}` cannot be read", config.log))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match config.log_format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("logging cannot begin: {error}"))
}

/// Libraries that tell every step of theirs as if it were news. A filter that names them hears them.
const QUIET: &str = "sea_orm_migration=warn";
