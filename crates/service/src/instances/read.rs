//! Reading one instance: its state, nodes, journal and log lines.

use super::view;
use crate::authz::{Allowed, authorize};
use crate::error::Result;
use crate::page;
use crate::service::Service;
use heddle_api::params::{GetInstance, ListEvents, ListLogs, ListNodes};
use heddle_api::view::{EventView, InstanceView, LogView, NodeView};
use heddle_api::{ApiError, Page, Permission, RequestContext, Timestamp};
use heddle_engine::kernel::{EventRecord, InstanceState};
use heddle_engine::runtime::LoadedInstance;
use heddle_model::ids::InstanceId;
use heddle_model::limits;
use heddle_model::plan::Plan;
use heddle_store::query::LogFilter;

/// Levels of log lines, from the least.
const LEVELS: [&str; 4] = ["debug", "info", "warn", "error"];

impl Service {
    /// One instance.
    pub(crate) async fn get_instance(&self, context: &RequestContext, params: GetInstance) -> Result<InstanceView> {
        let allowed = authorize(context, Permission::InstanceView)?;
        self.instance_view(allowed, params.id).await
    }

    /// Its node instances.
    pub(crate) async fn list_nodes(&self, context: &RequestContext, params: ListNodes) -> Result<Page<NodeView>> {
        let allowed = authorize(context, Permission::InstanceView)?;
        let limit = page::limit(params.limit, context.lang)?;
        let from: usize = page::number_cursor(params.cursor.as_deref(), context.lang)?.unwrap_or(0);
        let loaded = self.loaded(allowed, params.id).await?;
        let nodes = self.all_nodes(allowed, &loaded.state, &loaded.plan, usize::MAX).await?;
        let rows: Vec<NodeView> =
            nodes.into_iter().skip(from).take(usize::try_from(limit).unwrap_or(usize::MAX) + 1).collect();
        let (items, more) = page::cut(rows, limit, |_| String::new());
        let next_cursor = more.map(|_| (from + items.len()).to_string());
        Ok(Page { items, next_cursor })
    }

    /// Its journal.
    pub(crate) async fn list_events(&self, context: &RequestContext, params: ListEvents) -> Result<Page<EventView>> {
        let allowed = authorize(context, Permission::InstanceView)?;
        let limit = page::limit(params.limit, context.lang)?;
        let workspace = allowed.workspace();
        let loaded = self.loaded(allowed, params.id).await?;
        let wanted = u32::try_from(limit + 1).unwrap_or(u32::MAX);
        let records = self.engine.events(workspace, params.id, params.after.unwrap_or(0), wanted).await?;
        let (records, next_cursor) = page::cut(records, limit, |record| record.seq.to_string());
        let permissions = allowed.principal().permissions;
        // An instance may have run other versions before: what its events say is in the words of those.
        let shown = |record: &EventRecord| view::event(params.id, loaded.plan_at(record.seq), record);
        let items = records.iter().map(|record| view::mask_event(shown(record), permissions));
        Ok(Page { items: items.collect(), next_cursor })
    }

    /// Its log lines.
    pub(crate) async fn list_logs(&self, context: &RequestContext, params: ListLogs) -> Result<Page<LogView>> {
        let allowed = authorize(context, Permission::InstanceView)?;
        let limit = page::limit(params.limit, context.lang)?;
        let after = page::number_cursor(params.cursor.as_deref(), context.lang)?;
        let least = match params.level.as_deref() {
            None | Some("") => 0,
            Some(level) => LEVELS.iter().position(|known| *known == level).ok_or_else(|| {
                ApiError::invalid(
                    "/level",
                    format!("level is one of {}.", LEVELS.join(", ")),
                    format!("level 可用：{}。", LEVELS.join("、")),
                    context.lang,
                )
            })?,
        };
        self.loaded(allowed, params.id).await?;
        let levels =
            if least == 0 { Vec::new() } else { LEVELS[least..].iter().map(|&level| level.to_owned()).collect() };
        let filter = LogFilter { levels, node: params.node, q: params.q.filter(|q| !q.is_empty()) };
        let lines = self.store.logs(allowed.workspace(), params.id, &filter, limit + 1, after).await?;
        let (lines, next_cursor) = page::cut(lines, limit, |line| line.cursor.to_string());
        let items = lines.into_iter().map(|line| LogView {
            at: Timestamp(line.at),
            level: line.level,
            node_id: Some(line.node),
            attempt: None,
            message: line.message,
        });
        Ok(Page { items: items.collect(), next_cursor })
    }

    /// One instance as this caller may see it.
    pub(crate) async fn instance_view(&self, allowed: Allowed<'_>, id: InstanceId) -> Result<InstanceView> {
        let loaded = self.loaded(allowed, id).await?;
        let mut shown = view::instance(&loaded.state, &loaded.plan);
        let pauses = self.engine.pauses_over(&loaded.state, &loaded.plan);
        shown.pauses = pauses.iter().map(crate::pauses::shown).collect();
        if ran_more_than_once(&loaded.state) {
            shown.nodes = self.all_nodes(allowed, &loaded.state, &loaded.plan, limits::INSTANCE_NODES).await?;
        }
        Ok(view::mask(shown, allowed.principal().permissions))
    }

    /// The instance, or 404.
    pub(crate) async fn loaded(&self, allowed: Allowed<'_>, id: InstanceId) -> Result<LoadedInstance> {
        let loaded = self.engine.load(allowed.workspace(), id).await?;
        Ok(loaded.ok_or_else(|| ApiError::not_found("instance", id))?)
    }

    /// Everything it executed, at most `most` of it: the state knows the last round of each node, the journal the earlier ones.
    async fn all_nodes(
        &self,
        allowed: Allowed<'_>,
        state: &InstanceState,
        plan: &Plan,
        most: usize,
    ) -> Result<Vec<NodeView>> {
        let last = view::nodes(state, plan);
        if !ran_more_than_once(state) {
            return Ok(last.into_iter().take(most).collect());
        }
        let known: std::collections::HashSet<_> = last.iter().filter_map(|node| node.id).collect();
        let executions = self.engine.executions(allowed.workspace(), state.id).await?.into_iter();
        let mut nodes: Vec<(u32, NodeView)> = executions
            .map(|row| (row.number, view::executed(state.id, plan, row)))
            .filter(|(_, node)| node.id.is_none_or(|id| !known.contains(&id)))
            .collect();
        let numbers: std::collections::HashMap<_, _> = state
            .nodes
            .values()
            .filter_map(|record| record.number)
            .map(|number| (state.id.node_instance(number), number))
            .collect();
        nodes.extend(last.into_iter().map(|node| {
            let number = node.id.and_then(|id| numbers.get(&id).copied());
            (number.unwrap_or(u32::MAX), node)
        }));
        nodes.sort_by_key(|(number, _)| *number);
        Ok(nodes.into_iter().map(|(_, node)| node).take(most).collect())
    }
}

fn ran_more_than_once(state: &InstanceState) -> bool {
    state.nodes.values().any(|record| record.rounds > 1)
}
