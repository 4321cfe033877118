//! What passes between instances, as parts of PostgreSQL's commit. Units without any of it add nothing.

use super::commit_postgres::Writer;
use super::rows::{expires, json, permits, permits_gone, subscribed, unsubscribed};
use crate::row::{text, uuid, word};
use heddle_engine::storage::{CommitError, Content, MessageRow, Parcel, Post, ReplyRow, Settlement, SignalRow, Unit};
use sea_orm::prelude::Uuid;

type Posts<'a> = [(&'a Unit, &'a Post)];
type Done = Result<(), CommitError>;

/// Rows of one table: each with the unit it belongs to.
fn rows<'a, R: 'a, I: IntoIterator<Item = R>>(posts: &Posts<'a>, of: impl Fn(&'a Post) -> I) -> Vec<(&'a Unit, R)> {
    posts.iter().flat_map(|&(unit, post)| of(post).into_iter().map(move |row| (unit, row))).collect()
}

const fn workspace(unit: &Unit) -> Uuid {
    uuid(unit.workspace.as_u128())
}

const fn instance(unit: &Unit) -> Uuid {
    uuid(unit.instance.as_u128())
}

/// The parts of a batch.
pub(super) fn posts(writer: &mut Writer, posts: &Posts<'_>) -> Done {
    if posts.is_empty() {
        return Ok(());
    }
    sent(writer, posts.iter().flat_map(|(_, post)| &post.sent))?;
    let taken = rows(posts, |post| &post.taken);
    if !taken.is_empty() {
        writer
            .part(15)
            .column(&taken, |(unit, _)| i32::from(unit.shard))
            .column(&taken, |(_, id)| uuid(id.as_u128()))
            .value(taken.len() as i64);
    }
    replies(writer, posts.iter().flat_map(|(_, post)| &post.replies));
    subscriptions(writer, posts);
    messages(writer, posts.iter().flat_map(|(_, post)| &post.published))?;
    signals(writer, posts)?;
    permissions(writer, posts);
    Ok(())
}

/// The parts of settlements; refused as a conflict when one of their parcels is gone.
pub(super) fn settlements(writer: &mut Writer, settlements: &[Settlement]) -> Done {
    sent(writer, settlements.iter().filter_map(|it| it.sent.as_ref()))?;
    writer
        .part(15)
        .column(settlements, |it| i32::from(it.taken.0))
        .column(settlements, |it| uuid(it.taken.1.as_u128()))
        .value(settlements.len() as i64);
    replies(writer, settlements.iter().filter_map(|it| it.reply.as_ref()));
    messages(writer, settlements.iter().filter_map(|it| it.returned.as_ref()))
}

fn sent<'a>(writer: &mut Writer, parcels: impl IntoIterator<Item = &'a Parcel>) -> Done {
    let rows: Vec<&Parcel> = parcels.into_iter().collect();
    if !rows.is_empty() {
        writer
            .part(14)
            .column(&rows, |row| i32::from(row.shard()))
            .column(&rows, |row| uuid(row.id.as_u128()))
            .column(&rows, |row| uuid(row.workspace.as_u128()))
            .column(&rows, |row| uuid(row.instance.as_u128()))
            .column(&rows, |row| row.sent_at)
            .value(rows.iter().map(|row| json(&row.content)).collect::<Result<Vec<String>, _>>()?);
    }
    Ok(())
}

fn replies<'a>(writer: &mut Writer, replies: impl IntoIterator<Item = &'a ReplyRow>) {
    let rows: Vec<&ReplyRow> = replies.into_iter().collect();
    if !rows.is_empty() {
        writer
            .part(16)
            .column(&rows, |row| uuid(row.id.as_u128()))
            .column(&rows, |row| text(&row.content))
            .column(&rows, |row| row.at);
    }
}

