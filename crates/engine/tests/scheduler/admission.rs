//! Who is let in.

use super::support::workspace;
use heddle_engine::scheduler::{Admission, AdmissionLimits, Load, Refused};
use heddle_model::limits::ADMISSION_LEAST;

const A: u128 = 1;
const B: u128 = 2;

fn admission(latency_ms: u64) -> Admission {
    Admission::new(AdmissionLimits { latency_ms, requests: 10_000 }, 1)
}

/// Lane 0 takes so many microseconds for so many messages, `times` times; the time after it.
fn rounds(admission: &mut Admission, mut now: u64, times: usize, (micros, messages): (u64, usize)) -> u64 {
    for _ in 0..times {
        admission.begin(now, 0, 0);
        now += micros;
        admission.end(now, 0, messages);
    }
    now
}

/// How many of a workspace are let in one after the other, and what the next is told.
fn fill(admission: &mut Admission, now: u64, of: u128, load: Load) -> (usize, Refused) {
    for count in 0..100_000 {
        if let Err(refused) = admission.ask(now, workspace(of), load) {
            return (count, refused);
        }
    }
    panic!("nobody is ever refused");
}

#[test]
fn as_many_are_let_in_as_are_served_within_the_budget() {
    let mut admission = admission(1_000);
    // A hundred microseconds each: ten thousand a second, of which a workspace that is alone may have four fifths.
    let now = rounds(&mut admission, 0, 50, (25_600, 256));
    let (count, refused) = fill(&mut admission, now, A, Load::More);
    assert_eq!((count, refused.over_share), (8_000, true));
    assert!((700..=900).contains(&refused.retry_after_ms), "as long as it takes to serve them: {refused:?}");
    // Ten times slower: a tenth of it.
    let mut slow = self::admission(1_000);
    let now = rounds(&mut slow, 0, 50, (256_000, 256));
    assert_eq!(fill(&mut slow, now, A, Load::More).0, 800);
}

#[test]
fn nobody_is_refused_for_the_price_of_a_single_commit() {
    let mut admission = admission(1_000);
    // An idle server on a slow disk: twenty milliseconds for a round of one.
    let now = rounds(&mut admission, 0, 50, (20_000, 1));
    let (count, _) = fill(&mut admission, now, A, Load::More);
    assert!(count > 2_000, "{count}");
}

#[test]
fn a_workspace_that_floods_leaves_room_for_another() {
    let mut admission = admission(1_000);
    let now = rounds(&mut admission, 0, 50, (25_600, 256));
    assert_eq!(fill(&mut admission, now, A, Load::More).0, 8_000);
    let (of_b, refused) = fill(&mut admission, now, B, Load::More);
    assert_eq!((of_b, refused.over_share), (2_000, false), "the fifth that is nobody's, then everybody is refused");
    // What is answered makes room, and it is the other's until both have half.
    admission.done(workspace(A), 3_000);
    assert!(admission.ask(now, workspace(A), Load::More).unwrap_err().over_share, "it still has more than half");
    let (more_of_b, refused) = fill(&mut admission, now, B, Load::More);
    assert_eq!((of_b + more_of_b, refused.over_share), (4_000, true));
    admission.done(workspace(A), 5_000);
    assert_eq!(admission.under_way(), 4_000);
    admission.ask(now, workspace(A), Load::More).unwrap();
}

#[test]
fn what_ends_work_is_let_in_where_more_work_is_not() {
    let mut admission = admission(1_000);
    let now = rounds(&mut admission, 0, 50, (256_000, 256));
    fill(&mut admission, now, A, Load::More);
    assert!(admission.ask(now, workspace(A), Load::More).is_err());
    assert!(admission.ask(now, workspace(A), Load::Less).is_ok());
    fill(&mut admission, now, A, Load::Less);
    assert!(admission.ask(now, workspace(A), Load::Less).is_err(), "but not without end");
}

#[test]
fn a_commit_that_hangs_stops_what_comes_before_the_queue_is_long() {
    let mut admission = admission(1_000);
    let now = rounds(&mut admission, 0, 50, (2_560, 256));
    admission.begin(now, 0, 0);
    let mut later = now;
    let mut count = 0;
    // One comes each millisecond; the database does not answer.
    while admission.ask(later, workspace(A), Load::More).is_ok() {
        later += 1_000;
        count += 1;
        assert!(count < 5_000);
    }
    assert!((ADMISSION_LEAST - ADMISSION_LEAST / 5..=1_000).contains(&count), "{count}");
    admission.end(later, 0, 256);
    let now = rounds(&mut admission, later, 30, (2_560, 256));
    admission.done(workspace(A), count);
    assert!(fill(&mut admission, now, A, Load::More).0 > 1_000, "and it recovers");
}

#[test]
fn what_the_engine_has_to_do_for_itself_counts() {
    let mut admission = admission(1_000);
    let now = rounds(&mut admission, 0, 50, (25_600, 256));
    admission.begin(now, 0, 9_000);
    let (count, _) = fill(&mut admission, now, A, Load::More);
    assert!(count < 1_000, "{count}: of ten thousand a second nine thousand wait already");
}

#[test]
fn a_slow_disk_never_shuts_everybody_out() {
    let mut admission = admission(1_000);
    let now = rounds(&mut admission, 0, 50, (60_000_000, 1));
    let (count, refused) = fill(&mut admission, now, A, Load::More);
    assert_eq!(count, ADMISSION_LEAST - ADMISSION_LEAST / 5);
    assert!(refused.retry_after_ms >= 1_000);
}
