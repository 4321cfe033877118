//! What a batch would do: each instance is asked by a dry run, nothing is changed.

use super::make::proven;
use crate::error::{Error, Result};
use crate::instances::preview;
use crate::service::Service;
use futures::StreamExt;
use heddle_api::RequestContext;
use heddle_api::params::PreviewBatch;
use heddle_api::view::{BatchPreview, NodeCount, PreviewView, RefusalCount};
use heddle_engine::kernel::Command;
use heddle_engine::runtime::{CommandRequest, EngineError};
use heddle_model::ids::{InstanceId, WorkspaceId};
use heddle_model::limits;
use std::collections::BTreeMap;

/// Counts by workflow and node.
type Nodes = BTreeMap<(String, String), u64>;

impl Service {
    /// Asks the first of the instances; all are counted.
    pub(crate) async fn preview_batch(&self, context: &RequestContext, params: PreviewBatch) -> Result<BatchPreview> {
        let (allowed, command) = proven(context, &params.wish)?;
        let instances = self.targets(allowed, &params.wish, context.lang).await?;
        let (workspace, actor) = (allowed.workspace(), allowed.actor());
        let total = instances.len() as u64;
        let asked = instances.into_iter().take(limits::BATCH_PREVIEWED);
        let answers = futures::stream::iter(asked)
            .map(|instance| self.ask(workspace, instance, (&command, &actor)))
            .buffer_unordered(limits::BATCH_AT_ONCE);
        let mut told = BatchPreview { total, ..BatchPreview::default() };
        let mut refusals: BTreeMap<&'static str, u64> = BTreeMap::new();
        let (mut runs, mut cancels, mut compensates) = (Nodes::new(), Nodes::new(), Nodes::new());
        let answers: Vec<_> = answers.collect().await;
        for answer in answers {
            told.previewed += 1;
            match answer {
                Ok((workflow, seen)) => {
                    told.would_succeed += 1;
                    add(&mut runs, &workflow, seen.runs);
                    add(&mut cancels, &workflow, seen.cancels);
                    add(&mut compensates, &workflow, seen.compensates);
                }
                Err(error) if error.0.code.status() >= 500 => return Err(error),
                Err(error) => {
                    told.would_be_refused += 1;
                    *refusals.entry(error.0.code.as_str()).or_default() += 1;
                }
            }
        }
        told.refusals =
            refusals.into_iter().map(|(code, count)| RefusalCount { code: code.to_owned(), count }).collect();
        (told.runs, told.cancels, told.compensates) = (list(runs), list(cancels), list(compensates));
        Ok(told)
    }

    async fn ask(
        &self,
        workspace: WorkspaceId,
        instance: InstanceId,
        (command, actor): (&Command, &str),
    ) -> Result<(String, PreviewView)> {
        let before = self.engine.load(workspace, instance).await?.ok_or(EngineError::NotFound)?;
        let request = CommandRequest {
            command: command.clone(),
            actor: actor.into(),
            expected_seq: None,
            dry_run: true,
            idempotency: None,
        };
        let after = self.engine.command(workspace, instance, request).await?;
        let seen = preview::preview(&before.plan, &before.state, &after);
        Ok::<_, Error>((before.plan.name.to_string(), seen))
    }
}

fn add(counts: &mut Nodes, workflow: &str, nodes: Vec<String>) {
    for node in nodes {
        *counts.entry((workflow.to_owned(), node)).or_default() += 1;
    }
}

fn list(counts: Nodes) -> Vec<NodeCount> {
    counts.into_iter().map(|((workflow, node_id), count)| NodeCount { workflow, node_id, count }).collect()
}
