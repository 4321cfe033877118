//! No more permits of a name are held than there are, and whoever came first holds one first.

use super::Subject;
use super::make::{AT, Maker};
use super::post::{all, started, stepped};
use crate::storage::{Content, Parcel, PermitRow, Post, Storage};
use heddle_model::ids::{InstanceId, WorkspaceId};
use std::collections::BTreeSet;
use std::sync::Arc;

pub(super) fn permit(number: u32, name: &str, permits: u32, since: i64) -> PermitRow {
    PermitRow { number, name: name.into(), permits, since }
}

async fn asked(storage: &dyn Storage, maker: &mut Maker, rows: Vec<PermitRow>) -> InstanceId {
    started(storage, maker, Post { permits: rows, ..Post::default() }).await.instance
}

async fn given_back(storage: &dyn Storage, maker: &mut Maker, instance: InstanceId, seq: u64, numbers: Vec<u32>) {
    stepped(storage, maker, instance, seq, Post { permits_gone: numbers, ..Post::default() }).await;
}

async fn grant(storage: &dyn Storage, workspace: WorkspaceId, name: &str) -> Vec<(InstanceId, u32)> {
    storage.grant(workspace, &Arc::from(name)).await.unwrap().iter().map(|parcel| holder(parcel, name)).collect()
}

fn holder(parcel: &Parcel, expected: &str) -> (InstanceId, u32) {
    match &parcel.content {
        Content::Granted { number, name } if **name == *expected => (parcel.instance, *number),
        other => panic!("{other:?}"),
    }
}

/// By time, then by instance and number, until all are held; the parcels are in the inboxes.
pub async fn grants_first_come_first_served(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let row = |number, since| permit(number, "mutex/工厂", 3, AT + since);
    let one = asked(&*storage, &mut maker, vec![row(2, 5), row(1, 5), row(3, 9)]).await;
    let two = asked(&*storage, &mut maker, vec![row(1, 5), row(2, 1), permit(3, "mutex/other", 1, AT)]).await;
    let parcels = storage.grant(maker.workspace, &Arc::from("mutex/工厂")).await.unwrap();
    let holders: Vec<_> = parcels.iter().map(|parcel| holder(parcel, "mutex/工厂")).collect();
    assert_eq!(holders, [(two, 2), (one, 1), (one, 2)]);
    let mut sent = parcels;
    sent.sort_by_key(|it| (it.sent_at, it.id));
    assert_eq!(all(&*storage).await, sent);
    assert!(grant(&*storage, maker.workspace, "mutex/工厂").await.is_empty(), "all are held");
    assert_eq!(grant(&*storage, maker.workspace, "mutex/other").await, [(two, 3)]);
    assert!(grant(&*storage, maker.workspace, "mutex/nobody").await.is_empty());
}

/// Twenty who grant at the same time, while others ask and give back: what is held never exceeds the permits.
pub async fn grants_no_more_than_there_are(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let mut line = Vec::new();
    for since in 0..40 {
        line.push(asked(&*storage, &mut maker, vec![permit(1, "m", 7, AT + since)]).await);
    }
    let mut held: BTreeSet<InstanceId> = BTreeSet::new();
    let mut served = Vec::new();
    for _ in 0..6 {
        let tasks: Vec<_> = (0..20)
            .map(|_| {
                let (storage, workspace) = (storage.clone(), maker.workspace);
                tokio::spawn(async move { grant(&*storage, workspace, "m").await })
            })
            .collect();
        let mut now = Vec::new();
        for task in tasks {
            now.extend(task.await.unwrap());
        }
        for (instance, _) in now {
            assert!(held.insert(instance), "granted twice");
            served.push(instance);
        }
        assert_eq!(held.len(), 7.min(line.len() - served.len() + held.len()));
        let back: Vec<_> = std::mem::take(&mut held).into_iter().collect();
        for instance in back {
            given_back(&*storage, &mut maker, instance, 3, vec![1]).await;
        }
    }
    assert_eq!(all(&*storage).await.len(), 40);
    let mut rounds: Vec<BTreeSet<_>> = served.chunks(7).map(|round| round.iter().copied().collect()).collect();
    let expected: Vec<BTreeSet<_>> = line.chunks(7).map(|round| round.iter().copied().collect()).collect();
    rounds.truncate(expected.len());
    assert_eq!(rounds, expected, "first come, first served");
}

