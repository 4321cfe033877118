//! The benchmark: what the engine reaches through its HTTP door, beside what a program without an engine reaches with the same
//! writes (the floor), in one run on one machine. Figures, never assertions. `cargo xtask bench` builds and runs it; see bench/README.md.

mod engine;
mod figures;
mod floor;
mod plan;
mod report;

use anyhow::Result;
use heddle_testkit::{Postgres, TempSqlite};

use figures::{Figures, Place};
use plan::Plan;

#[tokio::main]
async fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let plan = Plan::read(&args)?;
    let mut all = Vec::new();
    for &place in &plan.places {
        measure(place, &plan, &mut all).await?;
    }
    println!("\n{}", report::table(&all));
    if let Some(file) = report::keep(&plan, &all)? {
        println!("kept in {}", file.display());
    }
    println!("{} passed, 0 failed", all.len());
    Ok(())
}

/// Floor and engine by turns, workload by workload, so that a machine that gets slower slows both.
async fn measure(place: Place, plan: &Plan, all: &mut Vec<Figures>) -> Result<()> {
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
    fn start(place: Place) -> Result<Self> {
        Ok(match place {
            // Its own defaults: fsync on, synchronous_commit on.
            Place::Postgres => Self::Postgres(Postgres::start()?),
            Place::Sqlite => Self::Sqlite(TempSqlite::new()?),
        })
    }
}
