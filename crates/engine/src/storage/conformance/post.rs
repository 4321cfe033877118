//! What passes between instances arrives once, at the right one.

use super::Subject;
use super::make::{AT, Maker, fresh, message, subscription};
use crate::kernel::{Failure, Letter};
use crate::storage::{
    Awaits, Call, CommitError, Content, MessageRow, Parcel, Post, Published, ReplyRow, Settlement, SignalRow, Storage,
    SubscriptionRow, Unit,
};
use crate::tasks::ErrorClass;
use heddle_model::ids::{InstanceId, MessageId, ParcelId, WorkspaceId, uuid_v7};
use heddle_model::limits::SHARDS;
use heddle_model::value::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A parcel that nobody has seen before.
fn parcel(workspace: WorkspaceId, instance: InstanceId, sent_at: i64) -> Parcel {
    let id = ParcelId::from_u128(uuid_v7(sent_at as u64, fresh()));
    Parcel { id, workspace, instance, sent_at, content: Content::Unwanted }
}

fn listening(number: u32, name: &str) -> SubscriptionRow {
    SubscriptionRow { awaits: Awaits::Signal, ..subscription(number, name, None, AT) }
}

fn signal(name: &str, payload: Value) -> SignalRow {
    SignalRow { name: name.into(), payload: payload.into() }
}

/// Commits a start with something of the post.
pub(super) async fn started(storage: &dyn Storage, maker: &mut Maker, post: Post) -> Unit {
    let mut unit = maker.start();
    unit.post = Some(Box::new(post));
    maker.commit(storage, vec![unit.clone()]).await;
    unit
}

/// Commits the event after `seq` with something of the post.
pub(super) async fn stepped(storage: &dyn Storage, maker: &mut Maker, instance: InstanceId, seq: u64, post: Post) {
    let mut unit = maker.step(instance, seq, 1);
    unit.post = Some(Box::new(post));
    maker.commit(storage, vec![unit]).await;
}

async fn subscribed(storage: &dyn Storage, maker: &mut Maker, rows: Vec<SubscriptionRow>) -> InstanceId {
    started(storage, maker, Post { subscribed: rows, ..Post::default() }).await.instance
}

async fn published(storage: &dyn Storage, maker: &mut Maker, rows: Vec<MessageRow>) {
    started(storage, maker, Post { published: rows, ..Post::default() }).await;
}

pub(super) async fn all(storage: &dyn Storage) -> Vec<Parcel> {
    let shards: Vec<u16> = (0..SHARDS).collect();
    storage.inbox(&shards, u32::MAX >> 1).await.unwrap()
}

async fn pair(storage: &dyn Storage, workspace: WorkspaceId, name: &str, key: Option<&str>) -> Vec<Parcel> {
    let (name, key) = (Arc::from(name), key.map(Arc::from));
    storage.pair(workspace, &name, key.as_ref()).await.unwrap()
}

/// Whom a message came to, and which message that is.
fn met(parcel: &Parcel) -> (InstanceId, u32, MessageId) {
    match &parcel.content {
        Content::Message { id, subscription, .. } => (parcel.instance, *subscription, *id),
        other => panic!("{other:?}"),
    }
}

fn conflict(result: Result<(), CommitError>) -> bool {
    matches!(result, Err(CommitError::Conflict(_)))
}

fn every_content() -> Vec<Content> {
    let failure = Failure {
        class: ErrorClass::Business,
        code: "E\u{0}".to_owned(),
        message: "没有".to_owned(),
        details: json!({"a": [1, 2.5]}).into(),
        retryable: true,
    };
    let call = Call {
        caller: InstanceId::from_u128(7),
        number: 3,
        wait: true,
        depth: 2,
        workflow: "下单".into(),
        version: json!("latest").into(),
        input: json!({"金额": 12}).into(),
        priority: 9,
        started_by: "usr_test".into(),
        test: false,
    };
    let letter = Letter { name: "paid".into(), key: None, payload: json!("a\u{0}b").into(), expires: Some(AT) };
    vec![
        Content::Message { id: MessageId::from_u128(5), subscription: u32::MAX, letter },
        Content::Signal { name: "all".into(), payload: json!(null).into() },
        Content::Start(Box::new(call)),
        Content::ChildEnded { number: 4, result: Ok(json!([1]).into()) },
        Content::ChildEnded { number: 4, result: Err(failure) },
        Content::Unwanted,
        Content::Granted { number: 9, name: "mutex/工厂".into() },
        Content::Request { reply: ParcelId::from_u128(8), request: "{\"a\":1}".to_owned() },
    ]
}

