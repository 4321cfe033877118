//! A job is given to one worker at a time, and to the right one.

use super::Subject;
use super::make::{AT, Maker, job};
use crate::storage::{Activation, JobRow, JobState, Storage, Unit, WAITS_FOR_PERMIT};
use heddle_model::ids::{WorkflowId, WorkspaceId};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A lease that does not end while a test runs.
const LONG: u64 = 600_000;

/// A lease that ends while a test waits, and not between two of its calls on a busy machine.
const SHORT: u64 = 1_000;

fn wish(workspace: WorkspaceId, types: &[&str], max: u32, lease_ms: u64) -> Activation {
    let types = types.iter().map(|&name| name.to_owned()).collect();
    Activation {
        workspace,
        types,
        worker: "工人".to_owned(),
        max,
        lease_ms,
        tokens: (0..max).map(|n| u64::MAX - u64::from(n)).collect(),
    }
}

async fn offered(storage: &dyn Storage, maker: &mut Maker, jobs: impl Fn(&Unit) -> Vec<JobRow>) -> Unit {
    let mut unit = maker.start();
    unit.jobs = jobs(&unit);
    maker.commit(storage, vec![unit.clone()]).await;
    unit
}

fn numbers(rows: &[JobRow]) -> Vec<u32> {
    rows.iter().map(|row| row.number).collect()
}

/// Waits until the database's clock has moved past a time.
async fn pass(storage: &dyn Storage, until: i64) {
    while storage.now().await.unwrap() <= until {
        tokio::task::yield_now().await;
    }
}

/// 9 before 0, then the oldest; of the types asked for only.
pub async fn offers_by_priority_then_age(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let unit = offered(&*storage, &mut maker, |unit| {
        let row = |number, priority, created_at, name| JobRow { priority, created_at, ..job(unit, number, name) };
        vec![
            row(1, 5, AT + 3, "a"),
            row(2, 9, AT + 9, "b"),
            row(3, 5, AT + 1, "b"),
            row(4, 0, AT, "a"),
            row(5, 9, AT, "其他"),
        ]
    })
    .await;
    let given = storage.activate_jobs(&wish(unit.workspace, &["a", "b", "a"], 10, LONG)).await.unwrap();
    assert_eq!(numbers(&given), [2, 3, 1, 4]);
    let first = &given[0];
    assert_eq!(
        (first.state, first.attempt, first.token, first.worker.as_deref()),
        (JobState::Leased, 1, u64::MAX, Some("工人"))
    );
    assert!(first.lease_until.unwrap() > storage.now().await.unwrap());
    assert_eq!(
        given.iter().map(|row| row.token).collect::<BTreeSet<_>>().len(),
        4,
        "each attempt has a token of its own"
    );
    assert_eq!(storage.job(unit.workspace, first.id).await.unwrap().as_ref(), Some(first));
    assert!(storage.activate_jobs(&wish(unit.workspace, &["a", "b"], 10, LONG)).await.unwrap().is_empty());
    assert_eq!(numbers(&storage.activate_jobs(&wish(unit.workspace, &["其他"], 1, LONG)).await.unwrap()), [5]);
}

/// Fifty workers at once: each job once, all of them.
pub async fn gives_each_job_to_one_worker(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let units: Vec<Unit> = (0..20)
        .map(|_| {
            let mut unit = maker.start();
            unit.jobs =
                (0..10).map(|number| job(&unit, number, if number % 2 == 0 { "even" } else { "odd" })).collect();
            unit
        })
        .collect();
    maker.commit(&*storage, units).await;
    let workspace = maker.workspace;
    let workers: Vec<_> = (0..50)
        .map(|_| {
            let storage = storage.clone();
            tokio::spawn(async move {
                let mut mine = Vec::new();
                // A worker that finds what is left behind others' locks comes again, as a real one does.
                for _ in 0..20 {
                    let given = storage.activate_jobs(&wish(workspace, &["even", "odd"], 3, LONG)).await.unwrap();
                    assert!(given.len() <= 3);
                    mine.extend(given.iter().map(|row| row.id));
                }
                mine
            })
        })
        .collect();
    let mut all = Vec::new();
    for worker in workers {
        all.extend(worker.await.unwrap());
    }
    let distinct: BTreeSet<_> = all.iter().collect();
    assert_eq!((all.len(), distinct.len()), (200, 200));
}