/// A permit that is given back goes to the next; whoever leaves the line without one frees nothing; unknown numbers are no error.
pub async fn frees_what_is_given_back(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let mut line = Vec::new();
    for since in 0..4 {
        line.push(asked(&*storage, &mut maker, vec![permit(1, "m", 1, AT + since)]).await);
    }
    assert_eq!(grant(&*storage, maker.workspace, "m").await, [(line[0], 1)]);
    given_back(&*storage, &mut maker, line[1], 3, vec![1, 99]).await;
    assert!(grant(&*storage, maker.workspace, "m").await.is_empty());
    given_back(&*storage, &mut maker, line[0], 3, vec![1]).await;
    assert_eq!(grant(&*storage, maker.workspace, "m").await, [(line[2], 1)]);
    given_back(&*storage, &mut maker, line[2], 3, vec![1]).await;
    given_back(&*storage, &mut maker, line[3], 3, vec![1]).await;
    assert!(grant(&*storage, maker.workspace, "m").await.is_empty());
}

/// Asking again under a number that holds a permit, in a unit that gives it back or not, means to stand in line anew.
pub async fn puts_who_asks_anew_into_the_line(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let one = asked(&*storage, &mut maker, vec![permit(1, "m", 1, AT)]).await;
    let two = asked(&*storage, &mut maker, vec![permit(1, "m", 1, AT + 1)]).await;
    assert_eq!(grant(&*storage, maker.workspace, "m").await, [(one, 1)]);
    let again = vec![permit(1, "x", 1, AT), permit(1, "m", 1, AT + 2)];
    let post = Post { permits: again, permits_gone: vec![1], ..Post::default() };
    stepped(&*storage, &mut maker, one, 3, post).await;
    assert!(grant(&*storage, maker.workspace, "x").await.is_empty(), "the last row of a number counts");
    assert_eq!(grant(&*storage, maker.workspace, "m").await, [(two, 1)]);
    given_back(&*storage, &mut maker, two, 3, vec![1]).await;
    assert_eq!(grant(&*storage, maker.workspace, "m").await, [(one, 1)]);
}

/// Versions of a workflow may allow different numbers: nobody is overtaken by one who allows more.
pub async fn ends_the_line_at_one_who_allows_fewer(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let rows = [(1, 3), (2, 2), (3, 2), (4, 9), (5, 9)];
    let rows = rows.map(|(number, permits)| permit(number, "m", permits, AT + i64::from(number))).into();
    let one = asked(&*storage, &mut maker, rows).await;
    assert_eq!(grant(&*storage, maker.workspace, "m").await, [(one, 1), (one, 2)]);
    given_back(&*storage, &mut maker, one, 3, vec![1]).await;
    assert_eq!(grant(&*storage, maker.workspace, "m").await, [(one, 3), (one, 4), (one, 5)]);
}

/// A name means something within a workspace only.
pub async fn keeps_permits_of_workspaces_apart(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let one = asked(&*storage, &mut maker, vec![permit(1, "m", 1, AT)]).await;
    let other = WorkspaceId::from_u128(maker.workspace.as_u128() + 1);
    assert!(grant(&*storage, other, "m").await.is_empty());
    assert_eq!(grant(&*storage, maker.workspace, "m").await, [(one, 1)]);
}

/// More than one transaction takes.
pub async fn grants_many_at_once(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let rows = (0..1_200).map(|number| permit(number, "m", 1_100, AT + i64::from(number))).collect();
    let one = asked(&*storage, &mut maker, rows).await;
    let granted = grant(&*storage, maker.workspace, "m").await;
    assert_eq!(granted, (0..1_100).map(|number| (one, number)).collect::<Vec<_>>());
    assert_eq!(all(&*storage).await.len(), 1_100);
}
