//! What a batch would do: each instance is asked by a dry run, nothing is changed.

use super::make::proven;
use crate::error::Result;
use crate::instances::{action, preview};
use crate::service::Service;
use futures::StreamExt;
use heddle_api::params::{BatchWish, PreviewBatch};
use heddle_api::view::{BatchPreview, NodeCount, PreviewView, RefusalCount};
use heddle_api::{Lang, RequestContext};
use heddle_engine::runtime::CommandRequest;
use heddle_model::ids::{InstanceId, WorkspaceId};
use heddle_model::limits;
use std::collections::BTreeMap;

/// Counts by workflow and node.
type Nodes = BTreeMap<(String, String), u64>;

impl Service {
    /// Asks the first of the instances; all are counted.
    pub(crate) async fn preview_batch(&self, context: &RequestContext, params: PreviewBatch) -> Result<BatchPreview> {
        let allowed = proven(context, &params.wish)?;
        let instances = self.targets(allowed, &params.wish, context.lang).await?;
        let (workspace, actor) = (allowed.workspace(), allowed.actor());
        let total = instances.len() as u64;
        let asked = instances.into_iter().take(limits::BATCH_PREVIEWED);
        let answers = futures::stream::iter(asked)
            .map(|instance| self.ask(workspace, instance, (&params.wish, &actor)))
            .buffer_unordered(limits::BATCH_AT_ONCE);
        let mut told = BatchPreview { total, ..BatchPreview::default() };
        let mut refusals: BTreeMap<&'static str, u64> = BTreeMap::new();
        let (mut runs, mut again) = (Nodes::new(), Nodes::new());
        let (mut cancels, mut compensates) = (Nodes::new(), Nodes::new());
        let answers: Vec<_> = answers.collect().await;
        for answer in answers {
            told.previewed += 1;
            match answer {
                Ok((workflow, seen)) => {
                    told.would_succeed += 1;
                    add(&mut runs, &workflow, seen.runs);
                    add(&mut again, &workflow, seen.again);
                    add(&mut cancels, &workflow, seen.cancels);
                    add(&mut compensates, &workflow, seen.compensates);
                }
                // Not an instance's own refusal: the caller is to ask again.
                Err(error) if error.0.code.status() >= 500 || error.0.retry_after.is_some() => return Err(error),
                Err(error) => {
                    told.would_be_refused += 1;
                    *refusals.entry(error.0.code.as_str()).or_default() += 1;
                }
            }
        }
        told.refusals =
            refusals.into_iter().map(|(code, count)| RefusalCount { code: code.to_owned(), count }).collect();
        (told.runs, told.again) = (list(runs), list(again));
        (told.cancels, told.compensates) = (list(cancels), list(compensates));
        Ok(told)
    }

    async fn ask(
        &self,
        workspace: WorkspaceId,
        instance: InstanceId,
        (wish, actor): (&BatchWish, &str),
    ) -> Result<(String, PreviewView)> {
        let target = self.target_version(workspace, instance, wish.params.version).await?;
        let command = action::command(wish.action, wish.params.clone(), target, Lang::En)?;
        let request =
            CommandRequest { command, actor: actor.into(), expected_seq: None, dry_run: true, idempotency: None };
        let outcome = self.engine.carry_out(workspace, instance, request).await?;
        let plan = self.engine.plan(workspace, outcome.state.version).await?;
        Ok((plan.name.to_string(), outcome.preview.as_ref().map(preview::view).unwrap_or_default()))
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
