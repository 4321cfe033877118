//! What earlier versions wrote reads as it always did. The fixtures were written by the engines of those formats.

use super::harness::plan;
use heddle_engine::kernel::{Event, InstanceState, codec};
use heddle_model::ids::WorkspaceId;

const YAML: &str = include_str!("fixtures/format-1.yaml");
const ROW: &[u8] = include_bytes!("fixtures/format-1.row");
const SNAPSHOT: &[u8] = include_bytes!("fixtures/format-1.snapshot");
const STARTED: i64 = 1_763_800_000_000;

#[test]
fn a_journal_of_format_1_replays_to_its_snapshot() {
    let plan = plan(YAML);
    let snapshot = codec::decode_state(SNAPSHOT).unwrap();
    let events = codec::decode_row(ROW).unwrap().events;
    let Event::InstanceCreated(created) = &events[0] else { panic!("no creation") };
    let mut state = InstanceState::create(snapshot.id, WorkspaceId::from_u128(3), created, STARTED);
    let resumed = events.iter().position(|event| matches!(event, Event::InstanceResumed)).unwrap();
    for (place, event) in events.iter().enumerate().skip(1) {
        // The pause lasted ten milliseconds; the command that ended it stands before the event.
        let at = if place + 1 >= resumed { STARTED + 10 } else { STARTED };
        state.apply(&plan, event, at).unwrap();
    }
    assert_eq!(state, snapshot);
    assert_eq!(state.live.len(), 3);
    assert_eq!(state.incidents.len(), 1);
    assert_eq!(state.root.tokens.len(), 1);
}

#[test]
fn it_is_written_in_the_new_format_and_a_later_one_is_refused() {
    let snapshot = codec::decode_state(SNAPSHOT).unwrap();
    let bytes = codec::encode_state(&snapshot).unwrap();
    assert_eq!((SNAPSHOT[0], bytes[0]), (1, 4));
    assert_eq!(codec::decode_state(&bytes).unwrap(), snapshot);
    assert!(codec::decode_state(&[5, 0, 0]).is_err());
    assert!(codec::decode_row(&[]).is_err());
}

const YAML_2: &str = include_str!("fixtures/format-2.yaml");
const ROW_2: &[u8] = include_bytes!("fixtures/format-2.row");
const SNAPSHOT_2: &[u8] = include_bytes!("fixtures/format-2.snapshot");

/// Scopes, items, a person, messages, records, and a pause that froze all timers by itself.
#[test]
fn a_journal_of_format_2_replays_to_its_snapshot_and_goes_on() {
    let plan = plan(YAML_2);
    let snapshot = codec::decode_state(SNAPSHOT_2).unwrap();
    let events = codec::decode_row(ROW_2).unwrap().events;
    assert_eq!((ROW_2[0], SNAPSHOT_2[0]), (2, 2));
    let Event::InstanceCreated(created) = &events[0] else { panic!("no creation") };
    let mut state = InstanceState::create(snapshot.id, WorkspaceId::from_u128(3), created, STARTED);
    for (place, event) in events.iter().enumerate().skip(1) {
        let at = [(6, 0), (27, 10)].into_iter().find(|(until, _)| place < *until).map_or(20, |(_, at)| at);
        state.apply(&plan, event, STARTED + at).unwrap();
    }
    assert_eq!(state, snapshot);
    assert!(state.frozen && state.frozen_timers.is_empty() && state.timers.keys().all(|&timer| state.is_frozen(timer)));
    assert_eq!((state.held.len(), state.mailbox.len(), state.root.done.len(), state.scopes.len()), (1, 1, 1, 3));
    let left: Vec<i64> = state.timers.values().map(|timer| timer.due).collect();
    state.apply(&plan, &Event::InstanceResumed, STARTED + 1_000).unwrap();
    assert_eq!(state.timers.values().map(|timer| timer.due - STARTED - 1_000).collect::<Vec<_>>(), left);
    assert_eq!(codec::decode_state(&codec::encode_state(&state).unwrap()).unwrap(), state);
}

#[test]
fn a_snapshot_of_format_3_ends_with_its_permits() {
    let snapshot = codec::decode_state(SNAPSHOT).unwrap();
    let today = codec::encode_state(&snapshot).unwrap();
    // Format 3 ended where the eight fields of format 4, empty here, begin.
    let mut older = today[..today.len() - 8].to_vec();
    older[0] = 3;
    assert_eq!(codec::decode_state(&older).unwrap(), snapshot);
}
