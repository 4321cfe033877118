//! Batches: a turn is one server's alone, whoever lost it writes nothing, and what a dead server had begun is told to the next.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod common;

use common::{AT, Fixture, audit, fresh};
use heddle_engine::storage::Storage;
use heddle_model::ids::{BatchId, InstanceId, WorkspaceId};
use heddle_model::lifecycle::{BatchItemStatus, BatchStatus};
use heddle_store::query::{BatchRow, BatchTurn, ItemEnd, ItemResult};

on_both!(
    a_turn_is_one_servers_alone,
    what_was_begun_is_told_to_the_next,
    a_paused_batch_only_settles_what_was_begun,
    of_a_cancelled_batch_the_rest_is_given_up,
    batches_take_turns,
    other_workspaces_see_nothing
);

async fn batch(it: &Fixture, items: u128) -> BatchRow {
    let row = BatchRow {
        id: BatchId::from_u128(fresh()),
        workspace: WorkspaceId::from_u128(7),
        action: "pause".to_owned(),
        params: "{}".to_owned(),
        filter: Some("{\"status\":\"运行\"}".to_owned()),
        status: BatchStatus::Running,
        created_by: "usr_test".to_owned(),
        created_at: AT,
        started_at: None,
        ended_at: None,
        total: items as u64,
        done: 0,
        succeeded: 0,
        failed: 0,
        refused: 0,
    };
    let instances = (0..items).map(InstanceId::from_u128).collect();
    it.store.batch_create(row.clone(), instances, audit(Some(row.workspace), "batch.create")).await.unwrap();
    row
}

fn numbers(turn: &BatchTurn) -> Vec<(u64, bool)> {
    turn.items.iter().map(|item| (item.number, item.begun_before)).collect()
}

fn done(numbers: &[u64]) -> Vec<ItemResult> {
    numbers.iter().map(|&number| ItemResult { number, end: ItemEnd::Succeeded }).collect()
}

async fn statuses(it: &Fixture, row: &BatchRow) -> Vec<BatchItemStatus> {
    let items = it.store.batch_items(row.workspace, row.id, None, 100, None).await.unwrap();
    items.into_iter().map(|item| item.status).collect()
}

async fn now(it: &Fixture, row: &BatchRow) -> BatchRow {
    it.store.batch(row.workspace, row.id).await.unwrap().unwrap()
}

async fn turn(it: &Fixture, server: &str, token: &str, most: u64) -> Option<BatchTurn> {
    it.store.batch_turn(server, token, most).await.unwrap()
}

async fn a_turn_is_one_servers_alone(it: &Fixture) {
    use BatchItemStatus::{Failed, Pending, Refused, Started, Succeeded};
    let row = batch(it, 5).await;
    assert_eq!(now(it, &row).await, row);
    let first = turn(it, "a", "t1", 3).await.unwrap();
    assert_eq!(numbers(&first), [(0, false), (1, false), (2, false)]);
    assert_eq!(statuses(it, &row).await, [Started, Started, Started, Pending, Pending]);
    assert!(turn(it, "b", "t2", 3).await.is_none(), "while the lease holds nobody else gets a turn");
    assert!(it.store.batch_keep(&first).await.unwrap());
    let not = |refused| ItemEnd::Not { refused, code: "X".to_owned(), detail: ("why".to_owned(), "为何".to_owned()) };
    let mut results = done(&[0]);
    results.extend([ItemResult { number: 1, end: not(true) }, ItemResult { number: 2, end: not(false) }]);
    assert!(it.store.batch_turn_end(first.clone(), results).await.unwrap());
    assert_eq!(statuses(it, &row).await, [Succeeded, Refused, Failed, Pending, Pending]);
    let told = it.store.batch_items(row.workspace, row.id, Some(Refused), 10, None).await.unwrap();
    assert_eq!((told[0].code.as_deref(), told[0].detail.as_ref().unwrap().1.as_str()), (Some("X"), "为何"));
    assert!(!it.store.batch_keep(&first).await.unwrap(), "the turn is over");
    let second = turn(it, "b", "t3", 3).await.unwrap();
    assert_eq!(numbers(&second), [(3, false), (4, false)]);
    assert!(it.store.batch_turn_end(second, done(&[3, 4])).await.unwrap());
    let last = turn(it, "b", "t4", 3).await.unwrap();
    assert!(last.items.is_empty(), "nothing was left: it was closed");
    assert!(turn(it, "b", "t5", 3).await.is_none());
    let end = now(it, &row).await;
    assert_eq!((end.status, end.done, end.succeeded, end.failed, end.refused), (BatchStatus::Completed, 5, 3, 1, 1));
    assert!(end.started_at.is_some() && end.ended_at.is_some());
}