/// Parcels are in the inbox of their receivers after the commit, as they were sent, and only there.
pub async fn delivers_what_a_unit_sends(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    // Nobody has made the receiver yet: its first parcel may be what makes it.
    let to = maker.instance();
    let mut sent = Vec::new();
    for content in every_content() {
        sent.push(Parcel { content, ..parcel(maker.workspace, to, AT) });
    }
    started(&*storage, &mut maker, Post { sent: sent.clone(), ..Post::default() }).await;
    sent.sort_by_key(|it| it.id);
    assert_eq!(storage.inbox(&[to.shard()], 100).await.unwrap(), sent);
    let others: Vec<u16> = (0..SHARDS).filter(|&shard| shard != to.shard()).collect();
    assert!(storage.inbox(&others, 100).await.unwrap().is_empty());
}

/// A parcel goes with the commit that follows from it; a second commit that names it is refused, whole.
pub async fn takes_a_parcel_once(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let receiver = maker.start();
    maker.commit(&*storage, vec![receiver.clone()]).await;
    let (one, two) =
        (parcel(maker.workspace, receiver.instance, AT), parcel(maker.workspace, receiver.instance, AT + 1));
    storage.post(&one).await.unwrap();
    storage.post(&two).await.unwrap();
    let post = Post { taken: vec![one.id], ..Post::default() };
    stepped(&*storage, &mut maker, receiver.instance, 3, post.clone()).await;
    assert_eq!(all(&*storage).await, std::slice::from_ref(&two));

    let mut again = maker.step(receiver.instance, 4, 1);
    let follows = parcel(maker.workspace, receiver.instance, AT);
    again.post = Some(Box::new(Post { taken: vec![two.id, one.id], sent: vec![follows], ..Post::default() }));
    let innocent = maker.start();
    assert!(conflict(storage.commit(&maker.batch(vec![again, innocent.clone()])).await));
    assert_eq!(storage.heads(&[receiver.instance, innocent.instance]).await.unwrap(), [Some(3), None]);
    assert_eq!(all(&*storage).await, [two], "nothing was taken, nothing was sent");
}

/// The oldest first, then by id; of the shards asked for, a shard named twice once; no more than asked.
pub async fn reads_the_inbox_in_order(subject: &impl Subject) {
    let storage = subject.storage();
    let maker = Maker::new(&*storage).await;
    let (one, two) = (maker.instance(), maker.instance());
    let mut sent: Vec<Parcel> =
        [(one, 5), (two, 3), (one, 3), (two, 9), (one, 1)].map(|(to, at)| parcel(maker.workspace, to, AT + at)).into();
    for parcel in &sent {
        storage.post(parcel).await.unwrap();
    }
    sent.sort_by_key(|it| (it.sent_at, it.id));
    let shards = [two.shard(), one.shard(), two.shard()];
    assert_eq!(storage.inbox(&shards, 100).await.unwrap(), sent);
    assert_eq!(storage.inbox(&shards, 3).await.unwrap(), sent[..3]);
    assert!(storage.inbox(&shards, 0).await.unwrap().is_empty() && storage.inbox(&[], 9).await.unwrap().is_empty());
    assert_ne!(one.shard(), two.shard(), "the test needs two shards");
    sent.retain(|it| it.instance == one);
    assert_eq!(storage.inbox(&[one.shard()], 100).await.unwrap(), sent);
}

