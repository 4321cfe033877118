//! Commands of a for-each that is at work.

use super::act::Wish;
use crate::authz::authorize;
use crate::error::Result;
use crate::service::Service;
use heddle_api::params::{ForeachCommand, ForeachStep};
use heddle_api::view::InstanceView;
use heddle_api::{ApiError, ErrorCode, Permission, RequestContext};
use heddle_engine::kernel::Command;
use heddle_model::ids::NodeInstanceId;
use heddle_model::limits;
use heddle_model::plan::NodeKind;
use serde_json::json;

impl Service {
    /// Adds items to a for-each, closes it to more, ends it, or withdraws it.
    pub(crate) async fn steer_foreach(&self, context: &RequestContext, params: ForeachCommand) -> Result<InstanceView> {
        let allowed = authorize(context, Permission::InstanceOperate)?;
        let node = params.node;
        let mut details = json!({"node": node});
        let command = match params.step {
            ForeachStep::Items(items) => {
                if items.is_empty() || items.len() > limits::FOREACH_ITEMS_ADDED {
                    let (en, zh) = (
                        format!("items holds 1 to {} items.", limits::FOREACH_ITEMS_ADDED),
                        format!("items 应包含 1 至 {} 个元素。", limits::FOREACH_ITEMS_ADDED),
                    );
                    return Err(ApiError::invalid("/items", en, zh, context.lang).into());
                }
                details["items"] = items.len().into();
                Command::AddItems { node, items }
            }
            ForeachStep::Close => Command::CloseItems { node },
            ForeachStep::Complete => Command::CompleteForeach { node },
            ForeachStep::Cancel => {
                // The engine withdraws any node by this command; the address is one of a for-each.
                let loaded = self.loaded(allowed, params.id).await?;
                let state = &loaded.state;
                let named = node.parse::<NodeInstanceId>().ok();
                let ix = named.map_or_else(
                    || loaded.plan.find(&node),
                    |id| {
                        let mut live = state.live.iter();
                        live.find(|(number, _)| state.id.node_instance(**number) == id).map(|(_, it)| it.node)
                    },
                );
                let ix = ix.ok_or_else(|| ApiError::not_found("node", &node))?;
                if !matches!(loaded.plan.node(ix).kind, NodeKind::Foreach(_)) {
                    let (en, zh) = (format!("`{node}` is no for-each."), format!("`{node}` 不是 foreach 节点。"));
                    return Err(ApiError::new(ErrorCode::Conflict).detail(en, zh).into());
                }
                Command::Cancel { node }
            }
        };
        let wish = Wish { instance: params.id, command, expected_seq: None, dry_run: false, details };
        self.command(context, allowed, wish).await
    }
}
