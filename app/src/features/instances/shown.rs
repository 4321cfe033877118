//! The instance being shown, kept up to date: events fold in at once, and what they do not carry is read again a moment later.

use super::calls::get_instance;
use crate::live::{fold, use_feed};
use heddle_api::feed::{ServerFrame, Topic};
use heddle_api::view::{EventView, InstanceView};
use leptos::prelude::*;
use std::time::Duration;

/// Events come in bursts: one reading serves a burst.
const REREAD_AFTER: Duration = Duration::from_millis(300);
/// Events of the page that are kept for the list; older ones are read by page.
const EVENTS_KEPT: usize = 1_000;

/// What the page shows.
#[derive(Clone, Copy)]
pub struct Shown {
    /// The instance.
    pub instance: RwSignal<InstanceView>,
    /// Events that arrived since the page was opened, oldest first.
    pub events: RwSignal<Vec<EventView>>,
    /// Whether live updates are held.
    pub paused: RwSignal<bool>,
    rereading: StoredValue<bool>,
}

impl Shown {
    /// Shows an instance and follows it.
    pub fn new(instance: InstanceView) -> Self {
        let id = instance.id;
        let shown = Self {
            instance: RwSignal::new(instance),
            events: RwSignal::new(Vec::new()),
            paused: RwSignal::new(false),
            rereading: StoredValue::new(false),
        };
        use_feed().follow(Topic::Instance(id).to_string(), move |frame| match frame {
            ServerFrame::Snapshot { instance, .. } => shown.put(*instance),
            ServerFrame::Event { event, .. } => shown.fold(event),
            ServerFrame::Resync { .. } => shown.reread(),
            _ => {}
        });
        shown
    }

    /// Takes a newer reading; an older one is dropped.
    pub fn put(self, newer: InstanceView) {
        if self.paused.get_untracked() {
            return;
        }
        self.instance.update(|instance| {
            if newer.seq >= instance.seq {
                *instance = newer;
            }
        });
    }

    fn fold(self, event: EventView) {
        self.events.update(|events| {
            if events.last().is_none_or(|last| last.seq < event.seq) {
                events.push(event.clone());
                let extra = events.len().saturating_sub(EVENTS_KEPT);
                events.drain(..extra);
            }
        });
        if self.paused.get_untracked() {
            return;
        }
        let mut changed = false;
        self.instance.maybe_update(|instance| {
            changed = fold::event(instance, &event);
            changed
        });
        if changed {
            self.reread();
        }
    }

    /// Reads the instance again, soon and once.
    pub fn reread(self) {
        if self.rereading.try_get_value() != Some(false) {
            return;
        }
        self.rereading.set_value(true);
        let Some(id) = self.instance.try_with_untracked(|instance| instance.id.to_string()) else { return };
        set_timeout(
            move || {
                leptos::task::spawn_local(async move {
                    let answer = get_instance(id).await;
                    if self.rereading.try_update_value(|rereading| *rereading = false).is_none() {
                        return;
                    }
                    if let Ok(newer) = answer {
                        let behind = self.instance.with_untracked(|instance| newer.seq < instance.seq);
                        self.put(newer);
                        if behind {
                            self.reread();
                        }
                    }
                });
            },
            REREAD_AFTER,
        );
    }
}
