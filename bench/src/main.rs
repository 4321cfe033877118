//! The benchmark: what the engine reaches through its HTTP door, beside what a program without an engine reaches with the same
//! writes (the floor), in one run on one machine. Figures, never assertions. `cargo xtask bench` builds and runs it; see bench/README.md.

mod engine;
mod figures;
mod finding;
mod floor;
mod plan;
mod process;
mod report;
mod stage;
mod survey;

use anyhow::Result;
use heddle_testkit::{Postgres, TempSqlite};

use figures::{Figures, Place};
use finding::Finding;
use plan::Plan;

#[tokio::main]
async fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let plan = Plan::read(&args)?;
    let (mut all, mut found) = (Vec::new(), Vec::new());
    for &place in &plan.places {
        measure(place, &plan, &mut all).await?;
        survey(place, &plan, &mut found).await?;
    }
    if !all.is_empty() {
        println!("\n{}", report::table(&all));
    }
    if !found.is_empty() {
        println!("\n{}", finding::table(&found));
    }
    if let Some(file) = report::keep(&plan, &all, &found)? {
        println!("kept in {}", file.display());
    }
    println!("{} passed, 0 failed", all.len() + found.len());
    Ok(())
}

/// Floor and engine by turns, workload by workload, so that a machine that gets slower slows both.
async fn measure(place: Place, plan: &Plan, all: &mut Vec<Figures>) -> Result<()> {
    if plan.workloads.is_empty() {
        return Ok(());
    }
    let databases = Databases::start(place)?;
    let server = if plan.floor_only { None } else { Some(engine::Server::start(place, &databases).await?) };
    for &workload in &plan.workloads {
        for node_rows in [false, true] {
            let figures = floor::measure(&databases, floor::Shape { place, workload, node_rows }, plan).await?;
            show(figures, all);
        }
        if let Some(server) = &server {
            for figures in server.measure(workload, plan).await? {
                show(figures, all);
            }
        }
    }
    Ok(())
}

/// Workloads without a floor, each on a database server of its own: what one leaves behind is no burden of the next.
async fn survey(place: Place, plan: &Plan, found: &mut Vec<Finding>) -> Result<()> {
    for &survey in &plan.surveys {
        let databases = Databases::start(place)?;
        let mut show = |finding: Finding| {
            println!("{}", finding.json());
            found.push(finding);
        };
        survey.run(&databases, plan, &mut show).await?;
    }
    Ok(())
}

fn show(figures: Figures, all: &mut Vec<Figures>) {
    println!("{}", figures.json());
    all.push(figures);
}

/// Where the writes go; gone when dropped.
enum Databases {
    Postgres(Postgres),
    Sqlite(TempSqlite),
}

impl Databases {
    fn place(&self) -> Place {
        match self {
            Self::Postgres(_) => Place::Postgres,
            Self::Sqlite(_) => Place::Sqlite,
        }
    }

    fn start(place: Place) -> Result<Self> {
        Ok(match place {
            // Its own defaults: fsync on, synchronous_commit on.
            Place::Postgres => Self::Postgres(Postgres::start()?),
            Place::Sqlite => Self::Sqlite(TempSqlite::new()?),
        })
    }
}
