//! `heddle apply FILE…`: each file's workflow is made, or gets a new version; the same content makes none.

use super::server::Server;
use crate::config::Config;
use anyhow::{Context, bail};
use clap::Args;
use heddle_api::error::{ProblemItem, Severity};
use heddle_api::params::{DefinitionFormat, DefinitionText};
use heddle_model::format::{Format, parse};
use heddle_model::limits::DEFINITION_BYTES;
use heddle_service::remote::{Remote, RemoteError};
use std::io::Read;

#[derive(Args)]
pub(super) struct Apply {
    /// Definitions in YAML or JSON; `-` is the standard input.
    #[arg(required = true)]
    files: Vec<String>,
    /// Only checks, and stores nothing.
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    server: Server,
}

pub(super) async fn run(config: Config, what: Apply) -> anyhow::Result<()> {
    // All are read before the first is sent: a name that is mistyped stops the whole.
    let sources: Vec<(String, DefinitionText)> =
        what.files.into_iter().map(|file| Ok((file.clone(), read(&file)?))).collect::<anyhow::Result<_>>()?;
    let remote = what.server.sign_in(&config).await?;
    let mut refused = 0;
    for (file, source) in &sources {
        if !one(&remote, file, source, what.check).await? {
            refused += 1;
        }
    }
    if refused > 0 {
        bail!("{refused} of {} files were refused", sources.len());
    }
    Ok(())
}

/// Whether the file was taken; prints what became of it.
async fn one(remote: &Remote, file: &str, source: &DefinitionText, check: bool) -> anyhow::Result<bool> {
    let name = parse(&source.text, Format::Auto).definition.map(|definition| definition.name);
    let name = name.filter(|name| !name.is_empty() && !check);
    let Some(name) = name else {
        let found = remote.validate(source).await?;
        print_all(file, &found.diagnostics);
        if found.valid {
            println!("{file}: valid");
        }
        return Ok(found.valid);
    };
    match remote.apply(&name, source).await {
        Ok(applied) => {
            let workflow = applied.workflow;
            print_all(file, &workflow.diagnostics);
            println!("{file}: {} {} v{} {}", applied.outcome, workflow.name, workflow.version, workflow.id);
            Ok(true)
        }
        Err(RemoteError::Refused(problem)) if problem.status == 422 => {
            print_all(file, &problem.errors);
            eprintln!("{file}: {}", problem.detail);
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

/// As compilers do it: editors find the place.
fn print_all(file: &str, problems: &[ProblemItem]) {
    for problem in problems {
        let severity = match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Hint => "hint",
        };
        let place = match (problem.line, problem.column) {
            (Some(line), Some(column)) => format!("{line}:{column}"),
            (Some(line), None) => line.to_string(),
            _ => problem.pointer.clone(),
        };
        eprintln!("{file}:{place}: {severity} {}: {}", problem.code, problem.message);
    }
}

fn read(file: &str) -> anyhow::Result<DefinitionText> {
    let limit = u64::try_from(DEFINITION_BYTES).unwrap_or(u64::MAX);
    let mut text = String::new();
    if file == "-" {
        std::io::stdin().take(limit + 1).read_to_string(&mut text).context("cannot read the standard input")?;
    } else {
        let opened = std::fs::File::open(file).with_context(|| format!("cannot read {file}"))?;
        opened.take(limit + 1).read_to_string(&mut text).with_context(|| format!("cannot read {file}"))?;
    }
    if text.len() > DEFINITION_BYTES {
        bail!("{file} is larger than {DEFINITION_BYTES} bytes");
    }
    let format = if text.trim_start().starts_with('{') { DefinitionFormat::Json } else { DefinitionFormat::Yaml };
    Ok(DefinitionText { format, text })
}
