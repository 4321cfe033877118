//! What every storage must do, as tests that run against any of them.
//!
//! A storage's own tests name a way to make a [`Subject`] and get one test per property:
//! `heddle_engine::storage_conformance!(make().await);`. Simulation may trust the memory storage because the databases pass the same.
#![allow(clippy::unwrap_used, clippy::expect_used)]

pub mod commit;
pub mod jobs;
pub mod keys;
pub mod lease;
pub mod mailbox;
pub mod make;
pub mod people;
pub mod permit;
pub mod post;
pub mod read;
pub mod sweep;

pub use make::Maker;

use super::{HumanRow, IncidentRow, LogRow, NodeRow, Resolved, Storage};
use async_trait::async_trait;
use heddle_model::ids::{InstanceId, VersionId, WorkflowId, WorkspaceId};
use std::sync::Arc;

/// A storage under test, with the eyes that the port does not have.
#[async_trait]
pub trait Subject: Send + Sync {
    /// The storage.
    fn storage(&self) -> Arc<dyn Storage>;
    /// Makes a version's definition known.
    async fn define(&self, workspace: WorkspaceId, version: VersionId, definition: &str);
    /// Node instances, by number.
    async fn nodes(&self, workspace: WorkspaceId, instance: InstanceId) -> Vec<NodeRow>;
    /// What is counted of a workflow's nodes, by node: completed, failed, milliseconds of those that completed.
    async fn tally(&self, workspace: WorkspaceId, workflow: WorkflowId) -> Vec<(Arc<str>, (u64, u64, i64))>;
    /// The hot row's number of the last event, and its status.
    async fn head(&self, workspace: WorkspaceId, instance: InstanceId) -> (u64, String);
    /// Incidents, by number.
    async fn incidents(&self, workspace: WorkspaceId, instance: InstanceId) -> Vec<IncidentRow>;
    /// Tasks for people, by number.
    async fn people(&self, workspace: WorkspaceId, instance: InstanceId) -> Vec<HumanRow>;
    /// Lines that tasks logged, oldest first.
    async fn logs(&self, workspace: WorkspaceId, instance: InstanceId) -> Vec<LogRow>;
    /// Search values, by name.
    async fn search(&self, workspace: WorkspaceId, instance: InstanceId) -> Vec<(String, String)>;
    /// Publishes a workflow under a name, with so many versions; gives them, the oldest first.
    async fn versions(&self, workspace: WorkspaceId, name: &str, count: u32) -> Vec<Resolved>;
    /// Messages that lie in the workspace's mailboxes, those whose time is over too.
    async fn kept(&self, workspace: WorkspaceId) -> usize;
    /// Ends a server's lease, as time would.
    async fn end_lease(&self, server_name: &str);
    /// Several servers may live beside each other. If not, the newest owns everything.
    fn is_shared(&self) -> bool;
}

/// One test per property, against the subject that the expression makes (it may await).
#[macro_export]
macro_rules! storage_conformance {
    ($make:expr) => {
        $crate::storage_conformance!(@tests $make;
            commit: [
                writes_a_whole_batch, keeps_every_row_of_a_unit, updates_rows_where_they_are, refuses_an_event_number_twice, refuses_a_step_without_a_start,
                leaves_a_head_as_it_is, brings_heads_up_to_date, counts_what_ended,
                refuses_an_instance_twice, refuses_a_taken_idempotency_key, refuses_an_open_business_key_twice, writes_nothing_of_a_batch_with_one_clash,
                takes_any_text, takes_large_batches, keeps_parallel_batches_apart, moves_an_instance_to_another_version,
            ]
            read: [
                loads_a_snapshot_and_what_follows, reads_the_journal_from_any_event, finds_what_is_runnable_page_by_page,
                gives_timers_in_order, forgets_timers_that_are_gone, keeps_workspaces_apart, knows_definitions, tells_the_time, quarantines_once, ends_a_quarantine,
            ]
            jobs: [
                offers_by_priority_then_age, gives_each_job_to_one_worker, offers_again_when_the_lease_ends, keeps_a_lease_with_heartbeats,
                holds_back_paused_and_early_jobs, never_gives_more_than_asked, replaces_and_removes_jobs, holds_all_jobs_of_an_instance,
                settles_jobs_by_what_is_paused, opens_a_job_that_waited_for_a_permit,
            ]
            lease: [
                fences_an_older_start, tells_the_last_positions, refuses_batches_after_a_release, keeps_a_lease_alive, lists_the_members,
                takes_over_what_a_dead_server_owned, leaves_a_living_servers_shards, gives_shards_for_others_to_take, takes_what_nobody_owns,
                takes_and_gives_nothing_with_an_old_fence, shares_shards_among_servers_that_come_up_at_once,
            ]
            post: [
                delivers_what_a_unit_sends, takes_a_parcel_once, reads_the_inbox_in_order, reads_a_backlog_in_order, posts_a_parcel_once,
                settles_without_an_event, fences_a_settlement, keeps_the_first_answer, brings_signals_to_all_but_the_sender, broadcasts_to_all_who_wait,
                writes_nothing_of_a_refused_units_post, takes_large_posts, resolves_versions,
            ]
            mailbox: [
                publishes_to_the_first_in_line, keeps_what_nobody_waits_for, refuses_what_may_not_wait, replaces_and_removes_subscriptions,
                pairs_the_oldest_with_the_first, pairs_nothing_twice, loses_nothing_between_publishing_and_subscribing, pairs_no_expired_message,
                tells_keys_apart, takes_long_and_odd_names, keeps_mailboxes_of_workspaces_apart,
            ]
            permit: [
                grants_first_come_first_served, grants_no_more_than_there_are, frees_what_is_given_back, puts_who_asks_anew_into_the_line,
                ends_the_line_at_one_who_allows_fewer, keeps_permits_of_workspaces_apart, grants_many_at_once,
            ]
            keys: [
                comes_to_what_the_books_come_to, keeps_a_place_over_restarts, hears_no_wish_of_a_stale_owner, lets_in_no_more_than_may,
            ]
            people: [
                keeps_tasks_whole, offers_it_to_those_who_are_named_last, ends_tasks_where_they_are, writes_no_task_of_a_refused_batch,
            ]
            sweep: [pairs_what_was_left_undone, grants_what_was_left_undone, goes_on_where_it_stopped, removes_what_is_over]
        );
    };
    (@tests $make:expr; $($module:ident: [$($property:ident),* $(,)?])*) => {$(
        mod $module {
            #[allow(unused_imports)]
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $property() {
                    let subject = $make;
                    $crate::storage::conformance::$module::$property(&subject).await;
                }
            )*
        }
    )*};
}