/// A worker that is silent for too long loses its job; the attempt counts, the token changes.
pub async fn offers_again_when_the_lease_ends(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let unit = offered(&*storage, &mut maker, |unit| vec![job(unit, 1, "again")]).await;
    let first = storage.activate_jobs(&wish(unit.workspace, &["again"], 1, SHORT)).await.unwrap().remove(0);
    assert!(storage.activate_jobs(&wish(unit.workspace, &["again"], 1, SHORT)).await.unwrap().is_empty(), "leased");
    pass(&*storage, first.lease_until.unwrap()).await;
    let mut second = wish(unit.workspace, &["again"], 1, LONG);
    second.tokens = vec![42];
    let second = storage.activate_jobs(&second).await.unwrap().remove(0);
    assert_eq!((second.attempt, second.token), (2, 42));
    assert_eq!(
        storage.heartbeat_job(unit.workspace, first.id, first.token, LONG).await.unwrap(),
        None,
        "the first worker's token is stale"
    );
}

/// A heartbeat with the right token prolongs, one with another does not.
pub async fn keeps_a_lease_with_heartbeats(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let unit = offered(&*storage, &mut maker, |unit| vec![job(unit, 1, "beat")]).await;
    let id = unit.jobs[0].id;
    assert_eq!(storage.heartbeat_job(unit.workspace, id, 0, LONG).await.unwrap(), None, "nobody has it yet");
    let given = storage.activate_jobs(&wish(unit.workspace, &["beat"], 1, 1_000)).await.unwrap().remove(0);
    let until = storage.heartbeat_job(unit.workspace, id, given.token, LONG).await.unwrap().unwrap();
    assert!(until > given.lease_until.unwrap());
    assert_eq!(storage.job(unit.workspace, id).await.unwrap().unwrap().lease_until, Some(until));
    assert_eq!(storage.heartbeat_job(unit.workspace, id, given.token - 1, LONG).await.unwrap(), None);
}

/// Held jobs and those that wait for their time stay.
pub async fn holds_back_paused_and_early_jobs(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let soon = storage.now().await.unwrap() + 50;
    let unit = offered(&*storage, &mut maker, |unit| {
        vec![
            JobRow { held: true, priority: 9, ..job(unit, 1, "hold") },
            JobRow { not_before: i64::MAX, priority: 9, ..job(unit, 2, "hold") },
            JobRow { not_before: soon, ..job(unit, 3, "hold") },
            job(unit, 4, "hold"),
        ]
    })
    .await;
    let first = storage.activate_jobs(&wish(unit.workspace, &["hold"], 10, LONG)).await.unwrap();
    assert!(first.iter().any(|row| row.number == 4) && first.iter().all(|row| row.number > 2));
    pass(&*storage, soon).await;
    let mut all = numbers(&first);
    all.extend(numbers(&storage.activate_jobs(&wish(unit.workspace, &["hold"], 10, LONG)).await.unwrap()));
    all.sort_unstable();
    assert_eq!(all, [3, 4]);
}

/// Not more than `max`, nor more than there are tokens, nor for nobody's types, nor another workspace's.
pub async fn never_gives_more_than_asked(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let unit = offered(&*storage, &mut maker, |unit| (0..20).map(|number| job(unit, number, "many")).collect()).await;
    assert_eq!(storage.activate_jobs(&wish(unit.workspace, &["many"], 7, LONG)).await.unwrap().len(), 7);
    assert!(storage.activate_jobs(&wish(unit.workspace, &["many"], 0, LONG)).await.unwrap().is_empty());
    assert!(storage.activate_jobs(&wish(unit.workspace, &[], 5, LONG)).await.unwrap().is_empty());
    let other = WorkspaceId::from_u128(unit.workspace.as_u128() + 1);
    assert!(storage.activate_jobs(&wish(other, &["many"], 5, LONG)).await.unwrap().is_empty());
    assert_eq!(storage.activate_jobs(&wish(unit.workspace, &["many"], 100, LONG)).await.unwrap().len(), 13);
}

/// A unit that offers a job again replaces it whole; one that ended it removes it; both in one unit: offered again.
pub async fn replaces_and_removes_jobs(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let unit = offered(&*storage, &mut maker, |unit| (1..=3).map(|number| job(unit, number, "turn")).collect()).await;
    let given = storage.activate_jobs(&wish(unit.workspace, &["turn"], 3, LONG)).await.unwrap();
    assert_eq!(given.len(), 3);
    let mut step = maker.step(unit.instance, 3, 1);
    let again = |number| JobRow { attempt: 1, input: "{\"n\":2}".to_owned(), ..job(&step, number, "turn") };
    let jobs = vec![again(1), again(3)];
    step.jobs = jobs.clone();
    step.jobs_gone = vec![unit.instance.job(2), unit.instance.job(3), unit.instance.job(99)];
    maker.commit(&*storage, vec![step]).await;
    assert_eq!(storage.job(unit.workspace, jobs[0].id).await.unwrap().as_ref(), Some(&jobs[0]));
    assert_eq!(storage.job(unit.workspace, jobs[1].id).await.unwrap().as_ref(), Some(&jobs[1]));
    assert_eq!(storage.job(unit.workspace, unit.instance.job(2)).await.unwrap(), None);
    let second = storage.activate_jobs(&wish(unit.workspace, &["turn"], 3, LONG)).await.unwrap();
    assert!(second.iter().all(|row| row.attempt == 2) && second.len() == 2);
}

