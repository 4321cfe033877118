//! Lists of tasks for people. Who does not see instances sees their own tasks and those they may take.

use super::person::{caller, may_see, sees_all};
use super::view::{self, summary};
use crate::error::Result;
use crate::page;
use crate::service::Service;
use crate::source;
use heddle_api::params::{GetHumanTask, ListHumanTasks};
use heddle_api::view::{HumanTaskCounts, HumanTaskPage, HumanTaskView};
use heddle_api::{ApiError, ErrorCode, Lang, RequestContext};
use heddle_engine::kernel::Person;
use heddle_model::ids::{HumanTaskId, InstanceId, WorkspaceId};
use heddle_model::lifecycle::HumanTaskStatus;
use heddle_store::query::{HumanTaskDetail, HumanTaskFilter, HumanTaskRow, HumanTaskSource};

type After = Option<(i64, HumanTaskId)>;

impl Service {
    /// Tasks, those asked last first, or the most overdue first.
    pub(crate) async fn list_human_tasks(
        &self,
        context: &RequestContext,
        params: ListHumanTasks,
    ) -> Result<HumanTaskPage> {
        let allowed = may_see(context)?;
        let (lang, principal) = (context.lang, allowed.principal());
        let (person, sees_all) = (caller(principal), sees_all(principal));
        let limit = page::limit(params.limit, lang)?;
        let after: After = match page::keyed_cursor(params.cursor.as_deref(), lang)? {
            None => None,
            Some((time, id)) => page::number_cursor(Some(&time), lang)?.map(|time| (time, id)),
        };
        let instance = match params.instance.as_deref().filter(|text| !text.is_empty()) {
            None => None,
            Some(text) => Some(text.parse::<InstanceId>().map_err(|_| ApiError::new(ErrorCode::MalformedId))?),
        };
        let status = status(params.status.as_deref(), lang)?;
        let ended = matches!(status, Some(HumanTaskStatus::Done | HumanTaskStatus::Cancelled));
        let counts = match params.counts {
            Some(true) => Some(self.human_task_counts(allowed.workspace(), &person, sees_all).await?),
            _ => None,
        };
        let workflow = match self.workflow_filter(allowed, params.workflow.as_deref()).await? {
            Some(workflow) => workflow,
            None => return Ok(HumanTaskPage { items: Vec::new(), next_cursor: None, counts }),
        };
        let due_before = params.due_before.map(|time| time.0);
        let filter =
            HumanTaskFilter { ended, status: status.map(HumanTaskStatus::as_str), workflow, instance, due_before };
        let sources = sources(&params, &person, sees_all);
        let by_due = due_before.is_some() && !ended;
        let rows = if by_due {
            self.store.human_task_due(allowed.workspace(), &sources, &filter, (limit + 1, after)).await?
        } else {
            self.merged(allowed.workspace(), &sources, &filter, (limit + 1, after)).await?
        };
        let key = |row: &HumanTaskRow| if by_due { row.due.unwrap_or_default() } else { row.asked_at };
        let (rows, next_cursor) = page::cut(rows, limit, |row| page::key_cursor(&key(row).to_string(), row.id));
        Ok(HumanTaskPage { items: rows.into_iter().map(summary).collect(), next_cursor, counts })
    }

    /// The first rows of several sources in their common order, each task once.
    async fn merged(
        &self,
        workspace: WorkspaceId,
        sources: &[HumanTaskSource],
        filter: &HumanTaskFilter,
        (rows, after): (u64, After),
    ) -> Result<Vec<HumanTaskRow>> {
        let mut all = Vec::new();
        for source in sources {
            all.extend(self.store.human_task_list(workspace, source, filter, (rows, after)).await?);
        }
        all.sort_unstable_by_key(|row| std::cmp::Reverse((row.asked_at, row.id)));
        // It may have been taken between two looks, and then it is in both.
        all.dedup_by_key(|row| row.id);
        all.truncate(usize::try_from(rows).unwrap_or(usize::MAX));
        Ok(all)
    }

