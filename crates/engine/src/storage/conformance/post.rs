//! What passes between instances arrives once, at the right one.

use super::Subject;
use super::make::{AT, Maker, fresh, message, subscription};
use crate::kernel::{Failure, Letter};
use crate::storage::{
    Awaits, Call, CommitError, Content, Parcel, Post, Published, ReplyRow, Settlement, SignalRow, Storage,
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

pub(super) fn listening(number: u32, name: &str) -> SubscriptionRow {
    SubscriptionRow { awaits: Awaits::Signal, ..subscription(number, name, None, AT) }
}

pub(super) fn signal(name: &str, payload: Value) -> SignalRow {
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

pub(super) async fn subscribed(storage: &dyn Storage, maker: &mut Maker, rows: Vec<SubscriptionRow>) -> InstanceId {
    started(storage, maker, Post { subscribed: rows, ..Post::default() }).await.instance
}

pub(super) async fn all(storage: &dyn Storage) -> Vec<Parcel> {
    let shards: Vec<u16> = (0..SHARDS).collect();
    storage.inbox(&shards, u32::MAX >> 1).await.unwrap()
}

pub(super) async fn pair(storage: &dyn Storage, workspace: WorkspaceId, name: &str, key: Option<&str>) -> Vec<Parcel> {
    let (name, key) = (Arc::from(name), key.map(Arc::from));
    storage.pair(workspace, &name, key.as_ref()).await.unwrap()
}

/// Whom a message came to, and which message that is.
pub(super) fn met(parcel: &Parcel) -> (InstanceId, u32, MessageId) {
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
    assert_eq!(maker.last_events(&*storage, &[receiver.instance, innocent.instance]).await, [Some(3), None]);
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
    let mut culprit = maker.step(standing, 2, 1);
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