async fn what_was_begun_is_told_to_the_next(it: &Fixture) {
    let row = batch(it, 4).await;
    let lost = turn(it, "a", "t1", 2).await.unwrap();
    // The server dies, and starts again under its name.
    it.store.batch_turns_release("other").await.unwrap();
    assert!(turn(it, "b", "t2", 3).await.is_none());
    it.store.batch_turns_release("a").await.unwrap();
    let next = turn(it, "b", "t3", 3).await.unwrap();
    assert_eq!(numbers(&next), [(0, true), (1, true), (2, false)]);
    assert!(!it.store.batch_turn_end(lost, done(&[0, 1])).await.unwrap(), "whoever lost the turn writes nothing");
    assert_eq!(now(it, &row).await.done, 0);
    // One item stays begun: the next turn is told again.
    assert!(it.store.batch_turn_end(next, done(&[0, 2])).await.unwrap());
    assert_eq!(numbers(&turn(it, "b", "t4", 3).await.unwrap()), [(1, true), (3, false)]);
}

async fn a_paused_batch_only_settles_what_was_begun(it: &Fixture) {
    use BatchItemStatus::{Pending, Started};
    let row = batch(it, 3).await;
    turn(it, "a", "t1", 1).await.unwrap();
    let moved = |from: BatchStatus, to: BatchStatus| {
        let row = BatchRow { status: from, ..row.clone() };
        async move { it.store.batch_move(&row, to, audit(Some(row.workspace), "batch.move")).await.unwrap() }
    };
    assert!(moved(BatchStatus::Running, BatchStatus::Paused).await);
    assert!(!moved(BatchStatus::Running, BatchStatus::Paused).await, "it is no longer running");
    it.store.batch_turns_release("a").await.unwrap();
    let settling = turn(it, "a", "t2", 3).await.unwrap();
    assert_eq!(numbers(&settling), [(0, true)]);
    assert_eq!(statuses(it, &row).await, [Started, Pending, Pending]);
    assert!(it.store.batch_turn_end(settling, vec![ItemResult { number: 0, end: ItemEnd::Back }]).await.unwrap());
    assert_eq!(statuses(it, &row).await, [Pending; 3]);
    assert!(turn(it, "a", "t3", 3).await.unwrap().items.is_empty());
    assert!(turn(it, "a", "t4", 3).await.is_none(), "it rests");
    assert_eq!(now(it, &row).await.status, BatchStatus::Paused);
    assert!(moved(BatchStatus::Paused, BatchStatus::Running).await);
    assert_eq!(turn(it, "a", "t5", 9).await.unwrap().items.len(), 3);
}

async fn of_a_cancelled_batch_the_rest_is_given_up(it: &Fixture) {
    use BatchItemStatus::{Cancelled, Succeeded};
    let row = batch(it, 3).await;
    let under_way = turn(it, "a", "t1", 1).await.unwrap();
    assert!(
        it.store.batch_move(&row, BatchStatus::Cancelled, audit(Some(row.workspace), "batch.cancel")).await.unwrap()
    );
    assert!(it.store.batch_turn_end(under_way, done(&[0])).await.unwrap(), "what was under way ends");
    assert!(turn(it, "a", "t2", 3).await.unwrap().items.is_empty());
    assert_eq!(statuses(it, &row).await, [Succeeded, Cancelled, Cancelled]);
    let end = now(it, &row).await;
    assert_eq!((end.status, end.done), (BatchStatus::Cancelled, 1));
    assert!(end.ended_at.is_some() && turn(it, "a", "t3", 3).await.is_none());
}

async fn batches_take_turns(it: &Fixture) {
    let (one, two) = (batch(it, 2).await, batch(it, 2).await);
    let mut order = Vec::new();
    for n in 0..4 {
        let turn = turn(it, "a", &format!("t{n}"), 1).await.unwrap();
        order.push(turn.batch.id);
        let number = turn.items[0].number;
        assert!(it.store.batch_turn_end(turn, done(&[number])).await.unwrap());
        // The database's clock has milliseconds: the next turn is to have another.
        let ended = it.store.now().await.unwrap();
        while it.store.now().await.unwrap() == ended {}
    }
    assert_eq!(order, [one.id, two.id, one.id, two.id]);
    let listed = it.store.batches(one.workspace, 10, None).await.unwrap();
    assert_eq!(listed.iter().map(|row| row.id).collect::<Vec<_>>(), [two.id, one.id], "the newest first");
    assert_eq!(it.store.batches(one.workspace, 10, Some(two.id)).await.unwrap().len(), 1);
}

async fn other_workspaces_see_nothing(it: &Fixture) {
    let row = batch(it, 2).await;
    let other = WorkspaceId::from_u128(8);
    assert_eq!(it.store.batch(other, row.id).await.unwrap(), None);
    assert!(it.store.batches(other, 10, None).await.unwrap().is_empty());
    assert!(it.store.batch_items(other, row.id, None, 10, None).await.unwrap().is_empty());
    let theirs = BatchRow { workspace: other, ..row.clone() };
    assert!(!it.store.batch_move(&theirs, BatchStatus::Paused, audit(Some(other), "batch.pause")).await.unwrap());
}