    async fn human_task_counts(
        &self,
        workspace: WorkspaceId,
        person: &Person,
        sees_all: bool,
    ) -> Result<HumanTaskCounts> {
        let any = HumanTaskFilter::default();
        let overdue = HumanTaskFilter { due_before: Some(source::now_ms()), ..HumanTaskFilter::default() };
        let of =
            |status: HumanTaskStatus| HumanTaskFilter { status: Some(status.as_str()), ..HumanTaskFilter::default() };
        let (mine, claimable, all) = (mine(person), claimable(person), [HumanTaskSource::All]);
        let count = async |sources: &[HumanTaskSource], filter: &HumanTaskFilter| {
            self.store.human_task_count(workspace, sources, filter).await
        };
        let mut counts = HumanTaskCounts {
            mine: count(&mine, &any).await?,
            mine_overdue: count(&mine, &overdue).await?,
            claimable: count(&claimable, &any).await?,
            ..HumanTaskCounts::default()
        };
        if sees_all {
            counts.open = Some(count(&all, &of(HumanTaskStatus::Open)).await?);
            counts.claimed = Some(count(&all, &of(HumanTaskStatus::Claimed)).await?);
            counts.overdue = Some(count(&all, &overdue).await?);
        }
        Ok(counts)
    }

    /// One task.
    pub(crate) async fn get_human_task(&self, context: &RequestContext, params: GetHumanTask) -> Result<HumanTaskView> {
        let allowed = may_see(context)?;
        let person = caller(allowed.principal());
        let detail = self.seen_task(allowed, params.id, &person).await?;
        Ok(view::whole(detail, allowed.principal(), &person))
    }

    /// A task that this caller may see; 404 for any other.
    pub(super) async fn seen_task(
        &self,
        allowed: crate::authz::Allowed<'_>,
        id: HumanTaskId,
        person: &Person,
    ) -> Result<HumanTaskDetail> {
        let found = self.store.human_task(allowed.workspace(), id).await?;
        let is_theirs = |detail: &HumanTaskDetail| {
            let task = view::task(detail);
            task.is_of(person) || task.is_offered_to(person)
        };
        let found = found.filter(|detail| sees_all(allowed.principal()) || is_theirs(detail));
        Ok(found.ok_or_else(|| ApiError::not_found("human task", id))?)
    }
}

fn status(word: Option<&str>, lang: Lang) -> Result<Option<HumanTaskStatus>> {
    let Some(word) = word.filter(|word| !word.is_empty()) else { return Ok(None) };
    let found = HumanTaskStatus::ALL.iter().copied().find(|status| status.as_str().eq_ignore_ascii_case(word));
    let wrong = || {
        let (en, zh) = (
            format!("`{word}` is not a status of a task; there are open, claimed, done, cancelled."),
            format!("`{word}` 不是任务状态；可用：open、claimed、done、cancelled。"),
        );
        ApiError::invalid("/status", en, zh, lang)
    };
    Ok(Some(found.ok_or_else(wrong)?))
}

fn mine(person: &Person) -> Vec<HumanTaskSource> {
    let mut names = vec![person.name.to_string(), person.key.to_string()];
    names.dedup();
    names.into_iter().map(HumanTaskSource::AssignedTo).collect()
}

fn claimable(person: &Person) -> Vec<HumanTaskSource> {
    person.known_as().into_iter().map(|who| HumanTaskSource::OfferedTo(who.to_string())).collect()
}

/// Where the list is read from.
fn sources(params: &ListHumanTasks, person: &Person, sees_all: bool) -> Vec<HumanTaskSource> {
    let (own, free) = (params.mine == Some(true), params.claimable == Some(true));
    if sees_all && !own && !free {
        return vec![HumanTaskSource::All];
    }
    let mut sources = Vec::new();
    if own || !free {
        sources.extend(mine(person));
    }
    if free || !own {
        sources.extend(claimable(person));
    }
    sources
}
