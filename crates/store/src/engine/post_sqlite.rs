//! What passes between instances, in SQLite's commit. Units without any of it cost a look at each.

use super::commit_sqlite::{Done, Failure, conflict, each, instance, workspace};
use super::rows::{expires, json, permits, permits_gone, subscribed, unsubscribed};
use super::statement_sqlite as sql;
use crate::row::word;
use heddle_engine::storage::{Content, MessageRow, Parcel, Post, ReplyRow, Settlement, Unit};
use heddle_model::ids::ParcelId;
use rusqlite::{Connection, params};

type Posts<'a> = [(&'a Unit, &'a Post)];

/// Rows of one table: each with the unit it belongs to.
fn rows<'a, R: 'a, I: IntoIterator<Item = R>>(
    posts: &'a Posts<'a>,
    of: impl Fn(&'a Post) -> I,
) -> impl Iterator<Item = (&'a Unit, R)> {
    posts.iter().flat_map(move |&(unit, post)| of(post).into_iter().map(move |row| (unit, row)))
}

/// What a batch has of it.
pub(super) fn posts(db: &Connection, posts: &Posts<'_>) -> Done {
    if posts.is_empty() {
        return Ok(());
    }
    for (unit, id) in rows(posts, |post| &post.taken) {
        if taken(db, unit.shard, *id)? != 1 {
            return Err(conflict("a parcel is taken"));
        }
    }
    sent(db, posts.iter().flat_map(|(_, post)| &post.sent))?;
    replies(db, posts.iter().flat_map(|(_, post)| &post.replies))?;
    // As on PostgreSQL, for all who waited before the batch.
    signals(db, posts)?;
    subscriptions(db, posts)?;
    messages(db, posts.iter().flat_map(|(_, post)| &post.published))?;
    permissions(db, posts)
}

/// What settlements have of it; one whose parcel is gone is left out.
pub(super) fn settlements(db: &Connection, settlements: &[Settlement]) -> Done {
    for settlement in settlements {
        let (shard, id) = settlement.taken;
        if taken(db, shard, id)? == 1 {
            sent(db, &settlement.sent)?;
            replies(db, &settlement.reply)?;
            messages(db, &settlement.returned)?;
        }
    }
    Ok(())
}

fn taken(db: &Connection, shard: u16, id: ParcelId) -> rusqlite::Result<usize> {
    db.prepare_cached(sql::TAKEN)?.execute(params![shard, id.to_bytes()])
}

fn sent<'a>(db: &Connection, parcels: impl IntoIterator<Item = &'a Parcel>) -> Done {
    for parcel in parcels {
        let content = json(&parcel.content).map_err(Failure::Refused)?;
        db.prepare_cached(sql::SENT)?.execute(params![
            parcel.shard(),
            parcel.id.to_bytes(),
            parcel.workspace.to_bytes(),
            parcel.instance.to_bytes(),
            parcel.sent_at,
            content,
        ])?;
    }
    Ok(())
}

fn replies<'a>(db: &Connection, replies: impl IntoIterator<Item = &'a ReplyRow>) -> Done {
    each(db, sql::ANSWERED, replies, |statement, row| {
        statement.execute(params![row.id.to_bytes(), row.content, row.at])
    })
}

fn subscriptions(db: &Connection, posts: &Posts<'_>) -> Done {
    each(db, sql::UNSUBSCRIBED, rows(posts, unsubscribed), |statement, (unit, number)| {
        statement.execute(params![workspace(unit), instance(unit), number])
    })?;
    each(db, sql::SUBSCRIBED, rows(posts, subscribed), |statement, (unit, row)| {
        statement.execute(params![
            workspace(unit),
            instance(unit),
            row.number,
            unit.shard,
            row.awaits.number(),
            word(&row.name),
            row.key.as_deref().map(word),
            row.since,
        ])
    })
}

fn messages<'a>(db: &Connection, messages: impl IntoIterator<Item = &'a MessageRow>) -> Done {
    for row in messages {
        let letter = json(&row.letter).map_err(Failure::Refused)?;
        db.prepare_cached(sql::PUBLISHED)?.execute(params![
            row.workspace.to_bytes(),
            row.id.to_bytes(),
            row.sent_at,
            expires(row),
            word(&row.letter.name),
            row.letter.key.as_deref().map(word),
            letter,
        ])?;
    }
    Ok(())
}

fn signals(db: &Connection, posts: &Posts<'_>) -> Done {
    for (place, (unit, signal)) in rows(posts, |post| &post.signals).enumerate() {
        let content = Content::Signal { name: signal.name.clone(), payload: signal.payload.clone() };
        let content = json(&content).map_err(Failure::Refused)?;
        db.prepare_cached(sql::SIGNALLED)?.execute(params![
            workspace(unit),
            instance(unit),
            unit.journal.at,
            word(&signal.name),
            content,
            (place & 0xfff) as i64,
        ])?;
    }
    Ok(())
}

fn permissions(db: &Connection, posts: &Posts<'_>) -> Done {
    each(db, sql::GIVEN_BACK, rows(posts, permits_gone), |statement, (unit, number)| {
        statement.execute(params![workspace(unit), instance(unit), number])
    })?;
    each(db, sql::ASKED, rows(posts, permits), |statement, (unit, row)| {
        statement.execute(params![
            workspace(unit),
            instance(unit),
            row.number,
            unit.shard,
            row.permits,
            row.since,
            word(&row.name),
        ])
    })
}
