//! Tasks for people: lists, one task, and what is done about it.

mod act;
mod form;
mod list;
mod person;
mod view;
