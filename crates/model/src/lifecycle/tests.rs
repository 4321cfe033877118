//! Every state × every trigger, against the table of docs/ARCHITECTURE.md written out a second time.

use super::*;

fn check<S: Copy + PartialEq + std::fmt::Debug>(all: &[S], allowed: &[(S, S)], step: impl Fn(S, S) -> bool) {
    for &from in all {
        for &to in all {
            assert_eq!(step(from, to), allowed.contains(&(from, to)), "{from:?} -> {to:?}");
        }
    }
}

#[test]
fn instance() {
    use InstanceStatus::*;
    let allowed = [
        (Created, Running),
        (Created, Terminated),
        (Running, Paused),
        (Running, Completed),
        (Running, Failed),
        (Running, Terminated),
        (Paused, Running),
        (Paused, Terminated),
        (Failed, Running),
        (Completed, Running),
    ];
    check(InstanceStatus::ALL, &allowed, |from, to| from.to(to, "wi").is_ok());
}

#[test]
fn node() {
    use NodeStatus::*;
    let allowed = [
        (Pending, Running),
        (Pending, Skipped),
        (Pending, Cancelled),
        (Running, Completed),
        (Running, Failed),
        (Running, Pending),
        (Running, Skipped),
        (Running, Cancelled),
        (Failed, Pending),
        (Failed, Completed),
        (Failed, Skipped),
        (Failed, Cancelled),
        (Completed, Compensated),
    ];
    check(NodeStatus::ALL, &allowed, |from, to| from.to(to, "ni").is_ok());
}

#[test]
fn job_timer_incident_version() {
    {
        use JobStatus::*;
        let allowed = [(Ready, Leased), (Ready, Ended), (Leased, Ready), (Leased, Leased), (Leased, Ended)];
        check(JobStatus::ALL, &allowed, |from, to| from.to(to, "job").is_ok());
    }
    {
        use TimerStatus::*;
        let allowed = [(Armed, Fired), (Armed, Disarmed), (Armed, Frozen), (Frozen, Armed), (Frozen, Disarmed)];
        check(TimerStatus::ALL, &allowed, |from, to| from.to(to, "timer").is_ok());
    }
    check(IncidentStatus::ALL, &[(IncidentStatus::Open, IncidentStatus::Resolved)], |from, to| {
        from.to(to, "inc").is_ok()
    });
    let versions =
        [(VersionStatus::Published, VersionStatus::Retired), (VersionStatus::Retired, VersionStatus::Published)];
    check(VersionStatus::ALL, &versions, |from, to| from.to(to, "wfv").is_ok());
}

#[test]
fn human_task() {
    use HumanTaskStatus::*;
    let allowed = [
        (Open, Claimed),
        (Open, Done),
        (Open, Cancelled),
        (Claimed, Open),
        (Claimed, Claimed),
        (Claimed, Done),
        (Claimed, Cancelled),
        (Cancelled, Open),
        (Cancelled, Claimed),
    ];
    check(HumanTaskStatus::ALL, &allowed, |from, to| from.to(to, "tsk").is_ok());
}

#[test]
fn batch_and_item() {
    {
        use BatchStatus::*;
        let allowed =
            [(Running, Paused), (Running, Completed), (Running, Cancelled), (Paused, Running), (Paused, Cancelled)];
        check(BatchStatus::ALL, &allowed, |from, to| from.to(to, "bat").is_ok());
    }
    use BatchItemStatus::*;
    let allowed = [
        (Pending, Started),
        (Pending, Cancelled),
        (Started, Pending),
        (Started, Succeeded),
        (Started, Failed),
        (Started, Refused),
    ];
    check(BatchItemStatus::ALL, &allowed, |from, to| from.to(to, "bat #1").is_ok());
}

#[test]
fn refusal_names_everything() {
    let refused = InstanceStatus::Terminated.to(InstanceStatus::Running, "wi_1").unwrap_err();
    assert_eq!(refused.to_string(), "wi_1 cannot go from TERMINATED to RUNNING");
}

#[test]
fn words_are_those_of_json() {
    for status in InstanceStatus::ALL {
        assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
    }
}
