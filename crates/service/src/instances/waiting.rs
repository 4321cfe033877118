//! Why an instance's nodes wait: what the kernel says of those that stand somewhere, what the pool knows of their tasks, and a word for
//! the nodes that nothing has reached yet.

use super::reason::Teller;
use super::view;
use crate::authz::authorize;
use crate::error::Result;
use crate::page;
use crate::service::Service;
use heddle_api::params::ListWaiting;
use heddle_api::view::WaitingView;
use heddle_api::{ApiError, Page, Permission, RequestContext};
use heddle_engine::kernel::{self, Active, Waiting};
use heddle_engine::scheduler::Queued;
use heddle_model::lifecycle::{InstanceStatus, NodeStatus};
use heddle_model::plan::NodeIx;
use std::collections::{BTreeMap, BTreeSet};

impl Service {
    /// Every node that has begun and not ended, or has not begun, with its reasons.
    pub(crate) async fn list_waiting(
        &self,
        context: &RequestContext,
        params: ListWaiting,
    ) -> Result<Page<WaitingView>> {
        let allowed = authorize(context, Permission::InstanceView)?;
        let limit = page::limit(params.limit, context.lang)?;
        let from: usize = page::number_cursor(params.cursor.as_deref(), context.lang)?.unwrap_or(0);
        let loaded = self.loaded(allowed, params.id).await?;
        let (plan, state) = (&*loaded.plan, &*loaded.state);
        let only = match params.node.as_deref().filter(|node| !node.is_empty()) {
            None => None,
            Some(node) => Some(plan.find(node).ok_or_else(|| ApiError::not_found("node", node))?),
        };
        let standing = kernel::why(plan, state, self.engine.now_ms());
        let known: BTreeSet<NodeIx> = standing.iter().map(|waiting| waiting.node).collect();
        let mut queued = BTreeMap::new();
        for (&number, execution) in &state.live {
            let is_queued = match execution.active {
                Active::Task | Active::Undo => true,
                Active::Job => plan.node(execution.node).concurrency.is_some(),
                _ => false,
            };
            if is_queued && let Some(why) = self.engine.why_queued(params.id, number).await {
                queued.insert(number, why);
            }
        }
        let not_begun = match state.status {
            InstanceStatus::Created => self.engine.why_not_begun(params.id).await,
            _ => None,
        };
        let not_begun = not_begun.map(|wait| Queued::by_key(String::new(), state.priority, wait));
        let teller = Teller { plan, state, queued, not_begun, lang: context.lang };
        let standing = standing.into_iter().map(|waiting| {
            let reasons = waiting.reasons.iter().map(|reason| teller.tell(&waiting, reason)).collect();
            (waiting, reasons)
        });
        let over = matches!(state.status, InstanceStatus::Completed | InstanceStatus::Terminated);
        let unreached = plan
            .nodes()
            .map(|(ix, _)| ix)
            .filter(|&ix| !over && !known.contains(&ix) && state.node_status(ix) == NodeStatus::Pending);
        let unreached = unreached.map(|ix| {
            let waiting = Waiting { node: ix, scope: 0, number: None, reasons: Vec::new() };
            (waiting, vec![teller.unreached(ix)])
        });
        let rows = standing.chain(unreached).filter(|(waiting, _)| only.is_none_or(|only| only == waiting.node));
        let rows = rows.skip(from).take(usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1));
        let views = rows.map(|(waiting, reasons)| WaitingView {
            id: waiting.number.map(|number| state.id.node_instance(number)),
            node_id: plan.node(waiting.node).id.to_string(),
            name: plan.node(waiting.node).name.to_string(),
            status: view::node_status(waiting.number.map_or(NodeStatus::Pending, |_| state.node_status(waiting.node))),
            scope: waiting.scope,
            reasons,
        });
        let (items, more) = page::cut(views.collect(), limit, |_| String::new());
        let next_cursor = more.map(|_| (from + items.len()).to_string());
        Ok(Page { items, next_cursor })
    }
}
