//! External workers: they take jobs, and answer in time, late, twice, wrongly, or never.

use super::chance::Chance;
use super::clients::Clients;
use super::history::Worked;
use super::server::Answer;
use super::world::WORKSPACE;
use heddle_engine::runtime::JobWish;
use heddle_engine::storage::JobRow;
use heddle_engine::tasks::{ErrorClass, TaskError};
use heddle_model::value::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The shortest lease there is: the simulation has no time for the usual one.
const LEASE_MS: u64 = 5_000;

impl Clients {
    /// A worker, for ever; `good` ones do what they should.
    pub(crate) async fn worker(self, mut chance: Chance, good: Arc<AtomicBool>) {
        let name = format!("worker-{}", chance.below(1_000));
        loop {
            let server = self.server().await;
            let wish = JobWish {
                types: vec!["pack".into(), "ship".into()],
                worker: name.clone(),
                max: chance.between(1, 3) as u32,
                lease_ms: LEASE_MS,
                wait: Duration::from_millis(chance.between(0, 4_000)),
            };
            match server.ask(|engine| async move { engine.activate_jobs(WORKSPACE, wish).await }).await {
                Answer::Done(jobs) => {
                    for job in jobs {
                        let own = Chance::new(chance.next(), "job");
                        tokio::spawn(self.clone().work(own, job, good.load(Ordering::SeqCst)));
                    }
                }
                Answer::Refused(_) | Answer::Unknown => {}
            }
            // Good ones are in no hurry: what they wait for is other tests' business.
            let pause = if good.load(Ordering::SeqCst) { 2_000 } else { 300 };
            tokio::time::sleep(Duration::from_millis(chance.between(1, pause))).await;
        }
    }

    async fn work(self, mut chance: Chance, job: JobRow, good: bool) {
        let pause = |ms: u64| tokio::time::sleep(Duration::from_millis(ms));
        pause(chance.below(400)).await;
        match if good { 99 } else { chance.below(100) } {
            // It dies.
            0..=9 => {}
            // It is late: another may have the job by now.
            10..=24 => {
                pause(chance.between(LEASE_MS - 200, 2 * LEASE_MS)).await;
                self.answer(&job, chance.percent(70)).await;
            }
            // It asks for more time, and may get it.
            25..=34 => {
                pause(chance.between(2_000, LEASE_MS + 500)).await;
                let server = self.server().await;
                let (id, token) = (job.id, job.token);
                server.ask(|engine| async move { engine.heartbeat_job(WORKSPACE, id, token, LEASE_MS).await }).await;
                pause(3_000).await;
                self.answer(&job, true).await;
            }
            // It is not sure that it was heard.
            35..=49 => {
                tokio::join!(self.answer(&job, true), self.answer(&job, true));
            }
            // The same of a failure.
            50..=59 => {
                tokio::join!(self.answer(&job, false), self.answer(&job, false));
            }
            60..=69 => self.answer(&job, false).await,
            // It answers with what it has made up.
            70..=74 => {
                let wrong = JobRow { token: job.token ^ 1, ..job.clone() };
                self.answer(&wrong, true).await;
                self.answer(&job, true).await;
            }
            _ => self.answer(&job, true).await,
        }
    }

    /// Answers once; the token is in what it gives, so that the journal shows whose answer was taken.
    async fn answer(&self, job: &JobRow, well: bool) {
        let (id, token, began) = (job.id, job.token, self.world.order());
        let server = self.server().await;
        let answer = server
            .ask(|engine| async move {
                if well {
                    engine.complete_job(WORKSPACE, id, token, json!({ "token": token })).await
                } else {
                    let error = TaskError::new(ErrorClass::System, "WORKER", format!("token {token}"));
                    engine.fail_job(WORKSPACE, id, token, error).await
                }
            })
            .await;
        self.world.trace(format_args!("job {id} {token:x} well {well}: {}", answer.word()));
        self.history.worked.lock().unwrap().push(Worked { token, began, answer });
    }
}