fn subscriptions(writer: &mut Writer, posts: &Posts<'_>) {
    let armed = rows(posts, subscribed);
    if !armed.is_empty() {
        writer
            .part(17)
            .column(&armed, |(unit, _)| workspace(unit))
            .column(&armed, |(unit, _)| instance(unit))
            .column(&armed, |(_, row)| row.number as i32)
            .column(&armed, |(unit, _)| i32::from(unit.shard))
            .column(&armed, |(_, row)| i32::from(row.awaits.number()))
            .column(&armed, |(_, row)| word(&row.name))
            .column(&armed, |(_, row)| row.key.as_deref().map(word))
            .column(&armed, |(_, row)| row.since);
    }
    let gone = rows(posts, unsubscribed);
    if !gone.is_empty() {
        writer
            .part(18)
            .column(&gone, |(unit, _)| workspace(unit))
            .column(&gone, |(unit, _)| instance(unit))
            .column(&gone, |(_, number)| **number as i32);
    }
}

fn messages<'a>(writer: &mut Writer, messages: impl IntoIterator<Item = &'a MessageRow>) -> Done {
    let rows: Vec<&MessageRow> = messages.into_iter().collect();
    if !rows.is_empty() {
        writer
            .part(19)
            .column(&rows, |row| uuid(row.workspace.as_u128()))
            .column(&rows, |row| uuid(row.id.as_u128()))
            .column(&rows, |row| row.sent_at)
            .column(&rows, |row| expires(row))
            .column(&rows, |row| word(&row.letter.name))
            .column(&rows, |row| row.letter.key.as_deref().map(word))
            .value(rows.iter().map(|row| json(&row.letter)).collect::<Result<Vec<String>, _>>()?);
    }
    Ok(())
}

fn signals(writer: &mut Writer, posts: &Posts<'_>) -> Done {
    let signals = rows(posts, |post| &post.signals);
    if !signals.is_empty() {
        let content = |(_, signal): &(&Unit, &SignalRow)| {
            json(&Content::Signal { name: signal.name.clone(), payload: signal.payload.clone() })
        };
        writer
            .part(20)
            .column(&signals, |(unit, _)| workspace(unit))
            .column(&signals, |(unit, _)| instance(unit))
            .column(&signals, |(unit, _)| unit.journal.at)
            .column(&signals, |(_, signal)| word(&signal.name))
            .value(signals.iter().map(content).collect::<Result<Vec<String>, _>>()?);
    }
    Ok(())
}

fn permissions(writer: &mut Writer, posts: &Posts<'_>) {
    let asked = rows(posts, permits);
    if !asked.is_empty() {
        writer
            .part(21)
            .column(&asked, |(unit, _)| workspace(unit))
            .column(&asked, |(unit, _)| instance(unit))
            .column(&asked, |(_, row)| row.number as i32)
            .column(&asked, |(unit, _)| i32::from(unit.shard))
            .column(&asked, |(_, row)| i64::from(row.permits))
            .column(&asked, |(_, row)| row.since)
            .column(&asked, |(_, row)| word(&row.name));
    }
    let gone = rows(posts, permits_gone);
    if !gone.is_empty() {
        writer
            .part(22)
            .column(&gone, |(unit, _)| workspace(unit))
            .column(&gone, |(unit, _)| instance(unit))
            .column(&gone, |(_, number)| **number as i32);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::commit_postgres::prepare;
    use super::*;
    use heddle_engine::storage::conformance::make::{AT, Maker, message};
    use heddle_engine::storage::memory::MemoryStorage;

    #[tokio::test]
    async fn a_unit_without_post_has_no_part_in_it() {
        let mut maker = Maker::new(&MemoryStorage::default()).await;
        let unit = maker.start();
        let workspace = unit.workspace;
        let text = |post| {
            let unit = Unit { post, ..unit.clone() };
            prepare(&maker.batch(vec![unit])).unwrap().sql
        };
        let plain = text(None);
        for table in ["inbox", "reply", "subscription", "message", "permit"] {
            assert!(!plain.contains(&format!("{table} ")), "{plain}");
        }
        assert_eq!(text(Some(Box::default())), plain);
        let published = vec![message(workspace, "m", None, AT)];
        let more = text(Some(Box::new(Post { published, ..Post::default() })));
        assert!(more.contains("INSERT INTO message ") && !more.contains("inbox"), "{more}");
    }
}
