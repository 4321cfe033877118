//! Tasks for people are in the lists of those whom they concern, as the last commit of their instance says.

use super::Subject;
use super::make::{AT, Maker, human};
use crate::storage::{CommitError, HumanEnd, People, Storage, Unit};
use heddle_model::ids::{InstanceId, WorkspaceId};
use std::collections::BTreeSet;

async fn asked(storage: &dyn Storage, maker: &mut Maker, people: People) -> Unit {
    let mut unit = maker.start();
    unit.people = Some(Box::new(people));
    maker.commit(storage, vec![unit.clone()]).await;
    unit
}

async fn then(storage: &dyn Storage, maker: &mut Maker, instance: InstanceId, first: u64, people: People) {
    let mut unit = maker.step(instance, first, 1);
    unit.people = Some(Box::new(people));
    maker.commit(storage, vec![unit]).await;
}

fn end(number: u32, status: &'static str) -> People {
    let output = (status == "DONE").then(|| "{\"好\":1}".to_owned());
    People { asked: Vec::new(), ended: vec![HumanEnd { number, status, at: AT + 9, output }] }
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// Each field reads back, in any script.
pub async fn keeps_tasks_whole(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let (mut open, mut held) = (human(1, &["user:安", "role:operator"]), human(2, &[]));
    (open.title, open.due, open.escalated_at) = ("批准 \"5\"".to_owned(), Some(AT + 5), Some(AT + 6));
    (held.assignee, held.status, held.held) = (Some("安".into()), "CLAIMED", true);
    (held.draft, held.config) = ("{\"半\":1}".to_owned(), "{\"form\":{}}".to_owned());
    let rows = vec![open, held];
    let unit = asked(&*storage, &mut maker, People { asked: rows.clone(), ended: Vec::new() }).await;
    let mut found = subject.people(unit.workspace, unit.instance).await;
    found.iter_mut().for_each(|row| row.offers.sort());
    let sorted = |mut row: crate::storage::HumanRow| {
        row.offers.sort();
        row
    };
    assert_eq!(found, rows.into_iter().map(sorted).collect::<Vec<_>>());
}

/// Who takes it takes it from the others; who gives it back gives it to those who are named then.
pub async fn offers_it_to_those_who_are_named_last(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let first = People { asked: vec![human(1, &["user:a", "user:b"])], ended: Vec::new() };
    let unit = asked(&*storage, &mut maker, first).await;
    let offers = async || {
        let rows = subject.people(unit.workspace, unit.instance).await;
        rows[0].offers.iter().map(ToString::to_string).collect::<BTreeSet<_>>()
    };
    assert_eq!(offers().await, set(&["user:a", "user:b"]));
    let mut taken = human(1, &[]);
    (taken.assignee, taken.status, taken.draft) = (Some("a".into()), "CLAIMED", "\"half\"".to_owned());
    then(&*storage, &mut maker, unit.instance, 3, People { asked: vec![taken.clone()], ended: Vec::new() }).await;
    assert_eq!(offers().await, set(&[]));
    assert_eq!(subject.people(unit.workspace, unit.instance).await, [taken]);
    let back = People { asked: vec![human(1, &["user:b", "role:c"])], ended: Vec::new() };
    then(&*storage, &mut maker, unit.instance, 4, back).await;
    assert_eq!(offers().await, set(&["role:c", "user:b"]));
    // Some stay, some come, some go.
    let other = People { asked: vec![human(1, &["*", "user:b"])], ended: Vec::new() };
    then(&*storage, &mut maker, unit.instance, 5, other).await;
    assert_eq!(offers().await, set(&["*", "user:b"]));
}

/// One that ended is offered to nobody, keeps what was in it, and is not ended twice; asked anew it is open again.
pub async fn ends_tasks_where_they_are(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let rows = vec![human(1, &["*"]), human(2, &["user:a"]), human(3, &["*"])];
    let unit = asked(&*storage, &mut maker, People { asked: rows, ended: Vec::new() }).await;
    then(&*storage, &mut maker, unit.instance, 3, end(1, "DONE")).await;
    let again = People { asked: vec![human(2, &["user:b"])], ..end(1, "CANCELLED") };
    then(&*storage, &mut maker, unit.instance, 4, again).await;
    then(&*storage, &mut maker, unit.instance, 5, end(99, "DONE")).await;
    let found = subject.people(unit.workspace, unit.instance).await;
    assert_eq!((found[0].status, found[0].ended_at, found[0].offers.len()), ("DONE", Some(AT + 9), 0));
    assert_eq!(
        (found[0].config.as_str(), found[0].output.as_deref()),
        (human(1, &[]).config.as_str(), Some("{\"好\":1}"))
    );
    assert_eq!((found[1].status, found[1].offers.as_slice()), ("OPEN", [std::sync::Arc::from("user:b")].as_slice()));
    assert_eq!((found.len(), found[2].status), (3, "OPEN"));
    let open = People { asked: vec![human(1, &["user:c"])], ended: Vec::new() };
    then(&*storage, &mut maker, unit.instance, 6, open).await;
    let found = subject.people(unit.workspace, unit.instance).await;
    assert_eq!((found[0].status, found[0].ended_at, found[0].offers.len()), ("OPEN", None, 1));
    assert_eq!(found[0].output, None);
}

/// A refused batch changes no task, and another workspace's tasks are its own.
pub async fn writes_no_task_of_a_refused_batch(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let row = || People { asked: vec![human(1, &["*"])], ended: Vec::new() };
    let unit = asked(&*storage, &mut maker, row()).await;
    let mut clash = maker.step(unit.instance, 2, 1);
    clash.people = Some(Box::new(end(1, "DONE")));
    let mut fine = maker.start();
    fine.people = Some(Box::new(row()));
    let refused = storage.commit(&maker.batch(vec![clash, fine.clone()])).await;
    assert!(matches!(refused, Err(CommitError::Conflict(_))), "{refused:?}");
    assert_eq!(subject.people(unit.workspace, unit.instance).await[0].status, "OPEN");
    assert!(subject.people(fine.workspace, fine.instance).await.is_empty());
    let other = WorkspaceId::from_u128(unit.workspace.as_u128() ^ 1);
    assert!(subject.people(other, unit.instance).await.is_empty());
}
