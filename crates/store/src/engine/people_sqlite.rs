//! Tasks for people in a batch on SQLite.

use super::commit_sqlite::{Done, each, instance, workspace};
use super::statement_sqlite as sql;
use heddle_engine::storage::{People, Unit};
use rusqlite::{Connection, params};

pub(super) fn people(db: &Connection, units: &[&Unit]) -> Done {
    let people = || units.iter().filter_map(|&unit| unit.people.as_deref().map(|people| (unit, people)));
    // Most batches have none of it.
    if people().next().is_none() {
        return Ok(());
    }
    let asked =
        || people().flat_map(|(unit, people): (&Unit, &People)| people.asked.iter().map(move |row| (unit, row)));
    each(db, sql::HUMAN, asked(), |statement, (unit, row)| {
        statement.execute(params![
            workspace(unit),
            unit.instance.human_task(row.number).to_bytes(),
            instance(unit),
            row.workflow.to_bytes(),
            row.asked_at,
            row.updated_at,
            row.due,
            row.escalated_at,
            row.ended_at,
            row.number,
            row.held,
            row.node,
            row.status,
            row.title,
            row.assignee,
            row.config,
            row.draft,
            row.output,
        ])
    })?;
    let ended = || people().flat_map(|(unit, people)| people.ended.iter().map(move |end| (unit, end)));
    each(db, sql::HUMAN_ENDED, ended(), |statement, (unit, end)| {
        statement.execute(params![
            workspace(unit),
            unit.instance.human_task(end.number).to_bytes(),
            end.status,
            end.at,
            end.output
        ])
    })?;
    let all = people().flat_map(|(unit, people)| {
        let numbers = people.asked.iter().map(|row| row.number).chain(people.ended.iter().map(|end| end.number));
        numbers.map(move |number| (unit, number))
    });
    each(db, sql::UNOFFERED, all, |statement, (unit, number)| {
        statement.execute(params![workspace(unit), unit.instance.human_task(number).to_bytes()])
    })?;
    let offers = asked().flat_map(|(unit, row)| row.offers.iter().map(move |who| (unit, row, who)));
    each(db, sql::OFFERED_TO, offers, |statement, (unit, row, who)| {
        statement.execute(params![
            workspace(unit),
            unit.instance.human_task(row.number).to_bytes(),
            super::super::row::word(who),
            row.asked_at
        ])
    })
}
