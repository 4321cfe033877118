//! The floor: instances in memory, every step's rows committed before the next step, one transaction for all that gathered.
//! No engine: no definitions, no leases, no recovery. It bounds from above what an engine of this shape can do.

mod load;
mod log;
mod postgres;
mod sqlite;

use anyhow::Result;

use crate::figures::{Figures, Place, Who, Workload};
use crate::{Databases, plan::Plan};
use log::Log;

/// What one floor run writes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) place: Place,
    pub(crate) workload: Workload,
    /// Also a `node_instance` row per step.
    pub(crate) node_rows: bool,
}

/// Writers on Postgres: one encodes while the other waits for the disk. SQLite has one writer by nature.
const WRITERS: usize = 2;

/// Instances in flight; the best setting seen on two cores.
const IN_FLIGHT: usize = 1024;

/// Measures one line.
pub(crate) async fn measure(databases: &Databases, shape: Shape, plan: &Plan) -> Result<Figures> {
    let log = match databases {
        Databases::Postgres(server) => postgres::open(server, WRITERS, shape.node_rows).await?,
        Databases::Sqlite(files) => sqlite::open(files.dir(), shape.node_rows)?,
    };
    let in_flight = match shape.workload {
        Workload::Sequence10 => IN_FLIGHT,
        Workload::FanOut40 => IN_FLIGHT / 8,
        Workload::Latency => 1,
    };
    load::run(&log, shape.workload, in_flight, plan.time / 10).await;
    let before = log.commits();
    let done = load::run(&log, shape.workload, in_flight, plan.time).await;
    Ok(Figures {
        who: if shape.node_rows { Who::FloorWithNodes } else { Who::Floor },
        place: shape.place,
        workload: shape.workload,
        in_flight,
        instances: done.took_ms.len(),
        time: done.time,
        took_ms: done.took_ms,
        commits: Some(log.commits() - before),
        cpu_s: None,
    })
}
