//! The net under pairing and granting.

use super::Subject;
use super::make::{AT, Maker, message, subscription};
use super::permit::permit;
use super::post::{all, started};
use crate::storage::{Content, Parcel, Post, ReplyRow, Storage};
use heddle_model::ids::{InstanceId, MessageId, ParcelId};
use heddle_model::limits::REPLY_KEPT_MS;
use std::collections::BTreeSet;

/// Sweeps until a round does nothing; a few, because a round may only look at its part.
async fn swept(storage: &dyn Storage, limit: u32) -> Vec<Parcel> {
    let (mut sent, mut idle) = (Vec::new(), 0);
    while idle < 20 {
        let parcels = storage.sweep(limit).await.unwrap();
        idle = if parcels.is_empty() { idle + 1 } else { 0 };
        sent.extend(parcels);
    }
    sent
}

/// Messages and subscriptions of many names that nobody has paired, with a key and without.
pub async fn pairs_what_was_left_undone(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let mut expected = BTreeSet::new();
    for round in 0..20 {
        let (name, key) = (format!("m{}", round % 3), (round % 4 != 0).then(|| format!("{round}")));
        let row = message(maker.workspace, &name, key.as_deref(), AT);
        if round % 5 != 0 {
            expected.insert(row.id);
            let subscribed = vec![subscription(1, &name, key.as_deref(), AT)];
            started(&*storage, &mut maker, Post { subscribed, ..Post::default() }).await;
        }
        started(&*storage, &mut maker, Post { published: vec![row], ..Post::default() }).await;
    }
    let lonely = vec![subscription(1, "lonely", None, AT), subscription(2, "m0", Some("lonely"), AT)];
    started(&*storage, &mut maker, Post { subscribed: lonely, ..Post::default() }).await;
    let sent = storage.sweep(100).await.unwrap();
    let met = |it: &Parcel| match it.content {
        Content::Message { id, .. } => id,
        ref other => panic!("{other:?}"),
    };
    // Two of one name without a key may meet crosswise: what counts is that as many meet as can.
    assert_eq!(sent.len(), expected.len());
    assert_eq!(sent.iter().map(met).collect::<BTreeSet<MessageId>>().len(), expected.len());
    assert_eq!(
        all(&*storage).await.iter().map(|it| it.id).collect::<BTreeSet<_>>(),
        sent.iter().map(|it| it.id).collect::<BTreeSet<_>>()
    );
    assert_eq!(subject.kept(maker.workspace).await, 20 - expected.len());
    assert!(swept(&*storage, 100).await.is_empty());
}

/// Permits that are free and asked for.
pub async fn grants_what_was_left_undone(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let rows = (0..12).map(|number| permit(number, ["a", "b", "c"][number as usize % 3], 2, AT)).collect();
    let one = started(&*storage, &mut maker, Post { permits: rows, ..Post::default() }).await.instance;
    let held = |it: &Parcel| match it.content {
        Content::Granted { number, .. } => (it.instance, number),
        ref other => panic!("{other:?}"),
    };
    let granted: BTreeSet<(InstanceId, u32)> = storage.sweep(100).await.unwrap().iter().map(held).collect();
    assert_eq!(granted, (0..6).map(|number| (one, number)).collect());
    assert!(swept(&*storage, 100).await.is_empty());
}

/// With a small limit each round does a part, and together they do everything.
pub async fn goes_on_where_it_stopped(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let keys: Vec<String> = (0..30).map(|round| format!("{round}")).collect();
    for key in &keys {
        let post = Post {
            published: ["m", "kept"].map(|name| message(maker.workspace, name, Some(key), AT)).into(),
            subscribed: vec![subscription(1, "m", Some(key), AT)],
            permits: vec![permit(2, key, 1, AT), permit(3, key, 1, AT)],
            ..Post::default()
        };
        started(&*storage, &mut maker, post).await;
    }
    let sent = swept(&*storage, 2).await;
    assert_eq!(sent.len(), 60);
    assert_eq!(all(&*storage).await.len(), 60);
    assert_eq!(subject.kept(maker.workspace).await, 30);
}

/// Messages whose time is over, and answers that nobody has read; no others.
pub async fn removes_what_is_over(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let now = storage.now().await.unwrap();
    let mut published = Vec::new();
    for until in [now - 2, now - 1, now + 600_000] {
        let mut row = message(maker.workspace, "m", None, AT);
        row.letter.expires = Some(until);
        published.push(row);
    }
    let answer = |id, at| ReplyRow { id: ParcelId::from_u128(id), content: "{}".to_owned(), at };
    let replies = vec![answer(1, now - REPLY_KEPT_MS - 1), answer(2, now - REPLY_KEPT_MS + 600_000), answer(3, now)];
    started(&*storage, &mut maker, Post { published, replies, ..Post::default() }).await;
    assert!(swept(&*storage, 1).await.is_empty());
    assert_eq!(subject.kept(maker.workspace).await, 1);
    let mut left = Vec::new();
    for id in 1..=3 {
        left.push(storage.reply(ParcelId::from_u128(id)).await.unwrap().is_some());
    }
    assert_eq!(left, [false, true, true]);
}
