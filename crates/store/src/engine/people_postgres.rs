//! Tasks for people in a batch on PostgreSQL.

use super::commit_postgres::{Writer, workspace};
use crate::row::{text, uuid, word};
use heddle_engine::storage::{HumanEnd, HumanRow, People, Unit};
use sea_orm::prelude::Uuid;
use std::sync::Arc;

const fn id(unit: &Unit, number: u32) -> Uuid {
    uuid(unit.instance.human_task(number).as_u128())
}

/// Rows, ends, and who may take what: offers that stand are left alone, others go, because one statement cannot delete and insert a row.
pub(super) fn people(writer: &mut Writer, units: &[&Unit]) {
    let people: Vec<(&Unit, &People)> =
        units.iter().filter_map(|&unit| unit.people.as_deref().map(|people| (unit, people))).collect();
    if people.is_empty() {
        return;
    }
    let asked: Vec<(&Unit, &HumanRow)> =
        people.iter().flat_map(|(unit, people)| people.asked.iter().map(move |row| (*unit, row))).collect();
    let ended: Vec<(&Unit, &HumanEnd)> =
        people.iter().flat_map(|(unit, people)| people.ended.iter().map(move |end| (*unit, end))).collect();
    let offers: Vec<(&Unit, &HumanRow, &Arc<str>)> =
        asked.iter().flat_map(|(unit, row)| row.offers.iter().map(move |who| (*unit, *row, who))).collect();
    let all: Vec<(&Unit, u32)> = (asked.iter().map(|(unit, row)| (*unit, row.number)))
        .chain(ended.iter().map(|(unit, end)| (*unit, end.number)))
        .collect();
    if !asked.is_empty() {
        writer
            .part(27)
            .column(&asked, |(unit, _)| workspace(unit))
            .column(&asked, |(unit, row)| id(unit, row.number))
            .column(&asked, |(unit, _)| uuid(unit.instance.as_u128()))
            .column(&asked, |(_, row)| uuid(row.workflow.as_u128()))
            .column(&asked, |(_, row)| row.asked_at)
            .column(&asked, |(_, row)| row.updated_at)
            .column(&asked, |(_, row)| row.due)
            .column(&asked, |(_, row)| row.escalated_at)
            .column(&asked, |(_, row)| row.ended_at)
            .column(&asked, |(_, row)| row.number as i32)
            .column(&asked, |(_, row)| row.held)
            .column(&asked, |(_, row)| text(&row.node))
            .column(&asked, |(_, row)| row.status)
            .column(&asked, |(_, row)| text(&row.title))
            .column(&asked, |(_, row)| row.assignee.as_deref().map(text))
            .column(&asked, |(_, row)| text(&row.config))
            .column(&asked, |(_, row)| text(&row.draft))
            .column(&asked, |(_, row)| row.output.as_deref().map(text));
    }
    if !ended.is_empty() {
        writer
            .part(28)
            .column(&ended, |(unit, _)| workspace(unit))
            .column(&ended, |(unit, end)| id(unit, end.number))
            .column(&ended, |(_, end)| end.status)
            .column(&ended, |(_, end)| end.at)
            .column(&ended, |(_, end)| end.output.as_deref().map(text));
    }
    writer
        .part(29)
        .column(&all, |(unit, _)| workspace(unit))
        .column(&all, |(unit, number)| id(unit, *number))
        .column(&offers, |(unit, row, _)| id(unit, row.number))
        .column(&offers, |(_, _, who)| word(who));
    if !offers.is_empty() {
        writer
            .part(30)
            .column(&offers, |(unit, _, _)| workspace(unit))
            .column(&offers, |(unit, row, _)| id(unit, row.number))
            .column(&offers, |(_, _, who)| word(who))
            .column(&offers, |(_, row, _)| row.asked_at);
    }
}
