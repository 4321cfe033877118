//! What earlier versions wrote reads as it always did. The fixtures were written by the engine of format 1.

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
    assert_eq!((SNAPSHOT[0], bytes[0]), (1, 3));
    assert_eq!(codec::decode_state(&bytes).unwrap(), snapshot);
    assert!(codec::decode_state(&[4, 0, 0]).is_err());
    assert!(codec::decode_row(&[]).is_err());
}

#[test]
fn a_snapshot_of_format_2_has_no_caller_and_no_permits() {
    let snapshot = codec::decode_state(SNAPSHOT).unwrap();
    let today = codec::encode_state(&snapshot).unwrap();
    // Format 2 ended where the two fields of format 3, empty here, begin.
    let mut older = today[..today.len() - 2].to_vec();
    older[0] = 2;
    assert_eq!(codec::decode_state(&older).unwrap(), snapshot);
}