/// The same with many parcels, most of them of one shard: no page leaves one out that is older than its last.
pub async fn reads_a_backlog_in_order(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let to: Vec<InstanceId> = (0..6).map(|_| maker.instance()).collect();
    // Of the first nearly all, and the oldest; of the others some among its last.
    let mut sent: Vec<Parcel> = (0..300).map(|at| parcel(maker.workspace, to[0], AT + at)).collect();
    sent.extend((0..100).map(|at| parcel(maker.workspace, to[at as usize % 6], AT + 250 + at % 60)));
    started(&*storage, &mut maker, Post { sent: sent.clone(), ..Post::default() }).await;
    sent.sort_by_key(|it| (it.sent_at, it.id));
    for limit in [1, 15, 16, 17, 129, 280, 399, 400, 1_000] {
        let expected = &sent[..sent.len().min(limit as usize)];
        assert_eq!(storage.inbox(&(0..SHARDS).collect::<Vec<_>>(), limit).await.unwrap(), expected, "{limit}");
    }
}

/// A door that cannot tell whether its parcel was written sends it again.
pub async fn posts_a_parcel_once(subject: &impl Subject) {
    let storage = subject.storage();
    let maker = Maker::new(&*storage).await;
    let request = Content::Request { reply: ParcelId::from_u128(fresh()), request: "{}".to_owned() };
    let parcel = Parcel { content: request, ..parcel(maker.workspace, maker.instance(), AT) };
    storage.post(&parcel).await.unwrap();
    storage.post(&parcel).await.unwrap();
    assert_eq!(all(&*storage).await, [parcel]);
}

/// A parcel goes, and what follows from it comes; one that is gone already is left out, with all that would follow from it.
pub async fn settles_without_an_event(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let receiver = subscribed(&*storage, &mut maker, vec![subscription(1, "paid", None, AT)]).await;
    let asked = parcel(maker.workspace, receiver, AT);
    let follows = parcel(maker.workspace, receiver, AT + 1);
    storage.post(&asked).await.unwrap();
    let reply = ReplyRow { id: ParcelId::from_u128(fresh()), content: "{\"ok\":true}".to_owned(), at: AT };
    let returned = message(maker.workspace, "paid", None, AT);
    let settlement = Settlement {
        taken: (asked.shard(), asked.id),
        reply: Some(reply.clone()),
        sent: Some(follows.clone()),
        returned: Some(returned.clone()),
    };
    let gone = Settlement {
        taken: (follows.shard(), ParcelId::from_u128(fresh())),
        reply: None,
        sent: Some(parcel(maker.workspace, receiver, AT)),
        returned: Some(message(maker.workspace, "paid", None, AT)),
    };
    storage.settle(maker.fence, &[gone, settlement.clone()]).await.unwrap();
    storage.settle(maker.fence, &[settlement]).await.unwrap();
    assert_eq!(all(&*storage).await, [follows]);
    assert_eq!(storage.reply(reply.id).await.unwrap(), Some(reply.content));
    let paired = pair(&*storage, maker.workspace, "paid", None).await;
    assert_eq!(paired.iter().map(met).collect::<Vec<_>>(), [(receiver, 1, returned.id)]);
}

/// Only the owner settles.
pub async fn fences_a_settlement(subject: &impl Subject) {
    let storage = subject.storage();
    let older = Maker::new(&*storage).await;
    let asked = parcel(older.workspace, older.instance(), AT);
    storage.post(&asked).await.unwrap();
    let newer = Maker::new(&*storage).await;
    let follows = parcel(older.workspace, asked.instance, AT);
    let taken = (asked.shard(), asked.id);
    let settlements = [Settlement { taken, reply: None, sent: Some(follows.clone()), returned: None }];
    assert!(matches!(storage.settle(older.fence, &settlements).await, Err(CommitError::Fenced)));
    assert_eq!(all(&*storage).await, [asked], "nothing was written");
    storage.settle(newer.fence, &settlements).await.unwrap();
    assert_eq!(all(&*storage).await, [follows]);
}

