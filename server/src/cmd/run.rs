//! `heddle run WORKFLOW`: starts an instance, waits for its end, prints its output. It fails when the instance did not complete.

use super::server::Server;
use crate::config::Config;
use anyhow::{Context, bail};
use clap::Args;
use heddle_api::params::StartInstance;
use heddle_api::view::InstanceStatus;
use heddle_model::ids::WorkflowId;
use serde_json::{Map, Value};
use std::time::Duration;

/// How often an instance is looked at.
const LOOK: Duration = Duration::from_millis(500);

#[derive(Args)]
pub(super) struct Run {
    /// Name or id of the workflow.
    workflow: String,
    /// The input as a JSON object; `@file` reads it from a file.
    #[arg(long, default_value = "{}")]
    input: String,
    /// Your own name for this instance.
    #[arg(long)]
    business_key: Option<String>,
    /// Number of the version [default: the latest].
    #[arg(long)]
    version_number: Option<u32>,
    /// Prints the id and does not wait.
    #[arg(long)]
    no_wait: bool,
    #[command(flatten)]
    server: Server,
}

pub(super) async fn run(config: Config, what: Run) -> anyhow::Result<()> {
    let input = input(&what.input)?;
    let remote = what.server.sign_in(&config).await?;
    let by_id = what.workflow.parse::<WorkflowId>().is_ok();
    let params = StartInstance {
        workflow_id: by_id.then(|| what.workflow.clone()),
        workflow: (!by_id).then(|| what.workflow.clone()),
        version: what.version_number,
        input,
        business_key: what.business_key,
        ..StartInstance::default()
    };
    let mut instance = remote.start(&params).await?;
    if what.no_wait {
        println!("{}", instance.id);
        return Ok(());
    }
    eprintln!("{} started", instance.id);
    while !instance.status.is_final() {
        tokio::time::sleep(LOOK).await;
        instance = remote.instance(instance.id).await?;
    }
    eprintln!("{} {}", instance.id, instance.status.as_str());
    if instance.status != InstanceStatus::Completed {
        let why = instance.error.map(|error| format!(": {} {}", error.code, error.message)).unwrap_or_default();
        bail!("{} did not complete{why}", instance.id);
    }
    println!("{:#}", instance.output.unwrap_or(Value::Null));
    Ok(())
}

fn input(text: &str) -> anyhow::Result<Map<String, Value>> {
    let text = match text.strip_prefix('@') {
        Some(file) => std::fs::read_to_string(file).with_context(|| format!("cannot read {file}"))?,
        None => text.to_owned(),
    };
    serde_json::from_str(&text).context("--input is not a JSON object")
}
