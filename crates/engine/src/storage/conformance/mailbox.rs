//! A message by name goes to one receiver: the first that waits, or the first that asks.

use super::Subject;
use super::make::{AT, Maker, message, subscription};
use super::post::{all, listening, met, pair, signal, started, stepped, subscribed};
use crate::kernel::Letter;
use crate::storage::{Content, MessageRow, Parcel, Post, Published, Storage};
use heddle_model::ids::WorkspaceId;
use heddle_model::value::json;
use std::collections::BTreeSet;

async fn published(storage: &dyn Storage, maker: &mut Maker, rows: Vec<MessageRow>) {
    started(storage, maker, Post { published: rows, ..Post::default() }).await;
}

/// The first in line by time, then by instance and number, is taken off and gets the parcel.
pub async fn publishes_to_the_first_in_line(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let row = |number, since| subscription(number, "paid", Some("订单 1"), since);
    let one = subscribed(&*storage, &mut maker, vec![row(2, AT + 5), row(1, AT + 5), row(3, AT + 9)]).await;
    let two = subscribed(&*storage, &mut maker, vec![row(1, AT + 5), row(2, AT + 1)]).await;
    let mut order = Vec::new();
    for number in 0..5 {
        let letter = message(maker.workspace, "paid", Some("订单 1"), AT + number);
        let before = storage.now().await.unwrap();
        match storage.publish(&letter, number % 2 == 0).await.unwrap() {
            Published::Sent(parcel) => {
                assert!(parcel.workspace == maker.workspace && parcel.sent_at >= before);
                let expected = Content::Message { id: letter.id, subscription: met(&parcel).1, letter: letter.letter };
                assert_eq!(parcel.content, expected);
                assert!(all(&*storage).await.contains(&parcel));
                order.push((parcel.instance, met(&parcel).1));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(order, [(two, 2), (one, 1), (one, 2), (two, 1), (one, 3)]);
    assert_eq!(subject.kept(maker.workspace).await, 0);
    let late = message(maker.workspace, "paid", Some("订单 1"), AT);
    assert_eq!(storage.publish(&late, true).await.unwrap(), Published::Refused);
}

/// A message waits in its mailbox until somebody asks for it.
pub async fn keeps_what_nobody_waits_for(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let early = message(maker.workspace, "paid", Some("1"), AT);
    assert_eq!(storage.publish(&early, false).await.unwrap(), Published::Kept);
    assert_eq!(storage.publish(&early, false).await.unwrap(), Published::Kept, "sent again after a doubt");
    assert!(all(&*storage).await.is_empty() && subject.kept(maker.workspace).await == 1);
    let receiver = subscribed(&*storage, &mut maker, vec![subscription(4, "paid", Some("1"), AT)]).await;
    let paired = pair(&*storage, maker.workspace, "paid", Some("1")).await;
    assert_eq!(paired.iter().map(met).collect::<Vec<_>>(), [(receiver, 4, early.id)]);
    assert_eq!(all(&*storage).await, paired);
    assert_eq!(subject.kept(maker.workspace).await, 0);
}

/// What may not wait and finds nobody leaves no trace.
pub async fn refuses_what_may_not_wait(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let row = message(maker.workspace, "now", None, AT);
    assert_eq!(storage.publish(&row, true).await.unwrap(), Published::Refused);
    assert_eq!(subject.kept(maker.workspace).await, 0);
    subscribed(&*storage, &mut maker, vec![subscription(1, "now", None, AT), listening(2, "now")]).await;
    assert!(pair(&*storage, maker.workspace, "now", None).await.is_empty());
    assert!(matches!(storage.publish(&row, true).await.unwrap(), Published::Sent(_)));
    assert_eq!(storage.publish(&row, true).await.unwrap(), Published::Refused, "a signal's listener takes no message");
}

/// A subscription under the same number replaces the one before it; one that is gone is no error; both in one unit: it stands.
pub async fn replaces_and_removes_subscriptions(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let rows = (1..=4).map(|number| subscription(number, "a", None, AT + i64::from(number))).collect();
    let receiver = subscribed(&*storage, &mut maker, rows).await;
    let post = Post {
        subscribed: vec![
            subscription(2, "a", None, AT),
            subscription(2, "b", Some("k"), AT),
            subscription(3, "a", None, AT),
        ],
        unsubscribed: vec![1, 3, 77],
        ..Post::default()
    };
    stepped(&*storage, &mut maker, receiver, 3, post).await;
    let mut rows: Vec<MessageRow> = (0..9).map(|at| message(maker.workspace, "a", None, AT + at)).collect();
    rows.push(message(maker.workspace, "b", Some("k"), AT));
    published(&*storage, &mut maker, rows).await;
    let numbers = |parcels: Vec<Parcel>| parcels.iter().map(|it| met(it).1).collect::<Vec<_>>();
    assert_eq!(numbers(pair(&*storage, maker.workspace, "a", None).await), [3, 4]);
    assert_eq!(numbers(pair(&*storage, maker.workspace, "b", Some("k")).await), [2]);
}

/// As many pairs as there can be, the oldest of each first; what is left over stays.
pub async fn pairs_the_oldest_with_the_first(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let mut messages: Vec<MessageRow> =
        [7, 3, 3, 9, 1, 8, 2].map(|at| message(maker.workspace, "m", Some("k"), AT + at)).into();
    published(&*storage, &mut maker, messages.clone()).await;
    messages.sort_by_key(|it| (it.sent_at, it.id));
    let mut waiting = Vec::new();
    for since in [4, 2, 6, 2, 5, 1] {
        let row = subscription(1, "m", Some("k"), AT + since);
        waiting.push((since, subscribed(&*storage, &mut maker, vec![row]).await));
    }
    waiting.sort_unstable();
    let paired = pair(&*storage, maker.workspace, "m", Some("k")).await;
    let expected: Vec<_> = waiting.iter().zip(&messages).map(|((_, to), message)| (*to, 1, message.id)).collect();
    assert_eq!(paired.iter().map(met).collect::<Vec<_>>(), expected);
    let mut inbox = all(&*storage).await;
    inbox.sort_by_key(|it| it.id);
    let mut sent = paired;
    sent.sort_by_key(|it| it.id);
    assert_eq!(inbox, sent);
    assert!(pair(&*storage, maker.workspace, "m", Some("k")).await.is_empty());
    assert_eq!(subject.kept(maker.workspace).await, 1);
    let last = subscribed(&*storage, &mut maker, vec![subscription(1, "m", Some("k"), AT)]).await;
    let paired = pair(&*storage, maker.workspace, "m", Some("k")).await;
    assert_eq!(paired.iter().map(met).collect::<Vec<_>>(), [(last, 1, messages[6].id)]);
}

/// Twenty who pair at the same time, and some who publish: each message goes to one receiver, and each receiver gets one.
pub async fn pairs_nothing_twice(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let mut messages: Vec<MessageRow> = (0..60).map(|at| message(maker.workspace, "m", None, AT + at)).collect();
    let later = messages.split_off(50);
    published(&*storage, &mut maker, messages.clone()).await;
    let mut receivers = BTreeSet::new();
    for _ in 0..50 {
        receivers.insert(subscribed(&*storage, &mut maker, vec![subscription(1, "m", None, AT)]).await);
    }
    let mut tasks: Vec<_> = (0..20)
        .map(|_| {
            let (storage, workspace) = (storage.clone(), maker.workspace);
            tokio::spawn(async move { pair(&*storage, workspace, "m", None).await })
        })
        .collect();
    tasks.extend(later.iter().cloned().map(|row| {
        let storage = storage.clone();
        tokio::spawn(async move {
            match storage.publish(&row, false).await.unwrap() {
                Published::Sent(parcel) => vec![*parcel],
                _ => Vec::new(),
            }
        })
    }));
    let mut sent = Vec::new();
    for task in tasks {
        sent.extend(task.await.unwrap());
    }
    let parcels = all(&*storage).await;
    assert_eq!(parcels.len(), 50);
    assert_eq!(parcels.iter().map(|it| it.instance).collect::<BTreeSet<_>>(), receivers);
    assert_eq!(parcels.iter().map(|it| met(it).2).collect::<BTreeSet<_>>().len(), 50);
    assert_eq!(sent.iter().map(|it| it.id).collect::<BTreeSet<_>>(), parcels.iter().map(|it| it.id).collect());
    assert_eq!(subject.kept(maker.workspace).await, 10);
}

/// A message and a subscription that come at the same moment meet, whoever is the later: the subscriber pairs after its commit.
pub async fn loses_nothing_between_publishing_and_subscribing(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    for round in 0..40 {
        let key = format!("{round}");
        let row = message(maker.workspace, "m", Some(&key), AT);
        let mut unit = maker.start();
        let armed = vec![subscription(1, "m", Some(&key), AT)];
        unit.post = Some(Box::new(Post { subscribed: armed, ..Post::default() }));
        let batch = maker.batch(vec![unit]);
        let (door, engine) = (storage.clone(), storage.clone());
        let door = tokio::spawn(async move { door.publish(&row, false).await.unwrap() });
        let engine = tokio::spawn(async move {
            engine.commit(&batch).await.unwrap();
            pair(&*engine, batch.units[0].workspace, "m", Some(&key)).await
        });
        let (sent, paired) = (door.await.unwrap(), engine.await.unwrap());
        assert_eq!(usize::from(matches!(sent, Published::Sent(_))) + paired.len(), 1, "round {round}");
    }
    assert_eq!((all(&*storage).await.len(), subject.kept(maker.workspace).await), (40, 0));
}

/// A message whose time is over goes to nobody.
pub async fn pairs_no_expired_message(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let mut rows: Vec<MessageRow> = (0..3).map(|at| message(maker.workspace, "m", None, AT + at)).collect();
    let now = storage.now().await.unwrap();
    rows[0].letter.expires = Some(now - 1);
    rows[1].letter.expires = Some(now + 600_000);
    published(&*storage, &mut maker, rows.clone()).await;
    let armed = (1..=3).map(|number| subscription(number, "m", None, AT)).collect();
    subscribed(&*storage, &mut maker, armed).await;
    let paired = pair(&*storage, maker.workspace, "m", None).await;
    assert_eq!(paired.iter().map(|it| met(it).2).collect::<Vec<_>>(), [rows[1].id, rows[2].id]);
    let letters: Vec<&Letter> = rows[1..].iter().map(|row| &row.letter).collect();
    for (parcel, letter) in paired.iter().zip(letters) {
        assert!(matches!(&parcel.content, Content::Message { letter: it, .. } if it == letter), "{parcel:?}");
    }
}

/// A message without a key fits a subscription without one only, and the other way round; other names and keys fit nobody.
pub async fn tells_keys_apart(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let keys = [None, Some(""), Some("k"), Some("K"), Some("k ")];
    let rows = keys.iter().zip(1..).map(|(key, number)| subscription(number, "m", *key, AT)).collect();
    subscribed(&*storage, &mut maker, rows).await;
    assert_eq!(
        storage.publish(&message(maker.workspace, "M", None, AT), true).await.unwrap(),
        Published::Refused,
        "another name"
    );
    for (key, number) in keys.iter().zip(1u32..) {
        let row = message(maker.workspace, "m", *key, AT);
        if number % 2 == 0 {
            assert!(matches!(storage.publish(&row, true).await.unwrap(), Published::Sent(it) if met(&it).1 == number));
        } else {
            published(&*storage, &mut maker, vec![row.clone()]).await;
            for other in keys.iter().filter(|other| *other != key) {
                assert!(pair(&*storage, maker.workspace, "m", *other).await.is_empty());
            }
            let paired = pair(&*storage, maker.workspace, "m", *key).await;
            assert_eq!(paired.iter().map(|it| met(it).1).collect::<Vec<_>>(), [number]);
        }
    }
}

/// A key comes from an expression: it may be long, and hold anything. The letter arrives as it was written.
pub async fn takes_long_and_odd_names(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let keys = [format!("{}1", "长".repeat(5_000)), format!("{}2", "长".repeat(5_000)), "a\u{0}b".to_owned()];
    for (key, number) in keys.iter().zip(1..) {
        let row = message(maker.workspace, "名\"'", Some(key), AT);
        published(&*storage, &mut maker, vec![row]).await;
        subscribed(&*storage, &mut maker, vec![subscription(number, "名\"'", Some(key), AT)]).await;
    }
    for (key, number) in keys.iter().zip(1..) {
        let paired = pair(&*storage, maker.workspace, "名\"'", Some(key)).await;
        assert_eq!(paired.iter().map(|it| met(it).1).collect::<Vec<_>>(), [number]);
        let Content::Message { letter, .. } = &paired[0].content else { panic!("{paired:?}") };
        assert_eq!(letter.key.as_deref(), Some(key.as_str()));
    }
}

/// Names mean something within a workspace only.
pub async fn keeps_mailboxes_of_workspaces_apart(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let other = WorkspaceId::from_u128(maker.workspace.as_u128() + 1);
    subscribed(&*storage, &mut maker, vec![subscription(1, "m", None, AT), listening(2, "s")]).await;
    assert_eq!(storage.publish(&message(other, "m", None, AT), false).await.unwrap(), Published::Kept);
    assert!(pair(&*storage, maker.workspace, "m", None).await.is_empty());
    assert!(pair(&*storage, other, "m", None).await.is_empty());
    assert_eq!(storage.broadcast(other, &signal("s", json!(1))).await.unwrap(), 0);
    assert!(storage.sweep(100).await.unwrap().is_empty() && all(&*storage).await.is_empty());
}
