//! The workloads as bare sequences of transitions: a closed loop of so many instances at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use super::Log;
use crate::figures::Workload;

/// What one loop did.
pub(super) struct Done {
    pub(super) time: Duration,
    /// Ascending.
    pub(super) took_ms: Vec<f64>,
}

/// Runs for `time`, then lets what has begun end.
pub(super) async fn run(log: &Log, workload: Workload, in_flight: usize, time: Duration) -> Done {
    static NEXT: AtomicI64 = AtomicI64::new(1);
    let begun = Instant::now();
    let end = begun + time;
    let log = Arc::new(log.clone());
    let loops: Vec<_> = (0..in_flight)
        .map(|_| {
            let log = log.clone();
            tokio::spawn(async move {
                let mut took = Vec::new();
                while Instant::now() < end {
                    let one = Instant::now();
                    let id = NEXT.fetch_add(1, Ordering::Relaxed);
                    if !instance(&log, workload, id).await {
                        break;
                    }
                    took.push(one.elapsed().as_secs_f64() * 1e3);
                }
                took
            })
        })
        .collect();
    let mut took_ms = Vec::new();
    for one in loops {
        took_ms.extend(one.await.unwrap_or_default());
    }
    took_ms.sort_by(f64::total_cmp);
    Done { time: begun.elapsed(), took_ms }
}

/// One instance from start to end; false when the writer has died.
async fn instance(log: &Log, workload: Workload, id: i64) -> bool {
    if log.put(id, 0, 0).await.is_err() {
        return false;
    }
    let steps = i32::try_from(workload.steps()).unwrap_or(i32::MAX);
    match workload {
        Workload::FanOut40 => {
            let branches: Vec<_> = (1..=steps).map(|seq| log.put(id, seq, 1)).collect();
            for branch in branches {
                if branch.await.is_err() {
                    return false;
                }
            }
            log.put(id, steps + 1, 2).await.is_ok()
        }
        // Each step durable before the next; the last one completes the instance.
        Workload::Sequence10 | Workload::Latency => {
            for seq in 1..=steps {
                if log.put(id, seq, 1).await.is_err() {
                    return false;
                }
            }
            true
        }
    }
}