/// An answer is there once its unit is committed, and stays what it is.
pub async fn keeps_the_first_answer(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let answer = |content: &str| ReplyRow { id: ParcelId::from_u128(77), content: content.to_owned(), at: AT };
    assert_eq!(storage.reply(answer("").id).await.unwrap(), None);
    let unit =
        started(&*storage, &mut maker, Post { replies: vec![answer("\"一\"")], ..Post::default() }).await.instance;
    assert_eq!(storage.reply(answer("").id).await.unwrap().as_deref(), Some("\"一\""));
    let post = Post { replies: vec![answer("\"two\"")], ..Post::default() };
    stepped(&*storage, &mut maker, unit, 3, post).await;
    assert_eq!(storage.reply(answer("").id).await.unwrap().as_deref(), Some("\"一\""));
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

/// A unit's signal comes to each other instance that waits, once, in the order in which a unit sends them; never to the sender.
pub async fn brings_signals_to_all_but_the_sender(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let mut hearing = BTreeSet::new();
    for _ in 0..5 {
        let rows = vec![listening(1, "stop"), listening(2, "stop"), listening(3, "other")];
        hearing.insert(subscribed(&*storage, &mut maker, rows).await);
    }
    subscribed(&*storage, &mut maker, vec![subscription(1, "stop", None, AT)]).await;
    let sender = subscribed(&*storage, &mut maker, vec![listening(1, "stop")]).await;
    let signals = (0..5).map(|n| signal("stop", json!(n))).collect();
    let mut step = maker.step(sender, 3, 1);
    let at = step.journal.at;
    step.post = Some(Box::new(Post { signals, ..Post::default() }));
    maker.commit(&*storage, vec![step]).await;
    let parcels = all(&*storage).await;
    assert_eq!(parcels.len(), 25);
    for instance in hearing {
        let heard: Vec<&Parcel> = parcels.iter().filter(|it| it.instance == instance).collect();
        let expected =
            (0..5).map(|n| Content::Signal { name: "stop".into(), payload: json!(n).into() }).collect::<Vec<_>>();
        assert_eq!(heard.iter().map(|it| it.content.clone()).collect::<Vec<_>>(), expected);
        assert!(heard.iter().all(|it| it.workspace == maker.workspace && it.sent_at == at));
    }
}

/// A door's signal comes to all who wait now; their number is the answer, and a signal is never kept.
pub async fn broadcasts_to_all_who_wait(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    assert_eq!(storage.broadcast(maker.workspace, &signal("stop", json!(0))).await.unwrap(), 0);
    let mut hearing = BTreeSet::new();
    for _ in 0..5 {
        hearing.insert(subscribed(&*storage, &mut maker, vec![listening(1, "stop"), listening(2, "stop")]).await);
    }
    let row = signal("stop", json!({"为": "何"}));
    assert_eq!(storage.broadcast(maker.workspace, &row).await.unwrap(), 5);
    let parcels = all(&*storage).await;
    assert_eq!(parcels.iter().map(|it| it.instance).collect::<BTreeSet<_>>(), hearing);
    assert_eq!(parcels.iter().map(|it| it.id).collect::<BTreeSet<_>>().len(), 5);
    let content = Content::Signal { name: row.name.clone(), payload: row.payload.clone() };
    assert!(parcels.iter().all(|it| it.content == content && it.shard() == it.instance.shard()));
    assert_eq!(storage.broadcast(maker.workspace, &row).await.unwrap(), 5, "they wait on");
}

/// One clash, and nothing of any unit's post is there.
pub async fn writes_nothing_of_a_refused_units_post(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let standing = subscribed(&*storage, &mut maker, vec![listening(1, "stop"), subscription(2, "m", None, AT)]).await;
    let waiting = parcel(maker.workspace, standing, AT);
    storage.post(&waiting).await.unwrap();
    let mut innocent = maker.start();
    innocent.post = Some(Box::new(Post {
        sent: vec![parcel(maker.workspace, standing, AT)],
        replies: vec![ReplyRow { id: ParcelId::from_u128(5), content: String::new(), at: AT }],
        subscribed: vec![subscription(1, "x", None, AT)],
        published: vec![message(maker.workspace, "m", None, AT)],
        signals: vec![signal("stop", json!(1))],
        ..Post::default()
    }));
    let mut culprit = maker.step(standing, 9, 1);
    culprit.post = Some(Box::new(Post { taken: vec![waiting.id], unsubscribed: vec![1], ..Post::default() }));
    assert!(conflict(storage.commit(&maker.batch(vec![innocent.clone(), culprit])).await));
    assert_eq!(all(&*storage).await, std::slice::from_ref(&waiting));
    assert_eq!(storage.reply(ParcelId::from_u128(5)).await.unwrap(), None);
    assert_eq!(subject.kept(maker.workspace).await, 0);
    let to_nobody = message(maker.workspace, "x", None, AT);
    assert_eq!(storage.publish(&to_nobody, true).await.unwrap(), Published::Refused);

    maker.commit(&*storage, vec![innocent]).await;
    assert_eq!(all(&*storage).await.len(), 3, "the one before, the one sent, and the signal, for it still listens");
    assert_eq!(subject.kept(maker.workspace).await, 1);
}

/// Hundreds of units, each with something of everything.
pub async fn takes_large_posts(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let ids: Vec<InstanceId> = (0..300).map(|_| maker.instance()).collect();
    let mut units = Vec::new();
    for &id in &ids {
        let mut unit = Unit { instance: id, shard: id.shard(), ..maker.start() };
        unit.journal = maker.step(id, 1, 2).journal;
        let sent = (0..10).map(|at| parcel(maker.workspace, ids[at as usize], AT + at)).collect();
        let subscribed = (0..5).map(|number| subscription(number, "m", None, AT)).collect();
        let published = vec![message(maker.workspace, "m", None, AT); 1];
        unit.post = Some(Box::new(Post { sent, subscribed, published, ..Post::default() }));
        units.push(unit);
    }
    maker.commit(&*storage, units).await;
    assert_eq!(all(&*storage).await.len(), 3_000);
    assert_eq!(pair(&*storage, maker.workspace, "m", None).await.len(), 300);
    let of_first = all(&*storage).await.into_iter().filter(|it| it.instance == ids[0]);
    let taken: Vec<ParcelId> = of_first.map(|it| it.id).collect();
    assert!(taken.len() >= 300);
    let left = 3_300 - taken.len();
    stepped(&*storage, &mut maker, ids[0], 3, Post { taken, ..Post::default() }).await;
    assert_eq!(all(&*storage).await.len(), left);
}

/// The newest, or the one with a number; of the workspace's workflow with that name.
pub async fn resolves_versions(subject: &impl Subject) {
    let storage = subject.storage();
    let maker = Maker::new(&*storage).await;
    let versions = subject.versions(maker.workspace, "下单", 3).await;
    let resolve = |name: &'static str, version: Value| {
        let (storage, workspace) = (storage.clone(), maker.workspace);
        async move { storage.resolve(workspace, name, &version).await.unwrap() }
    };
    assert_eq!(resolve("下单", json!("latest")).await.as_ref(), versions.last());
    assert_eq!(resolve("下单", json!(1)).await.as_ref(), versions.first());
    assert_eq!(resolve("下单", json!(3)).await.as_ref(), versions.last());
    for unknown in [json!(0), json!(4), json!(-1), json!(1.5), json!("3"), json!("label:没有"), json!(null), json!({})]
    {
        assert_eq!(resolve("下单", unknown.clone()).await, None, "{unknown}");
    }
    assert_eq!(resolve("别的", json!("latest")).await, None);
    let other = WorkspaceId::from_u128(maker.workspace.as_u128() + 1);
    assert_eq!(storage.resolve(other, "下单", &json!("latest")).await.unwrap(), None);
}