/// Pausing an instance holds back the jobs it has and those it gets in the same step, and no other instance's.
pub async fn holds_all_jobs_of_an_instance(subject: &impl Subject) {
    let storage: Arc<dyn Storage> = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let paused = offered(&*storage, &mut maker, |unit| vec![job(unit, 1, "pause"), job(unit, 2, "pause")]).await;
    let other = offered(&*storage, &mut maker, |unit| vec![job(unit, 1, "pause")]).await;
    let mut step = maker.step(paused.instance, 3, 1);
    step.hold_jobs = Some(true);
    step.jobs = vec![job(&step, 2, "pause"), job(&step, 3, "pause")];
    maker.commit(&*storage, vec![step]).await;
    let given = storage.activate_jobs(&wish(paused.workspace, &["pause"], 10, LONG)).await.unwrap();
    assert_eq!(given.iter().map(|row| row.instance).collect::<Vec<_>>(), [other.instance]);
    for number in 1..=3 {
        assert!(
            storage.job(paused.workspace, paused.instance.job(number)).await.unwrap().unwrap().held,
            "job {number}"
        );
    }
    let mut resume = maker.step(paused.instance, 4, 1);
    resume.hold_jobs = Some(false);
    maker.commit(&*storage, vec![resume]).await;
    let mut given = numbers(&storage.activate_jobs(&wish(paused.workspace, &["pause"], 10, LONG)).await.unwrap());
    given.sort_unstable();
    assert_eq!(given, [1, 2, 3]);
}

/// A pause of a workflow holds its jobs, and lifting it gives out those that their instance does not hold.
pub async fn settles_jobs_by_what_is_paused(subject: &impl Subject) {
    let storage: Arc<dyn Storage> = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let running = offered(&*storage, &mut maker, |unit| vec![job(unit, 1, "settle")]).await;
    let paused = offered(&*storage, &mut maker, |unit| vec![job(unit, 2, "settle")]).await;
    let mut pause = maker.step(paused.instance, 3, 1);
    pause.head.as_mut().unwrap().status = "PAUSED";
    pause.hold_jobs = Some(true);
    maker.commit(&*storage, vec![pause]).await;
    let other = WorkflowId::from_u128(maker.workflow.as_u128() ^ 1);
    let mut elsewhere = maker.start();
    elsewhere.jobs = vec![job(&elsewhere, 3, "settle")];
    if let Some(created) = &mut elsewhere.created {
        created.workflow = other;
    }
    maker.commit(&*storage, vec![elsewhere.clone()]).await;
    let held = async |unit: &Unit, number| {
        let row = storage.job(unit.workspace, unit.instance.job(number)).await.unwrap().unwrap();
        row.held
    };
    storage.settle_jobs(&[maker.workflow]).await.unwrap();
    assert!(held(&running, 1).await && held(&paused, 2).await && !held(&elsewhere, 3).await);
    storage.settle_jobs(&[maker.workflow, other]).await.unwrap();
    assert!(held(&elsewhere, 3).await);
    storage.settle_jobs(&[]).await.unwrap();
    assert!(!held(&running, 1).await && held(&paused, 2).await && !held(&elsewhere, 3).await);
}

/// A job that waits for a permit is given to nobody before it is let.
pub async fn opens_a_job_that_waited_for_a_permit(subject: &impl Subject) {
    let storage = subject.storage();
    let mut maker = Maker::new(&*storage).await;
    let waits = |unit: &Unit, number| JobRow { not_before: WAITS_FOR_PERMIT, ..job(unit, number, "permit") };
    let unit = offered(&*storage, &mut maker, |unit| vec![waits(unit, 1), waits(unit, 2)]).await;
    assert!(storage.activate_jobs(&wish(unit.workspace, &["permit"], 10, LONG)).await.unwrap().is_empty());
    storage.let_job(WorkspaceId::from_u128(unit.workspace.as_u128() ^ 1), unit.instance.job(1)).await.unwrap();
    assert!(storage.activate_jobs(&wish(unit.workspace, &["permit"], 10, LONG)).await.unwrap().is_empty());
    storage.let_job(unit.workspace, unit.instance.job(1)).await.unwrap();
    let given = storage.activate_jobs(&wish(unit.workspace, &["permit"], 10, LONG)).await.unwrap();
    assert_eq!(numbers(&given), [1]);
    storage.let_job(unit.workspace, unit.instance.job(1)).await.unwrap();
    assert_eq!(
        storage.job(unit.workspace, given[0].id).await.unwrap().as_ref(),
        Some(&given[0]),
        "nothing changes again"
    );
}
